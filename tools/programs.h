/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF programs: which of them this kernel takes, loaded and attached. */
#ifndef FW_PROGRAMS_H
#define FW_PROGRAMS_H

#include <stdbool.h>

#include "cow_probes.h"
#include "life_probes.h"
#include "sched_probes.h"
#include "source.h"
#include "stage_probes.h"
#include "witness_probes.h"

struct forkwatch_bpf;

struct fw_programs {
	struct forkwatch_bpf *skel;	/* NULL: not loaded */
	bool alone;			/* the module is not asked */
	bool cut;			/* its events are shorter than ours: copied */
	struct fw_stage_probes *stages;
	struct fw_witness_probes *witness;
	struct fw_cow_probes cow;
	struct fw_sched_probes sched;
	struct bpf_link *life[FW_LIFE_LINKS];
};

/*
 * Loads what @opt asks for, and attaches the probes that only add to the events: these are
 * known from the first event on. @alone and @cut are set. Both return 0 or -errno, with
 * fw_source_fail(); -EINVAL also where the module's events are shorter than ours.
 */
int fw_programs_load(struct fw_programs *programs, const struct fw_source_options *opt);
/* Those that make the events: now they come. */
int fw_programs_attach(struct fw_programs *programs);
/*
 * How many calls were lost as the kernel skipped programs that ran already, and nothing
 * else tells of. Returns 0 or -errno.
 */
int fw_programs_skipped(const struct fw_programs *programs, uint64_t *calls);
void fw_programs_close(struct fw_programs *programs);

#endif
