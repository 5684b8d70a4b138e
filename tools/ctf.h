/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Common Trace Format 1.8 as far as traces on disk need it: the packets,
 * and the metadata, a text in TSDL that describes them. Between trace_read.c,
 * trace_write.c, trace_out.c and ctf*.c; others use trace.h.
 */
#ifndef FW_CTF_H
#define FW_CTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "trace.h"

/* Streams are written as the ABI structs lie in memory, which arm64 has in little endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "traces are little-endian");

#define FW_CTF_FORMAT		1		/* of what is around the events */
#define FW_CTF_METADATA		"metadata"
#define FW_CTF_MAGIC		0xc1fc1fc1U
#define FW_CTF_PACKET_BYTES	(64U << 10)	/* as written */
#define FW_CTF_PACKET_MAX	(1U << 20)	/* as read */
#define FW_CTF_METADATA_MAX	(1U << 20)
#define FW_CTF_CPU_MAX		8192U		/* no arm64 kernel counts that far */
#define FW_CTF_NAME_MAX		1024		/* a symbol's, with its NUL */
#define FW_CTF_UUID_BYTES	16

enum fw_ctf_stream {
	FW_CTF_CPU,
	FW_CTF_SESSION,
	FW_CTF_NR_STREAMS,
};

/* What each packet begins with: packet header and packet context. Sizes are in bits. */
struct fw_ctf_packet {
	uint32_t magic;
	uint8_t uuid[FW_CTF_UUID_BYTES];
	uint32_t stream_id;
	uint64_t timestamp_begin;
	uint64_t timestamp_end;
	uint64_t content_size;
	uint64_t packet_size;
	uint64_t events_discarded;	/* in this stream, up to this packet's end */
	uint64_t packet_seq_num;
	uint32_t cpu_id;
	uint32_t events;		/* in this packet; padding to other readers */
};

_Static_assert(sizeof(struct fw_ctf_packet) == 80, "the metadata says otherwise");

/* Every event begins at a multiple of this. */
#define FW_CTF_ALIGN(n)	(((n) + 7) & ~(size_t)7)

/*
 * The ABI's header as it lies on disk, in another order: babeltrace2 warns of
 * anything but time and kind in what CTF calls the header of an event, and
 * does not show it. The rest follows as its context. What is behind the header
 * is written byte for byte.
 */
struct fw_ctf_header {
	uint64_t timestamp;
	uint16_t id;
	uint16_t size;
	uint32_t cpu;
	uint64_t seq;
	uint32_t tid;
	uint32_t tgid;
};

_Static_assert(sizeof(struct fw_ctf_header) == sizeof(struct forkwatch_header),
	       "one is not the other in another order");

static inline struct fw_ctf_header fw_ctf_on_disk(const struct forkwatch_header *hdr)
{
	return (struct fw_ctf_header){
		.timestamp = hdr->time, .id = hdr->kind, .size = hdr->size, .cpu = hdr->cpu,
		.seq = hdr->seq, .tid = hdr->tid, .tgid = hdr->tgid,
	};
}

/* Changes the header in place. */
static inline void fw_ctf_from_disk(void *event)
{
	const struct fw_ctf_header hdr = *(const struct fw_ctf_header *)event;

	*(struct forkwatch_header *)event = (struct forkwatch_header){
		.time = hdr.timestamp, .kind = hdr.id, .size = hdr.size, .cpu = hdr.cpu,
		.seq = hdr.seq, .tid = hdr.tid, .tgid = hdr.tgid,
	};
}

/*
 * Records of ours, beside the ABI's events, which stay below FW_CTF_KIND_OURS.
 * FW_CTF_NAMED ones end with a string, `name`, that the struct leaves out.
 */
#define FW_CTF_KIND_OURS	0xff00

#define FW_CTF_RECORDS(E)							\
	E(KERNEL_SYMBOL,	0xff00,	kernel_symbol,	FW_CTF_SESSION,	true)	\
	E(USER_SYMBOL,		0xff01,	user_symbol,	FW_CTF_CPU,	true)	\
	E(END,			0xff02,	end,		FW_CTF_SESSION,	false)	\
	E(LIMITS,		0xff03,	limits,		FW_CTF_SESSION,	true)

#define FW_CTF_FIELDS_kernel_symbol(F)	\
	F(__u64, address)
#define FW_CTF_FIELDS_user_symbol(F)	\
	F(__u64, address)
#define FW_CTF_FIELDS_end(F)		\
	F(__s32, error)			\
	F(__s32, status)		\
	F(__u32, known)			\
	F(__u32, lost_forks)		\
	F(__u64, seq_gaps)		\
	F(__u64, ring_drops)		\
	F(__u64, probe_misses)		\
	F(__u64, watch_full)		\
	F(__u64, bad_events)		\
	F(__u64, events)
/* Of the fork whose first event came at @fork_time, see limit.h; the name is the cgroup's. */
#define FW_CTF_FIELDS_limits(F)	\
	F(__u64, fork_time)		\
	F(__u32, seen)			\
	F(__u32, reserved)		\
	F(__u64, threads)		\
	F(__u64, threads_max)		\
	F(__u64, pid_max)		\
	F(__u64, overcommit)		\
	F(__u64, commit_limit)		\
	F(__u64, committed)		\
	F(__u64, parent_data)		\
	F(__u64, pids_refused)		\
	F(__u64, pids_max)		\
	F(__u64, pids_current)

#define FW_CTF_MEMBER(type, name)	type name;
#define FW_CTF_STRUCT(KIND, value, record, stream, named)	\
	struct fw_ctf_##record {				\
		struct forkwatch_header hdr;			\
		FW_CTF_FIELDS_##record(FW_CTF_MEMBER)		\
	};
FW_CTF_RECORDS(FW_CTF_STRUCT)
#undef FW_CTF_STRUCT

enum fw_ctf_kind {
#define FW_CTF_ENUM(KIND, value, record, stream, named) FW_CTF_##KIND = value,
	FW_CTF_RECORDS(FW_CTF_ENUM)
#undef FW_CTF_ENUM
};

/* Bits of `known` at the end: there is a status; it was counted how many forks were lost. */
#define FW_CTF_KNOWN_STATUS	(1U << 0)
#define FW_CTF_KNOWN_FORKS	(1U << 1)

static inline bool fw_ctf_is_ours(const struct fw_ctf_header *hdr)
{
	return hdr->id >= FW_CTF_KIND_OURS;
}

struct fw_ctf_record {
	struct fw_event_type type;
	enum fw_ctf_stream stream;
	bool named;
};

extern const struct fw_ctf_record fw_ctf_records[];	/* ends with a NULL type.name */

/* The metadata of a trace, to be freed; NULL without memory. */
char *fw_ctf_metadata(const struct fw_trace_info *info, const uint8_t *uuid);

/* Metadata as read. @kind_bytes: how many bytes an event of that kind takes in the streams. */
struct fw_ctf {
	uint8_t uuid[FW_CTF_UUID_BYTES];
	struct fw_trace_info info;
	unsigned int format;
	unsigned int abi;
	uint16_t kind_bytes[FW_CTF_KIND_OURS];
};

/*
 * Reads the @size bytes of metadata at @text. Returns 0, -EBADMSG if they are
 * not of a trace that forkwatch wrote, -ENOTSUP for one of a version that this
 * build does not know; then @why says what is wrong.
 */
int fw_ctf_parse(const char *text, size_t size, struct fw_ctf *ctf, char *why, size_t why_size);

/* The same with the metadata in the directory @dir. -ENOENT: none, -ENODATA: empty, -errno. */
int fw_ctf_load(int dir, struct fw_ctf *ctf, char *why, size_t why_size);

#endif
