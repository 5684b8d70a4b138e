/* SPDX-License-Identifier: GPL-2.0-only */
/* How far a BPF ring buffer was written and read: its first two pages, as libbpf maps them too. */
#ifndef FW_RING_POSITIONS_H
#define FW_RING_POSITIONS_H

#include <stddef.h>
#include <stdint.h>

struct bpf_map;

struct fw_ring_positions {
	char *pages;		/* NULL: not open */
	size_t page_size;
};

/* Returns 0 or -errno. */
int fw_ring_positions_open(struct fw_ring_positions *positions, const struct bpf_map *ring);

/* Bytes since the ring was made, headers and padding of its records among them. */
uint64_t fw_ring_written(const struct fw_ring_positions *positions);
uint64_t fw_ring_read(const struct fw_ring_positions *positions);

void fw_ring_positions_close(struct fw_ring_positions *positions);

#endif
