/* SPDX-License-Identifier: GPL-2.0-only */
/* What the forks of two recordings took, step by step: asked for apart from all else. */
#ifndef FW_COMPARE_TIMES_H
#define FW_COMPARE_TIMES_H

#include "compare.h"
#include "steps.h"
#include "timing.h"

/* One step of all forks of a kind. */
struct fw_step_timing {
	enum fw_fork_kind kind;
	unsigned int step;		/* for fw_step_name() */
	uint64_t forks;			/* at the same place in both that took it */
	struct fw_timing timing;
};

struct fw_time_comparison {
	double threshold;		/* 0.1: a tenth */
	uint64_t verdicts[FW_NR_TIMING_VERDICTS];
	size_t nr;
	struct fw_step_timing list[FW_NR_FORK_KINDS * FW_NR_STEPS];
};

/* "10%", "2.5": a share between 0 and 10. Returns 0 or -EINVAL. */
int fw_parse_threshold(const char *text, double *threshold);

/*
 * Judges the times of @comparison, whose sides were opened with their times.
 * What is slower makes it FW_DIFFERENT; if it was FW_SAME and no step could be
 * judged, it is FW_NOTHING_TO_COMPARE. Returns 0 or -ENOMEM.
 */
int fw_compare_times(struct fw_comparison *comparison, double threshold);

/* Why nothing can be, in words; NULL if something can. */
const char *fw_times_obstacle(const struct fw_comparison *comparison);

/*
 * For the formats of a comparison. But for JSON, where it is null, the times are
 * there.
 */
struct fw_text;

void fw_times_put_text(struct fw_text *text, const struct fw_comparison *comparison);
/* A test for each step, the first of which is number @nr. */
void fw_times_put_ktap(const struct fw_comparison *comparison, unsigned int nr, FILE *out);
void fw_times_put_junit(const struct fw_comparison *comparison, FILE *out);
json_t *fw_times_json(const struct fw_comparison *comparison);

#endif
