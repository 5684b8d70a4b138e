// SPDX-License-Identifier: GPL-2.0-only
/* What other programs make of converted traces: those that are at hand, and Perfetto's rules. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "convert.h"
#include "edit.h"
#include "event.h"
#include "perfetto.pb-c.h"
#include "scratch.h"

#define DATA(name)	TEST_DATA_DIR "/6.1/" name
#define READERS		TEST_DATA_DIR "/../unit/readers/"
#define COPY	scratch_path("trace")
#define CONVERTED	scratch_path("file")

/* Converts the trace @dir into the file CONVERTED. */
static void convert(const char *dir, const char *to)
{
	struct fw_replay *replay;
	FILE *out = fopen(CONVERTED, "w");

	assert_non_null(out);
	if (fw_replay_open(&replay, dir))
		fail_msg("%s", fw_trace_error());
	assert_int_equal(fw_conversion_find(to)->write(replay, out), 0);
	assert_int_equal(fclose(out), 0);
	fw_replay_close(replay);
}

/* All that @command prints, from malloc. It must succeed. */
__attribute__((format(printf, 1, 2)))
static char *run(const char *format, ...)
{
	char command[1024], *text = NULL;
	size_t size = 0, room = 0;
	va_list args;
	FILE *pipe;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	do {
		room += 1 << 16;
		text = realloc(text, room);
		assert_non_null(text);
		size += fread(text + size, 1, room - size - 1, pipe);
	} while (size == room - 1);
	text[size] = '\0';
	if (pclose(pipe))
		fail_msg("%s failed", command);
	return text;
}

/* Ends the test where @command, which shows that a reader is there, does not succeed. */
static void want(const char *reader, const char *command)
{
	if (!system(command))
		return;
	print_message("# SKIP there is no %s here\n", reader);
	skip();
}

static unsigned int count(const char *text, const char *words)
{
	unsigned int n = 0;

	for (; (text = strstr(text, words)); text++)
		n++;
	return n;
}

__attribute__((format(printf, 2, 3)))
static void assert_has(const char *text, const char *format, ...)
{
	char words[256];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	if (!strstr(text, words))
		fail_msg("`%s' is not in:\n%s", words, text);
}

/* The parent and the child of the first fork that began in the trace @dir. */
static void first_tids(const char *dir, unsigned int *parent, unsigned int *child)
{
	struct forkwatch_header *event;
	struct fw_trace *trace;
	const void *data;
	size_t size;

	*parent = 0;
	*child = 0;
	assert_int_equal(fw_trace_open(&trace, dir), 0);
	while (!*child && fw_trace_next(trace, &data, &size) > 0) {
		assert_int_equal(fw_event_decode(data, size, &event), 0);
		if (event->kind == FORKWATCH_FORK_EXIT) {
			*parent = event->tid;
			*child = ((struct forkwatch_fork_exit *)event)->child_tid;
		}
		free(event);
	}
	fw_trace_close(trace);
	assert_int_not_equal(*child, 0);
}

/*
 * CSV, as Python reads it.
 */
static void name_oddly(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_fork_enter *enter = (void *)event;

	if (event->kind == FORKWATCH_FORK_ENTER)
		strcpy(enter->comm, "a,\"b\";\r\nc'");
	edit_write(edit, event);
}

static void test_csv(void **state)
{
	unsigned int parent, child;
	char *text;

	(void)state;
	want("Python", "python3 -c 'import csv' 2>&1 >/dev/null");
	convert(DATA("tree"), "csv");
	text = run("python3 " READERS "csv_rows.py %s", CONVERTED);
	assert_int_equal(count(text, "|fork|"), 6);
	assert_has(text, "\n6|kind|fork\n");
	first_tids(DATA("tree"), &parent, &child);
	assert_has(text, "\n1|parent_tid|%u\n", parent);
	assert_has(text, "\n1|child_tid|%u\n", child);
	assert_has(text, "\n2|parent_tid|%u\n", child);
	assert_int_equal(count(text, "|error|0\n"), 6);
	assert_int_equal(count(text, "|complete|yes\n"), 6);
	assert_int_equal(count(text, "|child_x0|0x0\n"), 6);
	assert_int_equal(count(text, "|failed|0\n"), 6);
	assert_null(strstr(text, "|None|"));
	free(text);

	convert(DATA("fail"), "csv");
	text = run("python3 " READERS "csv_rows.py %s", CONVERTED);
	assert_has(text, "|error|EINVAL\n");
	assert_has(text, "|child_tid|\n");
	free(text);

	/* What would end a field or a row does not. */
	edit_trace(DATA("fork"), COPY, name_oddly, NULL);
	convert(COPY, "csv");
	text = run("python3 " READERS "csv_rows.py %s", CONVERTED);
	assert_has(text, "1|parent_comm|a,\"b\";??c'\n");
	assert_has(text, "\n1|parent_tid|");
	free(text);
}

/* Lines end as RFC 4180 has it, each with as many fields as there are names. */
static void test_csv_bytes(void **state)
{
	char *text;

	(void)state;
	convert(DATA("thread"), "csv");
	text = run("cat %s", CONVERTED);
	assert_memory_equal(text, "fork,time_ns,", 13);
	assert_int_equal(count(text, "\r\n"), count(text, "\n"));
	assert_true(count(text, "\n") > 1);
	free(text);
}

/*
 * Perfetto. What its reader asks of a trace is asked here too, for a machine that has no
 * such reader (see test_viewer.c): tracks that are described before they are used, one
 * clock, slices that end in the order in which they began, arrows with two ends.
 */
#define TRACKS	64
#define DEPTH	16

struct track {
	uint64_t uuid;
	const char *open[DEPTH];
	uint64_t last_end;		/* in the order of the file */
	unsigned int depth;
};

struct import {
	struct track tracks[TRACKS];
	size_t nr;
	unsigned int slices, instants, flows_out, flows_in, zero_x0;
	unsigned int copy_threads;	/* within copy_process within kernel_clone */
	uint64_t out[TRACKS], out_time[TRACKS];
};

static struct track *find_track(struct import *import, uint64_t uuid)
{
	size_t i;

	for (i = 0; i < import->nr; i++)
		if (import->tracks[i].uuid == uuid)
			return &import->tracks[i];
	return NULL;
}

static const Perfetto__DebugAnnotation *find_note(Perfetto__DebugAnnotation **notes, size_t n,
						  const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(notes[i]->name, name))
			return notes[i];
	return NULL;
}

/* The x0 among the arguments. */
static void look_at_x0(struct import *import, const Perfetto__TrackEvent *event)
{
	const Perfetto__DebugAnnotation *regs, *x;

	regs = find_note(event->debug_annotations, event->n_debug_annotations, "registers");
	if (!regs)
		return;
	x = find_note(regs->dict_entries, regs->n_dict_entries, "x");
	assert_non_null(x);
	assert_int_equal(x->n_array_values, FORKWATCH_NR_X);
	import->zero_x0 += !strcmp(x->array_values[0]->string_value, "0x0");
}

static void begin_slice(struct import *import, struct track *track,
			const Perfetto__TrackEvent *event, uint64_t time)
{
	size_t i;

	assert_true(track->depth < DEPTH);
	track->open[track->depth++] = event->name;
	import->slices++;
	look_at_x0(import, event);
	if (!strcmp(event->name, "copy_thread") && track->depth == 3 &&
	    !strcmp(track->open[1], "copy_process") && !strcmp(track->open[0], "kernel_clone"))
		import->copy_threads++;
	for (i = 0; i < event->n_terminating_flow_ids; i++) {
		uint64_t id = event->terminating_flow_ids[i];

		assert_true(id < TRACKS && import->out[id] == 1);
		assert_true(import->out_time[id] <= time);
		import->out[id]++;
		import->flows_in++;
	}
}

static void import_event(struct import *import, const Perfetto__TrackEvent *event, uint64_t time)
{
	struct track *track = find_track(import, event->track_uuid);
	size_t i;

	assert_non_null(track);
	switch (event->type) {
	case PERFETTO__TRACK_EVENT__TYPE__SLICE_BEGIN:
		begin_slice(import, track, event, time);
		break;
	case PERFETTO__TRACK_EVENT__TYPE__SLICE_END:
		assert_true(track->depth > 0);
		track->depth--;
		break;
	case PERFETTO__TRACK_EVENT__TYPE__INSTANT:
		import->instants++;
		for (i = 0; i < event->n_flow_ids; i++) {
			assert_true(event->flow_ids[i] < TRACKS);
			import->out[event->flow_ids[i]] = 1;
			import->out_time[event->flow_ids[i]] = time;
			import->flows_out++;
		}
		break;
	default:
		fail_msg("a type that is none: %d", event->type);
	}
}

static int by_time(const void *left, const void *right)
{
	const Perfetto__TracePacket *a = *(Perfetto__TracePacket *const *)left;
	const Perfetto__TracePacket *b = *(Perfetto__TracePacket *const *)right;

	return (a->timestamp > b->timestamp) - (a->timestamp < b->timestamp);
}

/* Sorting must be stable, as it is there: packets of the same time keep their order. */
static void sort(Perfetto__TracePacket **packets, size_t n)
{
	size_t i, j;

	for (i = 1; i < n; i++) {
		Perfetto__TracePacket *packet = packets[i];

		for (j = i; j > 0 && by_time(&packets[j - 1], &packet) > 0; j--)
			packets[j] = packets[j - 1];
		packets[j] = packet;
	}
}

/* What is written as the inner one must not end after the outer one. */
static void check_end(struct import *import, const Perfetto__TracePacket *packet)
{
	struct track *track = find_track(import, packet->track_event->track_uuid);

	assert_non_null(track);
	if (packet->track_event->type == PERFETTO__TRACK_EVENT__TYPE__SLICE_END) {
		assert_true(packet->timestamp >= track->last_end);
		track->last_end = packet->timestamp;
	}
}

static void import_packets(struct import *import, const Perfetto__Trace *trace)
{
	size_t i, nr = 0;

	for (i = 0; i < trace->n_packet; i++) {
		Perfetto__TracePacket *packet = trace->packet[i];

		assert_int_equal(packet->trusted_packet_sequence_id, 1);
		if (packet->track_descriptor) {
			struct track *track = find_track(import, packet->track_descriptor->uuid);

			assert_true(!packet->track_descriptor->process ^
				    !packet->track_descriptor->thread);
			if (!track)
				import->tracks[import->nr++].uuid = packet->track_descriptor->uuid;
			assert_true(import->nr < TRACKS);
		} else if (packet->track_event) {
			check_end(import, packet);
			assert_int_equal(packet->timestamp_clock_id, 3);
			trace->packet[nr++] = packet;
			continue;
		}
		perfetto__trace_packet__free_unpacked(packet, NULL);
	}
	sort(trace->packet, nr);
	for (i = 0; i < nr; i++)
		import_event(import, trace->packet[i]->track_event, trace->packet[i]->timestamp);
	for (i = 0; i < nr; i++)
		perfetto__trace_packet__free_unpacked(trace->packet[i], NULL);
	for (i = 0; i < import->nr; i++)
		assert_int_equal(import->tracks[i].depth, 0);
}

static void import_file(struct import *import)
{
	static uint8_t bytes[4 << 20];
	FILE *in = fopen(CONVERTED, "r");
	size_t size = fread(bytes, 1, sizeof(bytes), in);
	Perfetto__Trace *trace = perfetto__trace__unpack(NULL, size, bytes);

	fclose(in);
	memset(import, 0, sizeof(*import));
	assert_non_null(trace);
	assert_true(trace->n_packet > 0);
	assert_non_null(trace->packet[0]->clock_snapshot);
	assert_int_equal(trace->packet[0]->clock_snapshot->primary_trace_clock, 3);
	import_packets(import, trace);
	trace->n_packet = 0;
	perfetto__trace__free_unpacked(trace, NULL);
}

static void test_perfetto(void **state)
{
	static const char *const names[] = { "tree", "spawn", "thread", "fail", "stages" };
	static struct import import;
	char dir[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(dir, sizeof(dir), DATA("%s"), names[i]);
		convert(dir, "perfetto");
		import_file(&import);
		assert_true(import.slices > 0);
		assert_int_equal(import.flows_in, import.flows_out);
	}
	convert(DATA("tree"), "perfetto");
	import_file(&import);
	assert_int_equal(import.flows_in, 6);
	assert_int_equal(import.copy_threads, 6);
	assert_int_equal(import.zero_x0, 12);
	assert_int_equal(import.slices, 6 * 4);
	/* Seven processes with a thread each. */
	assert_int_equal(import.nr, 2 * 7);
}

/* A stage that ends behind the one it lies in is cut, and says so. */
static void test_overlap(void **state)
{
	static struct import import;
	char *text;

	(void)state;
	convert(DATA("stages"), "chrome");
	text = run("cat %s", CONVERTED);
	assert_int_equal(count(text, "ended_at"), 0);
	free(text);
	edit_trace(DATA("stages"), COPY, edit_stage_too_long, NULL);
	convert(COPY, "chrome");
	text = run("cat %s", CONVERTED);
	assert_int_equal(count(text, "ended_at"), 1);
	free(text);
	convert(COPY, "perfetto");
	import_file(&import);
}

/* Another decoder, which knows nothing of our description, finds Perfetto's numbers. */
static void test_perfetto_numbers(void **state)
{
	unsigned int parent, child;
	char *text;

	(void)state;
	want("protoc", "protoc --version >/dev/null 2>&1");
	convert(DATA("tree"), "perfetto");
	text = run("protoc --decode_raw <%s", CONVERTED);
	/* TracePacket.track_descriptor, with .process and its pid and name, and with .thread. */
	first_tids(DATA("tree"), &parent, &child);
	assert_has(text, "  60 {\n    1: %llu\n    3 {\n      1: %u\n      6: \"tree\"\n",
		   (1ULL << 32) + parent, parent);
	assert_has(text, "  60 {\n    1: %u\n    4 {\n      1: %u\n      2: %u\n"
		   "      5: \"tree\"\n", parent, parent, parent);
	/* TrackEvent's type, track, category and name; its flows, which are 64 bits wide. */
	assert_has(text, "    9: 1\n    11: %u\n    22: \"fork\"\n    23: \"kernel_clone\"\n",
		   parent);
	assert_has(text, "    47: 0x0000000000000001\n");
	assert_has(text, "    48: 0x0000000000000001\n");
	/* An annotation's value and name. */
	assert_has(text, "    4 {\n      6: \"fork\"\n      10: \"kind\"\n    }\n");
	free(text);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_csv),
		TEST(test_csv_bytes),
		TEST(test_overlap),
		TEST(test_perfetto),
		TEST(test_perfetto_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
