// SPDX-License-Identifier: GPL-2.0-only
/* Reads traces: the events of all their streams, in order of time. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols.h"
#include "trace_limits.h"
#include "trace_stream.h"

struct fw_trace {
	struct fw_ctf ctf;
	char *dir;
	struct fw_ksyms *ksyms;
	struct fw_recorded_limits limits;
	struct fw_stream **streams;	/* those of CPUs, a heap: the earliest event first */
	size_t nr_streams, nr_heap;
	bool taken;			/* the first event of the heap was given out */
	bool ended;
	struct fw_trace_end end;
	uint64_t events, end_events;	/* given out so far; those that were recorded */
	fw_trace_symbol_fn symbol_fn;
	void *symbol_ctx;
	struct fw_damage damage;
};

static bool is_before(const struct fw_stream *a, const struct fw_stream *b)
{
	if (a->event->time != b->event->time)
		return a->event->time < b->event->time;
	return strcmp(a->name, b->name) < 0;
}

static void sift_down(struct fw_trace *trace, size_t i)
{
	struct fw_stream **heap = trace->streams;

	for (;;) {
		size_t first = i, child;
		struct fw_stream *tmp;

		for (child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < trace->nr_heap && is_before(heap[child], heap[first]))
				first = child;
		if (first == i)
			return;
		tmp = heap[i];
		heap[i] = heap[first];
		heap[first] = tmp;
		i = first;
	}
}

/* Takes the heap's first stream one event on. */
static int advance_first(struct fw_trace *trace)
{
	struct fw_stream *stream = trace->streams[0];
	int ret = fw_stream_advance(stream);

	if (ret)
		return ret;
	if (!stream->event) {
		/* It stays behind the heap, to be freed in the end. */
		trace->streams[0] = trace->streams[--trace->nr_heap];
		trace->streams[trace->nr_heap] = stream;
	}
	sift_down(trace, 0);
	return 0;
}

static void give_symbol(struct fw_trace *trace, const struct forkwatch_header *hdr)
{
	const struct fw_ctf_user_symbol *symbol = (const void *)hdr;

	if (trace->symbol_fn)
		trace->symbol_fn(trace->symbol_ctx, hdr, symbol->address,
				 (const char *)(symbol + 1));
}

/* A stream that is cut between packets, or missing, shows only here. */
static void check_count(struct fw_trace *trace)
{
	if (!trace->ended || trace->events >= trace->end_events)
		return;
	fw_damage_note(&trace->damage,
		       "%" PRIu64 " of the %" PRIu64 " events recorded are not here",
		       trace->end_events - trace->events, trace->end_events);
	trace->end_events = trace->events;
}

int fw_trace_next(struct fw_trace *trace, const void **data, size_t *size)
{
	const struct forkwatch_header *hdr;
	int ret;

	while (trace->nr_heap) {
		if (trace->taken) {
			trace->taken = false;
			ret = advance_first(trace);
			if (ret)
				return fw_trace_fail(ret, "out of memory");
			continue;
		}
		hdr = trace->streams[0]->event;
		trace->taken = true;
		if (hdr->kind < FW_CTF_KIND_OURS) {
			trace->events++;
			*data = hdr;
			*size = hdr->size;
			return 1;
		}
		give_symbol(trace, hdr);
	}
	check_count(trace);
	return 0;
}

int fw_trace_poll(struct fw_trace *trace, int max, fw_bytes_fn fn, void *ctx)
{
	const void *data = NULL;
	size_t size = 0;
	int n, ret;

	for (n = 0; n < max; n++) {
		ret = fw_trace_next(trace, &data, &size);
		if (ret > 0)
			ret = fn(ctx, data, size);
		else if (!ret)
			break;
		if (ret < 0)
			return ret;
	}
	return n;
}

static void take_end(struct fw_trace *trace, const struct fw_ctf_end *record)
{
	trace->ended = true;
	trace->end_events = record->events;
	trace->end = (struct fw_trace_end){
		.error = record->error,
		.has_status = record->known & FW_CTF_KNOWN_STATUS,
		.status = record->status,
		.losses = {
			.forks = record->lost_forks,
			.forks_known = record->known & FW_CTF_KNOWN_FORKS,
			.seq_gaps = record->seq_gaps,
			.ring_drops = record->ring_drops,
			.probe_misses = record->probe_misses,
			.watch_full = record->watch_full,
			.bad_events = record->bad_events,
		},
	};
}

static int take_record(struct fw_trace *trace, const struct forkwatch_header *hdr)
{
	const struct fw_ctf_kernel_symbol *symbol = (const void *)hdr;

	switch (hdr->kind) {
	case FW_CTF_END:
		take_end(trace, (const void *)hdr);
		return 0;
	case FW_CTF_LIMITS:
		return fw_recorded_limits_add(&trace->limits, (const void *)hdr);
	}
	return fw_ksyms_add(trace->ksyms, symbol->address, (const char *)(symbol + 1));
}

/* Reads all of a session's stream, whose first event is at hand. */
static int take_session(struct fw_trace *trace, struct fw_stream *stream)
{
	int ret = 0;

	while (!ret && stream->event) {
		ret = take_record(trace, stream->event);
		if (!ret)
			ret = fw_stream_advance(stream);
	}
	return ret;
}

/* Adds the stream in file @name: a session's is read, a CPU's goes into the heap. */
static int add_stream(struct fw_trace *trace, int dir, const char *name)
{
	struct fw_stream **streams, *stream = NULL;
	int ret;

	ret = fw_stream_open(&trace->ctf, &trace->damage, trace->dir, dir, name, &stream);
	if (ret)
		return ret;
	streams = reallocarray(trace->streams, trace->nr_streams + 1, sizeof(*streams));
	if (!streams) {
		fw_stream_free(stream);
		return fw_trace_fail(-ENOMEM, "out of memory");
	}
	trace->streams = streams;
	ret = fw_stream_advance(stream);
	if (!ret && stream->event && stream->packet.stream_id == FW_CTF_SESSION)
		ret = take_session(trace, stream);
	if (ret || !stream->event) {
		fw_stream_free(stream);
		return ret ? fw_trace_fail(ret, "out of memory") : 0;
	}
	streams[trace->nr_streams++] = stream;
	trace->nr_heap = trace->nr_streams;
	return 0;
}

/* Hidden files are not part of a trace, for any reader of CTF. */
static int is_stream(const struct dirent *entry)
{
	return *entry->d_name != '.' && strcmp(entry->d_name, FW_CTF_METADATA);
}

static int add_streams(struct fw_trace *trace, int dir)
{
	struct dirent **entries;
	int n, i, ret = 0;

	n = scandirat(dir, ".", &entries, is_stream, alphasort);
	if (n < 0)
		return fw_trace_fail(-errno, "cannot read the directory %s: %s", trace->dir,
				     strerror(errno));
	for (i = 0; i < n; i++) {
		if (!ret)
			ret = add_stream(trace, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	for (i = trace->nr_heap / 2; !ret && i-- > 0;)
		sift_down(trace, i);
	return ret;
}

static int open_directory(struct fw_trace *trace)
{
	char why[512];
	int dir, ret;

	dir = open(trace->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 && errno == ENOTDIR)
		return fw_trace_fail(-ENOTDIR,
			"%s is a file, and a trace is a directory: name the directory that `forkwatch record -o' made",
			trace->dir);
	if (dir < 0)
		return fw_trace_fail(-errno, "cannot open the trace %s: %s", trace->dir,
				     strerror(errno));
	ret = fw_ctf_load(dir, &trace->ctf, why, sizeof(why));
	if (ret)
		fw_trace_fail(ret, "cannot read %s as a trace: %s", trace->dir, why);
	else
		ret = add_streams(trace, dir);
	close(dir);
	return ret;
}

int fw_trace_open(struct fw_trace **out, const char *dir)
{
	struct fw_trace *trace = calloc(1, sizeof(*trace));
	int ret;

	if (!trace)
		return fw_trace_fail(-ENOMEM, "out of memory");
	trace->dir = strdup(dir);
	ret = trace->dir ? fw_ksyms_new(&trace->ksyms) : -ENOMEM;
	if (ret)
		fw_trace_fail(ret, "out of memory");
	else
		ret = open_directory(trace);
	if (ret) {
		fw_trace_close(trace);
		return ret;
	}
	trace->ctf.info.env.ksyms = trace->ksyms;
	*out = trace;
	return 0;
}

void fw_trace_close(struct fw_trace *trace)
{
	size_t i;

	if (!trace)
		return;
	for (i = 0; i < trace->nr_streams; i++)
		fw_stream_free(trace->streams[i]);
	free(trace->streams);
	if (trace->ksyms)
		fw_ksyms_close(trace->ksyms);
	fw_recorded_limits_free(&trace->limits);
	free(trace->dir);
	free(trace);
}

const struct fw_trace_info *fw_trace_info(const struct fw_trace *trace)
{
	return &trace->ctf.info;
}

int fw_trace_addresses(struct fw_trace *trace, struct fw_addresses *addresses)
{
	int ret = fw_addresses_recorded(addresses, trace->ctf.info.hidden, trace->ctf.uuid);

	if (ret)
		return fw_trace_fail(ret, "%s was recorded without kernel addresses: they "
				     "cannot be shown; leave out --addresses raw", trace->dir);
	fw_ksyms_hide(trace->ksyms, addresses);
	return 0;
}

void fw_trace_on_symbol(struct fw_trace *trace, fw_trace_symbol_fn fn, void *ctx)
{
	trace->symbol_fn = fn;
	trace->symbol_ctx = ctx;
}

int fw_trace_give_limits(struct fw_trace *trace, struct fw_fork *fork)
{
	return fw_recorded_limits_give(&trace->limits, fork);
}

bool fw_trace_ended(const struct fw_trace *trace, struct fw_trace_end *end)
{
	*end = trace->end;
	return trace->ended;
}

const char *fw_trace_damage(const struct fw_trace *trace)
{
	return trace->damage.text;
}
