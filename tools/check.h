/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules a fork must keep, as one table, and the verdicts on one fork. */
#ifndef FW_CHECK_H
#define FW_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cow.h"
#include "fork.h"
#include "reason.h"

enum fw_verdict {
	FW_NA,			/* the rule does not speak of such a fork */
	FW_PASS,		/* at least two observed values were compared, and agree */
	FW_FAIL,
	FW_NOT_OBSERVED,	/* nobody saw a field that the rule needs */
	FW_NR_VERDICTS,
};

/* The longest explanation, e.g. "x0: child 0x7, expected 0x0". */
#define FW_WHY_LEN	240

struct fw_why {
	char text[FW_WHY_LEN];	/* FAIL: field and both values; NOT OBSERVED: what would show it */
};

struct fw_rule {
	const char *id;		/* "A1" */
	const char *text;	/* one line, as shown by `forkwatch list rules` */
	const char *source;	/* the kernel function that makes it true */
	const char *since;	/* "5.10 .. ", the kernels it was read in */
	bool of_machine;	/* it speaks of what not every CPU and kernel has */
	bool (*applies)(const struct fw_fork *fork, const struct fw_env *env);
	enum fw_verdict (*holds)(const struct fw_fork *fork, const struct fw_env *env,
				 struct fw_why *why);
};

extern const struct fw_rule fw_rules[];		/* ends with a NULL id */
extern const size_t fw_nr_rules;

/* Its place in the table; fw_nr_rules if there is none of that name. */
size_t fw_rule_index(const char *id);

struct fw_judgement {
	enum fw_verdict verdict;
	struct fw_why why;	/* "" for PASS and N/A */
};

/*
 * Judges every rule on @fork into an array of fw_nr_rules, from malloc, kept
 * in fork->verdicts (freed with the fork), and says in fork->reason why @fork
 * failed, if it did. Returns the former, NULL without memory.
 */
struct fw_judgement *fw_check(struct fw_fork *fork, const struct fw_env *env);

const char *fw_verdict_name(enum fw_verdict verdict);	/* "PASS", "NOT OBSERVED" */

/* Counts over many forks. */
struct fw_tally {
	uint64_t forks;
	uint64_t failed;				/* forks that returned an error */
	uint64_t by_reason[FW_NR_REASONS];		/* the failed ones */
	uint64_t incomplete;
	uint64_t execs, exits;				/* of children whose fork was seen */
	uint64_t by_kind[FW_NR_FORK_KINDS];
	struct fw_cow_totals cow;			/* for the caller to add to */
	uint64_t verdicts[FW_NR_VERDICTS];
	uint64_t (*by_rule)[FW_NR_VERDICTS];		/* fw_nr_rules rows */
};

struct fw_life;

int fw_tally_open(struct fw_tally *tally);
void fw_tally_add(struct fw_tally *tally, const struct fw_fork *fork);
/* What fw_check_life() said of it; see life.h. */
void fw_tally_add_life(struct fw_tally *tally, const struct fw_life *life,
		       const struct fw_judgement *judgement);
void fw_tally_close(struct fw_tally *tally);

#endif
