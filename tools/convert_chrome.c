// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chrome's trace events: tasks as threads, what they did as slices, and an arrow
 * from each fork to the first moment of its child. Times are in microseconds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "array.h"
#include "clone_flags.h"
#include "convert.h"
#include "json.h"
#include "names.h"

struct chrome {
	FILE *out;
	bool any;		/* there was an event before */
};

/* Writes one event, and drops it. */
static int put(struct chrome *chrome, json_t *event)
{
	char *text = event ? json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
	int ret = -ENOMEM;

	if (text) {
		fprintf(chrome->out, "%s%s", chrome->any ? ",\n" : "", text);
		chrome->any = true;
		ret = ferror(chrome->out) ? errno ? -errno : -EIO : 0;
	}
	free(text);
	json_decref(event);
	return ret;
}

/* An event of the task of @hdr at @time (ns). Takes @args, which may be NULL. */
static json_t *event_json(const char *phase, const char *name,
			  const struct forkwatch_header *hdr, uint64_t time, json_t *args)
{
	return json_pack("{s:s, s:s, s:s, s:f, s:I, s:I, s:o*}", "ph", phase, "name", name,
			 "cat", "fork", "ts", time / 1e3, "pid", (json_int_t)hdr->tgid,
			 "tid", (json_int_t)hdr->tid, "args", args);
}

/* What lasted from @start to @end. */
static int put_slice(struct chrome *chrome, const char *name, const struct forkwatch_header *hdr,
		     uint64_t start, uint64_t end, json_t *args)
{
	json_t *event = event_json("X", name, hdr, start, args);

	if (event)
		json_object_set_new(event, "dur", json_real((end - start) / 1e3));
	return put(chrome, event);
}

static int put_name(struct chrome *chrome, const struct forkwatch_header *hdr, const char *comm)
{
	json_t *name = fw_json_text(comm, FORKWATCH_COMM_LEN);
	int ret = 0;

	if (hdr->tid == hdr->tgid)
		ret = put(chrome, json_pack("{s:s, s:s, s:I, s:{s:O}}", "ph", "M",
					    "name", "process_name", "pid", (json_int_t)hdr->tgid,
					    "args", "name", name));
	if (!ret)
		ret = put(chrome, json_pack("{s:s, s:s, s:I, s:I, s:{s:O}}", "ph", "M",
					    "name", "thread_name", "pid", (json_int_t)hdr->tgid,
					    "tid", (json_int_t)hdr->tid, "args", "name", name));
	json_decref(name);
	return ret;
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

static int put_stages(struct chrome *chrome, const struct forkwatch_stages *stages)
{
	unsigned int stage;
	int ret = 0;

	for (stage = 0; !ret && stage < FORKWATCH_NR_STAGES; stage++) {
		uint64_t start = stages->enter[stage];

		if (!is_slice(stages, stage))
			continue;
		ret = put_slice(chrome, stage_names[stage], &stages->hdr, start,
				start + stages->total[stage],
				json_pack("{s:i}", "result", stages->result[stage]));
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

static int put_parent(struct chrome *chrome, const struct fw_fork *fork)
{
	const struct forkwatch_copy_thread *copied = fork->copy_thread;
	int ret = 0;

	if (fork->enter)
		ret = put_name(chrome, &fork->enter->hdr, fork->enter->comm);
	if (!ret && fork->ret)
		ret = put_slice(chrome, "kernel_clone", &fork->ret->hdr, fork->ret->enter_time,
				fork->ret->hdr.time, fork_args(fork));
	if (!ret && fork->enter && fork->exit)
		ret = put_slice(chrome, "copy_process", &fork->enter->hdr, fork->enter->hdr.time,
				fork->exit->hdr.time, sums_json(fork->stages));
	if (!ret && fork->stages)
		ret = put_stages(chrome, fork->stages);
	if (!ret && copied)
		ret = put_slice(chrome, "copy_thread", &copied->hdr, copied->enter_time,
				copied->hdr.time,
				json_pack("{s:o, s:o}",
					  "registers", fw_json_regs(&copied->regs_after),
					  "context", fw_json_context(&copied->context_after)));
	return ret;
}

static int put_arrow(struct chrome *chrome, const struct fw_fork *fork)
{
	json_t *begin = event_json("s", "fork", &fork->wakeup->hdr, fork->wakeup->hdr.time, NULL);
	json_t *end = event_json("f", "fork", &fork->first_run->hdr, fork->first_run->hdr.time,
				 NULL);
	int ret;

	if (begin)
		json_object_set_new(begin, "id", fw_json_integer(fork->id));
	if (end) {
		json_object_set_new(end, "id", fw_json_integer(fork->id));
		json_object_set_new(end, "bp", json_string("e"));
	}
	ret = put(chrome, begin);
	if (ret) {
		json_decref(end);
		return ret;
	}
	return put(chrome, end);
}

static int put_child(struct chrome *chrome, const struct fw_fork *fork)
{
	const struct forkwatch_first_run *run = fork->first_run;
	uint64_t end = fork->tail_return ? fork->tail_return->hdr.time : run->hdr.time;
	int ret;

	ret = put_name(chrome, &run->hdr, run->comm);
	if (!ret)
		ret = put_slice(chrome, "schedule_tail", &run->hdr, run->hdr.time, end,
				json_pack("{s:o, s:o, s:I}", "fork", fw_json_integer(fork->id),
					  "registers", fw_json_regs(&run->regs),
					  "cpu", (json_int_t)run->hdr.cpu));
	if (!ret && fork->wakeup)
		ret = put_arrow(chrome, fork);
	return ret;
}

static int take_fork(void *ctx, struct fw_fork *fork)
{
	int ret = put_parent(ctx, fork);

	if (!ret && fork->first_run)
		ret = put_child(ctx, fork);
	fw_fork_free(fork);
	return ret;
}

static int put_instant(struct chrome *chrome, const char *name,
		       const struct forkwatch_header *hdr, json_t *args)
{
	json_t *event = event_json("i", name, hdr, hdr->time, args);

	if (event)
		json_object_set_new(event, "s", json_string("t"));
	return put(chrome, event);
}

static int take_event(void *ctx, const struct forkwatch_header *event)
{
	const struct forkwatch_exec *exec = (const void *)event;
	const struct forkwatch_exit *exit = (const void *)event;
	int ret;

	switch (event->kind) {
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

int fw_convert_chrome(struct fw_replay *replay, FILE *out)
{
	const struct fw_replay_sink sink = { .event = take_event, .fork = take_fork };
	const struct fw_env *env = &fw_replay_info(replay)->env;
	struct chrome chrome = { .out = out };
	struct fw_replay_result result;
	char release[sizeof(env->release)];
	int ret;

	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", out);
	ret = fw_replay_run(replay, &sink, &chrome, &result);
	fw_name_plain(env->release, sizeof(release) - 1, release, sizeof(release));
	/* A release is a name; what could end the string is none. */
	if (strpbrk(release, "\"\\"))
		*release = '\0';
	fprintf(out, "\n],\"otherData\":{\"kernel\":\"%s\",\"complete\":\"%s\"}}\n", release,
		result.complete ? "yes" : "no");
	return ret;
}
