// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bootstrap: as many forks as there are, drawn from them at random with
 * repetition, are a recording that could have been made as well. The changes of
 * many such recordings are the interval in which the true one lies. Neighbours
 * are drawn together, since a machine that is slow is slow for a while.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timing.h"

#define ROUNDS		2000
#define OUTSIDE		(ROUNDS * (100 - FW_TIMING_CONFIDENCE) / 200)	/* on either side */
#define SEED		0x666f726b77617463ULL

/* SplitMix64: any seed will do, and the same one gives the same numbers everywhere. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* One side: its values, and their indexes in order of size. */
struct side {
	const uint64_t *values;
	size_t *order;
};

struct draw {
	struct side a, b;
	size_t nr;
	size_t run;		/* of neighbours */
	uint32_t *counts;	/* how often each pair was drawn */
	double *changes;	/* of each round */
};

static int by_value(const void *x, const void *y, void *ctx)
{
	const uint64_t *values = ctx;
	uint64_t a = values[*(const size_t *)x], b = values[*(const size_t *)y];

	return (a > b) - (a < b);
}

static int by_size(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

static void sort_side(struct side *side, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		side->order[i] = i;
	qsort_r(side->order, nr, sizeof(*side->order), by_value, (void *)side->values);
}

/* The median of what was drawn: @counts has @nr in all. */
static double median(const struct side *side, const uint32_t *counts, size_t nr)
{
	size_t i = 0, seen = counts[side->order[0]];
	double below;

	while (seen <= (nr - 1) / 2)
		seen += counts[side->order[++i]];
	below = side->values[side->order[i]];
	while (seen <= nr / 2)
		seen += counts[side->order[++i]];
	return (below + side->values[side->order[i]]) / 2;
}

/* A step that takes no time at all has no share that it could grow by. */
static double change(double a, double b)
{
	return (b - a) / (a < 1 ? 1 : a);
}

static void draw_round(struct draw *draw, uint64_t *state)
{
	size_t at = 0, i;

	memset(draw->counts, 0, draw->nr * sizeof(*draw->counts));
	for (i = 0; i < draw->nr; i++, at++) {
		if (i % draw->run == 0)
			at = (next_random(state) >> 32) * draw->nr >> 32;
		draw->counts[at % draw->nr]++;
	}
}

static void draw_rounds(struct draw *draw)
{
	uint64_t state = SEED;
	size_t round;

	for (round = 0; round < ROUNDS; round++) {
		draw_round(draw, &state);
		draw->changes[round] = change(median(&draw->a, draw->counts, draw->nr),
					      median(&draw->b, draw->counts, draw->nr));
	}
	qsort(draw->changes, ROUNDS, sizeof(*draw->changes), by_size);
}

static enum fw_timing_verdict judge(double low, double high, double threshold)
{
	if (low > threshold)
		return FW_TIMING_SLOWER;
	if (high < -threshold)
		return FW_TIMING_FASTER;
	return low >= -threshold && high <= threshold ? FW_TIMING_SAME : FW_TIMING_UNSURE;
}

static void judge_draw(struct draw *draw, double threshold, struct fw_timing *timing)
{
	size_t i;

	sort_side(&draw->a, draw->nr);
	sort_side(&draw->b, draw->nr);
	for (i = 0; i < draw->nr; i++)
		draw->counts[i] = 1;
	timing->a = median(&draw->a, draw->counts, draw->nr);
	timing->b = median(&draw->b, draw->counts, draw->nr);
	timing->change = change(timing->a, timing->b);
	if (draw->nr < FW_TIMING_PAIRS_MIN)
		return;
	/* The cube root is what suits most series. */
	for (draw->run = 1; draw->run * draw->run * draw->run < draw->nr; )
		draw->run++;
	draw_rounds(draw);
	timing->low = draw->changes[OUTSIDE];
	timing->high = draw->changes[ROUNDS - 1 - OUTSIDE];
	timing->verdict = judge(timing->low, timing->high, threshold);
}

int fw_timing_judge(const uint64_t *a, const uint64_t *b, size_t nr, double threshold,
		    struct fw_timing *timing)
{
	struct draw draw = { .a.values = a, .b.values = b, .nr = nr };
	int ret = -ENOMEM;

	*timing = (struct fw_timing) { .verdict = FW_TIMING_TOO_FEW };
	if (!nr)
		return 0;
	draw.a.order = calloc(nr, sizeof(*draw.a.order));
	draw.b.order = calloc(nr, sizeof(*draw.b.order));
	draw.counts = calloc(nr, sizeof(*draw.counts));
	draw.changes = calloc(ROUNDS, sizeof(*draw.changes));
	if (draw.a.order && draw.b.order && draw.counts && draw.changes) {
		judge_draw(&draw, threshold, timing);
		ret = 0;
	}
	free(draw.changes);
	free(draw.counts);
	free(draw.b.order);
	free(draw.a.order);
	return ret;
}

const char *fw_timing_verdict_name(enum fw_timing_verdict verdict)
{
	static const char *const names[FW_NR_TIMING_VERDICTS] = {
		[FW_TIMING_SAME] = "same",
		[FW_TIMING_SLOWER] = "slower",
		[FW_TIMING_FASTER] = "faster",
		[FW_TIMING_UNSURE] = "not sure",
		[FW_TIMING_TOO_FEW] = "too few",
	};

	return names[verdict];
}
