/* SPDX-License-Identifier: GPL-2.0-only */
/* The inside of the model. Only for model*.c; others use fork.h. */
#ifndef FW_MODEL_H
#define FW_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "cow.h"
#include "fork.h"
#include "life.h"
#include "open.h"
#include "refusals.h"

/* What was last heard of a CPU. */
struct fw_cpu {
	bool seen;
	uint64_t next_seq;
	uint64_t gaps;
	struct forkwatch_cpu_switch_to *last_switch;
	struct forkwatch_header *copy;	/* whose event has not come */
};

struct fw_model {
	uint64_t events;
	struct fw_cpu *cpus;
	unsigned int nr_cpus;
	struct fw_opens opens;
	struct fw_children children;
	struct fw_refusals refusals;
	struct fw_cows *cows;
	fw_fork_fn emit;
	void *ctx;
};

/*
 * Hands @event, of a CPU that @model knows, to the handler of its kind, which owns it
 * unless an error is returned: as fw_model_add() has them.
 */
int fw_model_dispatch(struct fw_model *model, struct forkwatch_header *event);

#endif
