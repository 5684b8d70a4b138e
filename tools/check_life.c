// SPDX-License-Identifier: GPL-2.0-only
/* Rules F and X: what vfork children and their parents do, and what exec keeps. */
#include <linux/sched.h>

#include "life.h"
#include "rule.h"

static enum fw_verdict not_released(const struct fw_fork *fork, struct fw_why *why)
{
	/* Says where it would have come from. */
	FW_SAW(fork, release, task, why);
	return FW_NOT_OBSERVED;
}

enum fw_verdict fw_holds_vfork_waits(const struct fw_fork *fork, const struct fw_env *env,
				     struct fw_why *why)
{
	(void)env;
	if (!FW_SAW(fork, ret, result, why))
		return FW_NOT_OBSERVED;
	if (!fork->release)
		return not_released(fork, why);
	if (fork->release->hdr.time <= fork->ret->hdr.time)
		return FW_PASS;
	fw_explain(why, "time: parent returned at %llu ns, child's mm_release at %llu ns",
		   (unsigned long long)fork->ret->hdr.time,
		   (unsigned long long)fork->release->hdr.time);
	return FW_FAIL;
}

enum fw_verdict fw_holds_vfork_mm(const struct fw_fork *fork, const struct fw_env *env,
				  struct fw_why *why)
{
	uint64_t parent;

	(void)env;
	if (!FW_SAW(fork, enter, clone_flags, why) || !FW_SAW(fork, exit, parent_ptr, why))
		return FW_NOT_OBSERVED;
	if (!fork->release)
		return not_released(fork, why);
	parent = fork->exit->parent_ptr[FORKWATCH_SHARE_MM];
	if (!(fork->enter->clone_flags & CLONE_VM)) {
		if (fork->release->mm != parent)
			return FW_PASS;
		fw_explain(why, "mm: released by the child 0x%llx, parent's 0x%llx, "
			   "though without CLONE_VM", (unsigned long long)fork->release->mm,
			   (unsigned long long)parent);
		return FW_FAIL;
	}
	return fw_same("mm", FW_SIDE("released by the child", fork->release->mm),
		       FW_SIDE("parent's", parent), why) ? FW_PASS : FW_FAIL;
}

/* Of forks nothing is to be said: an exec is told, and judged, by itself. */
enum fw_verdict fw_holds_exec(const struct fw_fork *fork, const struct fw_env *env,
			      struct fw_why *why)
{
	(void)fork;
	(void)env;
	(void)why;
	return FW_NA;
}

/* A thread takes over its leader's tid, and start time. */
static bool same_task(const struct fw_life *life, struct fw_why *why)
{
	const struct forkwatch_exec *exec = life->exec;

	return fw_same("task_struct", FW_SIDE("after exec", exec->task),
		       FW_SIDE("at its fork", life->task), why) &&
	       (!life->leader_start ||
		fw_same("start_time", FW_SIDE("after exec", exec->start_time),
			FW_SIDE("its group's", life->leader_start), why)) &&
	       fw_same("tid", FW_SIDE("after exec", exec->hdr.tid),
		       FW_SIDE("its group's", life->tgid), why);
}

/* Where the exec that freed the old mm may be a lost one, its place may be taken again. */
static enum fw_verdict judge_mm(const struct fw_life *life, struct fw_why *why)
{
	const struct forkwatch_exec *exec = life->exec;

	if (exec->mm && exec->mm != life->mm)
		return FW_PASS;
	if (exec->mm && life->gaps) {
		fw_explain(why, "events are missing, another exec of this child maybe");
		return FW_NOT_OBSERVED;
	}
	fw_explain(why, "mm: after exec 0x%llx, before 0x%llx, expected a new one",
		   (unsigned long long)exec->mm, (unsigned long long)life->mm);
	return FW_FAIL;
}

static enum fw_verdict judge(const struct fw_life *life, struct fw_why *why)
{
	enum fw_verdict verdict;

	if (!life->exec)
		return FW_NA;
	if (!same_task(life, why))
		return FW_FAIL;
	verdict = judge_mm(life, why);
	if (verdict != FW_PASS || life->leader_start)
		return verdict;
	fw_explain(why, "the fork that made its thread group's leader was not seen");
	return FW_NOT_OBSERVED;
}

void fw_check_life(const struct fw_life *life, struct fw_judgement *judgement)
{
	judgement->why.text[0] = '\0';
	judgement->verdict = judge(life, &judgement->why);
}
