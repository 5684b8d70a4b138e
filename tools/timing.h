/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Do the same steps take longer in one recording than in another? Medians, and
 * how sure one can be of their change. Pure, and the same each time.
 */
#ifndef FW_TIMING_H
#define FW_TIMING_H

#include <stddef.h>
#include <stdint.h>

/* Below that many pairs an interval says little, and nothing is judged. */
#define FW_TIMING_PAIRS_MIN	20
/* That many are enough: of more, the caller takes some at equal distances. */
#define FW_TIMING_PAIRS_MAX	1024
/* How many of a hundred intervals hold the true change. */
#define FW_TIMING_CONFIDENCE	99

enum fw_timing_verdict {
	FW_TIMING_SAME,		/* the whole interval is within the threshold */
	FW_TIMING_SLOWER,	/* it is beyond, and so are the two that follow: */
	FW_TIMING_FASTER,
	FW_TIMING_UNSURE,	/* a part of it is */
	FW_TIMING_TOO_FEW,	/* not judged */
	FW_NR_TIMING_VERDICTS,
};

/* "same", "slower", "faster", "not sure", "too few" */
const char *fw_timing_verdict_name(enum fw_timing_verdict verdict);

/* Changes are shares of A's: 0.1 means that B takes a tenth longer. */
struct fw_timing {
	double a, b;		/* medians, ns */
	double change;		/* of the median */
	double low, high;	/* where it lies, with FW_TIMING_CONFIDENCE */
	enum fw_timing_verdict verdict;
};

/*
 * Judges @nr pairs of ns: @a[i] and @b[i] are what the same fork took in either,
 * and are drawn together. With too few pairs only the medians are made, and none
 * without any. Returns 0 or -ENOMEM.
 */
int fw_timing_judge(const uint64_t *a, const uint64_t *b, size_t nr, double threshold,
		    struct fw_timing *timing);

#endif
