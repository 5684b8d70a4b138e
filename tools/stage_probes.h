/* SPDX-License-Identifier: GPL-2.0-only */
/* The probes on a fork's stages and on what takes them back: which functions, and how. */
#ifndef FW_STAGE_PROBES_H
#define FW_STAGE_PROBES_H

#include <stdbool.h>
#include <stdint.h>

#include "../bpf/stages.h"

struct bpf_object;
struct bpf_program;

enum fw_probe_way {
	FW_PROBE_FENTRY,
	FW_PROBE_KPROBE,
	FW_PROBE_PROGRAMS,	/* those before have a BPF program for each end of each stage */
	FW_PROBE_MODULE = FW_PROBE_PROGRAMS,	/* its own, of which it tells call by call */
	FW_PROBE_NONE,
};

/* @armed is filled by attaching. */
struct fw_probe_set {
	uint32_t armed;
	uint32_t absent;
	uint32_t refused;
};

/* Of 1 << FORKWATCH_STAGE_*, and of 1 << FORKWATCH_UNDO_*. */
struct fw_stage_sets {
	struct fw_probe_set stages, undos;
};

struct fw_stage_probes;

/*
 * Chooses the programs of @obj for @level, before it is loaded: all others are
 * not loaded. @otherwise: the way where the kernel has no fentry. Returns 0 or -errno.
 */
int fw_stage_probes_open(struct fw_stage_probes **out, struct bpf_object *obj,
			 enum fw_stages_level level, enum fw_probe_way way,
			 enum fw_probe_way otherwise);
/* 1 << the number of each stage that the module is to tell of, see module/stage_list.h. */
uint64_t fw_stage_probes_of_module(const struct fw_stage_probes *probes);
/* 1 << FORKWATCH_STAGE_*: those whose function returns nothing on this kernel. */
uint32_t fw_stage_probes_void(const struct fw_stage_probes *probes);
/*
 * Attaches them. What cannot be attached is refused, and no error; but returns
 * -ENOTSUP if the kernel attaches nothing in this way, and another may do. (There
 * are kernels that load fentry programs and do not attach them.)
 */
int fw_stage_probes_attach(struct fw_stage_probes *probes, struct fw_stage_sets *sets);
/* Is @prog at one end of one of them? */
bool fw_stage_probes_has(const struct fw_stage_probes *probes, const struct bpf_program *prog);
/*
 * The most @calls of these functions that can be lost as the kernel skipped their programs,
 * and that no event tells of. Returns 0 or -errno.
 */
int fw_stage_probes_skipped(const struct fw_stage_probes *probes, uint64_t *calls);
void fw_stage_probes_close(struct fw_stage_probes *probes);

/* "off", "core", "all". Returns 0 or -EINVAL. */
int fw_parse_stages(const char *text, enum fw_stages_level *level);

#endif
