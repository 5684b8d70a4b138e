/* SPDX-License-Identifier: GPL-2.0-only */
/* What the rules say of all forks of a trace, and the formats that is told in. */
#ifndef FW_VERDICTS_H
#define FW_VERDICTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "allow.h"
#include "check.h"
#include "life.h"
#include "names.h"
#include "replay.h"

#define FW_FAILURES_KEPT	8	/* of each rule; the others are counted */

/* One fork that broke a rule. */
struct fw_failure {
	uint64_t fork;
	char parent[FW_NAME_TASK_LEN], child[FW_NAME_TASK_LEN];
	char why[FW_WHY_LEN];
};

/*
 * What one rule says: FAIL if a fork broke it that may not, else PASS if any was
 * seen to keep it.
 */
struct fw_rule_verdict {
	const struct fw_rule *rule;
	bool chosen;
	bool named;			/* by its own id: it must be judged */
	enum fw_verdict verdict;
	uint64_t counts[FW_NR_VERDICTS];	/* but for those that */
	uint64_t allowed;		/* broke it, and are known to */
	struct fw_failure failures[FW_FAILURES_KEPT];
	unsigned int nr_failures;
	char unseen[FW_WHY_LEN];	/* what would show it, of a fork where it was not seen */
};

/* The answer in one word, and the exit status of `forkwatch check'. */
enum fw_answer {
	FW_HOLDS = 0,
	FW_BROKEN = 1,
	FW_INCOMPLETE = 3,
	FW_UNSUPPORTED = 4,
};

struct fw_verdicts {
	const char *trace;		/* its name */
	const struct fw_trace_info *info;
	const struct fw_replay_result *replay;
	struct fw_allow *allow;		/* known deviations, NULL: none */
	uint64_t forks;
	struct fw_rule_verdict *rules;	/* fw_nr_rules of them */
	enum fw_answer answer;
	char reason[FW_WHY_LEN];	/* for the answer, in words; "" for none */
};

/* All rules are chosen. Returns 0 or -ENOMEM. */
int fw_verdicts_open(struct fw_verdicts *verdicts);
/*
 * Chooses only those that @list names, "A1,B": by their id, or by a letter all
 * rules of that letter. Returns 0, or -EINVAL with the word that is none in @word.
 */
int fw_verdicts_choose(struct fw_verdicts *verdicts, const char *list, char *word, size_t size);
void fw_verdicts_add(struct fw_verdicts *verdicts, const struct fw_fork *fork);
/* What a child did later: judges it. */
void fw_verdicts_add_life(struct fw_verdicts *verdicts, const struct fw_life *life);
/* When all forks are in: makes the answer. */
void fw_verdicts_settle(struct fw_verdicts *verdicts, const struct fw_replay_result *replay);
void fw_verdicts_close(struct fw_verdicts *verdicts);

struct fw_verdict_format {
	const char *name;
	/* Returns 0, -ENOMEM, or the -errno of what could not be written. */
	int (*put)(const struct fw_verdicts *verdicts, FILE *out, bool color);
};

extern const struct fw_verdict_format fw_verdict_formats[];	/* ends with a NULL name */
const struct fw_verdict_format *fw_verdict_format_find(const char *name);

/* "holds", "broken", "incomplete", "not supported" */
const char *fw_answer_name(enum fw_answer answer);

#endif
