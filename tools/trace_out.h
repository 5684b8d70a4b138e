/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files of a trace that is written: a stream for the session, and one or more
 * for each CPU, made of packets. Only for trace_write.c.
 */
#ifndef FW_TRACE_OUT_H
#define FW_TRACE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctf.h"

/* For buffers that are looked at as structs. */
#define FW_ALIGNED	__attribute__((aligned(8)))

struct fw_trace_out;

/*
 * Of a trace in the directory @dir, which is called @name in messages; both must
 * outlive it. Nothing is written yet. Returns 0 or -ENOMEM.
 */
int fw_trace_out_open(struct fw_trace_out **out, int dir, const char *name);
void fw_trace_out_close(struct fw_trace_out *out);

/* Packets are compressed: to be called before it is begun. Returns 0 or -ENOMEM. */
int fw_trace_out_compress(struct fw_trace_out *out);

/*
 * Writes @metadata, a text, and makes the stream of the session; @uuid goes into each
 * packet. Returns 0 or -errno. Nothing below may be called before, but where it says so.
 */
int fw_trace_out_begin(struct fw_trace_out *out, const uint8_t *uuid, const char *metadata);
/* Was it? May be asked at any time. */
bool fw_trace_out_begun(const struct fw_trace_out *out);

/*
 * What ended the writing: remembers and explains the first @error, and returns that one
 * whatever comes later. 0: nothing did. Both at any time.
 */
int fw_trace_out_fail(struct fw_trace_out *out, int error);
int fw_trace_out_error(const struct fw_trace_out *out);

/* Counts an event that is none. Returns -EBADMSG. */
int fw_trace_out_refuse(struct fw_trace_out *out);

/*
 * An event of the ABI, @hdr, of a CPU below FW_CTF_CPU_MAX, and its @body, padded to the
 * @bytes that its kind takes.
 * Returns 0, -EBADMSG if it is too late for every stream (it is counted), or -errno.
 */
int fw_trace_out_event(struct fw_trace_out *out, const struct forkwatch_header *hdr,
		       const void *body, size_t bytes);

/*
 * A record of ours, @size bytes, with @name behind it unless that is NULL: beside the events
 * of its CPU, or in the session's stream, where it gets the time of the newest there if its
 * own is older. Sets @hdr->size. Returns the same.
 */
int fw_trace_out_record(struct fw_trace_out *out, struct forkwatch_header *hdr, size_t size,
			const char *name);
int fw_trace_out_session(struct fw_trace_out *out, struct forkwatch_header *hdr, size_t size,
			 const char *name);

/*
 * Writes the packets in memory: those that have waited for a second, as far as events
 * are in order; all of the CPUs; that of the session. The first two return what ended the
 * writing, or 0, and may be called at any time.
 */
int fw_trace_out_tick(struct fw_trace_out *out);
int fw_trace_out_flush(struct fw_trace_out *out);
void fw_trace_out_end(struct fw_trace_out *out);

/* The time of the newest event, ns; not before now. */
uint64_t fw_trace_out_newest(const struct fw_trace_out *out);

/* Numbers of events, in the seq of their CPUs, that did not come. At any time, as those below. */
uint64_t fw_trace_out_gaps(const struct fw_trace_out *out);
/* Events of the ABI that are in the files by now. */
uint64_t fw_trace_out_events(const struct fw_trace_out *out);
uint64_t fw_trace_out_bad_events(const struct fw_trace_out *out);

#endif
