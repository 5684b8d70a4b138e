// SPDX-License-Identifier: GPL-2.0-only
/*
 * Perfetto's own format: packets in protocol buffers, those of perfetto.proto. Each
 * task is a track; a fork's arrow is a flow from its wake_up_new_task to the child's
 * first slice. The reader sorts packets by time, so that they can be written as forks
 * come.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"
#include "names.h"
#include "perfetto.pb-c.h"
#include "timeline.h"

#define SEQUENCE		1	/* all is written by one */
#define STATE_CLEARED		1	/* SEQ_INCREMENTAL_STATE_CLEARED: nothing came before */
#define CLOCK_ID_REALTIME	1
#define CLOCK_ID_MONOTONIC	3
#define PROCESS_TRACK		(1ULL << 32)
#define DEPTH_MAX		64

/* A field that may be absent. */
#define SET(message, field, value) \
	do { (message)->has_##field = true; (message)->field = (value); } while (0)

struct perfetto {
	FILE *out;
	int64_t clock_offset;
	bool begun;			/* the clocks have been related */
	uint8_t *buffer;
	size_t allocated;
	uint32_t described[4096];	/* tids whose tracks were described lately */
};

static int put(struct perfetto *perfetto, Perfetto__TracePacket *packet)
{
	Perfetto__Trace trace = PERFETTO__TRACE__INIT;
	size_t size;

	SET(packet, trusted_packet_sequence_id, SEQUENCE);
	trace.n_packet = 1;
	trace.packet = &packet;
	size = perfetto__trace__get_packed_size(&trace);
	if (size > perfetto->allocated) {
		uint8_t *buffer = realloc(perfetto->buffer, 2 * size);

		if (!buffer)
			return -ENOMEM;
		perfetto->buffer = buffer;
		perfetto->allocated = 2 * size;
	}
	perfetto__trace__pack(&trace, perfetto->buffer);
	if (fwrite(perfetto->buffer, 1, size, perfetto->out) != size)
		return errno ? -errno : -EIO;
	return 0;
}

/* The first packet: which clock the times are of, and where it stood in real time. */
static int put_clocks(struct perfetto *perfetto, uint64_t time)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;
	Perfetto__ClockSnapshot snapshot = PERFETTO__CLOCK_SNAPSHOT__INIT;
	Perfetto__Clock monotonic = PERFETTO__CLOCK__INIT, real = PERFETTO__CLOCK__INIT;
	Perfetto__Clock *clocks[] = { &monotonic, &real };

	SET(&monotonic, clock_id, CLOCK_ID_MONOTONIC);
	SET(&monotonic, timestamp, time);
	SET(&real, clock_id, CLOCK_ID_REALTIME);
	SET(&real, timestamp, time + perfetto->clock_offset);
	snapshot.clocks = clocks;
	snapshot.n_clocks = 2;
	SET(&snapshot, primary_trace_clock, CLOCK_ID_MONOTONIC);
	packet.clock_snapshot = &snapshot;
	SET(&packet, sequence_flags, STATE_CLEARED);
	perfetto->begun = true;
	return put(perfetto, &packet);
}

/* Describes a track, which is a process or a thread. */
static int put_track(struct perfetto *perfetto, uint64_t uuid, Perfetto__ProcessDescriptor *process,
		     Perfetto__ThreadDescriptor *thread)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;
	Perfetto__TrackDescriptor track = PERFETTO__TRACK_DESCRIPTOR__INIT;

	SET(&track, uuid, uuid);
	track.process = process;
	track.thread = thread;
	packet.track_descriptor = &track;
	return put(perfetto, &packet);
}

/* @name may be NULL. */
static int describe(struct perfetto *perfetto, const struct forkwatch_header *task, char *name)
{
	Perfetto__ProcessDescriptor process = PERFETTO__PROCESS_DESCRIPTOR__INIT;
	Perfetto__ThreadDescriptor thread = PERFETTO__THREAD_DESCRIPTOR__INIT;
	int ret = 0;

	perfetto->described[task->tid % 4096] = task->tid;
	if (!perfetto->begun)
		ret = put_clocks(perfetto, task->time);
	SET(&process, pid, task->tgid);
	SET(&thread, pid, task->tgid);
	SET(&thread, tid, task->tid);
	process.process_name = name;
	thread.thread_name = name;
	if (!ret && task->tid == task->tgid)
		ret = put_track(perfetto, PROCESS_TRACK | task->tgid, &process, NULL);
	return ret ? ret : put_track(perfetto, task->tid, NULL, &thread);
}

static int put_name(void *ctx, const struct forkwatch_header *task, const char *comm)
{
	char name[FORKWATCH_COMM_LEN + 1];

	fw_name_plain(comm, FORKWATCH_COMM_LEN, name, sizeof(name));
	return describe(ctx, task, name);
}

/*
 * Arguments. What is made here is a message as protobuf-c would have unpacked it,
 * every piece from malloc, so that it is freed as one.
 */
static struct Perfetto__DebugAnnotation *annotation(const char *name, json_t *value);

static void annotation_free(Perfetto__DebugAnnotation *note)
{
	if (note)
		perfetto__debug_annotation__free_unpacked(note, NULL);
}

struct notes {
	struct Perfetto__DebugAnnotation **list;
	size_t nr;
};

static int add_note(struct notes *notes, const char *name, json_t *value)
{
	notes->list[notes->nr] = annotation(name, value);
	if (!notes->list[notes->nr])
		return -ENOMEM;
	notes->nr++;
	return 0;
}

/* The members of an object or the elements of an array. */
static int add_notes(struct notes *notes, json_t *value)
{
	size_t size = json_is_object(value) ? json_object_size(value) : json_array_size(value);
	const char *key;
	json_t *member;
	int ret = 0;
	size_t i;

	if (!size)
		return 0;
	notes->list = calloc(size, sizeof(*notes->list));
	if (!notes->list)
		return -ENOMEM;
	json_array_foreach(value, i, member)
		if (!ret)
			ret = add_note(notes, NULL, member);
	json_object_foreach(value, key, member)
		if (!ret)
			ret = add_note(notes, key, member);
	return ret;
}

static int set_value(Perfetto__DebugAnnotation *note, json_t *value)
{
	struct notes notes = { .nr = 0 };
	int ret;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		ret = add_notes(&notes, value);
		note->dict_entries = notes.list;
		note->n_dict_entries = notes.nr;
		return ret;
	case JSON_ARRAY:
		ret = add_notes(&notes, value);
		note->array_values = notes.list;
		note->n_array_values = notes.nr;
		return ret;
	case JSON_INTEGER:
		SET(note, int_value, json_integer_value(value));
		return 0;
	case JSON_REAL:
		SET(note, double_value, json_real_value(value));
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		SET(note, bool_value, json_is_true(value));
		return 0;
	default:
		note->string_value = strdup(json_is_string(value) ? json_string_value(value) : "");
		return note->string_value ? 0 : -ENOMEM;
	}
}

static struct Perfetto__DebugAnnotation *annotation(const char *name, json_t *value)
{
	Perfetto__DebugAnnotation *note = malloc(sizeof(*note));

	if (!note)
		return NULL;
	perfetto__debug_annotation__init(note);
	note->name = name ? strdup(name) : NULL;
	if ((name && !note->name) || set_value(note, value)) {
		annotation_free(note);
		return NULL;
	}
	return note;
}

/* Adds the track, the time and the arguments to @event, and writes it. */
static int put_event(struct perfetto *perfetto, const struct forkwatch_header *task,
		     uint64_t time, Perfetto__TrackEvent *event, json_t *args)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;
	Perfetto__DebugAnnotation *all = NULL;
	char *category = (char *)"fork";
	int ret = 0;

	if (perfetto->described[task->tid % 4096] != task->tid)
		ret = describe(perfetto, task, NULL);
	if (!ret && args) {
		all = annotation(NULL, args);
		ret = all ? 0 : -ENOMEM;
	}
	if (ret)
		return ret;
	if (all) {
		event->n_debug_annotations = all->n_dict_entries;
		event->debug_annotations = all->dict_entries;
	}
	event->has_type = true;
	SET(event, track_uuid, task->tid);
	if (event->type != PERFETTO__TRACK_EVENT__TYPE__SLICE_END) {
		event->n_categories = 1;
		event->categories = &category;
	}
	SET(&packet, timestamp, time);
	SET(&packet, timestamp_clock_id, CLOCK_ID_MONOTONIC);
	packet.track_event = event;
	ret = put(perfetto, &packet);
	annotation_free(all);
	return ret;
}

static int put_begin(struct perfetto *perfetto, const struct forkwatch_header *task,
		     const struct fw_slice *slice)
{
	Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;
	uint64_t arrow = slice->arrow;

	event.type = PERFETTO__TRACK_EVENT__TYPE__SLICE_BEGIN;
	event.name = (char *)slice->name;
	event.n_terminating_flow_ids = !!arrow;
	event.terminating_flow_ids = &arrow;
	return put_event(perfetto, task, slice->start, &event, slice->args);
}

static int put_end(struct perfetto *perfetto, const struct forkwatch_header *task, uint64_t time)
{
	Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;

	event.type = PERFETTO__TRACK_EVENT__TYPE__SLICE_END;
	return put_event(perfetto, task, time, &event, NULL);
}

/* An end closes what began last: those that are open are kept, the innermost last. */
static int put_slices(void *ctx, const struct forkwatch_header *task,
		      const struct fw_slice *slices, size_t n)
{
	uint64_t open[DEPTH_MAX];
	size_t i, depth = 0;
	int ret = 0;

	for (i = 0; !ret && i < n; i++) {
		while (!ret && depth && open[depth - 1] <= slices[i].start)
			ret = put_end(ctx, task, open[--depth]);
		if (!ret)
			ret = put_begin(ctx, task, &slices[i]);
		if (depth == DEPTH_MAX)
			return -EOVERFLOW;
		open[depth++] = slices[i].end;
	}
	while (!ret && depth)
		ret = put_end(ctx, task, open[--depth]);
	return ret;
}

static int put_instant(void *ctx, const struct forkwatch_header *task, const char *name,
		       json_t *args)
{
	Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;

	event.type = PERFETTO__TRACK_EVENT__TYPE__INSTANT;
	event.name = (char *)name;
	return put_event(ctx, task, task->time, &event, args);
}

/* The other end is the slice that says so. */
static int put_arrow(void *ctx, uint64_t id, const struct forkwatch_header *wakeup,
		     const struct forkwatch_header *first_run)
{
	Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;

	(void)first_run;
	event.type = PERFETTO__TRACK_EVENT__TYPE__INSTANT;
	event.name = (char *)"wake_up_new_task";
	event.n_flow_ids = 1;
	event.flow_ids = &id;
	return put_event(ctx, wakeup, wakeup->time, &event, NULL);
}

static const struct fw_timeline_ops ops = {
	.name = put_name,
	.slices = put_slices,
	.instant = put_instant,
	.arrow = put_arrow,
};

int fw_convert_perfetto(struct fw_replay *replay, FILE *out)
{
	struct perfetto perfetto = {
		.out = out,
		.clock_offset = fw_replay_info(replay)->clock_offset,
	};
	struct fw_replay_result result;
	int ret;

	ret = fw_timeline_play(replay, &ops, &perfetto, &result);
	/* A file without a packet is no trace. */
	if (!ret && !perfetto.begun)
		ret = put_clocks(&perfetto, result.first_time);
	free(perfetto.buffer);
	return ret;
}
