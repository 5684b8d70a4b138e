/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the time of one fork went: its stages as a tree, and what follows in the child.
 * Pure, from the fork's events.
 */
#ifndef FW_STAGE_TREE_H
#define FW_STAGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fork.h"

/* Each stage, and what it did beside those below it. */
#define FW_STAGE_ROWS	96

enum fw_stage_order {
	FW_BY_START,			/* as they began */
	FW_BY_TIME,			/* the longest first */
};

/* Times in ns. */
struct fw_stage_row {
	const char *name;		/* "other": what none of the rows beside it covers */
	int stage;			/* enum forkwatch_stage; FW_STAGE_OTHER */
	int parent;			/* index of the row above it, -1: none */
	unsigned int depth;
	uint64_t start;			/* CLOCK_MONOTONIC of its first call; 0 for "other" */
	uint64_t total;			/* of all calls */
	uint64_t self;			/* total less that of the rows below it */
	uint32_t calls;
	int32_t result;			/* of the last call: 0 or -errno */
	bool torn;			/* a return was missed: the times are too short */
	bool exceeds;			/* the rows below it are said to take longer than it */
};

#define FW_STAGE_OTHER	-1
/* No function: the child waits for a CPU, from its wake-up to its first run. */
#define FW_STAGE_WAKE	63

struct fw_stages {
	struct fw_stage_row rows[FW_STAGE_ROWS];	/* each above those that it called */
	size_t nr;
	uint32_t absent, refused;	/* as in struct forkwatch_stages */
};

/* Returns 0, or -ENODATA if the stages of this fork were not watched. */
int fw_stages_build(const struct fw_fork *fork, enum fw_stage_order order,
		    struct fw_stages *stages);

/* NULL for none. */
const char *fw_stage_name(int stage);

/* "start", "time". Returns 0 or -EINVAL. */
int fw_parse_stage_order(const char *text, enum fw_stage_order *order);

#endif
