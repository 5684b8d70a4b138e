// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chrome's trace events: tasks as threads, what they did as slices, and an arrow
 * from each fork to the first moment of its child. Times are in microseconds.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "convert.h"
#include "json.h"
#include "names.h"
#include "timeline.h"

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

/* An event of the task of @hdr at @time (ns). @args may be NULL. */
static json_t *event_json(const char *phase, const char *name,
			  const struct forkwatch_header *hdr, uint64_t time, json_t *args)
{
	return json_pack("{s:s, s:s, s:s, s:f, s:I, s:I, s:O*}", "ph", phase, "name", name,
			 "cat", "fork", "ts", time / 1e3, "pid", (json_int_t)hdr->tgid,
			 "tid", (json_int_t)hdr->tid, "args", args);
}

/* All of what Chrome itself writes there: some readers want it all. */
static json_t *name_json(const char *what, const struct forkwatch_header *task, json_t *name)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:I, s:I, s:{s:O}}", "ph", "M", "name", what,
			 "cat", "__metadata", "ts", 0, "pid", (json_int_t)task->tgid,
			 "tid", (json_int_t)task->tid, "args", "name", name);
}

static int put_name(void *ctx, const struct forkwatch_header *task, const char *comm)
{
	json_t *name = fw_json_text(comm, FORKWATCH_COMM_LEN);
	int ret = 0;

	if (task->tid == task->tgid)
		ret = put(ctx, name_json("process_name", task, name));
	if (!ret)
		ret = put(ctx, name_json("thread_name", task, name));
	json_decref(name);
	return ret;
}

static int put_slices(void *ctx, const struct forkwatch_header *task,
		      const struct fw_slice *slices, size_t n)
{
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < n; i++) {
		json_t *event = event_json("X", slices[i].name, task, slices[i].start,
					   slices[i].args);
		double us = (slices[i].end - slices[i].start) / 1e3;

		if (event)
			json_object_set_new(event, "dur", json_real(us));
		ret = put(ctx, event);
	}
	return ret;
}

static int put_instant(void *ctx, const struct forkwatch_header *task, const char *name,
		       json_t *args)
{
	json_t *event = event_json("i", name, task, task->time, args);

	if (event)
		json_object_set_new(event, "s", json_string("t"));
	return put(ctx, event);
}

/*
 * Perfetto's reader lets an arrow begin at what began last before it, even if that is
 * over: here copy_thread. So there is something to begin at.
 */
static int put_arrow(void *ctx, uint64_t id, const struct forkwatch_header *wakeup,
		     const struct forkwatch_header *first_run)
{
	int ret = put_instant(ctx, wakeup, "wake_up_new_task", NULL);
	json_t *begin, *end;

	if (ret)
		return ret;
	begin = event_json("s", "fork", wakeup, wakeup->time, NULL);
	end = event_json("f", "fork", first_run, first_run->time, NULL);

	if (begin)
		json_object_set_new(begin, "id", fw_json_integer(id));
	if (end) {
		json_object_set_new(end, "id", fw_json_integer(id));
		json_object_set_new(end, "bp", json_string("e"));
	}
	ret = put(ctx, begin);
	if (ret) {
		json_decref(end);
		return ret;
	}
	return put(ctx, end);
}

static const struct fw_timeline_ops ops = {
	.name = put_name,
	.slices = put_slices,
	.instant = put_instant,
	.arrow = put_arrow,
};

int fw_convert_chrome(struct fw_replay *replay, FILE *out)
{
	const struct fw_env *env = &fw_replay_info(replay)->env;
	struct chrome chrome = { .out = out };
	struct fw_replay_result result;
	char release[sizeof(env->release)];
	int ret;

	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", out);
	ret = fw_timeline_play(replay, &ops, &chrome, &result);
	fw_name_plain(env->release, sizeof(release) - 1, release, sizeof(release));
	/* A release is a name; what could end the string is none. */
	if (strpbrk(release, "\"\\"))
		*release = '\0';
	fprintf(out, "\n],\"otherData\":{\"kernel\":\"%s\",\"complete\":\"%s\"}}\n", release,
		result.complete ? "yes" : "no");
	return ret;
}
