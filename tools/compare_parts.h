/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What comparing is made of: one fork with its like, and the list of differences. Only
 * for compare*.c.
 */
#ifndef FW_COMPARE_PARTS_H
#define FW_COMPARE_PARTS_H

#include "compare.h"

/* One thing that changed, in one fork. */
struct fw_change {
	enum fw_aspect aspect;
	const char *what, *a, *b;
	const char *place;
};

/* Adds it to the difference that it is one case of. Returns 0 or -ENOMEM. */
int fw_comparison_add(struct fw_comparison *comparison, const struct fw_change *change);

/* Compares two forks at the same place, and counts them. Returns 0 or -ENOMEM. */
int fw_compare_forks(struct fw_comparison *comparison, const struct fw_golden_fork *a,
		     const struct fw_golden_fork *b);

/* Is @string one of the array's? */
bool fw_has_string(const json_t *strings, const char *string);

#endif
