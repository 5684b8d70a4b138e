// SPDX-License-Identifier: GPL-2.0-only
/* Why a fork failed. What the kernel looks at first is looked at first. */
#include <errno.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "because.h"
#include "clone_flags.h"
#include "observer.h"
#include "stages.h"

#define ERESTARTNOINTR		513	/* the kernel's own */
#define FLAGS_NAMESPACES	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | \
				 CLONE_NEWNET | CLONE_NEWCGROUP | FW_CLONE_NEWTIME)

bool fw_because(struct fw_reason *reason, enum fw_reason_code code, const char *format, ...)
{
	va_list args;

	reason->code = code;
	va_start(args, format);
	vsnprintf(reason->text, sizeof(reason->text), format, args);
	va_end(args);
	return true;
}

/* Was @fork refused after copy_thread() was done with the child? */
static bool is_late(const struct fw_fork *fork)
{
	return fork->copy_thread;
}

/* alloc_pid(): a pid for each namespace that the child is in, from the innermost outward. */
static bool bad_set_tid(const struct fw_fork *fork, struct fw_reason *reason)
{
	const struct forkwatch_fork_exit *exit = fork->exit;
	unsigned int depth, asked = fork->enter->set_tid_size;

	if (!asked)
		return false;
	if (!exit || !FW_OBSERVED(exit, pid_ns_level))
		return fw_because(reason, FW_REASON_ARGUMENTS, "set_tid names %u pids: more than "
				  "there are pid namespaces, or one that is no pid", asked);
	depth = exit->pid_ns_level + 1 + !!(fork->enter->clone_flags & CLONE_NEWPID);
	if (asked > depth)
		return fw_because(reason, FW_REASON_ARGUMENTS, "set_tid names %u pids, and there "
				  "are %u pid namespaces", asked, depth);
	return fw_because(reason, FW_REASON_ARGUMENTS, "set_tid names what is no pid from 1 to "
			  "below pid_max, or not the 1 that a namespace's first task has");
}

static bool invalid(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	if (!fork->enter)
		return !fork->exit && fork->ret && fw_reason_kernel_clone(fork->ret, reason);
	return is_late(fork) ? bad_set_tid(fork, reason) : fw_reason_flags(fork, env, reason);
}

static bool restart(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	(void)fork;
	(void)env;
	return fw_because(reason, FW_REASON_SIGNAL, "a signal was pending: it is delivered first, "
			  "then the call is made again");
}

static bool fatal_signal(const struct fw_fork *fork, const struct fw_env *env,
			 struct fw_reason *reason)
{
	(void)env;
	return is_late(fork) && fw_because(reason, FW_REASON_SIGNAL,
					   "a signal that kills the parent came meanwhile");
}

static bool again(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	(void)env;
	if (!fork->exit || !fork->enter)
		return false;
	return is_late(fork) ? fw_reason_late_limit(fork, reason) :
			       fw_reason_early_limit(fork, reason);
}

static bool memory(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	(void)env;
	return fork->exit && fork->enter && fw_reason_memory(fork, reason);
}

static bool permission(const struct fw_fork *fork, const struct fw_env *env,
		       struct fw_reason *reason)
{
	char names[FW_CLONE_FLAGS_LEN];
	uint64_t asked;

	(void)env;
	if (!fork->enter)
		return false;
	asked = fork->enter->clone_flags;
	if (is_late(fork))
		return fork->enter->set_tid_size &&
		       fw_because(reason, FW_REASON_PERMISSION,
				  "set_tid needs CAP_CHECKPOINT_RESTORE in the pid's namespaces");
	if (asked & FW_CLONE_PIDFD_AUTOKILL && !(asked & FW_CLONE_NNP))
		return fw_because(reason, FW_REASON_PERMISSION,
				  "CLONE_PIDFD_AUTOKILL without CLONE_NNP needs CAP_SYS_ADMIN");
	if (asked & CLONE_NEWUSER)
		return fw_because(reason, FW_REASON_PERMISSION, "CLONE_NEWUSER is not for the "
				  "parent: it is in a chroot, its uid or gid has no mapping, or "
				  "kernel.unprivileged_userns_clone or a security module forbids it");
	if (!(asked & FLAGS_NAMESPACES))
		return false;
	return fw_because(reason, FW_REASON_PERMISSION, "%s needs CAP_SYS_ADMIN",
			  fw_clone_flags(asked & FLAGS_NAMESPACES, 0, names, sizeof(names)));
}

static bool exists(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	(void)env;
	return fork->enter && fork->enter->set_tid_size &&
	       fw_because(reason, FW_REASON_TID_IN_USE, "a pid that set_tid names is in use");
}

/* copy_creds(), copy_namespaces() */
static bool no_space(const struct fw_fork *fork, const struct fw_env *env,
		     struct fw_reason *reason)
{
	char names[FW_CLONE_FLAGS_LEN];
	uint64_t asked;

	(void)env;
	if (!fork->enter || is_late(fork))
		return false;
	asked = fork->enter->clone_flags & (FLAGS_NAMESPACES | CLONE_NEWUSER);
	return asked && fw_because(reason, FW_REASON_NAMESPACES, "%s: a limit of /proc/sys/user "
				   "is reached%s",
				   fw_clone_flags(asked, 0, names, sizeof(names)),
				   asked & (CLONE_NEWUSER | CLONE_NEWPID) ?
					", or such namespaces are nested too deep" : "");
}

/* The pidfd is made after copy_thread(), the copy of the parent's files before. */
static bool no_file(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	(void)env;
	if (!fork->enter)
		return false;
	if (!is_late(fork))
		return fw_because(reason, FW_REASON_FILES,
				  "the parent has a file open beyond fs.nr_open");
	return fork->enter->clone_flags & CLONE_PIDFD &&
	       fw_because(reason, FW_REASON_FILES, "CLONE_PIDFD: the parent has as many files open "
			  "as its RLIMIT_NOFILE allows");
}

static bool fault(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	(void)env;
	return fork->enter && is_late(fork) && fork->enter->clone_flags & CLONE_PIDFD &&
	       fw_because(reason, FW_REASON_ARGUMENTS, "the pidfd cannot be written to 0x%llx",
			  (unsigned long long)fork->enter->pidfd);
}

/* cgroup_css_set_fork() */
static bool into_cgroup(const struct fw_fork *fork, const struct fw_env *env,
			struct fw_reason *reason)
{
	static const struct {
		int error;
		const char *text;
	} texts[] = {
		{ -EBADF, "its file descriptor is none of a directory of cgroup2" },
		{ -ENOENT, "that cgroup has been removed" },
		{ -ENODEV, "that cgroup is being removed" },
		{ -EACCES, "the parent may not put tasks there" },
		{ -EBUSY, "that cgroup has controllers for its children, and may have no tasks" },
		{ -EOPNOTSUPP, "that cgroup, or its domain, is none that tasks can be put into" },
	};
	size_t i;

	(void)env;
	if (!fork->enter || !is_late(fork) || !(fork->enter->clone_flags & FW_CLONE_INTO_CGROUP))
		return false;
	for (i = 0; i < ARRAY_SIZE(texts) && texts[i].error != fw_fork_error(fork); i++)
		;
	return i < ARRAY_SIZE(texts) &&
	       fw_because(reason, FW_REASON_CGROUP, "CLONE_INTO_CGROUP: %s", texts[i].text);
}

static const struct {
	int error;
	bool (*find)(const struct fw_fork *fork, const struct fw_env *env,
		     struct fw_reason *reason);
} by_error[] = {
	{ -EINVAL, invalid },
	{ -ERESTARTNOINTR, restart },
	{ -EINTR, fatal_signal },
	{ -EAGAIN, again },
	{ -ENOMEM, memory },
	{ -EPERM, permission },
	{ -EEXIST, exists },
	{ -ENOSPC, no_space },
	{ -EMFILE, no_file },
	{ -EFAULT, fault },
	{ -EBADF, into_cgroup },
	{ -ENODEV, into_cgroup },
	{ -ENOENT, into_cgroup },
	{ -EACCES, into_cgroup },
	{ -EBUSY, into_cgroup },
	{ -EOPNOTSUPP, into_cgroup },
};

/* A call that never got to kernel_clone(): clone3(), or the module's own. */
static bool refused(const struct fw_fork *fork, const struct fw_env *env,
		    struct fw_reason *reason)
{
	const struct forkwatch_clone_call *call = fork->clone_call;

	if (fork->clone3)
		return fw_reason_clone3(fork->clone3, env, reason) ||
		       fw_because(reason, FW_REASON_NOT_OBSERVED, "reason not observed");
	switch (call->result) {
	case -EPERM:
		return fw_because(reason, FW_REASON_PERMISSION,
				  "forkwatch_clone() needs CAP_PERFMON or CAP_SYS_ADMIN");
	case -EINVAL:
		return fw_because(reason, FW_REASON_ARGUMENTS,
				  "forkwatch_clone() takes no such arguments");
	case -E2BIG:
		return fw_because(reason, FW_REASON_ARGUMENTS, "the module knows no arguments of "
				  "%llu bytes, or no report that is so large",
				  (unsigned long long)call->size);
	case -EFAULT:
		return fw_because(reason, FW_REASON_ARGUMENTS,
				  "the arguments cannot be read, or the report cannot be written");
	}
	return fw_because(reason, FW_REASON_NOT_OBSERVED, "reason not observed");
}

/*
 * The stage that said @error, NULL if none that was watched did: a fork goes no
 * further than that, so it is the last that began, and the one furthest down.
 */
static const char *stage_that_said(const struct fw_fork *fork, int error)
{
	struct fw_stages stages;
	size_t i;

	if (fw_stages_build(fork, FW_BY_START, &stages))
		return NULL;
	for (i = stages.nr; i-- > 0;) {
		const struct fw_stage_row *row = &stages.rows[i];

		if (row->stage != FW_STAGE_OTHER && row->result == error && !row->torn)
			return row->stage == FORKWATCH_STAGE_KERNEL_CLONE ||
			       row->stage == FORKWATCH_STAGE_COPY_PROCESS ? NULL : row->name;
	}
	return NULL;
}

__attribute__((format(printf, 2, 3)))
static void add(struct fw_reason *reason, const char *format, ...)
{
	size_t length = strlen(reason->text);
	va_list args;

	va_start(args, format);
	vsnprintf(reason->text + length, sizeof(reason->text) - length, format, args);
	va_end(args);
}

/*
 * Memory ran out in no stage that is watched: what came after the last one is inlined, or
 * not among them. Nothing is said of that where a return was missed.
 */
static void add_place(const struct fw_fork *fork, struct fw_reason *reason)
{
	const struct fw_stage_row *row, *last = NULL;
	struct fw_stages stages;

	if (fw_stages_build(fork, FW_BY_START, &stages))
		return;
	for (row = stages.rows; row < stages.rows + stages.nr; row++) {
		if (row->torn)
			return;
		if (row->depth > 1 && row->stage != FW_STAGE_OTHER)
			last = row;
	}
	if (last)
		add(reason, "; refused after %s(), in what is not watched", last->name);
	else
		add(reason, "; refused before any stage that is watched");
}

static void add_stage(const struct fw_fork *fork, int error, struct fw_reason *reason)
{
	const char *stage = stage_that_said(fork, error), *name = fw_error_name(error);

	if (stage && name)
		add(reason, "; refused in %s() with %s", stage, name);
	else if (reason->code == FW_REASON_MEMORY)
		add_place(fork, reason);
}

static void find_reason(const struct fw_fork *fork, const struct fw_env *env, int error,
			struct fw_reason *reason)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(by_error); i++)
		if (by_error[i].error == error && by_error[i].find(fork, env, reason))
			return;
	if (!fork->enter || !fork->exit)
		fw_because(reason, FW_REASON_NOT_OBSERVED, "reason not observed");
	else
		fw_because(reason, FW_REASON_NOT_OBSERVED, "reason not observed; copy_process() "
			"failed %s copy_thread()", fork->copy_thread ? "after" : "before");
}

bool fw_reason(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	int error = fw_fork_error(fork);

	if (error >= 0)
		return false;
	if (fw_fork_is_refused(fork))
		return refused(fork, env, reason);
	if (fork->copy_thread && fork->copy_thread->result)
		return fw_because(reason, FW_REASON_COPY_THREAD, "copy_thread() failed with %s",
			       fw_error_name(fork->copy_thread->result) ? : "an unknown error");
	find_reason(fork, env, error, reason);
	add_stage(fork, error, reason);
	return true;
}

const char *fw_reason_name(enum fw_reason_code code)
{
	static const char * const names[FW_NR_REASONS] = {
		[FW_REASON_NOT_OBSERVED] = "not-observed",
		[FW_REASON_FLAGS] = "flags",
		[FW_REASON_SIGNAL] = "signal",
		[FW_REASON_RLIMIT_NPROC] = "rlimit-nproc",
		[FW_REASON_THREADS_MAX] = "threads-max",
		[FW_REASON_PIDS_MAX] = "cgroup-pids-max",
		[FW_REASON_PID_SPACE] = "pid-space",
		[FW_REASON_OVERCOMMIT] = "overcommit",
		[FW_REASON_PERMISSION] = "permission",
		[FW_REASON_TID_IN_USE] = "tid-in-use",
		[FW_REASON_COPY_THREAD] = "copy-thread",
		[FW_REASON_ARGUMENTS] = "arguments",
		[FW_REASON_PID_NAMESPACE] = "pid-namespace",
		[FW_REASON_MEMORY] = "memory",
		[FW_REASON_DEADLINE] = "deadline",
		[FW_REASON_NAMESPACES] = "namespaces",
		[FW_REASON_FILES] = "files",
		[FW_REASON_CGROUP] = "cgroup",
	};

	return names[code];
}
