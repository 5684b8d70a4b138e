// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "event.h"
#include "observer.h"
#include "replay.h"

struct fw_replay {
	struct fw_trace *trace;
	struct fw_usyms *usyms;	/* NULL: nobody wants to know */
	struct fw_model *model;
	struct fw_addresses addresses;
	const struct fw_replay_sink *sink;
	void *ctx;
	struct fw_replay_result *result;
	int error;		/* of the sink, or for want of memory */
};

static void take_symbol(void *ctx, const struct forkwatch_header *header, uint64_t addr,
			const char *name)
{
	struct fw_replay *replay = ctx;

	fw_usyms_add(replay->usyms, header->tgid, addr, name);
}

static void take_error(struct fw_replay *replay, int error)
{
	if (error < 0 && !replay->error)
		replay->error = error;
}

static void take_fork(void *ctx, struct fw_fork *fork)
{
	struct fw_replay *replay = ctx;

	if (replay->error || !replay->sink->fork) {
		fw_fork_free(fork);
	} else if ((fw_fork_error(fork) < 0 && fw_trace_give_limits(replay->trace, fork)) ||
		   !fw_check(fork, &fw_trace_info(replay->trace)->env)) {
		fw_fork_free(fork);
		take_error(replay, -ENOMEM);
	} else {
		take_error(replay, replay->sink->fork(replay->ctx, fork));
	}
}

static void take_cow(void *ctx, const struct fw_cow *cow)
{
	struct fw_replay *replay = ctx;

	if (!replay->error)
		take_error(replay, replay->sink->cow(replay->ctx, cow));
}

static void take_life(void *ctx, const struct fw_life *life)
{
	struct fw_replay *replay = ctx;

	if (!replay->error)
		take_error(replay, replay->sink->life(replay->ctx, life));
}

int fw_replay_open(struct fw_replay **out, const char *dir)
{
	return fw_replay_open_with(out, dir, FW_ADDRESSES_AUTO);
}

int fw_replay_open_with(struct fw_replay **out, const char *dir, enum fw_addresses_choice choice)
{
	struct fw_replay *replay = calloc(1, sizeof(*replay));
	int ret;

	if (!replay)
		return fw_trace_fail(-ENOMEM, "out of memory");
	ret = fw_trace_open(&replay->trace, dir);
	if (ret) {
		free(replay);
		return ret;
	}
	replay->addresses.choice = choice;
	ret = fw_trace_addresses(replay->trace, &replay->addresses);
	if (ret) {
		fw_replay_close(replay);
		return ret;
	}
	ret = fw_model_open(&replay->model, take_fork, replay);
	if (ret) {
		fw_replay_close(replay);
		return fw_trace_fail(ret, "out of memory");
	}
	*out = replay;
	return 0;
}

void fw_replay_close(struct fw_replay *replay)
{
	if (!replay)
		return;
	if (replay->model)
		fw_model_close(replay->model);
	fw_usyms_close(replay->usyms);
	fw_trace_close(replay->trace);
	free(replay);
}

const struct fw_trace_info *fw_replay_info(const struct fw_replay *replay)
{
	return fw_trace_info(replay->trace);
}

struct fw_usyms *fw_replay_usyms(struct fw_replay *replay)
{
	if (!replay->usyms && !fw_usyms_new(&replay->usyms))
		fw_trace_on_symbol(replay->trace, take_symbol, replay);
	return replay->usyms;
}

static void play_event(struct fw_replay *replay, struct forkwatch_header *event)
{
	struct fw_replay_result *result = replay->result;
	bool leader = event->tid == event->tgid;
	pid_t gone = fw_kind(event) == FORKWATCH_EXIT && leader ? event->tgid : 0;
	int ret;

	if (!result->first_time)
		result->first_time = event->time;
	result->last_time = event->time;
	if (replay->sink->event)
		take_error(replay, replay->sink->event(replay->ctx, event));
	ret = fw_model_add(replay->model, event);
	if (ret == -ENOMEM)
		take_error(replay, ret);
	else if (ret)
		result->losses.bad_events++;
	/* Known a while longer: its last forks may still be under way. */
	if (gone)
		fw_usyms_exit(replay->usyms, gone);
}

/* Of a newer forkwatch's: nothing of it is known but what all events begin with. */
static void skip_event(struct fw_replay *replay, const void *data)
{
	struct forkwatch_header header;

	memcpy(&header, data, sizeof(header));
	fw_model_skip(replay->model, &header);
	replay->result->unknown++;
}

static int play_bytes(struct fw_replay *replay, const void *data, size_t size)
{
	struct forkwatch_header *event;
	int ret;

	replay->result->events++;
	ret = fw_event_decode(data, size, &event);
	if (ret == -ENOMEM)
		return ret;
	if (ret == -ENOTSUP)
		skip_event(replay, data);
	else if (ret)
		replay->result->losses.bad_events++;
	if (ret)
		return replay->error;
	fw_addresses_hide(&replay->addresses, event);
	play_event(replay, event);
	return replay->error;
}

__attribute__((format(printf, 2, 3)))
static void miss(struct fw_replay_result *result, const char *format, ...)
{
	size_t length = strlen(result->missing);
	va_list args;

	va_start(args, format);
	vsnprintf(result->missing + length, sizeof(result->missing) - length, format, args);
	va_end(args);
	result->complete = false;
}

static void add_losses(struct fw_losses *to, const struct fw_losses *from)
{
	/* Both counted the same gaps, but for those at a place that is not here. */
	if (to->seq_gaps < from->seq_gaps)
		to->seq_gaps = from->seq_gaps;
	to->ring_drops += from->ring_drops;
	to->probe_misses += from->probe_misses;
	to->watch_full += from->watch_full;
	to->bad_events += from->bad_events;
	to->forks += from->forks;
	to->forks_known = from->forks_known;
}

static void judge_completeness(struct fw_replay *replay)
{
	struct fw_replay_result *result = replay->result;

	result->losses.seq_gaps = fw_model_gaps(replay->model);
	result->ended = fw_trace_ended(replay->trace, &result->end);
	add_losses(&result->losses, &result->end.losses);
	result->complete = !fw_losses_total(&result->losses);
	if (!result->ended)
		miss(result, "the recording was cut before its end\n");
	else if (result->end.error)
		miss(result, "the recording was ended by an error: %s\n",
		     strerror(-result->end.error));
	if (result->unknown)
		miss(result, "%" PRIu64 " events are of kinds that only a newer forkwatch knows\n",
		     result->unknown);
	if (*fw_trace_damage(replay->trace))
		miss(result, "%s", fw_trace_damage(replay->trace));
}

int fw_replay_run(struct fw_replay *replay, const struct fw_replay_sink *sink, void *ctx,
		  struct fw_replay_result *result)
{
	const void *data;
	size_t size;
	int ret;

	memset(result, 0, sizeof(*result));
	replay->sink = sink;
	replay->ctx = ctx;
	replay->result = result;
	if (sink->cow)
		fw_model_on_cow(replay->model, take_cow);
	if (sink->life)
		fw_model_on_life(replay->model, take_life, replay);
	while ((ret = fw_trace_next(replay->trace, &data, &size)) > 0) {
		ret = play_bytes(replay, data, size);
		if (ret)
			return ret;
	}
	if (ret)
		return ret;
	fw_model_flush(replay->model);
	judge_completeness(replay);
	return replay->error;
}
