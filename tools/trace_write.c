// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes traces. Each stream fills one packet in memory and appends it in one
 * write, so that whatever ends the tool leaves whole packets. CTF wants the
 * events of a stream in order of time, and events come nearly so: a packet is
 * sorted before it is written, and an event that is older than what was written
 * goes to a further stream of that CPU, unchanged.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/random.h>

#include "address_set.h"
#include "ctf.h"
#include "mix.h"
#include "packed.h"
#include "symbols.h"
#include "trace_dir.h"
#include "trace_limits.h"

#define FLUSH_NS	1000000000ULL
#define STREAMS_PER_CPU	8		/* the first, and those for late events */
#define SLOTS		(FW_CTF_PACKET_BYTES / sizeof(struct forkwatch_header))
#define SEEN		4096		/* addresses remembered, a power of two */

/* For buffers that are looked at as structs. */
#define ALIGNED		__attribute__((aligned(8)))

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
	uint8_t buffer[FW_CTF_PACKET_BYTES - sizeof(struct fw_ctf_packet)] ALIGNED;
};

/* Of one CPU: its streams, and the events it should have. */
struct cpu {
	struct stream *streams;
	uint64_t events;
	uint64_t seq_low, seq_high;	/* of those; valid if there are any */
	uint64_t discarded;		/* as the packets said so far */
};

struct slot {
	uint64_t time, seq, seq_high;
	uint32_t offset, size;
};

struct fw_trace_writer {
	int dir;
	int error;			/* what ended the writing */
	char *name;
	bool made;			/* the directory was made by us */
	struct fw_packer *packer;	/* NULL: packets are not compressed */
	uint8_t uuid[FW_CTF_UUID_BYTES];
	uint64_t bytes;
	uint64_t events;		/* of the ABI, in the files */
	uint64_t bad_events;
	const struct fw_ksyms *ksyms;
	struct fw_address_set symbols;	/* addresses of those written */
	uint64_t seen[SEEN];		/* kernel addresses looked up lately */
	uint64_t seen_user[SEEN];	/* hashes of user symbols written lately */
	struct stream *session;
	struct cpu *cpus;
	uint32_t nr_cpus;
	struct slot slots[SLOTS];
	uint8_t packet[FW_CTF_PACKET_BYTES] ALIGNED;
	uint8_t event[UINT16_MAX + 1] ALIGNED;
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int fail_write(struct fw_trace_writer *writer, int error)
{
	if (writer->error)
		return writer->error;
	writer->error = error;
	return fw_trace_fail(error, "cannot write the trace %s: %s; it holds what came before",
			     writer->name, strerror(-error));
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

static int create_file(struct fw_trace_writer *writer, const char *name)
{
	int fd = openat(writer->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);

	return fd < 0 ? -errno : fd;
}

static int stream_create(struct stream **out, struct fw_trace_writer *writer,
			 enum fw_ctf_stream id, uint32_t cpu, unsigned int nth)
{
	const char *suffix = writer->packer ? FW_PACKED_SUFFIX : "";
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
	stream->fd = create_file(writer, name);
	if (stream->fd < 0) {
		int ret = stream->fd;

		free(stream);
		return ret;
	}
	*out = stream;
	return 0;
}

static int compare_slots(const void *left, const void *right)
{
	const struct slot *a = left, *b = right;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return (a->offset > b->offset) - (a->offset < b->offset);
}

static bool is_ours(const struct forkwatch_header *hdr)
{
	return hdr->kind >= FW_CTF_KIND_OURS;
}

/* Bytes that the event takes in the stream. */
static size_t event_bytes(const struct forkwatch_header *hdr)
{
	return is_ours(hdr) ? FW_CTF_ALIGN(hdr->size) : fw_event_type(hdr->kind)->size;
}

/* Lists the events in memory in order of time. */
static size_t sort_events(struct fw_trace_writer *writer, const struct stream *stream)
{
	struct slot *slot = writer->slots;
	uint64_t seq = 0, newest = 0;
	bool in_order = true;
	size_t offset, n, i;

	for (offset = 0; offset < stream->used; offset += slot++->size) {
		const struct forkwatch_header *hdr = (const void *)(stream->buffer + offset);

		if (hdr->time < newest)
			in_order = false;
		newest = hdr->time;
		if (!is_ours(hdr))
			seq = hdr->seq;
		*slot = (struct slot){ .time = hdr->time, .seq = seq, .offset = offset,
				       .size = event_bytes(hdr) };
	}
	n = slot - writer->slots;
	if (!in_order)
		qsort(writer->slots, n, sizeof(*writer->slots), compare_slots);
	for (i = 0, seq = 0; i < n; i++) {
		if (writer->slots[i].seq > seq)
			seq = writer->slots[i].seq;
		writer->slots[i].seq_high = seq;
	}
	return n;
}

/*
 * How many of @n events may be written: up to a place where none before it has
 * a higher seq than one behind it, for then all that belong before it came.
 */
static size_t settled(const struct slot *slots, size_t n)
{
	uint64_t low = UINT64_MAX;
	size_t i;

	for (i = n; i > 1; i--) {
		if (slots[i - 1].seq < low)
			low = slots[i - 1].seq;
		if (slots[i - 2].seq_high < low)
			return i - 1;
	}
	return n;
}

/* Events that a CPU numbered up to @seq_high, and that are not there. */
static uint64_t missing(const struct cpu *cpu, uint64_t seq_high, uint64_t unwritten)
{
	uint64_t numbered = seq_high - cpu->seq_low + 1;
	uint64_t written = cpu->events - unwritten;

	return cpu->events && numbered > written ? numbered - written : 0;
}

/* Updates what the packets of @stream say was discarded, before @n of its events are written. */
static uint64_t discarded(struct fw_trace_writer *writer, const struct stream *stream,
			  size_t n, size_t total)
{
	const struct stream *other;
	struct cpu *cpu;
	uint64_t lost, unwritten;
	size_t i;

	if (stream->id != FW_CTF_CPU || writer->cpus[stream->cpu].streams != stream)
		return 0;
	cpu = &writer->cpus[stream->cpu];
	for (unwritten = 0, i = n; i < total; i++)
		unwritten += !is_ours((const void *)(stream->buffer + writer->slots[i].offset));
	for (other = stream->next; other; other = other->next)
		unwritten += other->events;
	lost = missing(cpu, writer->slots[n - 1].seq_high, unwritten);
	if (lost > cpu->discarded)
		cpu->discarded = lost;
	return cpu->discarded;
}

/* Keeps the events from @from on in memory, in order. */
static void keep(struct fw_trace_writer *writer, struct stream *stream, size_t from, size_t n)
{
	size_t i, used = 0;

	for (i = from; i < n; i++) {
		memcpy(writer->packet + used, stream->buffer + writer->slots[i].offset,
		       writer->slots[i].size);
		used += writer->slots[i].size;
	}
	memcpy(stream->buffer, writer->packet, used);
	stream->used = used;
	stream->events = n - from;
	stream->since = now();
}

/* Appends the packet in memory to the file of @stream, whole or not at all. */
static int append_packet(struct fw_trace_writer *writer, struct stream *stream, size_t size)
{
	const void *data = writer->packet;
	ssize_t bytes = size;
	int ret;

	if (writer->packer)
		bytes = fw_pack(writer->packer, writer->packet, size, &data);
	if (bytes < 0)
		return fail_write(writer, bytes);
	ret = write_all(stream->fd, data, bytes, stream->bytes);
	if (ret) {
		/* What of it got there is no packet; where this fails, readers find out. */
		if (ftruncate(stream->fd, stream->bytes))
			return fail_write(writer, -errno);
		return fail_write(writer, ret);
	}
	stream->bytes += bytes;
	writer->bytes += bytes;
	return 0;
}

/* Writes one packet: all events in memory, or with @all false those that are settled. */
static int flush(struct fw_trace_writer *writer, struct stream *stream, bool all)
{
	struct fw_ctf_packet *packet = (void *)writer->packet;
	size_t total, n, i, size = sizeof(*packet), content = 0, events = 0;
	int ret;

	if (!stream->used)
		return 0;
	/* An event must not be in the trace without the symbols it needs. */
	if (stream != writer->session && writer->session->used) {
		ret = flush(writer, writer->session, true);
		if (ret)
			return ret;
	}
	total = sort_events(writer, stream);
	n = all ? total : settled(writer->slots, total);
	for (i = 0; i < n; i++) {
		const struct slot *slot = &writer->slots[i];
		const struct forkwatch_header *hdr = (void *)(stream->buffer + slot->offset);

		memcpy(writer->packet + size, hdr, slot->size);
		content = size + (is_ours(hdr) ? hdr->size : slot->size);
		size += slot->size;
		events += !is_ours(hdr);
		fw_ctf_to_disk(writer->packet + size - slot->size);
	}
	*packet = (struct fw_ctf_packet){
		.magic = FW_CTF_MAGIC,
		.stream_id = stream->id,
		.timestamp_begin = writer->slots[0].time,
		.timestamp_end = writer->slots[n - 1].time,
		.content_size = content * 8,
		.packet_size = size * 8,
		.events_discarded = discarded(writer, stream, n, total),
		.packet_seq_num = stream->packets,
		.cpu_id = stream->cpu,
		.events = n,
	};
	memcpy(packet->uuid, writer->uuid, sizeof(packet->uuid));
	ret = append_packet(writer, stream, size);
	if (ret)
		return ret;
	stream->packets++;
	stream->written_time = writer->slots[n - 1].time;
	writer->events += events;
	keep(writer, stream, n, total);
	return 0;
}

/* Puts the @size bytes of @hdr, padded to @bytes, behind the others in memory. */
static int append(struct fw_trace_writer *writer, struct stream *stream,
		  const struct forkwatch_header *hdr, size_t size, size_t bytes)
{
	int ret;

	if (stream->used + bytes > sizeof(stream->buffer)) {
		ret = flush(writer, stream, false);
		if (!ret && stream->used + bytes > sizeof(stream->buffer))
			ret = flush(writer, stream, true);
		if (ret)
			return ret;
	}
	if (!stream->used)
		stream->since = now();
	if (hdr->time > stream->newest_time)
		stream->newest_time = hdr->time;
	memcpy(stream->buffer + stream->used, hdr, size);
	memset(stream->buffer + stream->used + size, 0, bytes - size);
	stream->used += bytes;
	stream->events++;
	return 0;
}

static int cpu_find(struct fw_trace_writer *writer, uint32_t cpu)
{
	struct cpu *cpus;

	if (cpu < writer->nr_cpus)
		return 0;
	cpus = reallocarray(writer->cpus, cpu + 1, sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	memset(cpus + writer->nr_cpus, 0, (cpu + 1 - writer->nr_cpus) * sizeof(*cpus));
	writer->cpus = cpus;
	writer->nr_cpus = cpu + 1;
	return 0;
}

/* The stream for an event of @hdr's CPU and time. */
static int stream_find(struct fw_trace_writer *writer, const struct forkwatch_header *hdr,
		       struct stream **out)
{
	struct stream **link;
	unsigned int nth = 0;
	int ret = cpu_find(writer, hdr->cpu);

	if (ret)
		return fail_write(writer, ret);
	for (link = &writer->cpus[hdr->cpu].streams; *link; link = &(*link)->next, nth++) {
		if ((*link)->written_time <= hdr->time) {
			*out = *link;
			return 0;
		}
	}
	if (nth >= STREAMS_PER_CPU) {
		writer->bad_events++;
		return -EBADMSG;
	}
	ret = stream_create(link, writer, FW_CTF_CPU, hdr->cpu, nth);
	if (ret)
		return fail_write(writer, ret);
	*out = *link;
	return 0;
}

/* A record of ours, with @name behind it if it has one. */
static int put_record(struct fw_trace_writer *writer, struct stream *stream,
		      struct forkwatch_header *hdr, size_t size, const char *name)
{
	uint8_t bytes[sizeof(struct fw_ctf_limits) + FW_CTF_NAME_MAX] ALIGNED;

	memcpy(bytes, hdr, size);
	hdr = (void *)bytes;
	if (name) {
		size_t length = strnlen(name, FW_CTF_NAME_MAX - 1);

		memcpy(bytes + size, name, length);
		bytes[size + length] = '\0';
		size += length + 1;
	}
	hdr->size = size;
	return append(writer, stream, hdr, size, FW_CTF_ALIGN(size));
}

static uint64_t session_time(const struct fw_trace_writer *writer, uint64_t time)
{
	uint64_t last = writer->session->newest_time;

	return time > last ? time : last;
}

/* Writes the kernel symbol @name at @addr, once. */
static int put_symbol(struct fw_trace_writer *writer, uint64_t addr, const char *name,
		      uint64_t time)
{
	struct fw_ctf_kernel_symbol symbol = {
		.hdr.kind = FW_CTF_KERNEL_SYMBOL,
		.address = addr,
	};
	int ret = fw_address_set_add(&writer->symbols, addr);

	if (ret <= 0)
		return ret ? fail_write(writer, ret) : 0;
	symbol.hdr.time = session_time(writer, time);
	return put_record(writer, writer->session, &symbol.hdr, sizeof(symbol), name);
}

/* Those that are asked for by name. _end is where the kernel's last symbol ends. */
static int put_named_symbols(struct fw_trace_writer *writer)
{
	static const char *const names[] = {
		"ret_from_fork", "schedule_tail", "__switch_to", "cpu_switch_to", "_end",
	};
	uint64_t addr;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && writer->ksyms && i < sizeof(names) / sizeof(*names); i++) {
		addr = fw_ksyms_addr(writer->ksyms, names[i]);
		if (addr)
			ret = put_symbol(writer, addr, names[i], now());
	}
	return ret;
}

/* Writes the kernel symbol that @addr lies in, if there is one. */
static int put_address(struct fw_trace_writer *writer, uint64_t addr, uint64_t time)
{
	uint64_t offset, *seen = &writer->seen[fw_mix(addr) % SEEN];
	char name[FW_CTF_NAME_MAX];

	if (*seen == addr)
		return 0;
	*seen = addr;
	if (!fw_ksyms_find(writer->ksyms, addr, &offset))
		return 0;
	/* Of the symbol itself, this is its name and its module. */
	fw_ksyms_name(writer->ksyms, addr - offset, name, sizeof(name));
	return put_symbol(writer, addr - offset, name, time);
}

/* Kernel addresses are the upper half; what of them is a symbol's, the table knows. */
static int put_addresses(struct fw_trace_writer *writer, const struct forkwatch_header *hdr)
{
	const uint64_t *number = (const void *)hdr;
	size_t i;
	int ret = 0;

	for (i = sizeof(*hdr) / sizeof(*number); !ret && i < hdr->size / sizeof(*number); i++)
		if (number[i] >> 48 == 0xffff && ~number[i] > UINT16_MAX)
			ret = put_address(writer, number[i], hdr->time);
	return ret;
}

static int refuse_event(struct fw_trace_writer *writer)
{
	writer->bad_events++;
	return -EBADMSG;
}

static void count_event(struct cpu *cpu, uint64_t seq)
{
	if (!cpu->events || seq < cpu->seq_low)
		cpu->seq_low = seq;
	if (!cpu->events || seq > cpu->seq_high)
		cpu->seq_high = seq;
	cpu->events++;
}

int fw_trace_write(struct fw_trace_writer *writer, const void *data, size_t size)
{
	struct forkwatch_header *hdr = (void *)writer->event;
	const struct fw_event_type *type;
	struct stream *stream;
	int ret;

	if (writer->error)
		return writer->error;
	if (size < sizeof(*hdr))
		return refuse_event(writer);
	memcpy(hdr, data, sizeof(*hdr));
	type = fw_event_type(hdr->kind);
	if (!type || hdr->size < sizeof(*hdr) || hdr->size > size || hdr->cpu >= FW_CTF_CPU_MAX)
		return refuse_event(writer);
	/* The metadata gives each kind one length: what is longer is cut to it. */
	if (hdr->size > type->size)
		hdr->size = type->size;
	memcpy(hdr + 1, (const char *)data + sizeof(*hdr), hdr->size - sizeof(*hdr));
	if (writer->ksyms) {
		ret = put_addresses(writer, hdr);
		if (ret)
			return ret;
	}
	ret = stream_find(writer, hdr, &stream);
	if (ret)
		return ret;
	/* What is shorter is padded, and its size says how much of it was sent. */
	ret = append(writer, stream, hdr, hdr->size, type->size);
	if (!ret)
		count_event(&writer->cpus[hdr->cpu], hdr->seq);
	return ret;
}

int fw_trace_user_symbol(struct fw_trace_writer *writer, const struct forkwatch_header *event,
			 uint64_t addr, const char *name)
{
	struct fw_ctf_user_symbol symbol = { .hdr = *event, .address = addr };
	struct stream *stream;
	uint64_t hash, *seen;
	const char *s;
	int ret;

	if (writer->error)
		return writer->error;
	if (event->cpu >= FW_CTF_CPU_MAX)
		return -EBADMSG;
	hash = fw_mix(addr) ^ fw_mix((uint64_t)event->tgid << 32 | event->cpu);
	for (s = name; *s; s++)
		hash = fw_mix(hash ^ (unsigned char)*s);
	seen = &writer->seen_user[hash % SEEN];
	if (*seen == hash)
		return 0;
	*seen = hash;
	symbol.hdr.kind = FW_CTF_USER_SYMBOL;
	ret = stream_find(writer, &symbol.hdr, &stream);
	if (ret)
		return ret;
	return put_record(writer, stream, &symbol.hdr, sizeof(symbol), name);
}

int fw_trace_limits(struct fw_trace_writer *writer, const struct fw_fork *fork)
{
	struct fw_ctf_limits limits;

	if (writer->error)
		return writer->error;
	if (!fork->limits)
		return 0;
	fw_limits_to_record(fork, &limits);
	limits.hdr.time = session_time(writer, limits.fork_time);
	return put_record(writer, writer->session, &limits.hdr, sizeof(limits),
			  fork->limits->cgroup);
}

/* Writes what came before @since. */
static int flush_cpus(struct fw_trace_writer *writer, uint64_t since, bool all)
{
	struct stream *stream;
	uint32_t cpu;

	for (cpu = 0; cpu < writer->nr_cpus; cpu++)
		for (stream = writer->cpus[cpu].streams; stream; stream = stream->next)
			if (!writer->error && stream->used && stream->since <= since)
				flush(writer, stream, all);
	return writer->error;
}

int fw_trace_tick(struct fw_trace_writer *writer)
{
	return flush_cpus(writer, now() - FLUSH_NS, false);
}

int fw_trace_flush(struct fw_trace_writer *writer)
{
	return flush_cpus(writer, UINT64_MAX, true);
}

uint64_t fw_trace_written(const struct fw_trace_writer *writer)
{
	return writer->bytes;
}

static uint64_t newest(const struct fw_trace_writer *writer)
{
	const struct stream *stream;
	uint64_t time = now();
	uint32_t cpu;

	for (cpu = 0; cpu < writer->nr_cpus; cpu++)
		for (stream = writer->cpus[cpu].streams; stream; stream = stream->next)
			if (stream->newest_time > time)
				time = stream->newest_time;
	return time;
}

static uint32_t known(const struct fw_trace_end *end)
{
	return (end->has_status ? FW_CTF_KNOWN_STATUS : 0) |
	       (end->losses.forks_known ? FW_CTF_KNOWN_FORKS : 0);
}

static void put_end(struct fw_trace_writer *writer, const struct fw_trace_end *end)
{
	struct fw_ctf_end record = {
		.hdr.kind = FW_CTF_END,
		.error = end->error,
		.status = end->status,
		.known = known(end),
		.lost_forks = end->losses.forks < UINT32_MAX ? end->losses.forks : UINT32_MAX,
		.seq_gaps = end->losses.seq_gaps,
		.ring_drops = end->losses.ring_drops,
		.probe_misses = end->losses.probe_misses,
		.watch_full = end->losses.watch_full,
		.bad_events = end->losses.bad_events,
		.events = writer->events,
	};

	record.hdr.time = session_time(writer, newest(writer));
	put_record(writer, writer->session, &record.hdr, sizeof(record), NULL);
}

static void writer_free(struct fw_trace_writer *writer)
{
	uint32_t cpu;

	for (cpu = 0; cpu < writer->nr_cpus; cpu++) {
		struct stream *stream = writer->cpus[cpu].streams;

		while (stream) {
			struct stream *next = stream->next;

			close(stream->fd);
			free(stream);
			stream = next;
		}
	}
	if (writer->session) {
		close(writer->session->fd);
		free(writer->session);
	}
	if (writer->dir >= 0)
		close(writer->dir);
	fw_packer_close(writer->packer);
	free(writer->cpus);
	fw_address_set_free(&writer->symbols);
	free(writer->name);
	free(writer);
}

int fw_trace_finish(struct fw_trace_writer *writer, struct fw_trace_end *end)
{
	uint64_t gaps = 0;
	uint32_t cpu;
	int ret;

	fw_trace_flush(writer);
	for (cpu = 0; cpu < writer->nr_cpus; cpu++)
		gaps += missing(&writer->cpus[cpu], writer->cpus[cpu].seq_high, 0);
	if (end->losses.seq_gaps < gaps)
		end->losses.seq_gaps = gaps;
	end->losses.bad_events += writer->bad_events;
	/* Where writing failed there may still be room for this. */
	if (!end->error)
		end->error = writer->error;
	if (writer->session) {
		put_end(writer, end);
		flush(writer, writer->session, true);
	} else if (writer->made) {
		unlinkat(AT_FDCWD, writer->name, AT_REMOVEDIR);
	}
	ret = writer->error;
	writer_free(writer);
	return ret;
}

static int write_metadata(struct fw_trace_writer *writer, const struct fw_trace_info *info)
{
	char *text = fw_ctf_metadata(info, writer->uuid);
	int fd, ret;

	if (!text)
		return -ENOMEM;
	fd = create_file(writer, FW_CTF_METADATA);
	if (fd < 0) {
		free(text);
		return fd;
	}
	ret = write_all(fd, text, strlen(text), 0);
	if (close(fd) && !ret)
		ret = -errno;
	if (ret)
		unlinkat(writer->dir, FW_CTF_METADATA, 0);
	free(text);
	return ret;
}

static void make_uuid(uint8_t *uuid)
{
	if (getrandom(uuid, FW_CTF_UUID_BYTES, 0) != FW_CTF_UUID_BYTES) {
		uint64_t time = now();

		memcpy(uuid, &time, sizeof(time));
	}
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

int fw_trace_create(struct fw_trace_writer **out, const char *dir, bool force)
{
	struct fw_trace_writer *writer = calloc(1, sizeof(*writer));
	int ret;

	if (!writer)
		return fw_trace_fail(-ENOMEM, "out of memory");
	writer->dir = -1;
	writer->name = strdup(dir);
	if (writer->name)
		writer->dir = fw_trace_dir_open(dir, force, &writer->made);
	else
		writer->dir = fw_trace_fail(-ENOMEM, "out of memory");
	ret = writer->dir;
	if (ret < 0) {
		writer_free(writer);
		return ret;
	}
	*out = writer;
	return 0;
}

int fw_trace_compress(struct fw_trace_writer *writer)
{
	if (fw_packer_open(&writer->packer, FW_CTF_PACKET_BYTES))
		return fail_write(writer, -ENOMEM);
	return 0;
}

int fw_trace_begin(struct fw_trace_writer *writer, const struct fw_trace_info *info)
{
	int ret = fw_trace_dir_clear(writer->dir);

	if (ret)
		return fail_write(writer, ret);
	writer->ksyms = info->env.ksyms;
	make_uuid(writer->uuid);
	ret = write_metadata(writer, info);
	if (!ret)
		ret = stream_create(&writer->session, writer, FW_CTF_SESSION, 0, 0);
	if (!ret)
		ret = put_named_symbols(writer);
	return ret ? fail_write(writer, ret) : 0;
}
