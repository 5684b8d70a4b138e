// SPDX-License-Identifier: GPL-2.0-only
/* Comparisons as text, JSON, KTAP and JUnit. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include <jansson.h>

#include "compare_times.h"
#include "json.h"
#include "names.h"
#include "text.h"
#include "xml.h"

/* Changes when a key changes its meaning or goes away; new keys may come at any time. */
#define SCHEMA_VERSION	1

static int write_result(FILE *out)
{
	return ferror(out) ? errno ? -errno : -EIO : 0;
}

static const char *plain(const char *text, char buf[PATH_MAX])
{
	return fw_name_plain(text, PATH_MAX - 1, buf, PATH_MAX);
}

/* Of how many forks a difference can be: of those in both, or of all on its side. */
static uint64_t out_of(const struct fw_comparison *comparison,
		       const struct fw_difference *difference)
{
	if (difference->aspect != FW_ASPECT_FORKS)
		return comparison->matched;
	return strcmp(difference->a, FW_NOT_THERE) ? comparison->a->nr : comparison->b->nr;
}

/* "in 2 of 6 forks: tree/fork#1, tree/fork#2", "in every fork"; "" for what is no fork's. */
static void put_where(const struct fw_comparison *comparison,
		      const struct fw_difference *difference, FILE *out)
{
	unsigned int i;

	if (!difference->nr_places)
		return;
	if (difference->count > 1 && difference->count == comparison->matched &&
	    difference->aspect != FW_ASPECT_FORKS) {
		fputs("in every fork", out);
		return;
	}
	fprintf(out, "in %" PRIu64 " of %" PRIu64 " forks: ", difference->count,
		out_of(comparison, difference));
	for (i = 0; i < difference->nr_places; i++)
		fprintf(out, "%s%s", i ? ", " : "", difference->places[i]);
	if (difference->count > difference->nr_places)
		fprintf(out, " and %" PRIu64 " more", difference->count - difference->nr_places);
}

/* The same in memory; NULL without. */
static char *where(const struct fw_comparison *comparison,
		   const struct fw_difference *difference)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_where(comparison, difference, out);
	fclose(out);
	return text;
}

/*
 * Text.
 */
enum column {
	AT_WHAT = 2,
	AT_VALUES = 24,
};

static void put_side(struct fw_text *text, const char *label, const struct fw_golden *golden)
{
	char path[PATH_MAX];

	fw_text_at(text, FW_TEXT_INDENT, FW_PLAIN, label);
	fw_text_item(text, "%s", plain(golden->path, path));
	fw_text_item(text, "kernel %s", golden->kernel);
	fw_text_item(text, "%zu forks", golden->nr);
	if (!golden->complete)
		fw_text_styled(text, FW_LOUD, "incomplete");
	fw_text_end(text, false);
}

static void put_difference(struct fw_text *text, const struct fw_comparison *comparison,
			   const struct fw_difference *difference)
{
	char *place = where(comparison, difference);

	if (!place) {
		text->failed = true;
		return;
	}
	fw_text_at(text, AT_WHAT, FW_LOUD, difference->what);
	if (text->column + 2 > AT_VALUES)
		fw_text_end(text, false);
	fw_text_at(text, AT_VALUES, FW_PLAIN, difference->a);
	fw_text_more(text, " -> %s", difference->b);
	fw_text_end(text, false);
	if (*place) {
		fw_text_at(text, AT_VALUES, FW_DIM, place);
		fw_text_end(text, false);
	}
	free(place);
}

static void put_aspect(struct fw_text *text, const struct fw_comparison *comparison,
		       enum fw_aspect aspect)
{
	size_t i;

	if (!fw_comparison_count(comparison, aspect))
		return;
	fw_text_end(text, false);
	fw_text_at(text, 0, FW_BOLD, fw_aspect_name(aspect));
	fw_text_end(text, false);
	for (i = 0; i < comparison->nr; i++)
		if (comparison->list[i].aspect == aspect)
			put_difference(text, comparison, &comparison->list[i]);
	fw_text_end(text, true);
}

static void put_lines(struct fw_text *text, const struct fw_comparison *comparison)
{
	unsigned int aspect;

	fw_text_at(text, 0, FW_BOLD, "diff");
	put_side(text, "A", comparison->a);
	put_side(text, "B", comparison->b);
	fw_text_end(text, true);
	for (aspect = 0; aspect < FW_NR_ASPECTS; aspect++)
		put_aspect(text, comparison, aspect);
	if (comparison->times)
		fw_times_put_text(text, comparison);
	fw_text_at(text, 0, comparison->answer == FW_SAME ? FW_BOLD : FW_LOUD,
		   fw_comparison_answer_name(comparison->answer));
	if (*comparison->reason)
		fw_text_item(text, "%s", comparison->reason);
	fw_text_end(text, false);
}

static int put_text(const struct fw_comparison *comparison, FILE *out, bool color)
{
	struct fw_text text;
	int err = fw_text_open(&text, color);

	if (err)
		return err;
	put_lines(&text, comparison);
	err = fw_text_finish(&text);
	if (!err && fwrite(text.data, 1, text.size, out) != text.size)
		err = write_result(out);
	fw_text_close(&text);
	return err;
}

/*
 * KTAP, version 1: one test for each aspect, and one for completeness.
 */
static void put_aspect_ktap(const struct fw_comparison *comparison, enum fw_aspect aspect,
			    FILE *out)
{
	size_t i;

	for (i = 0; i < comparison->nr; i++) {
		const struct fw_difference *difference = &comparison->list[i];

		if (difference->aspect != aspect)
			continue;
		fprintf(out, "# %s: %s -> %s ", difference->what, difference->a, difference->b);
		put_where(comparison, difference, out);
		fputc('\n', out);
	}
	fprintf(out, "%sok %u %s: %s\n", fw_comparison_count(comparison, aspect) ? "not " : "",
		aspect + 1, fw_aspect_name(aspect), fw_aspect_text(aspect));
}

static bool is_complete(const struct fw_comparison *comparison)
{
	return comparison->a->complete && comparison->b->complete;
}

/* Tests of times, beside those of the aspects. */
static size_t nr_times(const struct fw_comparison *comparison)
{
	return comparison->times ? comparison->times->nr : 0;
}

static const char complete_text[] = "nothing is missing in either";

static int put_ktap(const struct fw_comparison *comparison, FILE *out, bool color)
{
	const struct fw_golden *sides[] = { comparison->a, comparison->b };
	char path[PATH_MAX];
	unsigned int i;

	(void)color;
	fprintf(out, "KTAP version 1\n1..%zu\n", FW_NR_ASPECTS + 1 + nr_times(comparison));
	for (i = 0; i < 2; i++)
		fprintf(out, "# %c: %s, kernel %s, %zu forks\n", 'A' + i,
			plain(sides[i]->path, path), sides[i]->kernel, sides[i]->nr);
	for (i = 0; i < FW_NR_ASPECTS; i++)
		put_aspect_ktap(comparison, i, out);
	fprintf(out, "%sok %u complete: %s\n", is_complete(comparison) ? "" : "not ",
		FW_NR_ASPECTS + 1, complete_text);
	if (comparison->times)
		fw_times_put_ktap(comparison, FW_NR_ASPECTS + 2, out);
	return write_result(out);
}

/*
 * JUnit's XML, likewise.
 */
static void put_case(FILE *out, const char *name, const char *text)
{
	fputs("    <testcase classname=\"forkwatch.diff\" name=\"", out);
	fw_xml_format(out, "%s: %s", name, text);
	fputs("\"", out);
}

static void put_difference_junit(const struct fw_comparison *comparison,
				 const struct fw_difference *difference, FILE *out)
{
	char *place = where(comparison, difference);

	fw_xml_put(out, difference->what);
	fw_xml_put(out, ": ");
	fw_xml_put(out, difference->a);
	fw_xml_put(out, " -> ");
	fw_xml_put(out, difference->b);
	fputc(' ', out);
	fw_xml_put(out, place ? place : "");
	fputc('\n', out);
	free(place);
}

static void put_aspect_junit(const struct fw_comparison *comparison, enum fw_aspect aspect,
			     FILE *out)
{
	size_t count = fw_comparison_count(comparison, aspect), i;

	put_case(out, fw_aspect_name(aspect), fw_aspect_text(aspect));
	if (!count) {
		fputs("/>\n", out);
		return;
	}
	fprintf(out, ">\n      <failure message=\"%zu difference%s\">", count,
		count == 1 ? "" : "s");
	for (i = 0; i < comparison->nr; i++)
		if (comparison->list[i].aspect == aspect)
			put_difference_junit(comparison, &comparison->list[i], out);
	fputs("</failure>\n    </testcase>\n", out);
}

static unsigned int count_failures(const struct fw_comparison *comparison)
{
	unsigned int aspect, n = !is_complete(comparison);

	for (aspect = 0; aspect < FW_NR_ASPECTS; aspect++)
		n += fw_comparison_count(comparison, aspect) > 0;
	if (comparison->times)
		n += comparison->times->verdicts[FW_TIMING_SLOWER];
	return n;
}

static uint64_t count_skipped(const struct fw_comparison *comparison)
{
	const struct fw_time_comparison *times = comparison->times;

	return times ? times->verdicts[FW_TIMING_TOO_FEW] + times->verdicts[FW_TIMING_UNSURE] : 0;
}

static int put_junit(const struct fw_comparison *comparison, FILE *out, bool color)
{
	unsigned int aspect;

	(void)color;
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		"  <testsuite tests=\"%zu\" failures=\"%u\" errors=\"0\" skipped=\"%" PRIu64
		"\" name=\"", FW_NR_ASPECTS + 1 + nr_times(comparison),
		count_failures(comparison), count_skipped(comparison));
	fw_xml_format(out, "forkwatch diff %s %s", comparison->a->path, comparison->b->path);
	fputs("\">\n    <properties>\n      <property name=\"kernel A\" value=\"", out);
	fw_xml_put(out, comparison->a->kernel);
	fputs("\"/>\n      <property name=\"kernel B\" value=\"", out);
	fw_xml_put(out, comparison->b->kernel);
	fputs("\"/>\n    </properties>\n", out);
	for (aspect = 0; aspect < FW_NR_ASPECTS; aspect++)
		put_aspect_junit(comparison, aspect, out);
	put_case(out, "complete", complete_text);
	if (is_complete(comparison))
		fputs("/>\n", out);
	else
		fputs(">\n      <failure message=\"a trace is incomplete\"/>\n    </testcase>\n",
		      out);
	if (comparison->times)
		fw_times_put_junit(comparison, out);
	fputs("  </testsuite>\n</testsuites>\n", out);
	return write_result(out);
}

/*
 * JSON: one object. docs/diff.schema.json says what is in it.
 */
static json_t *side_json(const struct fw_golden *golden)
{
	return json_pack("{s:o, s:s, s:I, s:b}", "path", fw_json_text(golden->path, PATH_MAX),
			 "kernel", golden->kernel, "forks", (json_int_t)golden->nr,
			 "complete", golden->complete);
}

static json_t *difference_json(const struct fw_difference *difference)
{
	json_t *places = json_array();
	unsigned int i;

	for (i = 0; i < difference->nr_places; i++)
		json_array_append_new(places, json_string(difference->places[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o}",
			 "aspect", fw_aspect_name(difference->aspect), "what", difference->what,
			 "a", difference->a, "b", difference->b,
			 "count", (json_int_t)difference->count, "places", places);
}

static json_t *differences_json(const struct fw_comparison *comparison)
{
	json_t *array = json_array();
	unsigned int aspect;
	size_t i;

	for (aspect = 0; aspect < FW_NR_ASPECTS; aspect++)
		for (i = 0; i < comparison->nr; i++)
			if (comparison->list[i].aspect == aspect)
				json_array_append_new(array,
						      difference_json(&comparison->list[i]));
	return array;
}

static int put_json(const struct fw_comparison *comparison, FILE *out, bool color)
{
	json_t *object = json_pack("{s:i, s:s, s:o, s:o, s:s, s:i, s:s, s:I, s:I, s:o, s:o}",
		"version", SCHEMA_VERSION, "type", "diff",
		"a", side_json(comparison->a), "b", side_json(comparison->b),
		"answer", fw_comparison_answer_name(comparison->answer),
		"exit", comparison->answer, "reason", comparison->reason,
		"matched", (json_int_t)comparison->matched,
		"different", (json_int_t)comparison->different,
		"differences", differences_json(comparison),
		"times", fw_times_json(comparison));
	int ret;

	(void)color;
	if (!object)
		return -ENOMEM;
	ret = json_dumpf(object, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	json_decref(object);
	fputc('\n', out);
	return ret && !ferror(out) ? -ENOMEM : write_result(out);
}

const struct fw_comparison_format fw_comparison_formats[] = {
	{ "text", put_text },
	{ "json", put_json },
	{ "ktap", put_ktap },
	{ "junit", put_junit },
	{ NULL }
};
