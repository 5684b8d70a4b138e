/* SPDX-License-Identifier: GPL-2.0-only */
/* Recorded traces, written again with changes. */
#ifndef TEST_UNIT_EDIT_H
#define TEST_UNIT_EDIT_H

#include "forkwatch.h"
#include "trace.h"

struct edit {
	struct fw_trace_writer *writer;
	uint64_t seq[8];
	void *ctx;
};

/* Writes what is to become of an event, if anything, by edit_write(). */
typedef void (*edit_fn)(struct edit *edit, struct forkwatch_header *event);

/* Writes the trace @from to @to, through @fn. */
void edit_trace(const char *from, const char *to, edit_fn fn, void *ctx);

/* The same, as if the kernel's symbols had been @ksyms. */
void edit_trace_with(const char *from, const char *to, const struct fw_ksyms *ksyms, edit_fn fn,
		     void *ctx);

/* No gap comes of what is left out: that would be another finding. */
void edit_write(struct edit *edit, struct forkwatch_header *event);

/* With the number it has: what is left out is missed. */
void edit_write_numbered(struct edit *edit, struct forkwatch_header *event);

/* An edit_fn: dup_mmap() took a second more than what it lies in. */
void edit_stage_too_long(struct edit *edit, struct forkwatch_header *event);

#endif
