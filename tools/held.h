/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of several buffers that are read one after the other: held until all that
 * happened before them have come, too.
 */
#ifndef FW_HELD_H
#define FW_HELD_H

#include <stddef.h>
#include <stdint.h>

#include "forkwatch.h"
#include "source.h"

struct fw_held {
	struct forkwatch_header **events;	/* in order of time */
	size_t nr, room;
};

/* Takes a copy of @event; of one time, they stay as they came. Returns 0 or -ENOMEM. */
int fw_held_add(struct fw_held *held, const struct forkwatch_header *event);

/*
 * Hands on those from before @time (ns, as theirs), the oldest first. Returns 0, or what @fn
 * returned below 0 at one, which was the last.
 */
int fw_held_release(struct fw_held *held, uint64_t time, fw_bytes_fn fn, void *ctx);

void fw_held_free(struct fw_held *held);

#endif
