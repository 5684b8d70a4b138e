/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of a packet, in order of time. Only for trace_out.c. */
#ifndef FW_PACKET_ORDER_H
#define FW_PACKET_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "ctf.h"

/* Events that a packet has room for. */
#define FW_SLOTS	(FW_CTF_PACKET_BYTES / sizeof(struct forkwatch_header))

/*
 * One event: where it lies, and the highest seq of those up to it. A record of ours has
 * the seq of the event before it.
 */
struct fw_slot {
	uint64_t time, seq, seq_high;
	uint32_t offset, size;
};

/*
 * Lists the events in the @used bytes at @buffer, one behind the other, in order of time.
 * Returns how many there are, at most FW_SLOTS.
 */
size_t fw_packet_order(struct fw_slot *slots, const uint8_t *buffer, size_t used);

/*
 * How many of @n events may be written: up to a place where none before it has
 * a higher seq than one behind it, for then all that belong before it came.
 */
size_t fw_packet_settled(const struct fw_slot *slots, size_t n);

#endif
