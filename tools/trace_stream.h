/* SPDX-License-Identifier: GPL-2.0-only */
/* One file of a trace, event by event. Only for trace_read.c. */
#ifndef FW_TRACE_STREAM_H
#define FW_TRACE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctf.h"
#include "packed.h"

#define FW_DAMAGE_BYTES	4096		/* of text; more than that helps nobody */

/* What was unreadable, in lines. Zeroed: nothing. */
struct fw_damage {
	char text[FW_DAMAGE_BYTES];
	size_t length;
};

__attribute__((format(printf, 2, 3)))
void fw_damage_note(struct fw_damage *damage, const char *format, ...);

/* A stream file, one packet of it in memory, one event of that at hand. */
struct fw_stream {
	const struct fw_ctf *ctf;
	struct fw_damage *damage;
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

/*
 * Opens the file @name in the directory @dir of the trace @path, which says what it is
 * made of in @ctf; what is wrong with it goes to @damage. Returns 0 or -errno, explained
 * by fw_trace_error().
 */
int fw_stream_open(const struct fw_ctf *ctf, struct fw_damage *damage, const char *path, int dir,
		   const char *name, struct fw_stream **out);
void fw_stream_free(struct fw_stream *stream);

/* Moves @stream to its next event, NULL at the end. Returns 0 or -ENOMEM. */
int fw_stream_advance(struct fw_stream *stream);

#endif
