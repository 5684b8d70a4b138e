// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes traces: what goes into one. trace_out.c puts it into files, trace_symbols.c knows
 * which symbols are missing there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/random.h>

#include "trace_dir.h"
#include "trace_limits.h"
#include "trace_out.h"
#include "trace_symbols.h"

struct fw_trace_writer {
	int dir;
	char *name;
	bool made;			/* the directory was made by us */
	struct fw_trace_out *out;
	struct fw_trace_symbols symbols;
};

/* Writes the kernel symbol @name at @addr. */
static int put_symbol(void *ctx, uint64_t addr, const char *name, uint64_t time)
{
	struct fw_trace_out *out = ctx;
	struct fw_ctf_kernel_symbol symbol = {
		.hdr = { .kind = FW_CTF_KERNEL_SYMBOL, .time = time },
		.address = addr,
	};

	return fw_trace_out_session(out, &symbol.hdr, sizeof(symbol), name);
}

int fw_trace_write(struct fw_trace_writer *writer, const void *data, size_t size)
{
	const void *body = (const char *)data + sizeof(struct forkwatch_header);
	struct fw_trace_out *out = writer->out;
	const struct fw_event_type *type;
	struct forkwatch_header hdr;
	int ret = fw_trace_out_error(out);

	if (ret)
		return ret;
	if (size < sizeof(hdr))
		return fw_trace_out_refuse(out);
	memcpy(&hdr, data, sizeof(hdr));
	type = fw_event_type(hdr.kind);
	if (!type || hdr.size < sizeof(hdr) || hdr.size > size || hdr.cpu >= FW_CTF_CPU_MAX)
		return fw_trace_out_refuse(out);
	/* The metadata gives each kind one length: what is longer is cut to it. */
	if (hdr.size > type->size)
		hdr.size = type->size;
	ret = fw_trace_symbols_of(&writer->symbols, &hdr, body, put_symbol, out);
	if (ret)
		return fw_trace_out_fail(out, ret);
	/* What is shorter is padded, and its size says how much of it was sent. */
	return fw_trace_out_event(out, &hdr, body, type->size);
}

int fw_trace_user_symbol(struct fw_trace_writer *writer, const struct forkwatch_header *event,
			 uint64_t addr, const char *name)
{
	struct fw_ctf_user_symbol symbol = { .hdr = *event, .address = addr };

	if (fw_trace_out_error(writer->out))
		return fw_trace_out_error(writer->out);
	if (event->cpu >= FW_CTF_CPU_MAX)
		return -EBADMSG;
	if (fw_trace_symbols_told(&writer->symbols, event, addr, name))
		return 0;
	symbol.hdr.kind = FW_CTF_USER_SYMBOL;
	return fw_trace_out_record(writer->out, &symbol.hdr, sizeof(symbol), name);
}

int fw_trace_limits(struct fw_trace_writer *writer, const struct fw_fork *fork)
{
	struct fw_ctf_limits limits;

	if (fw_trace_out_error(writer->out))
		return fw_trace_out_error(writer->out);
	if (!fork->limits)
		return 0;
	fw_limits_to_record(fork, &limits);
	limits.hdr.time = limits.fork_time;
	return fw_trace_out_session(writer->out, &limits.hdr, sizeof(limits),
				    fork->limits->cgroup);
}

int fw_trace_tick(struct fw_trace_writer *writer)
{
	return fw_trace_out_tick(writer->out);
}

int fw_trace_flush(struct fw_trace_writer *writer)
{
	return fw_trace_out_flush(writer->out);
}

static uint32_t known(const struct fw_trace_end *end)
{
	return (end->has_status ? FW_CTF_KNOWN_STATUS : 0) |
	       (end->losses.forks_known ? FW_CTF_KNOWN_FORKS : 0);
}

static void put_end(struct fw_trace_out *out, const struct fw_trace_end *end)
{
	struct fw_ctf_end record = {
		.hdr = { .kind = FW_CTF_END, .time = fw_trace_out_newest(out) },
		.error = end->error,
		.status = end->status,
		.known = known(end),
		.lost_forks = end->losses.forks < UINT32_MAX ? end->losses.forks : UINT32_MAX,
		.seq_gaps = end->losses.seq_gaps,
		.ring_drops = end->losses.ring_drops,
		.probe_misses = end->losses.probe_misses,
		.watch_full = end->losses.watch_full,
		.bad_events = end->losses.bad_events,
		.events = fw_trace_out_events(out),
	};

	fw_trace_out_session(out, &record.hdr, sizeof(record), NULL);
}

static void writer_free(struct fw_trace_writer *writer)
{
	fw_trace_out_close(writer->out);
	fw_trace_symbols_free(&writer->symbols);
	if (writer->dir >= 0)
		close(writer->dir);
	free(writer->name);
	free(writer);
}

int fw_trace_finish(struct fw_trace_writer *writer, struct fw_trace_end *end)
{
	struct fw_trace_out *out = writer->out;
	uint64_t gaps;
	int ret;

	fw_trace_out_flush(out);
	gaps = fw_trace_out_gaps(out);
	if (end->losses.seq_gaps < gaps)
		end->losses.seq_gaps = gaps;
	end->losses.bad_events += fw_trace_out_bad_events(out);
	/* Where writing failed there may still be room for this. */
	if (!end->error)
		end->error = fw_trace_out_error(out);
	if (fw_trace_out_begun(out)) {
		put_end(out, end);
		fw_trace_out_end(out);
	} else if (writer->made) {
		unlinkat(AT_FDCWD, writer->name, AT_REMOVEDIR);
	}
	ret = fw_trace_out_error(out);
	writer_free(writer);
	return ret;
}

static void make_uuid(uint8_t *uuid)
{
	struct timespec now;

	if (getrandom(uuid, FW_CTF_UUID_BYTES, 0) != FW_CTF_UUID_BYTES) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		memcpy(uuid, &now, sizeof(now));
	}
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

static int open_out(struct fw_trace_writer *writer, const char *dir, bool force)
{
	writer->name = strdup(dir);
	if (!writer->name)
		return fw_trace_fail(-ENOMEM, "out of memory");
	writer->dir = fw_trace_dir_open(dir, force, &writer->made);
	if (writer->dir < 0)
		return writer->dir;
	if (fw_trace_out_open(&writer->out, writer->dir, writer->name))
		return fw_trace_fail(-ENOMEM, "out of memory");
	return 0;
}

int fw_trace_create(struct fw_trace_writer **out, const char *dir, bool force)
{
	struct fw_trace_writer *writer = calloc(1, sizeof(*writer));
	int ret;

	if (!writer)
		return fw_trace_fail(-ENOMEM, "out of memory");
	writer->dir = -1;
	ret = open_out(writer, dir, force);
	if (ret) {
		writer_free(writer);
		return ret;
	}
	*out = writer;
	return 0;
}

int fw_trace_compress(struct fw_trace_writer *writer)
{
	if (fw_trace_out_compress(writer->out))
		return fw_trace_out_fail(writer->out, -ENOMEM);
	return 0;
}

static int begin_out(struct fw_trace_out *out, const struct fw_trace_info *info)
{
	uint8_t uuid[FW_CTF_UUID_BYTES];
	char *metadata;
	int ret;

	make_uuid(uuid);
	metadata = fw_ctf_metadata(info, uuid);
	ret = metadata ? fw_trace_out_begin(out, uuid, metadata) : -ENOMEM;
	free(metadata);
	return ret;
}

int fw_trace_begin(struct fw_trace_writer *writer, const struct fw_trace_info *info)
{
	struct fw_trace_out *out = writer->out;
	int ret = fw_trace_dir_clear(writer->dir);

	if (ret)
		return fw_trace_out_fail(out, ret);
	fw_trace_symbols_use(&writer->symbols, info->env.ksyms);
	ret = begin_out(out, info);
	if (!ret)
		ret = fw_trace_symbols_named(&writer->symbols, fw_trace_out_newest(out),
					     put_symbol, out);
	return ret ? fw_trace_out_fail(out, ret) : 0;
}
