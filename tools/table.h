/* SPDX-License-Identifier: GPL-2.0-only */
/* The forks of a trace as lines: as the tree they are, or in a list by some order. */
#ifndef FW_TABLE_H
#define FW_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ids.h"
#include "tree.h"

/* An order of forks: what comes first, the others being equal. */
struct fw_order {
	const char *name;
	int (*compare)(const struct fw_node *a, const struct fw_node *b);
};

extern const struct fw_order fw_orders[];	/* ends with a NULL name */
/* By name; NULL if there is none. */
const struct fw_order *fw_order_find(const char *name);

struct fw_table {
	FILE *out;
	bool color;
	uint64_t limit;			/* of lines, UINT64_MAX: none */
	const struct fw_ids *chosen;	/* forks to list, NULL: all */
	const struct fw_order *order;	/* NULL: as they began */
	bool reverse;			/* the last first */
};

/*
 * Writes the tree, if all of it is to be seen as it is, else a list. Returns 0,
 * -ENOMEM, or the -errno of what could not be written.
 */
int fw_table_put(const struct fw_table *table, const struct fw_tree *tree);

#endif
