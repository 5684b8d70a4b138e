/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of ftrace's ring buffers as events: of the module, and of the scheduler's tracepoints. */
#ifndef FW_TRACEFS_RECORD_H
#define FW_TRACEFS_RECORD_H

#include "forkwatch.h"

struct tep_event;
struct tep_handle;
struct tep_record;
struct fw_tracefs_records;

/* NULL without memory. @tep knows the formats, and outlives it. */
struct fw_tracefs_records *fw_tracefs_records_new(struct tep_handle *tep);
void fw_tracefs_records_free(struct fw_tracefs_records *records);

/*
 * Makes an event of @record, which is one of @event: where its fields lie, the
 * format that the kernel gives of it says. It is numbered anew, since the buffer is
 * the last that selects. Returns it, valid until the next call, or NULL for a record
 * that is none of ours.
 */
const struct forkwatch_header *fw_tracefs_decode(struct fw_tracefs_records *records,
						 const struct tep_event *event,
						 const struct tep_record *record, int cpu);

#endif
