// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads traces. This is where bytes from files become events, whoever wrote
 * them: a packet is read into memory, checked to its last event, and only then
 * looked at. (Mapped files could change after the check, or end with SIGBUS.)
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "ctf.h"
#include "packed.h"
#include "read_at.h"
#include "symbols.h"
#include "trace_limits.h"

#define DAMAGE_BYTES	4096		/* of text; more than that helps nobody */

/* A stream file, one packet of it in memory, one event of that at hand. */
struct stream {
	char *name;
	int fd;
	struct fw_unpacker *unpacker;	/* NULL for one that is not compressed */
	uint64_t size, offset;		/* of the file, and of the next packet in it */
	uint64_t start;			/* offset of the packet in memory */
	struct fw_ctf_packet packet;
	bool begun;			/* packet is valid */
	uint8_t *buffer;
	size_t allocated;
	size_t content;			/* bytes in buffer; events from position on */
	size_t position;
	const struct forkwatch_header *event;
};

struct fw_trace {
	struct fw_ctf ctf;
	char *dir;
	struct fw_ksyms *ksyms;
	struct fw_recorded_limits limits;
	struct stream **streams;	/* those of CPUs, a heap: the earliest event first */
	size_t nr_streams, nr_heap;
	bool taken;			/* the first event of the heap was given out */
	bool ended;
	struct fw_trace_end end;
	uint64_t events, end_events;	/* given out so far; those that were recorded */
	fw_trace_symbol_fn symbol_fn;
	void *symbol_ctx;
	char damage[DAMAGE_BYTES];
	size_t damage_length;
};

/* Remembers one line for fw_trace_damage(). */
__attribute__((format(printf, 2, 3)))
static void note(struct fw_trace *trace, const char *format, ...)
{
	char line[512], *s;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* File names are in it, and it goes to a terminal. */
	for (s = line; *s; s++)
		if (iscntrl((unsigned char)*s))
			*s = '?';
	if (trace->damage_length + strlen(line) < sizeof(trace->damage) - 16)
		trace->damage_length += sprintf(trace->damage + trace->damage_length, "%s\n",
						line);
	else
		strcpy(trace->damage + trace->damage_length, "and more\n");
}

/* What @fault is at byte @offset of @stream's file. */
static int damaged(struct fw_trace *trace, const struct stream *stream, uint64_t offset,
		   const char *fault)
{
	note(trace, "%s: byte %" PRIu64 ": %s", stream->name, offset, fault);
	return -EBADMSG;
}

/* What is wrong with @packet, whatever it contains; NULL if nothing is. */
static const char *packet_fault(const struct fw_trace *trace, const struct fw_ctf_packet *packet)
{
	if (packet->magic != FW_CTF_MAGIC)
		return "no packet begins here";
	if (memcmp(packet->uuid, trace->ctf.uuid, sizeof(packet->uuid)))
		return "a packet of another trace";
	if (packet->stream_id >= FW_CTF_NR_STREAMS)
		return "a packet of an unknown stream";
	if (packet->packet_size % 64 || packet->content_size % 8 ||
	    packet->packet_size > FW_CTF_PACKET_MAX * 8ULL ||
	    packet->content_size > packet->packet_size ||
	    packet->content_size < sizeof(*packet) * 8)
		return "a packet of an impossible size";
	if (packet->timestamp_begin > packet->timestamp_end)
		return "a packet that ends before it begins";
	return NULL;
}

/* What is wrong between @packet and the one before it in this file. */
static const char *sequel_fault(const struct stream *stream, const struct fw_ctf_packet *packet)
{
	if (!stream->begun)
		return NULL;
	if (packet->stream_id != stream->packet.stream_id ||
	    packet->cpu_id != stream->packet.cpu_id)
		return "a packet of another stream";
	if (packet->packet_seq_num <= stream->packet.packet_seq_num)
		return "a packet that is here a second time";
	if (packet->timestamp_begin < stream->packet.timestamp_end)
		return "a packet that is older than the one before";
	return NULL;
}

static const struct fw_ctf_record *find_record(uint16_t kind)
{
	const struct fw_ctf_record *record;

	for (record = fw_ctf_records; record->type.name; record++)
		if (record->type.kind == kind)
			return record;
	return NULL;
}

/* Is @record, of which @left bytes are there, whole? */
static bool record_fits(const struct fw_ctf_record *record, const struct forkwatch_header *hdr,
			size_t left)
{
	if (hdr->size > left)
		return false;
	if (!record->named)
		return hdr->size == record->type.size;
	return hdr->size > record->type.size &&
	       hdr->size - record->type.size <= FW_CTF_NAME_MAX &&
	       strnlen((const char *)hdr + record->type.size, hdr->size - record->type.size) ==
			hdr->size - record->type.size - 1;
}

/* Names go to terminals and into JSON: nothing but plain characters. */
static void make_plain(char *name)
{
	for (; *name; name++)
		if (!isascii(*name) || !isprint(*name))
			*name = '?';
}

/* The bytes that @hdr's event takes of the @left ones, 0 if it cannot be one. */
static size_t event_bytes(const struct fw_trace *trace, const struct fw_ctf_packet *packet,
			  const struct forkwatch_header *hdr, size_t left)
{
	const struct fw_ctf_record *record;
	size_t bytes;

	if (hdr->kind >= FW_CTF_KIND_OURS) {
		record = find_record(hdr->kind);
		if (!record || record->stream != packet->stream_id ||
		    !record_fits(record, hdr, left))
			return 0;
		return hdr->size;
	}
	bytes = packet->stream_id == FW_CTF_CPU ? trace->ctf.kind_bytes[hdr->kind] : 0;
	return hdr->size >= sizeof(*hdr) && hdr->size <= bytes && bytes <= left ? bytes : 0;
}

/* Checks every event of the packet in memory, and gives it the ABI's header. */
static int check_events(struct fw_trace *trace, struct stream *stream)
{
	const struct fw_ctf_packet *packet = &stream->packet;
	uint64_t time = packet->timestamp_begin;
	size_t position = 0, bytes;
	uint32_t events = 0;

	while (position < stream->content) {
		struct forkwatch_header *hdr = (void *)(stream->buffer + position);
		uint64_t offset = stream->start + sizeof(*packet) + position;

		if (stream->content - position < sizeof(*hdr))
			return damaged(trace, stream, offset, "an event is cut");
		fw_ctf_from_disk(hdr);
		bytes = event_bytes(trace, packet, hdr, stream->content - position);
		if (!bytes)
			return damaged(trace, stream, offset,
				       "an event of unknown kind or wrong size");
		if (hdr->time < time || hdr->time > packet->timestamp_end)
			return damaged(trace, stream, offset, "an event is not in order of time");
		if (packet->stream_id == FW_CTF_CPU && hdr->cpu != packet->cpu_id)
			return damaged(trace, stream, offset, "an event is of another CPU");
		if (hdr->kind >= FW_CTF_KIND_OURS && find_record(hdr->kind)->named)
			make_plain((char *)hdr + find_record(hdr->kind)->type.size);
		time = hdr->time;
		position += FW_CTF_ALIGN(bytes);
		events++;
	}
	if (events != packet->events)
		return damaged(trace, stream, stream->start,
			       "a packet with another number of events than it says");
	return 0;
}

static int make_room(struct stream *stream, size_t size)
{
	uint8_t *buffer;

	if (size <= stream->allocated)
		return 0;
	buffer = realloc(stream->buffer, size);
	if (!buffer)
		return -ENOMEM;
	stream->buffer = buffer;
	stream->allocated = size;
	return 0;
}

/* What of a compressed packet lies behind its header came with that. */
static int read_content(struct fw_trace *trace, struct stream *stream)
{
	size_t size = stream->packet.content_size / 8 - sizeof(stream->packet);
	ssize_t n;

	stream->content = 0;
	stream->position = 0;
	if (!stream->unpacker) {
		if (make_room(stream, size))
			return -ENOMEM;
		n = fw_read_at(stream->fd, stream->buffer, size,
			       stream->start + sizeof(stream->packet));
		if (n < 0)
			return damaged(trace, stream, stream->start, strerror(-n));
		if ((size_t)n < size)
			return damaged(trace, stream, stream->start,
				       "the file is cut within a packet");
	}
	stream->content = size;
	return check_events(trace, stream);
}

/* Ends @stream: without a packet that says how long it is, nothing behind it can be found. */
static int give_up(struct stream *stream)
{
	stream->offset = stream->size;
	return 0;
}

/* Why a frame could not be unpacked. */
static const char *unpack_fault(int error)
{
	switch (error) {
	case -ENODATA:
		return "the file is cut within a packet";
	case -EBADMSG:
		return "no packet begins here";
	case -EMSGSIZE:
		return "a packet of an impossible size";
	case -EILSEQ:
		return "a packet whose checksum is wrong";
	}
	return strerror(-error);
}

/*
 * Unpacks the next packet: its header to @packet, and what is behind it to the buffer.
 * Returns how many bytes of the file it takes, or -errno with @fault.
 */
static ssize_t unpack(struct stream *stream, struct fw_ctf_packet *packet, const char **fault)
{
	const void *data;
	size_t size;
	ssize_t bytes = fw_unpack(stream->unpacker, stream->start, &data, &size);

	if (bytes < 0) {
		*fault = unpack_fault(bytes);
		return bytes;
	}
	*fault = "a packet of an impossible size";
	if (size < sizeof(*packet))
		return -EMSGSIZE;
	memcpy(packet, data, sizeof(*packet));
	if (packet->packet_size / 8 != size)
		return -EMSGSIZE;
	if (make_room(stream, size))
		return -ENOMEM;
	memcpy(stream->buffer, (const uint8_t *)data + sizeof(*packet), size - sizeof(*packet));
	return bytes;
}

/* The same of a packet that is not compressed, less what is behind its header. */
static ssize_t read_header(const struct stream *stream, struct fw_ctf_packet *packet,
			   const char **fault)
{
	ssize_t n = fw_read_at(stream->fd, packet, sizeof(*packet), stream->start);

	*fault = "the file is cut within a packet";
	if (n < 0)
		*fault = strerror(-n);
	else if (n < (ssize_t)sizeof(*packet))
		n = -ENODATA;
	else
		n = packet->packet_size / 8;
	return n;
}

/*
 * Gets the header of the next packet into @stream. Returns 1, 0 at the end, -ENOMEM. A
 * packet that is cut or none is the end as well.
 */
static int next_header(struct fw_trace *trace, struct stream *stream)
{
	struct fw_ctf_packet packet;
	const char *fault, *unread;
	ssize_t bytes;

	if (stream->offset == stream->size)
		return 0;
	stream->start = stream->offset;
	bytes = stream->unpacker ? unpack(stream, &packet, &unread) :
				   read_header(stream, &packet, &unread);
	if (bytes == -ENOMEM)
		return bytes;
	fault = bytes < 0 ? unread : packet_fault(trace, &packet);
	if (!fault)
		fault = sequel_fault(stream, &packet);
	if (!fault && (uint64_t)bytes > stream->size - stream->start)
		fault = "the file is cut within a packet";
	if (fault) {
		damaged(trace, stream, stream->start, fault);
		return give_up(stream);
	}
	if (packet.packet_seq_num != (stream->begun ? stream->packet.packet_seq_num + 1 : 0))
		damaged(trace, stream, stream->start, "packets are missing before this one");
	stream->packet = packet;
	stream->begun = true;
	stream->offset = stream->start + bytes;
	return 1;
}

/* Gets the next packet that has no fault. Returns 1, 0 at the end, -ENOMEM. */
static int next_packet(struct fw_trace *trace, struct stream *stream)
{
	int ret;

	for (;;) {
		ret = next_header(trace, stream);
		if (ret <= 0)
			return ret;
		ret = read_content(trace, stream);
		if (ret != -EBADMSG)
			return ret ? ret : 1;
		stream->content = 0;
		stream->position = 0;
	}
}

/* Moves @stream to its next event, NULL at the end. Returns 0 or -ENOMEM. */
static int advance(struct fw_trace *trace, struct stream *stream)
{
	size_t bytes;
	int ret;

	stream->event = NULL;
	while (stream->position >= stream->content) {
		ret = next_packet(trace, stream);
		if (ret <= 0)
			return ret;
	}
	stream->event = (const void *)(stream->buffer + stream->position);
	bytes = event_bytes(trace, &stream->packet, stream->event,
			    stream->content - stream->position);
	stream->position += FW_CTF_ALIGN(bytes);
	return 0;
}

static bool is_before(const struct stream *a, const struct stream *b)
{
	if (a->event->time != b->event->time)
		return a->event->time < b->event->time;
	return strcmp(a->name, b->name) < 0;
}

static void sift_down(struct fw_trace *trace, size_t i)
{
	struct stream **heap = trace->streams;

	for (;;) {
		size_t first = i, child;
		struct stream *tmp;

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
	struct stream *stream = trace->streams[0];
	int ret = advance(trace, stream);

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
	note(trace, "%" PRIu64 " of the %" PRIu64 " events recorded are not here",
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
	const void *data;
	size_t size;
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

static void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	fw_unpacker_close(stream->unpacker);
	if (stream->fd >= 0)
		close(stream->fd);
	free(stream->buffer);
	free(stream->name);
	free(stream);
}

static int stream_open(struct fw_trace *trace, int dir, const char *name, struct stream **out)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct stat st;
	int ret;

	if (!stream)
		return fw_trace_fail(-ENOMEM, "out of memory");
	stream->fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (stream->fd < 0 || fstat(stream->fd, &st)) {
		ret = fw_trace_fail(-errno, "cannot open %s/%s: %s", trace->dir, name,
				    errno == ELOOP ? "it is a symbolic link" : strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		ret = fw_trace_fail(-EINVAL, "%s is no trace: %s in it is not a file",
				    trace->dir, name);
		goto fail;
	}
	stream->name = strdup(name);
	if (!stream->name) {
		ret = fw_trace_fail(-ENOMEM, "out of memory");
		goto fail;
	}
	stream->size = st.st_size;
	if (fw_is_packed(stream->fd) &&
	    fw_unpacker_open(&stream->unpacker, stream->fd, stream->size, FW_CTF_PACKET_MAX)) {
		ret = fw_trace_fail(-ENOMEM, "out of memory");
		goto fail;
	}
	*out = stream;
	return 0;

fail:
	stream_free(stream);
	return ret;
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
static int take_session(struct fw_trace *trace, struct stream *stream)
{
	int ret = 0;

	while (!ret && stream->event) {
		ret = take_record(trace, stream->event);
		if (!ret)
			ret = advance(trace, stream);
	}
	return ret;
}

/* Adds the stream in file @name: a session's is read, a CPU's goes into the heap. */
static int add_stream(struct fw_trace *trace, int dir, const char *name)
{
	struct stream **streams, *stream = NULL;
	int ret;

	ret = stream_open(trace, dir, name, &stream);
	if (ret)
		return ret;
	streams = reallocarray(trace->streams, trace->nr_streams + 1, sizeof(*streams));
	if (!streams) {
		stream_free(stream);
		return fw_trace_fail(-ENOMEM, "out of memory");
	}
	trace->streams = streams;
	ret = advance(trace, stream);
	if (!ret && stream->event && stream->packet.stream_id == FW_CTF_SESSION)
		ret = take_session(trace, stream);
	if (ret || !stream->event) {
		stream_free(stream);
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
		stream_free(trace->streams[i]);
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
	return trace->damage;
}
