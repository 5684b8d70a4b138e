/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pages of an instance's buffers, one buffer for each CPU, read to what was in them.
 *
 * tracefs_iterate_raw_events() reads on until all of them are empty, which takes for ever
 * where tasks fork faster than that, and whoever stops it loses the rest of the pages
 * that it has taken out.
 */
#ifndef FW_TRACEFS_PAGES_H
#define FW_TRACEFS_PAGES_H

#include <stddef.h>

struct tep_handle;
struct tep_record;
struct tracefs_instance;

struct fw_tracefs_pages;

/* Gets one record, valid during the call. A return other than 0 ends the reading with it. */
typedef int (*fw_record_fn)(void *ctx, struct tep_record *record);

/* @bytes: the size of each buffer. NULL: out of memory. */
struct fw_tracefs_pages *fw_tracefs_pages_new(struct tracefs_instance *instance,
					      unsigned int cpus, size_t bytes);

/*
 * Hands on all records that were there before the call, and some that came since, in order
 * of time as far as they were there. Returns 0, what @fn returned, or -errno: -EIO where
 * no CPU has a buffer.
 */
int fw_tracefs_pages_read(struct fw_tracefs_pages *pages, fw_record_fn fn, void *ctx);

void fw_tracefs_pages_free(struct fw_tracefs_pages *pages);

#endif
