// SPDX-License-Identifier: GPL-2.0-only
/* Compared times as text, KTAP, JUnit and JSON: parts of what compare_formats.c writes. */
#include <inttypes.h>
#include <string.h>

#include "compare_times.h"
#include "names.h"
#include "text.h"
#include "xml.h"

static double percent(double share)
{
	return 100 * share;
}

static const char *kind_name(const struct fw_step_timing *row)
{
	return fw_fork_kind_name(row->kind);
}

static const char *name_ns(double ns, char *buf, size_t size)
{
	return fw_name_duration(0, ns + 0.5, buf, size);
}

/* "+30.6 %", "0.0 %" */
static const char *name_change(double share, char *buf, size_t size)
{
	/* No minus in front of what is rounded to 0. */
	if (percent(share) > -0.05 && percent(share) < 0.05)
		share = 0;
	snprintf(buf, size, "%s%.1f %%", share > 0 ? "+" : "", percent(share));
	return buf;
}

/* "+27.1 % .. +34.0 %" */
static const char *name_interval(const struct fw_timing *timing, char *buf, size_t size)
{
	char low[32], high[32];

	snprintf(buf, size, "%s .. %s", name_change(timing->low, low, sizeof(low)),
		 name_change(timing->high, high, sizeof(high)));
	return buf;
}

/*
 * Text.
 */
enum column {
	AT_STEP = 2,
	AT_A = 26,
	AT_B = 36,
	AT_CHANGE = 46,
	AT_INTERVAL = 57,
	AT_VERDICT = 80,
};

static void put_row(struct fw_text *text, const struct fw_step_timing *row)
{
	const struct fw_timing *timing = &row->timing;
	enum fw_style style = timing->verdict == FW_TIMING_SLOWER ? FW_LOUD : FW_PLAIN;
	char buf[80];

	fw_text_at(text, AT_STEP, style, fw_step_name(row->step));
	fw_text_at(text, AT_A, FW_PLAIN, name_ns(timing->a, buf, sizeof(buf)));
	fw_text_at(text, AT_B, FW_PLAIN, name_ns(timing->b, buf, sizeof(buf)));
	fw_text_at(text, AT_CHANGE, style, name_change(timing->change, buf, sizeof(buf)));
	if (timing->verdict != FW_TIMING_TOO_FEW)
		fw_text_at(text, AT_INTERVAL, FW_PLAIN, name_interval(timing, buf, sizeof(buf)));
	fw_text_at(text, AT_VERDICT, style, fw_timing_verdict_name(timing->verdict));
	fw_text_end(text, false);
}

/* The kind of the rows that follow, and of how many forks the first of them is. */
static void put_head(struct fw_text *text, const struct fw_step_timing *row)
{
	char buf[80];

	fw_text_end(text, false);
	snprintf(buf, sizeof(buf), "%s, %" PRIu64 " in both", kind_name(row), row->forks);
	fw_text_at(text, AT_STEP, FW_BOLD, buf);
	fw_text_at(text, AT_A, FW_DIM, "A");
	fw_text_at(text, AT_B, FW_DIM, "B");
	fw_text_at(text, AT_CHANGE, FW_DIM, "change");
	fw_text_at(text, AT_INTERVAL, FW_DIM, "between");
	fw_text_end(text, false);
}

static void put_counts(struct fw_text *text, const struct fw_time_comparison *times)
{
	unsigned int i;

	fw_text_row(text, "");
	for (i = 0; i < FW_NR_TIMING_VERDICTS; i++)
		if (times->verdicts[i])
			fw_text_item(text, "%" PRIu64 " %s", times->verdicts[i],
				     fw_timing_verdict_name(i));
	if (times->verdicts[FW_TIMING_TOO_FEW])
		fw_text_more(text, ": %d forks are needed", FW_TIMING_PAIRS_MIN);
}

void fw_times_put_text(struct fw_text *text, const struct fw_comparison *comparison)
{
	const struct fw_time_comparison *times = comparison->times;
	const char *obstacle = fw_times_obstacle(comparison);
	size_t i;

	fw_text_row(text, "times");
	fw_text_item(text, "medians, and where their change lies with %d %% confidence",
		     FW_TIMING_CONFIDENCE);
	fw_text_item(text, "threshold %.4g %%", percent(times->threshold));
	if (obstacle) {
		fw_text_row_styled(text, FW_LOUD, "");
		fw_text_words(text, obstacle);
	} else {
		put_counts(text, times);
	}
	for (i = 0; i < times->nr; i++) {
		if (!i || times->list[i].kind != times->list[i - 1].kind)
			put_head(text, &times->list[i]);
		put_row(text, &times->list[i]);
	}
	fw_text_end(text, true);
}

/*
 * KTAP and JUnit: a test for each step of each kind.
 */
static bool is_judged(const struct fw_step_timing *row)
{
	return row->timing.verdict != FW_TIMING_TOO_FEW && row->timing.verdict != FW_TIMING_UNSURE;
}

/* "copy_mm of a fork is not slower", the name of a test */
static void put_name(FILE *out, const struct fw_step_timing *row)
{
	fprintf(out, "times: %s of a %s is not slower", fw_step_name(row->step), kind_name(row));
}

/* "1.21 ms -> 1.58 ms, +30.6 % (99 %: +27.1 % .. +34.0 %), 40 forks" */
static void put_numbers(FILE *out, const struct fw_step_timing *row)
{
	char a[32], b[32], change[32], interval[80];
	const struct fw_timing *timing = &row->timing;

	fprintf(out, "%s -> %s, %s", name_ns(timing->a, a, sizeof(a)),
		name_ns(timing->b, b, sizeof(b)),
		name_change(timing->change, change, sizeof(change)));
	if (timing->verdict != FW_TIMING_TOO_FEW)
		fprintf(out, " (%d %%: %s)", FW_TIMING_CONFIDENCE,
			name_interval(timing, interval, sizeof(interval)));
	fprintf(out, ", %" PRIu64 " forks", row->forks);
}

void fw_times_put_ktap(const struct fw_comparison *comparison, unsigned int nr, FILE *out)
{
	const struct fw_time_comparison *times = comparison->times;
	const char *obstacle = fw_times_obstacle(comparison);
	size_t i;

	if (obstacle)
		fprintf(out, "# times: %s\n", obstacle);
	for (i = 0; i < times->nr; i++) {
		const struct fw_step_timing *row = &times->list[i];
		bool slower = row->timing.verdict == FW_TIMING_SLOWER;

		fputs("# ", out);
		put_numbers(out, row);
		fprintf(out, "\n%sok %zu ", slower ? "not " : "", nr + i);
		put_name(out, row);
		if (!is_judged(row))
			fprintf(out, " # SKIP %s", fw_timing_verdict_name(row->timing.verdict));
		fputc('\n', out);
	}
}

static void put_case(const struct fw_step_timing *row, FILE *out)
{
	bool slower = row->timing.verdict == FW_TIMING_SLOWER;

	fputs("    <testcase classname=\"forkwatch.diff\" name=\"", out);
	put_name(out, row);
	fputs("\">\n", out);
	if (slower || !is_judged(row)) {
		fprintf(out, "      <%s message=\"%s: ", slower ? "failure" : "skipped",
			fw_timing_verdict_name(row->timing.verdict));
		put_numbers(out, row);
		fputs("\"/>\n", out);
	} else {
		fputs("      <system-out>", out);
		put_numbers(out, row);
		fputs("</system-out>\n", out);
	}
	fputs("    </testcase>\n", out);
}

void fw_times_put_junit(const struct fw_comparison *comparison, FILE *out)
{
	size_t i;

	for (i = 0; i < comparison->times->nr; i++)
		put_case(&comparison->times->list[i], out);
}

/*
 * JSON.
 */
static json_t *row_json(const struct fw_step_timing *row)
{
	const struct fw_timing *timing = &row->timing;
	json_t *object;

	object = json_pack("{s:s, s:s, s:I, s:f, s:f, s:f, s:s}",
			   "kind", kind_name(row), "step", fw_step_name(row->step),
			   "forks", (json_int_t)row->forks, "a", timing->a, "b", timing->b,
			   "change", timing->change,
			   "verdict", fw_timing_verdict_name(timing->verdict));
	if (object && timing->verdict != FW_TIMING_TOO_FEW) {
		json_object_set_new(object, "low", json_real(timing->low));
		json_object_set_new(object, "high", json_real(timing->high));
	}
	return object;
}

json_t *fw_times_json(const struct fw_comparison *comparison)
{
	const struct fw_time_comparison *times = comparison->times;
	const char *obstacle;
	json_t *array;
	size_t i;

	if (!times)
		return json_null();
	array = json_array();
	for (i = 0; i < times->nr; i++)
		json_array_append_new(array, row_json(&times->list[i]));
	obstacle = fw_times_obstacle(comparison);
	return json_pack("{s:f, s:f, s:s, s:o}", "threshold", times->threshold,
			 "confidence", FW_TIMING_CONFIDENCE / 100.0,
			 "obstacle", obstacle ? obstacle : "", "steps", array);
}
