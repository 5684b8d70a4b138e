/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tasks that the BPF programs watch: a byte for each tid, which both they and
 * the tool write; see bpf/transport.h.
 */
#ifndef FW_WATCH_SET_H
#define FW_WATCH_SET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bpf_map;

struct fw_watch_set {
	uint8_t *tasks;		/* NULL: not open */
	size_t tids;
};

/* Before the programs are loaded: as many as the system may have tids. */
void fw_watch_set_size(struct bpf_map *map);

/* After that. Returns 0 or -errno. */
int fw_watch_set_open(struct fw_watch_set *set, const struct bpf_map *map);

/* Returns 0, -EEXIST: @tid is watched already, -E2BIG: the set does not reach so far. */
int fw_watch_set_add(struct fw_watch_set *set, pid_t tid);

void fw_watch_set_close(struct fw_watch_set *set);

#endif
