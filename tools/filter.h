/* SPDX-License-Identifier: GPL-2.0-only */
/* Which forks are wanted: conditions that are typed, all of which a fork has to meet. */
#ifndef FW_FILTER_H
#define FW_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "fork.h"

/* Zeroed, it takes every fork. */
struct fw_filter {
	unsigned int nr;		/* of conditions */
	const char *comm;		/* a pattern of parent's or child's */
	uint32_t pid;			/* tid or tgid of either */
	uint32_t kinds;			/* 1 << enum fw_fork_kind */
	uint64_t flags, no_flags;	/* CLONE_* */
	bool any_error;
	int error;			/* -errno */
	uint64_t shortest, longest;	/* of copy_process(), ns; longest 0: no limit */
	bool has_verdict;
	enum fw_verdict verdict;
	const struct fw_rule *rule;	/* of which the verdict is; NULL: of any */
};

/* What a condition is called, and what may follow: "kind", "fork,thread". */
struct fw_condition {
	const char *name, *example;
	/* @text has to live as long as the filter. Returns 0 or -EINVAL. */
	int (*parse)(struct fw_filter *filter, const char *text);
};

extern const struct fw_condition fw_conditions[];	/* ends with a NULL name */
#define FW_NR_FILTERS	7

/* @fork was judged. */
bool fw_filter_takes(const struct fw_filter *filter, const struct fw_fork *fork);

/* "1ms", "250us", "10": ns without a unit. Returns 0 or -EINVAL. */
int fw_parse_duration(const char *text, uint64_t *ns);

#endif
