// SPDX-License-Identifier: GPL-2.0-only
/* One fork: what its events say of it. */
#include <linux/sched.h>
#include <stdlib.h>

#include "fork.h"
#include "observer.h"
#include "witness.h"

#define ERESTARTNOINTR	513	/* the kernel's own */
#define ENTER_WORKER	(FORKWATCH_ENTER_IO_THREAD | FORKWATCH_ENTER_USER_WORKER)

static enum fw_fork_kind kind_by_flags(uint64_t flags)
{
	if (flags & CLONE_VFORK)
		return FW_VFORK;
	if (flags & CLONE_THREAD)
		return FW_THREAD;
	if (flags & CLONE_VM)
		return FW_SHARED_VM;
	return FW_FORK;
}

/* By kernel_clone() itself, before copy_process(). */
static bool is_refused_early(const struct fw_fork *fork)
{
	return !fork->enter && !fork->copy_thread && !fork->exit && fork->ret &&
	       fork->ret->result < 0;
}

enum fw_fork_kind fw_fork_kind(const struct fw_fork *fork)
{
	uint64_t flags, signal;

	/* Where fork_enter was missed, it may be one of the kernel's own. */
	if (!fork->enter)
		return (fw_fork_is_refused(fork) || is_refused_early(fork)) &&
		       fw_fork_asked(fork, &flags, &signal) ? kind_by_flags(flags) :
							      FW_KIND_UNKNOWN;
	if (fork->enter->flags & FORKWATCH_ENTER_IO_THREAD)
		return FW_IO_THREAD;
	if (fork->enter->flags & FORKWATCH_ENTER_USER_WORKER)
		return FW_USER_WORKER;
	if (fork->enter->flags & FORKWATCH_ENTER_KTHREAD)
		return FW_KTHREAD;
	return kind_by_flags(fork->enter->clone_flags);
}

const char *fw_fork_kind_name(enum fw_fork_kind kind)
{
	static const char * const names[FW_NR_FORK_KINDS] = {
		[FW_FORK] = "fork",
		[FW_VFORK] = "vfork",
		[FW_THREAD] = "thread",
		[FW_SHARED_VM] = "clone",
		[FW_KTHREAD] = "kthread",
		[FW_IO_THREAD] = "io-thread",
		[FW_USER_WORKER] = "user-worker",
		[FW_KIND_UNKNOWN] = "unknown",
	};

	return names[kind];
}

bool fw_fork_is_refused(const struct fw_fork *fork)
{
	return fork->clone3 || (fork->clone_call && fork->clone_call->result < 0);
}

static bool asked(uint64_t flags, uint64_t signal, uint64_t *clone_flags, uint64_t *exit_signal)
{
	*clone_flags = flags;
	*exit_signal = signal;
	return true;
}

bool fw_fork_asked(const struct fw_fork *fork, uint64_t *clone_flags, uint64_t *exit_signal)
{
	const struct forkwatch_clone3_return *clone3 = fork->clone3;

	if (fork->enter)
		return asked(fork->enter->clone_flags, fork->enter->exit_signal, clone_flags,
			     exit_signal);
	if (clone3)
		return clone3->read && asked(clone3->clone_flags, clone3->exit_signal, clone_flags,
					     exit_signal);
	if (fw_fork_is_refused(fork))
		return asked(fork->clone_call->clone_flags, 0, clone_flags, exit_signal);
	return fork->ret && FW_OBSERVED(fork->ret, exit_signal) &&
	       asked(fork->ret->clone_flags, fork->ret->exit_signal, clone_flags, exit_signal);
}

int fw_fork_error(const struct fw_fork *fork)
{
	if (fork->clone3)
		return fork->clone3->result;
	if (fw_fork_is_refused(fork))
		return fork->clone_call->result;
	if (fork->exit && fork->exit->result < 0)
		return fork->exit->result;
	if (fork->ret && fork->ret->result < 0)
		return fork->ret->result;
	return !fork->exit && !fork->ret && !fork->wakeup && !fork->first_run;
}

bool fw_fork_restarts(const struct fw_fork *fork)
{
	return fw_fork_error(fork) == -ERESTARTNOINTR;
}

bool fw_fork_is_user(const struct fw_fork *fork)
{
	return fork->enter && !(fork->enter->flags & (FORKWATCH_ENTER_KTHREAD | ENTER_WORKER));
}

bool fw_fork_returns(const struct fw_fork *fork)
{
	return !(fork->enter && fork->enter->flags & ENTER_WORKER) && !fw_fork_is_idle(fork);
}

bool fw_fork_is_idle(const struct fw_fork *fork)
{
	return fork->exit && !fork->exit->result && !fork->exit->child_tid;
}

static bool is_complete(const struct fw_fork *fork, bool tails)
{
	if (fw_fork_is_refused(fork))
		return true;
	if (is_refused_early(fork))
		return true;
	if (!fork->enter || !fork->exit || (!fork->ret && fw_fork_returns(fork)))
		return false;
	if (fork->exit->result < 0)
		return true;
	if (!fork->copy_thread || fw_fork_is_idle(fork))
		return fork->copy_thread;
	return fork->wakeup && fork->first_run && (fork->tail_return || !tails);
}

static void name_parent(struct fw_fork *fork)
{
	const struct forkwatch_header *hdr =
		fork->enter ? &fork->enter->hdr :
		fork->copy_thread ? &fork->copy_thread->hdr :
		fork->exit ? &fork->exit->hdr :
		fork->ret ? &fork->ret->hdr :
		fork->clone_call ? &fork->clone_call->hdr :
		fork->clone3 ? &fork->clone3->hdr :
		fork->wakeup ? &fork->wakeup->hdr : NULL;

	if (!hdr)
		return;
	fork->parent_tid = hdr->tid;
	fork->parent_tgid = hdr->tgid;
}

static void name_child(struct fw_fork *fork)
{
	if (fw_fork_error(fork) < 0)
		return;
	if (fork->copy_thread)
		fork->child = fork->copy_thread->child;
	if (fork->wakeup) {
		if (FW_OBSERVED(fork->wakeup, child))
			fork->child = fork->wakeup->child;
		fork->child_tid = fork->wakeup->child_tid;
	}
	if (fork->first_run) {
		fork->child = fork->first_run->child;
		fork->child_tid = fork->first_run->hdr.tid;
		fork->child_tgid = fork->first_run->hdr.tgid;
	}
	if (fork->exit) {
		fork->child = fork->exit->child;
		fork->child_tid = fork->exit->child_tid;
		fork->child_tgid = fork->exit->child_tgid;
	}
}

void fw_fork_settle(struct fw_fork *fork, bool tails)
{
	name_parent(fork);
	name_child(fork);
	fork->complete = is_complete(fork, tails);
}

void fw_fork_free(struct fw_fork *fork)
{
	if (!fork)
		return;
	free(fork->enter);
	free(fork->copy_thread);
	free(fork->arch_state);
	free(fork->exit);
	free(fork->wakeup);
	free(fork->first_run);
	free(fork->tail_return);
	free(fork->ret);
	free(fork->clone_call);
	free(fork->clone3);
	free(fork->stages);
	free(fork->finish_switch);
	free(fork->undone);
	free(fork->switch_in);
	fw_witness_free(fork);
	free(fork->release);
	free(fork->exec);
	free(fork->end);
	free(fork->verdicts);
	free(fork->limits);
	free(fork->reason);
	free(fork);
}

/*
 * A drop is a gap, unless no later event of its CPU came; a gap is a drop, unless
 * a recording was damaged.
 */
uint64_t fw_losses_total(const struct fw_losses *losses)
{
	uint64_t missing = losses->seq_gaps > losses->ring_drops ? losses->seq_gaps :
			   losses->ring_drops;

	return missing + losses->probe_misses + losses->watch_full + losses->bad_events;
}
