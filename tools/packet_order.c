// SPDX-License-Identifier: GPL-2.0-only
/* See packet_order.h. */
#include <stdbool.h>
#include <stdlib.h>

#include "packet_order.h"

static int compare_slots(const void *left, const void *right)
{
	const struct fw_slot *a = left, *b = right;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Bytes that the event takes in the stream. */
static size_t event_bytes(const struct fw_ctf_header *hdr)
{
	return fw_ctf_is_ours(hdr) ? FW_CTF_ALIGN(hdr->size) : fw_event_type(hdr->id)->size;
}

size_t fw_packet_order(struct fw_slot *slots, const uint8_t *buffer, size_t used)
{
	struct fw_slot *slot = slots;
	uint64_t seq = 0, newest = 0;
	bool in_order = true;
	size_t offset, n, i;

	for (offset = 0; offset < used; offset += slot++->size) {
		const struct fw_ctf_header *hdr = (const void *)(buffer + offset);

		if (hdr->timestamp < newest)
			in_order = false;
		newest = hdr->timestamp;
		if (!fw_ctf_is_ours(hdr))
			seq = hdr->seq;
		*slot = (struct fw_slot){ .time = hdr->timestamp, .seq = seq, .offset = offset,
					  .size = event_bytes(hdr) };
	}
	n = slot - slots;
	if (!in_order)
		qsort(slots, n, sizeof(*slots), compare_slots);
	for (i = 0, seq = 0; i < n; i++) {
		if (slots[i].seq > seq)
			seq = slots[i].seq;
		slots[i].seq_high = seq;
	}
	return n;
}

size_t fw_packet_settled(const struct fw_slot *slots, size_t n)
{
	uint64_t low = UINT64_MAX;
	size_t i;

	for (i = n; i > 1; i--) {
		if (slots[i - 1].seq < low)
			low = slots[i - 1].seq;
		if (slots[i - 2].seq_high < low)
			return i - 1;
	}
	return n;
}
