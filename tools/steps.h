/* SPDX-License-Identifier: GPL-2.0-only */
/* How long each step of one fork took, as it is kept of every fork to be compared. */
#ifndef FW_STEPS_H
#define FW_STEPS_H

#include <stddef.h>
#include <stdint.h>

#include "fork.h"
#include "stages.h"

/* Steps are numbered as stages are: FORKWATCH_STAGE_*, and FW_STAGE_WAKE. */
#define FW_NR_STEPS	64

struct fw_step_time {
	uint64_t step : 8, ns : 56;
};

struct fw_steps {
	enum fw_fork_kind kind;
	size_t nr;
	struct fw_step_time list[];
};

/*
 * What was seen of @fork, from malloc; NULL without memory. A fork that failed
 * has none, a step whose return was missed is left out, and so is that part of a
 * call which waits for somebody else.
 */
struct fw_steps *fw_steps_make(const struct fw_fork *fork);

/* "copy_mm", "wake-up to first run" */
const char *fw_step_name(unsigned int step);

#endif
