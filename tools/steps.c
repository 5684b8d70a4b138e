// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "stages.h"
#include "steps.h"

/* While they are collected. */
struct collected {
	size_t nr;
	struct fw_step_time list[FW_NR_STEPS];
};

static void add(struct collected *steps, unsigned int step, uint64_t ns)
{
	steps->list[steps->nr++] = (struct fw_step_time) { .step = step, .ns = ns };
}

static void add_between(struct collected *steps, unsigned int step, uint64_t start, uint64_t end)
{
	if (end >= start)
		add(steps, step, end - start);
}

static void add_events(struct collected *steps, const struct fw_fork *fork)
{
	/* A vfork's parent waits in it for what the child does. */
	if (fork->ret && fw_fork_kind(fork) != FW_VFORK)
		add_between(steps, FORKWATCH_STAGE_KERNEL_CLONE, fork->ret->enter_time,
			    fork->ret->hdr.time);
	if (fork->enter && fork->exit)
		add_between(steps, FORKWATCH_STAGE_COPY_PROCESS, fork->enter->hdr.time,
			    fork->exit->hdr.time);
	if (fork->copy_thread)
		add_between(steps, FORKWATCH_STAGE_COPY_THREAD, fork->copy_thread->enter_time,
			    fork->copy_thread->hdr.time);
	if (fork->wakeup && fork->first_run)
		add_between(steps, FW_STAGE_WAKE, fork->wakeup->hdr.time,
			    fork->first_run->hdr.time);
	if (fork->tail_return)
		add_between(steps, FORKWATCH_STAGE_SCHEDULE_TAIL, fork->tail_return->enter_time,
			    fork->tail_return->hdr.time);
	if (fork->finish_switch)
		add_between(steps, FORKWATCH_STAGE_FINISH_SWITCH,
			    fork->finish_switch->enter_time, fork->finish_switch->hdr.time);
}

static void add_stages(struct collected *steps, const struct forkwatch_stages *stages)
{
	unsigned int stage;

	for (stage = 0; stage < FORKWATCH_NR_STAGES; stage++)
		if (stages->calls[stage] && !(stages->torn & 1U << stage) &&
		    stage != FORKWATCH_STAGE_WAIT_VFORK && fw_stage_name(stage))
			add(steps, stage, stages->total[stage]);
}

struct fw_steps *fw_steps_make(const struct fw_fork *fork)
{
	struct collected collected = { .nr = 0 };
	struct fw_steps *steps;

	if (fw_fork_error(fork) >= 0) {
		add_events(&collected, fork);
		if (fork->stages)
			add_stages(&collected, fork->stages);
	}
	steps = malloc(sizeof(*steps) + collected.nr * sizeof(*steps->list));
	if (!steps)
		return NULL;
	steps->kind = fw_fork_kind(fork);
	steps->nr = collected.nr;
	memcpy(steps->list, collected.list, collected.nr * sizeof(*steps->list));
	return steps;
}

const char *fw_step_name(unsigned int step)
{
	return fw_stage_name(step);
}
