// SPDX-License-Identifier: GPL-2.0-only
/*
 * repeat [--compress] FROM TO FORKS: writes the recorded trace FROM again and again, through
 * the tool's own writer, until TO has FORKS forks: each time later, with other tasks.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "trace.h"

#define PAUSE_NS	100000		/* between two rounds */

struct symbol {
	struct forkwatch_header hdr;
	uint64_t addr;
	char *name;
	size_t before;			/* the event with this index */
};

struct recording {
	struct forkwatch_header **events;
	size_t nr;
	struct symbol *symbols;
	size_t nr_symbols;
	uint64_t forks;
	uint64_t length;		/* ns */
	uint32_t tids;			/* more than any has */
};

/* What is added to each round's events. */
struct shift {
	uint64_t time;
	uint32_t tid;
};

static void *grow(void *array, size_t nr, size_t size)
{
	/* When it is full: 0, 1, 2, 4, 8, ... */
	if (nr & (nr - 1))
		return array;
	array = realloc(array, (nr ? 2 * nr : 1) * size);
	if (!array) {
		perror("repeat");
		exit(1);
	}
	return array;
}

static int ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), end_length = strlen(end);

	return length >= end_length && !strcmp(name + length - end_length, end);
}

static int is_tid(const struct fw_field *field)
{
	return ends_with(field->name, "tid") || ends_with(field->name, "tgid") ||
	       ends_with(field->name, "vpid") || !strcmp(field->name, "tid_there");
}

/* Moments, in ns: of the stages, too. (Namespaces of time are none.) */
static int is_time(const struct fw_field *field)
{
	return field->type == FW_U64 &&
	       (ends_with(field->name, "_time") || !strcmp(field->name, "enter"));
}

static void shift_u32(void *at, uint32_t by)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	value += value ? by : 0;
	memcpy(at, &value, sizeof(value));
}

static void shift_u64(void *at, uint64_t by)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	value += value ? by : 0;
	memcpy(at, &value, sizeof(value));
}

static void shift_event(struct forkwatch_header *event, const struct shift *shift)
{
	struct forkwatch_fork_return *ret = (void *)event;
	const struct fw_field *field;
	size_t i;

	event->time += shift->time;
	event->tid += event->tid ? shift->tid : 0;
	event->tgid += event->tgid ? shift->tid : 0;
	for (field = fw_event_type(event->kind)->fields; field->name; field++) {
		char *at = (char *)event + field->offset;

		if (!fw_event_has(event, field))
			continue;
		if (is_tid(field) && (field->type == FW_U32 || field->type == FW_S32))
			shift_u32(at, shift->tid);
		for (i = 0; is_time(field) && i < field->count; i++)
			shift_u64(at + 8 * i, shift->time);
	}
	if (event->kind == FORKWATCH_FORK_RETURN && ret->result > 0)
		ret->result += shift->tid;
}

static void keep_symbol(void *ctx, const struct forkwatch_header *hdr, uint64_t addr,
			const char *name)
{
	struct recording *recording = ctx;

	recording->symbols = grow(recording->symbols, recording->nr_symbols,
				  sizeof(*recording->symbols));
	recording->symbols[recording->nr_symbols++] = (struct symbol){
		.hdr = *hdr, .addr = addr, .name = strdup(name), .before = recording->nr,
	};
}

static int load(struct fw_trace *trace, struct recording *recording)
{
	const void *data;
	size_t size;
	int ret;

	fw_trace_on_symbol(trace, keep_symbol, recording);
	while ((ret = fw_trace_next(trace, &data, &size)) > 0) {
		struct forkwatch_header *event;

		ret = fw_event_decode(data, size, &event);
		if (ret)
			return ret;
		recording->events = grow(recording->events, recording->nr,
					 sizeof(*recording->events));
		recording->events[recording->nr++] = event;
		recording->forks += event->kind == FORKWATCH_FORK_ENTER;
		if (event->tid >= recording->tids)
			recording->tids = event->tid + 1;
	}
	if (!ret && !recording->forks)
		return -ENODATA;
	recording->length = recording->events[recording->nr - 1]->time -
			    recording->events[0]->time + PAUSE_NS;
	return ret;
}

static void write_symbol(struct fw_trace_writer *writer, const struct symbol *symbol,
			 const struct shift *shift)
{
	struct forkwatch_header hdr = symbol->hdr;

	hdr.time += shift->time;
	hdr.tgid += shift->tid;
	fw_trace_user_symbol(writer, &hdr, symbol->addr, symbol->name);
}

static int write_round(struct fw_trace_writer *writer, const struct recording *recording,
		       const struct shift *shift, uint64_t *seq)
{
	static uint8_t bytes[UINT16_MAX] __attribute__((aligned(8)));
	struct forkwatch_header *event = (void *)bytes;
	size_t i, next = 0;
	int ret = 0;

	for (i = 0; !ret && i < recording->nr; i++) {
		for (; next < recording->nr_symbols && recording->symbols[next].before == i; next++)
			write_symbol(writer, &recording->symbols[next], shift);
		memcpy(event, recording->events[i], recording->events[i]->size);
		shift_event(event, shift);
		event->seq = seq[event->cpu]++;
		ret = fw_trace_write(writer, event, event->size);
	}
	return ret;
}

static int repeat(struct fw_trace *trace, const char *to, uint64_t forks, int compress)
{
	static uint64_t seq[8192];
	struct recording recording = { .nr = 0 };
	struct fw_trace_end end = { .error = 0 };
	struct fw_trace_writer *writer;
	uint64_t done;
	struct shift shift = { .time = 0 };
	int ret;

	ret = load(trace, &recording);
	if (ret)
		return fw_trace_fail(ret, "there is no fork to repeat");
	ret = fw_trace_create(&writer, to, true);
	if (ret)
		return ret;
	if (compress)
		ret = fw_trace_compress(writer);
	if (!ret)
		ret = fw_trace_begin(writer, fw_trace_info(trace));
	for (done = 0; !ret && done < forks; done += recording.forks) {
		ret = write_round(writer, &recording, &shift, seq);
		shift.time += recording.length;
		shift.tid += recording.tids;
	}
	printf("%" PRIu64 " forks, %" PRIu64 " events\n", done,
	       done / recording.forks * recording.nr);
	end.error = ret;
	return fw_trace_finish(writer, &end);
}

int main(int argc, char **argv)
{
	int compress = argc > 1 && !strcmp(argv[1], "--compress");
	struct fw_trace *trace;

	if (argc - compress != 4) {
		fprintf(stderr, "usage: repeat [--compress] FROM TO FORKS\n");
		return 2;
	}
	argv += compress;
	if (fw_trace_open(&trace, argv[1]) ||
	    repeat(trace, argv[2], strtoull(argv[3], NULL, 10), compress)) {
		fprintf(stderr, "repeat: %s\n", fw_trace_error());
		return 1;
	}
	fw_trace_close(trace);
	return 0;
}
