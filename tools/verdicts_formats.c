// SPDX-License-Identifier: GPL-2.0-only
/* Verdicts as text, JSON, KTAP and JUnit: the shapes that people and CI systems read. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include <jansson.h>

#include "allow_formats.h"
#include "array.h"
#include "json.h"
#include "text.h"
#include "verdicts.h"
#include "xml.h"

/* Changes when a key changes its meaning or goes away; new keys may come at any time. */
#define SCHEMA_VERSION	1

static int write_result(FILE *out)
{
	return ferror(out) ? errno ? -errno : -EIO : 0;
}

/* The trace's own words go to terminals and into XML: nothing but plain characters. */
static const char *plain(const char *text, char *buf, size_t size)
{
	return fw_name_plain(text, size - 1, buf, size);
}

static const char *fork_name(const struct fw_failure *failure, char *buf, size_t size)
{
	snprintf(buf, size, "fork %" PRIu64 " %s%s%s", failure->fork, failure->parent,
		 *failure->child ? " -> " : "", failure->child);
	return buf;
}

/* All that broke it were allowed to. */
static bool is_excused(const struct fw_rule_verdict *rule)
{
	return rule->allowed && rule->verdict != FW_FAIL;
}

static uint64_t not_shown(const struct fw_rule_verdict *rule)
{
	return rule->counts[FW_FAIL] - rule->nr_failures;
}

/*
 * Text.
 */
enum column {
	AT_ID = 2,
	AT_COUNTS = 7,
	AT_TEXT = 22,
};

/* "12 pass", "1 FAIL  11 pass", "3 not observed" */
static void put_counts(struct fw_text *text, const struct fw_rule_verdict *rule)
{
	static const struct {
		enum fw_verdict verdict;
		const char *word;
	} words[] = {
		{ FW_FAIL, "FAIL" }, { FW_PASS, "pass" }, { FW_NOT_OBSERVED, "not observed" },
	};
	char counts[96] = "";
	size_t i, length = 0;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (rule->counts[words[i].verdict])
			length += snprintf(counts + length, sizeof(counts) - length,
					   "%s%" PRIu64 " %s", length ? "  " : "",
					   rule->counts[words[i].verdict], words[i].word);
	if (rule->allowed)
		snprintf(counts + length, sizeof(counts) - length, "%s%" PRIu64 " allowed",
			 length ? "  " : "", rule->allowed);
	fw_text_at(text, AT_COUNTS, rule->verdict == FW_FAIL ? FW_LOUD : FW_PLAIN, counts);
}

static void put_rule_text(struct fw_text *text, const struct fw_verdicts *verdicts,
			  const struct fw_rule_verdict *rule)
{
	char name[2 * FW_NAME_TASK_LEN + 32];
	unsigned int i;

	fw_text_end(text, false);
	fw_text_at(text, AT_ID, rule->verdict == FW_FAIL ? FW_LOUD : FW_PLAIN, rule->rule->id);
	put_counts(text, rule);
	if (text->column + 2 > AT_TEXT)
		fw_text_row(text, "");
	fw_text_at(text, AT_TEXT, FW_PLAIN, rule->rule->text);
	for (i = 0; i < rule->nr_failures; i++) {
		fw_text_row(text, "");
		fw_text_item(text, "%s:", fork_name(&rule->failures[i], name, sizeof(name)));
		fw_text_words(text, rule->failures[i].why);
	}
	if (not_shown(rule)) {
		fw_text_row(text, "");
		fw_text_item(text, "and %" PRIu64 " more", not_shown(rule));
	}
	fw_allow_put_text(text, verdicts, rule);
	if (rule->counts[FW_NOT_OBSERVED] && *rule->unseen) {
		fw_text_row(text, "");
		fw_text_words(text, rule->unseen);
	}
}

static void put_missing_text(struct fw_text *text, const struct fw_replay_result *replay)
{
	uint64_t lost = fw_losses_total(&replay->losses);
	char lines[sizeof(replay->missing)], *rest = lines, *line;

	if (lost) {
		fw_text_row_styled(text, FW_LOUD, "LOST");
		fw_text_item(text, "%" PRIu64 ": `forkwatch report --summary' says of what", lost);
	}
	snprintf(lines, sizeof(lines), "%s", replay->missing);
	while ((line = strsep(&rest, "\n")) && *line) {
		fw_text_row_styled(text, FW_LOUD, "MISSING");
		fw_text_words(text, line);
	}
}

static void put_lines(struct fw_text *text, const struct fw_verdicts *verdicts)
{
	const struct fw_env *env = &verdicts->info->env;
	char name[PATH_MAX], release[sizeof(env->release)];
	size_t i;

	fw_text_at(text, 0, FW_BOLD, "check");
	fw_text_at(text, FW_TEXT_INDENT, FW_BOLD, plain(verdicts->trace, name, sizeof(name)));
	fw_text_item(text, "kernel %s", plain(env->release, release, sizeof(release)));
	fw_text_item(text, "%" PRIu64 " forks", verdicts->forks);
	fw_text_end(text, true);
	for (i = 0; i < fw_nr_rules; i++)
		if (verdicts->rules[i].chosen &&
		    (verdicts->rules[i].verdict != FW_NA || verdicts->rules[i].allowed))
			put_rule_text(text, verdicts, &verdicts->rules[i]);
	fw_allow_put_unused_text(text, verdicts);
	put_missing_text(text, verdicts->replay);
	fw_text_end(text, true);
	fw_text_at(text, 0, verdicts->answer == FW_HOLDS ? FW_BOLD : FW_LOUD,
		   fw_answer_name(verdicts->answer));
	if (*verdicts->reason)
		fw_text_item(text, "%s", verdicts->reason);
	fw_text_end(text, false);
}

static int put_text(const struct fw_verdicts *verdicts, FILE *out, bool color)
{
	struct fw_text text;
	int err = fw_text_open(&text, color);

	if (err)
		return err;
	put_lines(&text, verdicts);
	err = fw_text_finish(&text);
	if (!err && fwrite(text.data, 1, text.size, out) != text.size)
		err = write_result(out);
	fw_text_close(&text);
	return err;
}

/*
 * KTAP, version 1: Documentation/dev-tools/ktap.rst of the kernel.
 */
static void put_rule_ktap(const struct fw_verdicts *verdicts, const struct fw_rule_verdict *rule,
			  unsigned int number, FILE *out)
{
	char name[2 * FW_NAME_TASK_LEN + 32], excuses[FW_EXCUSES_LEN];
	unsigned int i;

	for (i = 0; i < rule->nr_failures; i++)
		fprintf(out, "# %s: %s\n", fork_name(&rule->failures[i], name, sizeof(name)),
			rule->failures[i].why);
	if (not_shown(rule))
		fprintf(out, "# and %" PRIu64 " more\n", not_shown(rule));
	fprintf(out, "%sok %u %s %s", rule->verdict == FW_FAIL ? "not " : "", number,
		rule->rule->id, rule->rule->text);
	if (is_excused(rule))
		fprintf(out, " # XFAIL %s",
			fw_allow_name_excuses(verdicts, rule, excuses, sizeof(excuses)));
	else if (rule->verdict == FW_NOT_OBSERVED)
		fprintf(out, " # SKIP not observed: %s", rule->unseen);
	else if (rule->verdict == FW_NA)
		fputs(" # SKIP no fork that it is about", out);
	fputc('\n', out);
}

static void put_missing_ktap(const struct fw_replay_result *replay, FILE *out)
{
	const char *line, *end;

	if (fw_losses_total(&replay->losses))
		fprintf(out, "# lost: %" PRIu64 "\n", fw_losses_total(&replay->losses));
	for (line = replay->missing; *line; line = end + (*end == '\n')) {
		end = strchrnul(line, '\n');
		fprintf(out, "# %.*s\n", (int)(end - line), line);
	}
}

static unsigned int nr_chosen(const struct fw_verdicts *verdicts)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < fw_nr_rules; i++)
		n += verdicts->rules[i].chosen;
	return n;
}

/* The last one is not a rule: whether all that happened is in the trace. */
static int put_ktap(const struct fw_verdicts *verdicts, FILE *out, bool color)
{
	unsigned int number = 0;
	char name[PATH_MAX];
	size_t i;

	(void)color;
	fprintf(out, "KTAP version 1\n1..%u\n", nr_chosen(verdicts) + 1);
	fprintf(out, "# %s", plain(verdicts->trace, name, sizeof(name)));
	fprintf(out, ", kernel %s, %" PRIu64 " forks\n",
		plain(verdicts->info->env.release, name, sizeof(name)), verdicts->forks);
	for (i = 0; i < fw_nr_rules; i++)
		if (verdicts->rules[i].chosen)
			put_rule_ktap(verdicts, &verdicts->rules[i], ++number, out);
	fw_allow_put_unused(verdicts, out);
	put_missing_ktap(verdicts->replay, out);
	fprintf(out, "%sok %u complete: nothing was lost, and the recording came to its end\n",
		verdicts->replay->complete ? "" : "not ", number + 1);
	return write_result(out);
}

/*
 * JUnit's XML, as far as CI systems agree on it.
 */
static void put_case(FILE *out, const char *class, const char *name, const char *text)
{
	fprintf(out, "    <testcase classname=\"forkwatch.%s\" name=\"", class);
	fw_xml_format(out, "%s: %s", name, text);
	fputs("\"", out);
}

static void put_failures(const struct fw_rule_verdict *rule, FILE *out)
{
	char name[2 * FW_NAME_TASK_LEN + 32];
	unsigned int i;

	fputs(">\n      <failure message=\"", out);
	fw_xml_put(out, rule->failures[0].why);
	fputs("\">", out);
	for (i = 0; i < rule->nr_failures; i++)
		fw_xml_format(out, "%s: %s\n", fork_name(&rule->failures[i], name, sizeof(name)),
			      rule->failures[i].why);
	if (not_shown(rule))
		fprintf(out, "and %" PRIu64 " more\n", not_shown(rule));
	fputs("</failure>\n    </testcase>\n", out);
}

static void put_skipped(const char *why, FILE *out)
{
	fputs(">\n      <skipped message=\"", out);
	fw_xml_put(out, why);
	fputs("\"/>\n    </testcase>\n", out);
}

static void put_rule_junit(const struct fw_verdicts *verdicts, const struct fw_rule_verdict *rule,
			   FILE *out)
{
	const char class[] = { *rule->rule->id, '\0' };
	char excuses[FW_EXCUSES_LEN];

	put_case(out, class, rule->rule->id, rule->rule->text);
	if (rule->verdict == FW_FAIL)
		put_failures(rule, out);
	else if (is_excused(rule))
		put_skipped(fw_allow_name_excuses(verdicts, rule, excuses, sizeof(excuses)), out);
	else if (rule->verdict == FW_NOT_OBSERVED)
		put_skipped(rule->unseen, out);
	else if (rule->verdict == FW_NA)
		put_skipped("no fork that it is about", out);
	else
		fputs("/>\n", out);
}

static bool is_skipped(const struct fw_rule_verdict *rule)
{
	return is_excused(rule) || rule->verdict == FW_NOT_OBSERVED || rule->verdict == FW_NA;
}

static bool has_failed(const struct fw_rule_verdict *rule)
{
	return rule->verdict == FW_FAIL;
}

static unsigned int count(const struct fw_verdicts *verdicts,
			  bool (*is)(const struct fw_rule_verdict *rule))
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < fw_nr_rules; i++)
		n += verdicts->rules[i].chosen && is(&verdicts->rules[i]);
	return n;
}

static void put_complete_junit(const struct fw_replay_result *replay, FILE *out)
{
	put_case(out, "trace", "complete", "nothing was lost, and the recording came to its end");
	if (replay->complete) {
		fputs("/>\n", out);
		return;
	}
	fputs(">\n      <failure message=\"the trace is incomplete\">", out);
	fw_xml_format(out, "lost: %" PRIu64 "\n", fw_losses_total(&replay->losses));
	fw_xml_put(out, replay->missing);
	fputs("</failure>\n    </testcase>\n", out);
}

static int put_junit(const struct fw_verdicts *verdicts, FILE *out, bool color)
{
	size_t i;

	(void)color;
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		"  <testsuite tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\" name=\"",
		nr_chosen(verdicts) + 1,
		count(verdicts, has_failed) + !verdicts->replay->complete,
		count(verdicts, is_skipped));
	fw_xml_format(out, "forkwatch check %s", verdicts->trace);
	fputs("\">\n    <properties>\n      <property name=\"kernel\" value=\"", out);
	fw_xml_put(out, verdicts->info->env.release);
	fprintf(out, "\"/>\n      <property name=\"forks\" value=\"%" PRIu64 "\"/>\n"
		"    </properties>\n", verdicts->forks);
	for (i = 0; i < fw_nr_rules; i++)
		if (verdicts->rules[i].chosen)
			put_rule_junit(verdicts, &verdicts->rules[i], out);
	put_complete_junit(verdicts->replay, out);
	fputs("  </testsuite>\n</testsuites>\n", out);
	return write_result(out);
}

/*
 * JSON: one object. docs/check.schema.json says what is in it.
 */
static json_t *failures_json(const struct fw_rule_verdict *rule)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; array && i < rule->nr_failures; i++) {
		const struct fw_failure *failure = &rule->failures[i];

		json_array_append_new(array,
				      json_pack("{s:I, s:s, s:s, s:s}",
						"fork", (json_int_t)failure->fork,
						"parent", failure->parent,
						"child", failure->child, "why", failure->why));
	}
	return array;
}

static json_t *rule_json(const struct fw_rule_verdict *rule)
{
	bool only_allowed = is_excused(rule) && !rule->counts[FW_PASS];

	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
			 "id", rule->rule->id, "text", rule->rule->text,
			 "source", rule->rule->source,
			 "verdict", only_allowed ? "ALLOWED" : fw_verdict_name(rule->verdict),
			 "pass", (json_int_t)rule->counts[FW_PASS],
			 "fail", (json_int_t)rule->counts[FW_FAIL],
			 "allowed", (json_int_t)rule->allowed,
			 "not_observed", (json_int_t)rule->counts[FW_NOT_OBSERVED],
			 "not_applicable", (json_int_t)rule->counts[FW_NA],
			 "failures", failures_json(rule),
			 "unseen", *rule->unseen ? json_string(rule->unseen) : json_null());
}

static json_t *rules_json(const struct fw_verdicts *verdicts)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array && i < fw_nr_rules; i++)
		if (verdicts->rules[i].chosen)
			json_array_append_new(array, rule_json(&verdicts->rules[i]));
	return array;
}

static json_t *missing_json(const struct fw_replay_result *replay)
{
	json_t *array = json_array();
	const char *line, *end;

	for (line = replay->missing; array && *line; line = end + (*end == '\n')) {
		end = strchrnul(line, '\n');
		json_array_append_new(array, fw_json_text(line, end - line));
	}
	return array;
}

static json_t *losses_json(const struct fw_losses *losses)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}",
			 "seq_gaps", (json_int_t)losses->seq_gaps,
			 "ring_drops", (json_int_t)losses->ring_drops,
			 "probe_misses", (json_int_t)losses->probe_misses,
			 "watch_full", (json_int_t)losses->watch_full,
			 "bad_events", (json_int_t)losses->bad_events);
}

static json_t *verdicts_json(const struct fw_verdicts *verdicts)
{
	const struct fw_env *env = &verdicts->info->env;

	return json_pack("{s:i, s:s, s:o, s:{s:o, s:o}, s:s, s:i, s:s, s:I,"
			 " s:o, s:o, s:b, s:o, s:o}",
			 "version", SCHEMA_VERSION, "type", "check",
			 "trace", fw_json_text(verdicts->trace, PATH_MAX),
			 "kernel", "release", fw_json_text(env->release, sizeof(env->release)),
			 "machine", fw_json_text(env->machine, sizeof(env->machine)),
			 "answer", fw_answer_name(verdicts->answer), "exit", verdicts->answer,
			 "reason", verdicts->reason, "forks", (json_int_t)verdicts->forks,
			 "rules", rules_json(verdicts), "allow", fw_allow_json(verdicts),
			 "complete", verdicts->replay->complete,
			 "losses", losses_json(&verdicts->replay->losses),
			 "missing", missing_json(verdicts->replay));
}

static int put_json(const struct fw_verdicts *verdicts, FILE *out, bool color)
{
	json_t *object = verdicts_json(verdicts);
	int ret;

	(void)color;
	if (!object)
		return -ENOMEM;
	ret = json_dumpf(object, out, JSON_INDENT(2));
	json_decref(object);
	fputc('\n', out);
	return ret && !ferror(out) ? -ENOMEM : write_result(out);
}

const struct fw_verdict_format fw_verdict_formats[] = {
	{ "text", put_text },
	{ "json", put_json },
	{ "ktap", put_ktap },
	{ "junit", put_junit },
	{ NULL }
};
