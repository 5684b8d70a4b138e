// SPDX-License-Identifier: GPL-2.0-only
/* Rules E5 to E7: which group and which parent a child belongs to, and who is told its tid. */
#include <linux/sched.h>

#include "rule.h"

static bool in_parents_group(const struct fw_fork *fork, struct fw_why *why)
{
	const struct forkwatch_fork_exit *exit = fork->exit;

	return fw_same("tgid", FW_SIDE("child", exit->child_tgid),
		       FW_SIDE("parent", exit->hdr.tgid), why) &&
	       fw_same("group leader", FW_SIDE("child", exit->leader_tid),
		       FW_SIDE("parent", exit->parent_leader_tid), why) &&
	       fw_same("exit_signal", FW_SIDE("child", (int64_t)exit->exit_signal),
		       FW_SIDE("expected", -1LL), why);
}

static bool in_own_group(const struct fw_fork *fork, struct fw_why *why)
{
	const struct forkwatch_fork_exit *exit = fork->exit;

	return fw_same("tgid", FW_SIDE("child", exit->child_tgid),
		       FW_SIDE("its tid", exit->child_tid), why) &&
	       fw_same("group leader", FW_SIDE("child", exit->leader_tid),
		       FW_SIDE("its tid", exit->child_tid), why);
}

/* A sibling sends to their parent what the parent's group sends. */
static enum fw_verdict signal_as_asked(const struct fw_fork *fork, struct fw_why *why)
{
	const struct forkwatch_fork_exit *exit = fork->exit;
	struct fw_side other = FW_SIDE("asked for", (int64_t)fork->enter->exit_signal);

	if (fork->enter->clone_flags & CLONE_PARENT) {
		if (!FW_SAW(fork, exit, leader_exit_signal, why))
			return FW_NOT_OBSERVED;
		other = FW_SIDE("parent's leader", (int64_t)exit->leader_exit_signal);
	}
	return fw_same("exit_signal", FW_SIDE("child", (int64_t)exit->exit_signal), other, why) ?
	       FW_PASS : FW_FAIL;
}

enum fw_verdict fw_holds_group(const struct fw_fork *fork, const struct fw_env *env,
			       struct fw_why *why)
{
	(void)env;
	if (!FW_SAW(fork, enter, exit_signal, why) || !FW_SAW(fork, exit, parent_leader_tid, why))
		return FW_NOT_OBSERVED;
	if (fork->enter->clone_flags & CLONE_THREAD)
		return in_parents_group(fork, why) ? FW_PASS : FW_FAIL;
	return in_own_group(fork, why) ? signal_as_asked(fork, why) : FW_FAIL;
}

enum fw_verdict fw_holds_real_parent(const struct fw_fork *fork, const struct fw_env *env,
				     struct fw_why *why)
{
	const struct forkwatch_fork_exit *exit = fork->exit;
	bool sibling;

	(void)env;
	if (!FW_SAW(fork, enter, clone_flags, why) || !FW_SAW(fork, exit, grand_parent_tgid, why))
		return FW_NOT_OBSERVED;
	sibling = fork->enter->clone_flags & (CLONE_PARENT | CLONE_THREAD);
	if (!fw_same("real_parent's tid", FW_SIDE("child", exit->real_parent_tid), sibling ?
		     FW_SIDE("parent's parent", exit->grand_parent_tid) :
		     FW_SIDE("parent", exit->hdr.tid), why))
		return FW_FAIL;
	return fw_same("real_parent's tgid", FW_SIDE("child", exit->real_parent_tgid), sibling ?
		       FW_SIDE("parent's parent", exit->grand_parent_tgid) :
		       FW_SIDE("parent", exit->hdr.tgid), why) ? FW_PASS : FW_FAIL;
}

/* What the task_struct keeps of where its tid is to be set, and cleared at its end. */
static bool places_kept(const struct fw_fork *fork, struct fw_why *why)
{
	const struct forkwatch_fork_enter *enter = fork->enter;
	uint64_t set = enter->clone_flags & CLONE_CHILD_SETTID ? enter->child_tid : 0;
	uint64_t clear = enter->clone_flags & CLONE_CHILD_CLEARTID ? enter->child_tid : 0;

	return fw_same("set_child_tid", FW_SIDE("child", fork->exit->set_child_tid),
		       FW_SIDE("asked for", set), why) &&
	       fw_same("clear_child_tid", FW_SIDE("child", fork->exit->clear_child_tid),
		       FW_SIDE("asked for", clear), why);
}

/* Is @there the tid that was written? Where others may write too, another proves nothing. */
static enum fw_verdict stands_there(const struct fw_fork *fork, const char *where,
				    int32_t there, uint32_t flags, int64_t tid,
				    struct fw_why *why)
{
	if (!(flags & FORKWATCH_TID_READ)) {
		fw_explain(why, "the memory at %s could not be read", where);
		return FW_NOT_OBSERVED;
	}
	if (there == tid)
		return FW_PASS;
	if (fork->enter->clone_flags & CLONE_VM || fork->exit->parent_threads > 1) {
		fw_explain(why, "at %s is %d, not %lld: others may have written there since",
			   where, there, (long long)tid);
		return FW_NOT_OBSERVED;
	}
	fw_same(where, FW_SIDE("memory", (uint32_t)there), FW_SIDE("the child's tid", tid), why);
	return FW_FAIL;
}

static enum fw_verdict told_child(const struct fw_fork *fork, struct fw_why *why)
{
	if (!fork->exit->set_child_tid)
		return FW_PASS;
	if (!FW_SAW(fork, tail_return, vpid, why))
		return FW_NOT_OBSERVED;
	return stands_there(fork, "child_tid", fork->tail_return->tid_there,
			    fork->tail_return->flags, fork->tail_return->vpid, why);
}

static enum fw_verdict told_parent(const struct fw_fork *fork, struct fw_why *why)
{
	if (!(fork->enter->clone_flags & CLONE_PARENT_SETTID))
		return FW_PASS;
	if (!FW_SAW(fork, ret, flags, why))
		return FW_NOT_OBSERVED;
	return stands_there(fork, "parent_tid", fork->ret->tid_there, fork->ret->flags,
			    fork->exit->child_vpid, why);
}

enum fw_verdict fw_holds_tids(const struct fw_fork *fork, const struct fw_env *env,
			      struct fw_why *why)
{
	struct fw_why unseen;
	enum fw_verdict child;

	(void)env;
	if (!FW_SAW(fork, enter, child_tid, why) || !FW_SAW(fork, exit, parent_threads, why))
		return FW_NOT_OBSERVED;
	if (!places_kept(fork, why))
		return FW_FAIL;
	child = told_child(fork, why);
	if (child == FW_PASS)
		return told_parent(fork, why);
	if (child == FW_FAIL)
		return FW_FAIL;
	unseen = *why;
	if (told_parent(fork, why) == FW_FAIL)
		return FW_FAIL;
	*why = unseen;
	return FW_NOT_OBSERVED;
}
