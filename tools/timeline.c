// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clone_flags.h"
#include "json.h"
#include "names.h"
#include "observer.h"
#include "timeline.h"
#include "undone.h"

/* kernel_clone, copy_process, copy_thread, the stages and what takes them back. */
#define SLICES_MAX	(3 + FORKWATCH_NR_STAGES + FORKWATCH_NR_UNDOS)

/* Names given lately: a task that forks a thousand times is named once. */
#define NAMES		1024U

struct name {
	uint32_t tid, tgid;
	char comm[FORKWATCH_COMM_LEN];
};

struct timeline {
	const struct fw_timeline_ops *ops;
	void *ctx;
	struct name names[NAMES];
	struct fw_slice slices[SLICES_MAX];
	size_t nr;
};

static int put_name(struct timeline *timeline, const struct forkwatch_header *task,
		    const char *comm)
{
	struct name *name = &timeline->names[task->tid % NAMES];

	if (name->tid == task->tid && name->tgid == task->tgid &&
	    !memcmp(name->comm, comm, sizeof(name->comm)))
		return 0;
	name->tid = task->tid;
	name->tgid = task->tgid;
	memcpy(name->comm, comm, sizeof(name->comm));
	return timeline->ops->name(timeline->ctx, task, comm);
}

/* Adds a slice to those of the task at hand. Takes @args. */
static int add_slice(struct timeline *timeline, const char *name, uint64_t start, uint64_t end,
		     json_t *args)
{
	if (!args)
		return -ENOMEM;
	/* A clock that went back in between: nothing lasts less than no time. */
	if (end < start)
		end = start;
	timeline->slices[timeline->nr++] = (struct fw_slice){
		.name = name, .start = start, .end = end, .args = args,
	};
	return 0;
}

/* Those that begin first, and of those the longest: each before what lies within it. */
static int compare_slices(const void *left, const void *right)
{
	const struct fw_slice *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->end < b->end) - (a->end > b->end);
}

/*
 * Viewers cannot show slices that overlap. Where the times of two say so, the one that
 * began later is cut, and its arguments say when it really ended.
 */
static int nest_slices(struct timeline *timeline)
{
	struct fw_slice *slices = timeline->slices;
	size_t i, above;

	for (i = 1; i < timeline->nr; i++) {
		for (above = i; above-- > 0 && slices[above].end <= slices[i].start;)
			;
		if (above == SIZE_MAX || slices[i].end <= slices[above].end)
			continue;
		if (json_object_set_new(slices[i].args, "ended_at",
					fw_json_integer(slices[i].end)))
			return -ENOMEM;
		slices[i].end = slices[above].end;
	}
	return 0;
}

/* Gives the slices to the writer, unless @error came before, and drops them. */
static int put_slices(struct timeline *timeline, const struct forkwatch_header *task, int error)
{
	size_t i;

	qsort(timeline->slices, timeline->nr, sizeof(*timeline->slices), compare_slices);
	if (!error)
		error = nest_slices(timeline);
	if (!error && timeline->nr)
		error = timeline->ops->slices(timeline->ctx, task, timeline->slices,
					      timeline->nr);
	for (i = 0; i < timeline->nr; i++)
		json_decref(timeline->slices[i].args);
	timeline->nr = 0;
	return error;
}

static json_t *fork_args(const struct fw_fork *fork)
{
	const char *call = fw_name_call(fork), *error = fw_error_name(fw_fork_error(fork));
	char child[FW_NAME_TASK_LEN], result[FW_NAME_TASK_LEN + 8];

	fw_name_child(fork, child, sizeof(child));
	snprintf(result, sizeof(result), fw_fork_error(fork) < 0 ? "-%s" : "%s",
		 fw_fork_error(fork) < 0 ? error ? error : "?" : child);
	return json_pack("{s:o, s:s, s:s*, s:o*, s:s}", "fork", fw_json_integer(fork->id),
			 "kind", fw_fork_kind_name(fw_fork_kind(fork)), "call", call,
			 "flags", fork->enter ? fw_json_flags(fork->enter->clone_flags) : NULL,
			 "result", result);
}

/*
 * Stages. One that was called several times has no place of its own: what is known
 * is the sum of its times, which goes to the arguments of copy_process.
 */
#define STAGE_ENTRY(STAGE, value, function, parent)	[value] = #function,
static const char *const stage_names[] = { FORKWATCH_STAGES(STAGE_ENTRY) };

static bool is_slice(const struct forkwatch_stages *stages, unsigned int stage)
{
	return stage_names[stage] && stages->calls[stage] == 1 &&
	       !(stages->torn & 1U << stage);
}

static int add_stages(struct timeline *timeline, const struct forkwatch_stages *stages)
{
	unsigned int stage;
	int ret = 0;

	for (stage = 0; !ret && stage < FORKWATCH_NR_STAGES; stage++) {
		uint64_t start = stages->enter[stage];

		if (!is_slice(stages, stage))
			continue;
		ret = add_slice(timeline, stage_names[stage], start,
				start + stages->total[stage],
				json_pack("{s:i}", "result", stages->result[stage]));
	}
	return ret;
}

/* What took them back, of a fork that failed. */
static int add_undone(struct timeline *timeline, const struct forkwatch_undone *undone)
{
	unsigned int undo;
	int ret = 0;

	for (undo = 0; !ret && undo < FORKWATCH_NR_UNDOS; undo++) {
		uint64_t start = undone->enter[undo];

		if (undone->calls[undo] == 1 && !(undone->torn & 1U << undo) && fw_undo_name(undo))
			ret = add_slice(timeline, fw_undo_name(undo), start,
					start + undone->total[undo], json_object());
	}
	return ret;
}

static void put_sum(json_t *object, const struct forkwatch_stages *stages, unsigned int stage)
{
	json_object_set_new(object, stage_names[stage],
			    json_pack("{s:I, s:f}", "calls", (json_int_t)stages->calls[stage],
				      "us", stages->total[stage] / 1e3));
}

static json_t *sums_json(const struct forkwatch_stages *stages)
{
	json_t *object = json_object();
	unsigned int stage;

	for (stage = 0; stages && stage < FORKWATCH_NR_STAGES; stage++)
		if (stage_names[stage] && stages->calls[stage] > 1)
			put_sum(object, stages, stage);
	return object;
}

static int add_parent(struct timeline *timeline, const struct fw_fork *fork)
{
	const struct forkwatch_copy_thread *copied = fork->copy_thread;
	int ret = 0;

	if (fork->ret)
		ret = add_slice(timeline, "kernel_clone", fork->ret->enter_time,
				fork->ret->hdr.time, fork_args(fork));
	if (!ret && fork->enter && fork->exit)
		ret = add_slice(timeline, "copy_process", fork->enter->hdr.time,
				fork->exit->hdr.time, sums_json(fork->stages));
	if (!ret && fork->stages)
		ret = add_stages(timeline, fork->stages);
	if (!ret && fork->undone)
		ret = add_undone(timeline, fork->undone);
	if (!ret && copied)
		ret = add_slice(timeline, "copy_thread", copied->enter_time, copied->hdr.time,
				json_pack("{s:o, s:o}",
					  "registers", fw_json_regs(&copied->regs_after),
					  "context", fw_json_context(&copied->context_after)));
	return ret;
}

/* The parent's task, by whichever event there is. */
static const struct forkwatch_header *parent_task(const struct fw_fork *fork)
{
	if (fork->enter)
		return &fork->enter->hdr;
	if (fork->ret)
		return &fork->ret->hdr;
	if (fork->copy_thread)
		return &fork->copy_thread->hdr;
	return fork->stages ? &fork->stages->hdr : NULL;
}

static int put_parent(struct timeline *timeline, const struct fw_fork *fork)
{
	const struct forkwatch_header *task = parent_task(fork);
	int ret = 0;

	if (fork->enter)
		ret = put_name(timeline, &fork->enter->hdr, fork->enter->comm);
	if (!ret)
		ret = add_parent(timeline, fork);
	return put_slices(timeline, task, ret);
}

static int put_child(struct timeline *timeline, const struct fw_fork *fork)
{
	const struct forkwatch_finish_switch *finish = fork->finish_switch;
	const struct forkwatch_first_run *run = fork->first_run;
	uint64_t end = fork->tail_return ? fork->tail_return->hdr.time : run->hdr.time;
	int ret;

	ret = put_name(timeline, &run->hdr, run->comm);
	if (!ret && fork->wakeup)
		ret = timeline->ops->arrow(timeline->ctx, fork->id, &fork->wakeup->hdr, &run->hdr);
	if (ret)
		return ret;
	ret = add_slice(timeline, "schedule_tail", run->hdr.time, end,
			json_pack("{s:o, s:o, s:I}", "fork", fw_json_integer(fork->id),
				  "registers", fw_json_regs(&run->regs),
				  "cpu", (json_int_t)run->hdr.cpu));
	if (!ret && fork->wakeup)
		timeline->slices[0].arrow = fork->id;
	if (!ret && finish)
		ret = add_slice(timeline, "finish_task_switch", finish->enter_time,
				finish->hdr.time, json_object());
	return put_slices(timeline, &run->hdr, ret);
}

static int take_fork(void *ctx, struct fw_fork *fork)
{
	int ret = put_parent(ctx, fork);

	if (!ret && fork->first_run)
		ret = put_child(ctx, fork);
	fw_fork_free(fork);
	return ret;
}

static int put_instant(struct timeline *timeline, const char *name,
		       const struct forkwatch_header *hdr, json_t *args)
{
	int ret = args ? timeline->ops->instant(timeline->ctx, hdr, name, args) : -ENOMEM;

	json_decref(args);
	return ret;
}

static int take_event(void *ctx, const struct forkwatch_header *event)
{
	const struct forkwatch_exec *exec = (const void *)event;
	const struct forkwatch_exit *exit = (const void *)event;
	int ret;

	if (fw_is_witness(event))
		return 0;
	switch (fw_kind(event)) {
	case FORKWATCH_EXEC:
		ret = put_name(ctx, event, exec->comm);
		if (ret)
			return ret;
		return put_instant(ctx, "exec", event,
				   json_pack("{s:o}", "path",
					     fw_json_text(exec->path, FORKWATCH_PATH_LEN)));
	case FORKWATCH_EXIT:
		return put_instant(ctx, "exit", event, json_pack("{s:i}", "code", exit->code));
	}
	return 0;
}

int fw_timeline_play(struct fw_replay *replay, const struct fw_timeline_ops *ops, void *ctx,
		     struct fw_replay_result *result)
{
	const struct fw_replay_sink sink = { .event = take_event, .fork = take_fork };
	struct timeline *timeline = calloc(1, sizeof(*timeline));
	int ret;

	if (!timeline)
		return -ENOMEM;
	timeline->ops = ops;
	timeline->ctx = ctx;
	ret = fw_replay_run(replay, &sink, timeline, result);
	free(timeline);
	return ret;
}
