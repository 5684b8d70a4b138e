// SPDX-License-Identifier: GPL-2.0-only
/* Rules E1 to E4 and E8: what of its parent a child shares, copies, or goes without. */
#include <linux/sched.h>

#include "array.h"
#include "rule.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME		0x80
#endif

#define STACK_END_MAGIC		0x57ac6e9dU
#define FLAGS_NAMESPACES	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | \
				 CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME)
#define ENTER_WORKER		(FORKWATCH_ENTER_IO_THREAD | FORKWATCH_ENTER_USER_WORKER)

static bool saw_objects(const struct fw_fork *fork, struct fw_why *why)
{
	return FW_SAW(fork, enter, clone_flags, why) && FW_SAW(fork, exit, child_ptr, why);
}

/* Two addresses that must not be one. */
static bool is_new(const char *what, uint64_t child, uint64_t parent, struct fw_why *why)
{
	if (child != parent)
		return true;
	fw_explain(why, "%s: child 0x%llx is the parent's 0x%llx, expected a new one", what,
		   (unsigned long long)child, (unsigned long long)parent);
	return false;
}

enum fw_verdict fw_holds_task_new(const struct fw_fork *fork, const struct fw_env *env,
				  struct fw_why *why)
{
	(void)env;
	if (!FW_SAW(fork, enter, stack_low, why) || !FW_SAW(fork, copy_thread, stack_low, why) ||
	    !FW_SAW(fork, exit, stack_end, why))
		return FW_NOT_OBSERVED;
	if (!is_new("task_struct", fork->exit->child, fork->enter->task, why) ||
	    !is_new("kernel stack", fork->copy_thread->stack_low, fork->enter->stack_low, why))
		return FW_FAIL;
	return fw_same("word at end_of_stack", FW_SIDE("child", fork->exit->stack_end),
		       FW_SIDE("STACK_END_MAGIC", STACK_END_MAGIC), why) ? FW_PASS : FW_FAIL;
}

/*
 * One object that is shared if and only if @flag asks for it. A parent that has
 * none has a child that has none.
 */
static bool as_asked(const struct fw_fork *fork, enum forkwatch_share nr, const char *name,
		     const char *flag, bool shared, struct fw_why *why)
{
	uint64_t child = fork->exit->child_ptr[nr], parent = fork->exit->parent_ptr[nr];

	if (shared || !parent ? child == parent : child && child != parent)
		return true;
	fw_explain(why, "%s: child 0x%llx, parent 0x%llx, %s %s", name, (unsigned long long)child,
		   (unsigned long long)parent, shared ? "though shared by" : "though without",
		   flag);
	return false;
}

/*
 * What dup_mmap() left out is not known one by one. Other threads may have
 * unmapped something before the parent's were counted.
 */
static enum fw_verdict vmas_copied(const struct fw_fork *fork, struct fw_why *why)
{
	const struct forkwatch_fork_exit *exit = fork->exit;

	if (exit->child_vmas && exit->child_vmas <= exit->parent_vmas)
		return FW_PASS;
	fw_explain(why, "VMAs: child %u, parent %u%s", exit->child_vmas, exit->parent_vmas,
		   exit->parent_threads > 1 ? ", whose other threads may have unmapped some" : "");
	return exit->child_vmas && exit->parent_threads > 1 ? FW_NOT_OBSERVED : FW_FAIL;
}

enum fw_verdict fw_holds_mm(const struct fw_fork *fork, const struct fw_env *env,
			    struct fw_why *why)
{
	bool shared;

	(void)env;
	if (!saw_objects(fork, why))
		return FW_NOT_OBSERVED;
	shared = fork->enter->clone_flags & CLONE_VM;
	if (!as_asked(fork, FORKWATCH_SHARE_MM, "mm", "CLONE_VM", shared, why) ||
	    !as_asked(fork, FORKWATCH_SHARE_PGD, "pgd", "CLONE_VM", shared, why))
		return FW_FAIL;
	if (shared || !fork->exit->parent_ptr[FORKWATCH_SHARE_MM])
		return FW_PASS;
	return vmas_copied(fork, why);
}

static const struct shared {
	enum forkwatch_share nr;
	uint64_t flag;
	const char *name, *flag_name;
} shared_by_flag[] = {
	{ FORKWATCH_SHARE_FILES, CLONE_FILES, "files", "CLONE_FILES" },
	{ FORKWATCH_SHARE_FS, CLONE_FS, "fs", "CLONE_FS" },
	{ FORKWATCH_SHARE_SIGHAND, CLONE_SIGHAND, "sighand", "CLONE_SIGHAND" },
	{ FORKWATCH_SHARE_SIGNAL, CLONE_THREAD, "signal", "CLONE_THREAD" },
};

/* Since 6.4 vhost_task_create() asks for a worker without files. */
static bool goes_without(const struct fw_fork *fork, const struct shared *shared)
{
	return shared->nr == FORKWATCH_SHARE_FILES && fork->enter->flags & ENTER_WORKER &&
	       !fork->exit->child_ptr[shared->nr];
}

enum fw_verdict fw_holds_shared(const struct fw_fork *fork, const struct fw_env *env,
				struct fw_why *why)
{
	size_t i;

	(void)env;
	if (!saw_objects(fork, why))
		return FW_NOT_OBSERVED;
	for (i = 0; i < ARRAY_SIZE(shared_by_flag); i++) {
		const struct shared *shared = &shared_by_flag[i];

		if (!goes_without(fork, shared) &&
		    !as_asked(fork, shared->nr, shared->name, shared->flag_name,
			      fork->enter->clone_flags & shared->flag, why))
			return FW_FAIL;
	}
	return FW_PASS;
}

/*
 * unshare(CLONE_NEWTIME) moves only children: the next one gets an nsproxy of
 * its own, unless it shares the mm (not looked at before 6.1).
 */
static enum fw_verdict nsproxy_shared(const struct fw_fork *fork, struct fw_why *why)
{
	const struct forkwatch_fork_exit *exit = fork->exit;

	if (as_asked(fork, FORKWATCH_SHARE_NSPROXY, "nsproxy", "CLONE_NEW*", true, why))
		return FW_PASS;
	if (!FW_SAW(fork, exit, parent_time_ns_for_children, why))
		return FW_NOT_OBSERVED;
	if (exit->parent_time_ns != exit->parent_time_ns_for_children)
		return FW_PASS;
	fw_explain(why, "nsproxy: child 0x%llx, parent 0x%llx, though no CLONE_NEW* asked for it",
		   (unsigned long long)exit->child_ptr[FORKWATCH_SHARE_NSPROXY],
		   (unsigned long long)exit->parent_ptr[FORKWATCH_SHARE_NSPROXY]);
	return FW_FAIL;
}

enum fw_verdict fw_holds_nsproxy(const struct fw_fork *fork, const struct fw_env *env,
				 struct fw_why *why)
{
	(void)env;
	if (!saw_objects(fork, why))
		return FW_NOT_OBSERVED;
	if (!(fork->enter->clone_flags & FLAGS_NAMESPACES))
		return nsproxy_shared(fork, why);
	return is_new("nsproxy", fork->exit->child_ptr[FORKWATCH_SHARE_NSPROXY],
		      fork->exit->parent_ptr[FORKWATCH_SHARE_NSPROXY], why) ? FW_PASS : FW_FAIL;
}

/* A child that runs in its parent's memory must not run on its signal stack. */
static bool signal_stack(const struct fw_fork *fork, struct fw_why *why)
{
	const struct forkwatch_fork_exit *exit = fork->exit;
	bool cleared = (fork->enter->clone_flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM;
	const char *who = cleared ? "expected" : "parent";

	return fw_same("sas_ss_sp", FW_SIDE("child", exit->sas_ss_sp),
		       FW_SIDE(who, cleared ? 0 : exit->parent_sas_ss_sp), why) &&
	       fw_same("sas_ss_size", FW_SIDE("child", exit->sas_ss_size),
		       FW_SIDE(who, cleared ? 0 : exit->parent_sas_ss_size), why);
}

enum fw_verdict fw_holds_untraced(const struct fw_fork *fork, const struct fw_env *env,
				  struct fw_why *why)
{
	(void)env;
	if (!FW_SAW(fork, enter, clone_flags, why) ||
	    !FW_SAW(fork, exit, parent_sas_ss_size, why))
		return FW_NOT_OBSERVED;
	if (!signal_stack(fork, why))
		return FW_FAIL;
	if (!FW_SAW(fork, exit, flags, why))
		return FW_NOT_OBSERVED;
	return fw_same("single-step (1), syscall trace (2), emulation (4)",
		       FW_SIDE("child", fork->exit->flags & FORKWATCH_EXIT_TRACED),
		       FW_SIDE("expected", 0), why) ? FW_PASS : FW_FAIL;
}
