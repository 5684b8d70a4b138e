// SPDX-License-Identifier: GPL-2.0-only
/*
 * See trace_out.h. Each stream fills one packet in memory and appends it in one
 * write, so that whatever ends the tool leaves whole packets. CTF wants the
 * events of a stream in order of time, and events come nearly so: a packet is
 * sorted before it is written, and an event that is older than what was written
 * goes to a further stream of that CPU, unchanged.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "now.h"
#include "packed.h"
#include "packet_order.h"
#include "trace_out.h"

#define FLUSH_NS	1000000000ULL
#define STREAMS_PER_CPU	8		/* the first, and those for late events */

struct stream {
	struct stream *next;		/* for later events of the same CPU */
	enum fw_ctf_stream id;
	uint32_t cpu;
	int fd;
	uint64_t bytes;			/* of whole packets in the file */
	uint64_t packets;
	uint64_t written_time;		/* of the newest event in the file */
	uint64_t newest_time;		/* of all events */
	uint64_t since;			/* when the first event in memory came */
	size_t used;			/* of buffer */
	uint32_t events;
	/* The packet that is being filled, with its events as they come. */
	struct fw_ctf_packet packet;
	uint8_t buffer[FW_CTF_PACKET_BYTES - sizeof(struct fw_ctf_packet)] FW_ALIGNED;
};

_Static_assert(offsetof(struct stream, buffer) ==
	       offsetof(struct stream, packet) + sizeof(struct fw_ctf_packet),
	       "events come right behind what their packet begins with");

/* Of one CPU: its streams, and the events it should have. */
struct cpu {
	struct stream *streams;
	uint64_t events;
	uint64_t seq_low, seq_high;	/* of those; valid if there are any */
	uint64_t discarded;		/* as the packets said so far */
};

struct fw_trace_out {
	int dir;
	const char *name;
	int error;			/* what ended the writing */
	struct fw_packer *packer;	/* NULL: packets are not compressed */
	uint8_t uuid[FW_CTF_UUID_BYTES];
	uint64_t events;		/* of the ABI, in the files */
	uint64_t bad_events;
	struct stream *session;
	struct cpu *cpus;
	uint32_t nr_cpus;
	struct fw_slot slots[FW_SLOTS];
	uint8_t sorted[FW_CTF_PACKET_BYTES] FW_ALIGNED;
};

int fw_trace_out_fail(struct fw_trace_out *out, int error)
{
	if (out->error)
		return out->error;
	out->error = error;
	fw_trace_fail(error, "cannot write the trace %s: %s; it holds what came before",
		      out->name, strerror(-error));
	return error;
}

int fw_trace_out_refuse(struct fw_trace_out *out)
{
	out->bad_events++;
	return -EBADMSG;
}

static int write_all(int fd, const void *data, size_t size, off_t offset)
{
	while (size) {
		ssize_t n = pwrite(fd, data, size, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENOSPC;
		data = (const char *)data + n;
		size -= n;
		offset += n;
	}
	return 0;
}

static int create_file(const struct fw_trace_out *out, const char *name)
{
	int fd = openat(out->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);

	return fd < 0 ? -errno : fd;
}

static int stream_create(struct stream **made, struct fw_trace_out *out,
			 enum fw_ctf_stream id, uint32_t cpu, unsigned int nth)
{
	const char *suffix = out->packer ? FW_PACKED_SUFFIX : "";
	struct stream *stream;
	char name[32];

	if (id == FW_CTF_SESSION)
		snprintf(name, sizeof(name), "session%s", suffix);
	else if (!nth)
		snprintf(name, sizeof(name), "cpu%" PRIu32 "%s", cpu, suffix);
	else
		snprintf(name, sizeof(name), "cpu%" PRIu32 "_late%u%s", cpu, nth, suffix);
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return -ENOMEM;
	stream->id = id;
	stream->cpu = cpu;
	stream->fd = create_file(out, name);
	if (stream->fd < 0) {
		int ret = stream->fd;

		free(stream);
		return ret;
	}
	*made = stream;
	return 0;
}

/* Events that a CPU numbered up to @seq_high, and that are not there. */
static uint64_t missing(const struct cpu *cpu, uint64_t seq_high, uint64_t unwritten)
{
	uint64_t numbered = seq_high - cpu->seq_low + 1;
	uint64_t written = cpu->events - unwritten;

	return cpu->events && numbered > written ? numbered - written : 0;
}

/* Those of the ABI among the events in memory from @from on, before @to. */
static size_t count_events(const struct fw_trace_out *out, const struct stream *stream,
			   size_t from, size_t to)
{
	size_t i, nr = 0;

	for (i = from; i < to; i++)
		nr += !fw_ctf_is_ours((const void *)(stream->buffer + out->slots[i].offset));
	return nr;
}

/* Updates what the packets of @stream say was discarded, before @n of its events are written. */
static uint64_t discarded(struct fw_trace_out *out, const struct stream *stream,
			  size_t n, size_t total)
{
	const struct stream *other;
	uint64_t lost, unwritten;
	struct cpu *cpu;

	if (stream->id != FW_CTF_CPU || out->cpus[stream->cpu].streams != stream)
		return 0;
	cpu = &out->cpus[stream->cpu];
	unwritten = count_events(out, stream, n, total);
	for (other = stream->next; other; other = other->next)
		unwritten += other->events;
	lost = missing(cpu, out->slots[n - 1].seq_high, unwritten);
	if (lost > cpu->discarded)
		cpu->discarded = lost;
	return cpu->discarded;
}

/* Lists the events in memory in order of time, and brings them into it. Returns how many. */
static size_t sort(struct fw_trace_out *out, struct stream *stream)
{
	size_t n = fw_packet_order(out->slots, stream->buffer, stream->used), i, used = 0;

	for (i = 0; i < n && out->slots[i].offset == used; i++)
		used += out->slots[i].size;
	if (i == n)
		return n;
	for (i = 0, used = 0; i < n; i++) {
		struct fw_slot *slot = &out->slots[i];

		memcpy(out->sorted + used, stream->buffer + slot->offset, slot->size);
		slot->offset = used;
		used += slot->size;
	}
	memcpy(stream->buffer, out->sorted, used);
	return n;
}

/* Keeps the events from @from on in memory. */
static void keep(const struct fw_trace_out *out, struct stream *stream, size_t from, size_t n)
{
	size_t offset = from < n ? out->slots[from].offset : stream->used;

	stream->used -= offset;
	memmove(stream->buffer, stream->buffer + offset, stream->used);
	stream->events = n - from;
	stream->since = fw_now();
}

/* Appends the packet in memory to the file of @stream, whole or not at all. */
static int append_packet(struct fw_trace_out *out, struct stream *stream)
{
	const void *data = &stream->packet;
	ssize_t bytes = stream->packet.packet_size / 8;
	int ret;

	if (out->packer)
		bytes = fw_pack(out->packer, data, bytes, &data);
	if (bytes < 0)
		return fw_trace_out_fail(out, bytes);
	ret = write_all(stream->fd, data, bytes, stream->bytes);
	if (ret) {
		/* What of it got there is no packet; where this fails, readers find out. */
		if (ftruncate(stream->fd, stream->bytes))
			return fw_trace_out_fail(out, -errno);
		return fw_trace_out_fail(out, ret);
	}
	stream->bytes += bytes;
	return 0;
}

/* Makes a packet of the first @n of @total events. */
static void make_packet(struct fw_trace_out *out, struct stream *stream, size_t n, size_t total)
{
	const struct fw_slot *last = &out->slots[n - 1];
	const struct fw_ctf_header *hdr = (const void *)(stream->buffer + last->offset);
	size_t before = sizeof(stream->packet) + last->offset;

	stream->packet = (struct fw_ctf_packet){
		.magic = FW_CTF_MAGIC,
		.stream_id = stream->id,
		.timestamp_begin = out->slots[0].time,
		.timestamp_end = last->time,
		.content_size = 8 * (before + (fw_ctf_is_ours(hdr) ? hdr->size : last->size)),
		.packet_size = 8 * (before + last->size),
		.events_discarded = discarded(out, stream, n, total),
		.packet_seq_num = stream->packets,
		.cpu_id = stream->cpu,
		.events = n,
	};
	memcpy(stream->packet.uuid, out->uuid, sizeof(stream->packet.uuid));
}

/* Writes one packet: all events in memory, or with @all false those that are settled. */
static int flush(struct fw_trace_out *out, struct stream *stream, bool all)
{
	size_t total, n;
	int ret;

	if (!stream->used)
		return 0;
	/* An event must not be in the trace without the symbols it needs. */
	if (stream != out->session && out->session->used) {
		ret = flush(out, out->session, true);
		if (ret)
			return ret;
	}
	total = sort(out, stream);
	n = all ? total : fw_packet_settled(out->slots, total);
	make_packet(out, stream, n, total);
	ret = append_packet(out, stream);
	if (ret)
		return ret;
	stream->packets++;
	stream->written_time = out->slots[n - 1].time;
	out->events += count_events(out, stream, 0, n);
	keep(out, stream, n, total);
	return 0;
}

/* Puts the event of @hdr and @body, padded to @bytes, behind the others in memory. */
static int append(struct fw_trace_out *out, struct stream *stream,
		  const struct forkwatch_header *hdr, const void *body, size_t bytes)
{
	uint8_t *to;
	int ret;

	if (stream->used + bytes > sizeof(stream->buffer)) {
		ret = flush(out, stream, false);
		if (!ret && stream->used + bytes > sizeof(stream->buffer))
			ret = flush(out, stream, true);
		if (ret)
			return ret;
	}
	if (!stream->used)
		stream->since = fw_now();
	if (hdr->time > stream->newest_time)
		stream->newest_time = hdr->time;
	to = stream->buffer + stream->used;
	*(struct fw_ctf_header *)to = fw_ctf_on_disk(hdr);
	memcpy(to + sizeof(*hdr), body, hdr->size - sizeof(*hdr));
	if (bytes > hdr->size)
		memset(to + hdr->size, 0, bytes - hdr->size);
	stream->used += bytes;
	stream->events++;
	return 0;
}

static int cpu_find(struct fw_trace_out *out, uint32_t cpu)
{
	struct cpu *cpus;

	if (cpu < out->nr_cpus)
		return 0;
	cpus = reallocarray(out->cpus, cpu + 1, sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	memset(cpus + out->nr_cpus, 0, (cpu + 1 - out->nr_cpus) * sizeof(*cpus));
	out->cpus = cpus;
	out->nr_cpus = cpu + 1;
	return 0;
}

/* The stream for an event of @hdr's CPU and time. */
static int stream_find(struct fw_trace_out *out, const struct forkwatch_header *hdr,
		       struct stream **found)
{
	struct stream **link;
	unsigned int nth = 0;
	int ret = cpu_find(out, hdr->cpu);

	if (ret)
		return fw_trace_out_fail(out, ret);
	for (link = &out->cpus[hdr->cpu].streams; *link; link = &(*link)->next, nth++) {
		if ((*link)->written_time <= hdr->time) {
			*found = *link;
			return 0;
		}
	}
	if (nth >= STREAMS_PER_CPU)
		return fw_trace_out_refuse(out);
	ret = stream_create(link, out, FW_CTF_CPU, hdr->cpu, nth);
	if (ret)
		return fw_trace_out_fail(out, ret);
	*found = *link;
	return 0;
}

static void count_event(struct cpu *cpu, uint64_t seq)
{
	if (!cpu->events || seq < cpu->seq_low)
		cpu->seq_low = seq;
	if (!cpu->events || seq > cpu->seq_high)
		cpu->seq_high = seq;
	cpu->events++;
}

int fw_trace_out_event(struct fw_trace_out *out, const struct forkwatch_header *hdr,
		       const void *body, size_t bytes)
{
	struct stream *stream;
	int ret = stream_find(out, hdr, &stream);

	if (ret)
		return ret;
	ret = append(out, stream, hdr, body, bytes);
	if (!ret)
		count_event(&out->cpus[hdr->cpu], hdr->seq);
	return ret;
}

/* A record of ours, with @name behind it if it has one. */
static int put_record(struct fw_trace_out *out, struct stream *stream,
		      struct forkwatch_header *hdr, size_t size, const char *name)
{
	uint8_t bytes[sizeof(struct fw_ctf_limits) + FW_CTF_NAME_MAX] FW_ALIGNED;

	memcpy(bytes, hdr, size);
	hdr = (void *)bytes;
	if (name) {
		size_t length = strnlen(name, FW_CTF_NAME_MAX - 1);

		memcpy(bytes + size, name, length);
		bytes[size + length] = '\0';
		size += length + 1;
	}
	hdr->size = size;
	return append(out, stream, hdr, hdr + 1, FW_CTF_ALIGN(size));
}

int fw_trace_out_record(struct fw_trace_out *out, struct forkwatch_header *hdr, size_t size,
			const char *name)
{
	struct stream *stream;
	int ret = stream_find(out, hdr, &stream);

	return ret ? ret : put_record(out, stream, hdr, size, name);
}

int fw_trace_out_session(struct fw_trace_out *out, struct forkwatch_header *hdr, size_t size,
			 const char *name)
{
	if (hdr->time < out->session->newest_time)
		hdr->time = out->session->newest_time;
	return put_record(out, out->session, hdr, size, name);
}

/* Writes what came before @since. */
static int flush_cpus(struct fw_trace_out *out, uint64_t since, bool all)
{
	struct stream *stream;
	uint32_t cpu;

	for (cpu = 0; cpu < out->nr_cpus; cpu++)
		for (stream = out->cpus[cpu].streams; stream; stream = stream->next)
			if (!out->error && stream->used && stream->since <= since)
				flush(out, stream, all);
	return out->error;
}

int fw_trace_out_tick(struct fw_trace_out *out)
{
	return flush_cpus(out, fw_now() - FLUSH_NS, false);
}

int fw_trace_out_flush(struct fw_trace_out *out)
{
	return flush_cpus(out, UINT64_MAX, true);
}

void fw_trace_out_end(struct fw_trace_out *out)
{
	flush(out, out->session, true);
}

uint64_t fw_trace_out_newest(const struct fw_trace_out *out)
{
	const struct stream *stream;
	uint64_t time = fw_now();
	uint32_t cpu;

	for (cpu = 0; cpu < out->nr_cpus; cpu++)
		for (stream = out->cpus[cpu].streams; stream; stream = stream->next)
			if (stream->newest_time > time)
				time = stream->newest_time;
	return time;
}

uint64_t fw_trace_out_gaps(const struct fw_trace_out *out)
{
	uint64_t gaps = 0;
	uint32_t cpu;

	for (cpu = 0; cpu < out->nr_cpus; cpu++)
		gaps += missing(&out->cpus[cpu], out->cpus[cpu].seq_high, 0);
	return gaps;
}

int fw_trace_out_error(const struct fw_trace_out *out)
{
	return out->error;
}

uint64_t fw_trace_out_events(const struct fw_trace_out *out)
{
	return out->events;
}

uint64_t fw_trace_out_bad_events(const struct fw_trace_out *out)
{
	return out->bad_events;
}

bool fw_trace_out_begun(const struct fw_trace_out *out)
{
	return out->session;
}

static int write_metadata(const struct fw_trace_out *out, const char *text)
{
	int fd = create_file(out, FW_CTF_METADATA), ret;

	if (fd < 0)
		return fd;
	ret = write_all(fd, text, strlen(text), 0);
	if (close(fd) && !ret)
		ret = -errno;
	if (ret)
		unlinkat(out->dir, FW_CTF_METADATA, 0);
	return ret;
}

int fw_trace_out_begin(struct fw_trace_out *out, const uint8_t *uuid, const char *metadata)
{
	int ret = write_metadata(out, metadata);

	memcpy(out->uuid, uuid, sizeof(out->uuid));
	return ret ? ret : stream_create(&out->session, out, FW_CTF_SESSION, 0, 0);
}

int fw_trace_out_compress(struct fw_trace_out *out)
{
	return fw_packer_open(&out->packer, FW_CTF_PACKET_BYTES);
}

int fw_trace_out_open(struct fw_trace_out **made, int dir, const char *name)
{
	struct fw_trace_out *out = calloc(1, sizeof(*out));

	if (!out)
		return -ENOMEM;
	out->dir = dir;
	out->name = name;
	*made = out;
	return 0;
}

static void free_streams(struct stream *stream)
{
	while (stream) {
		struct stream *next = stream->next;

		close(stream->fd);
		free(stream);
		stream = next;
	}
}

void fw_trace_out_close(struct fw_trace_out *out)
{
	uint32_t cpu;

	if (!out)
		return;
	for (cpu = 0; cpu < out->nr_cpus; cpu++)
		free_streams(out->cpus[cpu].streams);
	free_streams(out->session);
	fw_packer_close(out->packer);
	free(out->cpus);
	free(out);
}
