// SPDX-License-Identifier: GPL-2.0-only
/* Known deviations: what a file of them may say, and what becomes of the verdicts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "edit.h"
#include "replay.h"
#include "schema.h"
#include "scratch.h"
#include "verdicts.h"

#define DATA(name)	TEST_DATA_DIR "/6.1/" name
#define COPY	scratch_path("trace")
#define ALLOWED	scratch_path("allow")

static void write_file(const char *text)
{
	FILE *out = fopen(ALLOWED, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

/*
 * The file.
 */
static struct fw_allow allow;

static void assert_bad(const char *text, const char *words)
{
	char error[256];

	write_file(text);
	assert_int_equal(fw_allow_open(&allow, ALLOWED, error, sizeof(error)), -EINVAL);
	if (!strstr(error, words))
		fail_msg("`%s' is not in: %s", words, error);
	assert_int_equal(allow.nr, 0);
}

static void test_bad_lines(void **state)
{
	char error[256];

	(void)state;
	assert_bad("Z9 * why\n", "line 1: there is no rule 'Z9'");
	assert_bad("\n# x\nA * why\n", "line 3: there is no rule 'A'");
	assert_bad("A1\n", "it lacks where");
	assert_bad("A1 *\n", "it lacks the reason");
	assert_bad("A1 * \t ", "it lacks the reason");
	assert_bad("A1 tree why\n", "'tree' is none of *, comm=");
	assert_bad("A1 com=tree why\n", "'com=tree' is none of");
	assert_bad("A1 =tree why\n", "'=tree' is none of");
	assert_bad("A1 comm= why\n", "'comm=' is followed by nothing");
	assert_bad("A1 comm=a, why\n", "'' is none of");
	assert_bad("A1 comm=a,comm=b why\n", "'comm' stands there twice");
	assert_bad("A1 kind=spoon why\n", "no kind of forks 'spoon'");
	assert_bad("A1 * why\nA2 * why\nA1 * why not\n", "line 3: line 1 says this of A1");
	assert_int_equal(fw_allow_open(&allow, scratch, error, sizeof(error)), -EISDIR);
	assert_non_null(strstr(error, scratch));
	assert_int_equal(fw_allow_open(&allow, "/nothing", error, sizeof(error)), -ENOENT);
	assert_non_null(strstr(error, "/nothing: No such file"));
}

static void open_allow(const char *text)
{
	char error[256];

	write_file(text);
	if (fw_allow_open(&allow, ALLOWED, error, sizeof(error)))
		fail_msg("%s", error);
}

static void test_lines(void **state)
{
	(void)state;
	open_allow("# why\n\n  A1\tcomm=tr*,kind=fork   the  test\r\n  # more\nB2 * x");
	assert_int_equal(allow.nr, 2);
	assert_int_equal(allow.list[0].line, 3);
	assert_string_equal(allow.list[0].rule, "A1");
	assert_string_equal(allow.list[0].where, "comm=tr*,kind=fork");
	assert_string_equal(allow.list[0].reason, "the  test");
	assert_int_equal(allow.list[1].line, 5);
	assert_string_equal(allow.list[1].reason, "x");
	fw_allow_close(&allow);
	open_allow("");
	assert_int_equal(allow.nr, 0);
	fw_allow_close(&allow);
}

static const struct fw_deviation seven = {
	.rule = "A1",
	.comm = "tree",
	.kind = FW_FORK,
	.kernel = "6.1.0-50-arm64",
	.why = "x0: child 0x7, expected 0x0",
};

/* Is @seven excused by the line? */
static bool excuses(const char *line)
{
	bool excused;

	open_allow(line);
	excused = fw_allow_excuses(&allow, &seven);
	assert_int_equal(allow.list[0].used, excused);
	fw_allow_close(&allow);
	return excused;
}

static void test_where(void **state)
{
	(void)state;
	assert_true(excuses("A1 * why"));
	assert_false(excuses("A2 * why"));
	assert_true(excuses("A1 comm=tree why"));
	assert_true(excuses("A1 comm=t*e why"));
	assert_false(excuses("A1 comm=tre why"));
	assert_true(excuses("A1 kind=fork why"));
	assert_false(excuses("A1 kind=thread why"));
	assert_true(excuses("A1 kernel=6.1.* why"));
	assert_false(excuses("A1 kernel=6.1 why"));
	assert_true(excuses("A1 field=x0 why"));
	assert_false(excuses("A1 field=x why"));
	assert_true(excuses("A1 comm=tree,kind=fork,kernel=6.1.*,field=x? why"));
	assert_false(excuses("A1 comm=tree,kind=fork,kernel=6.2.*,field=x? why"));
}

/*
 * The verdicts, on a trace in which one fork of six gives its child 7.
 */
static void give_7(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_copy_thread *copied = (void *)event;
	unsigned int *nr = edit->ctx;

	if (event->kind == FORKWATCH_COPY_THREAD && ++*nr == 2)
		copied->regs_after.x[0] = 7;
	edit_write(edit, event);
}

static struct fw_replay *replay;
static struct fw_replay_result result;
static struct fw_verdicts verdicts;

static int take_fork(void *ctx, struct fw_fork *fork)
{
	fw_verdicts_add(ctx, fork);
	fw_fork_free(fork);
	return 0;
}

static void check(const char *lines, const char *rules)
{
	const struct fw_replay_sink sink = { .fork = take_fork };
	unsigned int nr = 0;
	char word[16];

	edit_trace(DATA("tree"), COPY, give_7, &nr);
	open_allow(lines);
	assert_int_equal(fw_replay_open(&replay, COPY), 0);
	assert_int_equal(fw_verdicts_open(&verdicts), 0);
	if (rules)
		assert_int_equal(fw_verdicts_choose(&verdicts, rules, word, sizeof(word)), 0);
	verdicts.trace = "TRACE";
	verdicts.info = fw_replay_info(replay);
	verdicts.allow = &allow;
	assert_int_equal(fw_replay_run(replay, &sink, &verdicts, &result), 0);
	fw_verdicts_settle(&verdicts, &result);
}

static void end_check(void)
{
	fw_verdicts_close(&verdicts);
	fw_replay_close(replay);
	fw_allow_close(&allow);
}

static char *say(const char *format)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(fw_verdict_format_find(format)->put(&verdicts, out, false), 0);
	fclose(out);
	return text;
}

static void assert_says(const char *format, const char *words)
{
	char *text = say(format);

	if (!strstr(text, words))
		fail_msg("`%s' is not in %s:\n%s", words, format, text);
	free(text);
}

static void assert_does_not_say(const char *format, const char *words)
{
	char *text = say(format);

	if (strstr(text, words))
		fail_msg("`%s' is in %s:\n%s", words, format, text);
	free(text);
}

static json_t *say_json(void)
{
	json_t *schema = json_load_file(TEST_DATA_DIR "/../../docs/check.schema.json", 0, NULL);
	char *text = say("json"), why[256];
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(schema);
	assert_non_null(object);
	if (!schema_accepts(schema, schema, object, true, why, sizeof(why)))
		fail_msg("%s: %s", why, text);
	json_decref(schema);
	free(text);
	return object;
}

/* A1 and C4 are broken: the x0 that copy_thread left is not that of the first run. */
static void test_allowed(void **state)
{
	json_t *object, *lines;

	(void)state;
	check("A1 comm=tree,field=x0 a test gave it 7\nC4 * and took it away\n"
	      "B2 * is in order\nB3 kernel=5.10.* another kernel\n", NULL);
	if (verdicts.answer != FW_HOLDS)
		fail_msg("%s", say("text"));
	assert_string_equal(verdicts.reason, "but for 2 known deviations");
	assert_says("text", "5 pass  1 allowed");
	assert_says("text", "line 1 allows 1:   a test gave it 7");
	assert_says("text", "line 3: B2 *   is in order");
	assert_does_not_say("text", "another kernel");
	assert_says("ktap", "\nok 1 A1 ");
	assert_says("ktap", " # XFAIL line 1 allows 1: a test gave it 7\n");
	assert_says("ktap", "# unused: line 3: B2 *\n");
	assert_does_not_say("ktap", "not ok");
	assert_says("junit", "failures=\"0\"");
	assert_says("junit", "<skipped message=\"line 2 allows 1: and took it away\"/>");
	object = say_json();
	lines = json_object_get(object, "allow");
	assert_int_equal(json_array_size(lines), 4);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(lines, 0), "used")), 1);
	assert_true(json_is_false(json_object_get(json_array_get(lines, 0), "unused")));
	assert_true(json_is_true(json_object_get(json_array_get(lines, 2), "unused")));
	assert_true(json_is_false(json_object_get(json_array_get(lines, 3), "unused")));
	json_decref(object);
	end_check();
}

/* What is not allowed is still broken; what was not judged is not unused. */
static void test_not_allowed(void **state)
{
	(void)state;
	check("A1 comm=sh another program\n", "A");
	assert_int_equal(verdicts.answer, FW_BROKEN);
	assert_says("text", "broken:");
	assert_says("text", "unused");
	end_check();
	check("A1 comm=sh another program\n", "B");
	assert_int_equal(verdicts.answer, FW_HOLDS);
	assert_does_not_say("text", "unused");
	end_check();
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_bad_lines),
		TEST(test_lines),
		TEST(test_where),
		TEST(test_allowed),
		TEST(test_not_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
