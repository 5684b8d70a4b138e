/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel skips: a BPF program that is called while it runs on the same CPU. */
#ifndef FW_RECURSION_H
#define FW_RECURSION_H

#include <stdint.h>

struct bpf_program;

/* How often a loaded @prog was, since Linux 5.12; 0 before. Returns 0 or -errno. */
int fw_recursion_misses(const struct bpf_program *prog, uint64_t *misses);

#endif
