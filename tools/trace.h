/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traces on disk: a directory in the Common Trace Format 1.8, that babeltrace2
 * and Trace Compass open as it is.
 *
 *	DIR/metadata	what is in the streams, and what they were recorded on
 *	DIR/cpuN	the events of one CPU, each as the bytes of its ABI struct
 *	DIR/session	kernel symbols the events need; how the recording ended
 *
 * Streams are made of packets of at most 64 KiB, each appended in one write. In a
 * compressed trace each packet is a zstd frame, and the streams' names end with .zst;
 * `zstd -d --rm' of these files makes it a plain one.
 */
#ifndef FW_TRACE_H
#define FW_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addresses.h"
#include "fork.h"
#include "source.h"

/* What a trace says about where it comes from. Strings are cut where they do not fit. */
struct fw_trace_info {
	struct fw_env env;		/* .ksyms: the recording kernel's when written, see below */
	char tool[64];			/* version of the tool that recorded */
	char module[64];		/* version of the module, "" if it was not there */
	char sources[64];		/* "bpf" */
	char features[1024];		/* of the CPU, as /proc/cpuinfo has them */
	char command[1024];		/* the command that was traced, "" if none */
	unsigned int hidden;		/* 1: kernel addresses are replaced, see addresses.h */
	int64_t clock_offset;		/* CLOCK_REALTIME - CLOCK_MONOTONIC, ns */
};

/* How a recording ended. */
struct fw_trace_end {
	int error;			/* 0, or the -errno that ended it */
	bool has_status;		/* there was a command, and it ended */
	int status;			/* its wait status */
	struct fw_losses losses;
};

/*
 * After a function below failed: what is wrong and what to do next, in
 * sentences fit for a terminal. Never NULL.
 */
const char *fw_trace_error(void);

/* For who fails: sets that text, printable in any case, and returns @error. */
int fw_trace_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct fw_trace_writer;

/*
 * Makes the directory @dir, or takes one that is empty or, with @force, holds a
 * trace of ours and nothing else. Nothing in it changes yet. Returns 0 or -errno.
 */
int fw_trace_create(struct fw_trace_writer **out, const char *dir, bool force);

/*
 * From here on packets are compressed, each by itself, and files are called cpuN.zst:
 * to be called before the trace is begun. Returns 0 or -ENOMEM.
 */
int fw_trace_compress(struct fw_trace_writer *writer);

/*
 * Removes what was in the directory and begins the trace. The symbols of
 * @info->env.ksyms (may be NULL; must outlive the writer) that events turn out
 * to need are written along. Returns 0 or -errno.
 */
int fw_trace_begin(struct fw_trace_writer *writer, const struct fw_trace_info *info);

/*
 * Takes one event. CPUs may come in any order. Returns 0, -EBADMSG for an event
 * that is none (counted, not written), or what made writing fail: from then on
 * nothing more is written, and the trace holds all packets up to there.
 */
int fw_trace_write(struct fw_trace_writer *writer, const void *data, size_t size);

/* Names the user address @addr of @event's task; to be called before @event is written. */
int fw_trace_user_symbol(struct fw_trace_writer *writer, const struct forkwatch_header *event,
			 uint64_t addr, const char *name);

/* Takes the limits of @fork, which failed, if there are any; see limit.h. */
int fw_trace_limits(struct fw_trace_writer *writer, const struct fw_fork *fork);

/* Writes what has waited in memory for a second; call it now and then. */
int fw_trace_tick(struct fw_trace_writer *writer);

/* Writes all that is in memory, so that a reader finds it. */
int fw_trace_flush(struct fw_trace_writer *writer);

/*
 * Writes what is left and how the recording ended, adding to @end->losses what
 * the writer knows of, and frees @writer in any case. Returns 0 or the first
 * -errno of the whole recording. A trace that was never begun leaves nothing.
 */
int fw_trace_finish(struct fw_trace_writer *writer, struct fw_trace_end *end);

struct fw_trace;

/* Opens the trace @dir to be read. Returns 0 or -errno. */
int fw_trace_open(struct fw_trace **out, const char *dir);
void fw_trace_close(struct fw_trace *trace);

/* Its .env.ksyms holds the symbols that came with the trace. */
const struct fw_trace_info *fw_trace_info(const struct fw_trace *trace);

/*
 * Decides how the trace's kernel addresses are to be shown, and lets its symbols be
 * found by what is. Returns 0 or -ENODATA.
 */
int fw_trace_addresses(struct fw_trace *trace, struct fw_addresses *addresses);

/* Gets each user symbol, in order of time, before the event that needs it. */
typedef void (*fw_trace_symbol_fn)(void *ctx, const struct forkwatch_header *header,
				   uint64_t addr, const char *name);
void fw_trace_on_symbol(struct fw_trace *trace, fw_trace_symbol_fn fn, void *ctx);

/* Gives @fork the limits that were recorded for it. Returns 0 (also if none were) or -ENOMEM. */
int fw_trace_give_limits(struct fw_trace *trace, struct fw_fork *fork);

/*
 * The next event of all CPUs in order of time. @data and @size are its bytes
 * as they were sent, for fw_event_decode(), valid until the next call. Returns
 * 1, 0 at the end, -errno. Damaged packets are left out and remembered.
 */
int fw_trace_next(struct fw_trace *trace, const void **data, size_t *size);

/* The same in the shape of a source: up to @max events. Returns how many there were. */
int fw_trace_poll(struct fw_trace *trace, int max, fw_bytes_fn fn, void *ctx);

/* How the recording ended; false (and @end zeroed) if it was cut before it did. */
bool fw_trace_ended(const struct fw_trace *trace, struct fw_trace_end *end);

/*
 * What of the trace was unreadable, one line each: file, byte and reason. "" if
 * nothing was; complete once fw_trace_next() has returned 0.
 */
const char *fw_trace_damage(const struct fw_trace *trace);

#endif
