// SPDX-License-Identifier: GPL-2.0-only
/* What is said of times: of numbers, and of traces whose times were changed. */
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

#include "compare_times.h"
#include "event.h"
#include "schema.h"
#include "scratch.h"
#include "trace.h"

#define DATA(name)	TEST_DATA_DIR "/6.1/" name

/*
 * Numbers.
 */
#define MANY	200

static uint64_t a[MANY], b[MANY];
static uint32_t noise_state;

/* From 0 to 0.999, with the same numbers each time. */
static double noise(void)
{
	noise_state = noise_state * 1103515245 + 12345;
	return (noise_state >> 16) % 1000 / 1000.0;
}

/* About 10 us, a few of them far more, as times are. */
static uint64_t some_time(double factor)
{
	double ns = 10000 + 2000 * noise();

	return factor * (noise() > 0.95 ? 20 * ns : ns);
}

static void make_times(size_t nr, double factor)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		a[i] = some_time(1);
		b[i] = some_time(factor);
	}
}

static struct fw_timing judge(size_t nr, double threshold)
{
	struct fw_timing timing;

	assert_int_equal(fw_timing_judge(a, b, nr, threshold, &timing), 0);
	return timing;
}

static int seed(void **state)
{
	(void)state;
	noise_state = 1;
	return 0;
}

static void test_same_numbers(void **state)
{
	struct fw_timing timing;

	(void)state;
	make_times(MANY, 1);
	memcpy(b, a, sizeof(a));
	timing = judge(MANY, 0.1);
	assert_int_equal(timing.verdict, FW_TIMING_SAME);
	assert_true(timing.a == timing.b && timing.change == 0);
	assert_true(timing.low == 0 && timing.high == 0);
	/* Even where nothing at all may change. */
	assert_int_equal(judge(MANY, 0).verdict, FW_TIMING_SAME);
}

/* Drawn twice from the same times: never slower, and seldom not sure. */
static void test_chance(void **state)
{
	unsigned int round, unsure = 0;

	(void)state;
	for (round = 0; round < 100; round++) {
		enum fw_timing_verdict verdict;

		make_times(60, 1);
		verdict = judge(60, 0.1).verdict;
		assert_int_not_equal(verdict, FW_TIMING_SLOWER);
		assert_int_not_equal(verdict, FW_TIMING_FASTER);
		unsure += verdict == FW_TIMING_UNSURE;
	}
	assert_true(unsure < 20);
}

static void test_slower(void **state)
{
	struct fw_timing timing;

	(void)state;
	make_times(60, 1.3);
	timing = judge(60, 0.1);
	assert_int_equal(timing.verdict, FW_TIMING_SLOWER);
	assert_true(timing.low > 0.1 && timing.low < 0.3 && timing.high > 0.3);
	assert_true(timing.low <= timing.change && timing.change <= timing.high);
	/* Who allows for more is not told. */
	assert_int_equal(judge(60, 0.5).verdict, FW_TIMING_SAME);
	make_times(60, 0.7);
	timing = judge(60, 0.1);
	assert_int_equal(timing.verdict, FW_TIMING_FASTER);
	assert_true(timing.high < -0.1);
	/* Right at the threshold nobody can be sure. */
	make_times(60, 1.1);
	assert_int_equal(judge(60, 0.1).verdict, FW_TIMING_UNSURE);
}

/* An interval of 99 % holds the truth about as often as that. */
static void test_coverage(void **state)
{
	unsigned int round, held = 0;

	(void)state;
	for (round = 0; round < 200; round++) {
		struct fw_timing timing;

		make_times(60, 1.2);
		timing = judge(60, 0.1);
		held += timing.low <= 0.2 && timing.high >= 0.2;
	}
	assert_true(held >= 190);
}

/* The noise of neighbours is the same: more of them say less. */
static void test_slow_for_a_while(void **state)
{
	struct fw_timing timing;
	size_t i;

	(void)state;
	make_times(60, 1);
	for (i = 0; i < 60; i++)
		b[i] = a[i] * (i / 15 % 2 ? 1.4 : 1);
	timing = judge(60, 0.1);
	assert_int_equal(timing.verdict, FW_TIMING_UNSURE);
	assert_true(timing.low < 0.1 && timing.high > 0.3);
}

static void test_too_few(void **state)
{
	struct fw_timing timing;

	(void)state;
	make_times(MANY, 2);
	timing = judge(FW_TIMING_PAIRS_MIN - 1, 0.1);
	assert_int_equal(timing.verdict, FW_TIMING_TOO_FEW);
	assert_true(timing.a > 0 && timing.change > 0.5);
	assert_int_equal(judge(FW_TIMING_PAIRS_MIN, 0.1).verdict, FW_TIMING_SLOWER);
	timing = judge(0, 0.1);
	assert_int_equal(timing.verdict, FW_TIMING_TOO_FEW);
	assert_true(timing.a == 0);
	a[0] = 4;
	a[1] = 7;
	assert_true(judge(2, 0.1).a == 5.5);
	assert_true(judge(1, 0.1).a == 4);
}

static void test_no_time(void **state)
{
	(void)state;
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	assert_int_equal(judge(MANY, 0.1).verdict, FW_TIMING_SAME);
}

static void test_threshold(void **state)
{
	static const char *const bad[] = { "", "%", "x", "10%%", "-1%", "1001%", "nan", "10 %" };
	double threshold;
	size_t i;

	(void)state;
	assert_int_equal(fw_parse_threshold("10%", &threshold), 0);
	assert_true(threshold == 0.1);
	assert_int_equal(fw_parse_threshold("2.5", &threshold), 0);
	assert_true(threshold == 0.025);
	assert_int_equal(fw_parse_threshold("0", &threshold), 0);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(fw_parse_threshold(bad[i], &threshold), -EINVAL);
}

/*
 * Traces: a recorded one, several times in a row, with other times.
 */
#define QUICK	scratch_path("a")
#define SLOW	scratch_path("b")

/* How a repetition is told from the others, and what it takes. */
struct round {
	struct fw_trace_writer *writer;
	uint64_t seq[8];
	unsigned int nr;
	uint64_t first;			/* time of the recording */
	double stretch;
};

#define ROUND_NS	1000000000ULL
#define ROUND_PIDS	1000

static uint64_t move_time(const struct round *round, uint64_t time)
{
	return round->first + round->nr * ROUND_NS +
	       (int64_t)((int64_t)(time - round->first) * round->stretch);
}

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), of_end = strlen(end);

	return length >= of_end && !strcmp(name + length - of_end, end);
}

static void change_field(const struct round *round, void *event, const struct fw_field *field)
{
	uint64_t *times = (void *)((char *)event + field->offset);
	uint32_t *id = (void *)times;
	size_t i;

	for (i = 0; field->type == FW_U64 && i < field->count; i++) {
		if (times[i] && (ends_with(field->name, "_time") || !strcmp(field->name, "enter")))
			times[i] = move_time(round, times[i]);
		else if (!strcmp(field->name, "total"))
			times[i] *= round->stretch;
	}
	if (field->type == FW_U32 && *id &&
	    (ends_with(field->name, "_tid") || ends_with(field->name, "_tgid")))
		*id += round->nr * ROUND_PIDS;
}

static void write_event(struct round *round, const void *data, size_t size)
{
	struct forkwatch_header *event;
	const struct fw_field *field;

	assert_int_equal(fw_event_decode(data, size, &event), 0);
	if (!round->first)
		round->first = event->time;
	for (field = fw_event_type(event->kind)->fields; field->name; field++)
		if (fw_event_has(event, field))
			change_field(round, event, field);
	event->time = move_time(round, event->time);
	event->tid += round->nr * ROUND_PIDS;
	event->tgid += round->nr * ROUND_PIDS;
	event->seq = round->seq[event->cpu]++;
	assert_int_equal(fw_trace_write(round->writer, event, event->size), 0);
	free(event);
}

/* Each repetition takes a little more or less than @stretch of what was recorded. */
static void repeat(const char *from, const char *to, unsigned int times, double stretch)
{
	struct fw_trace_end end = { 0 };
	struct round round = { .nr = 0 };
	struct fw_trace *trace;
	const void *data;
	size_t size;

	for (; round.nr < times; round.nr++) {
		if (fw_trace_open(&trace, from))
			fail_msg("%s", fw_trace_error());
		if (!round.nr) {
			assert_int_equal(fw_trace_create(&round.writer, to, true), 0);
			assert_int_equal(fw_trace_begin(round.writer, fw_trace_info(trace)), 0);
		}
		round.stretch = stretch * (0.98 + 0.04 * noise());
		while (fw_trace_next(trace, &data, &size) > 0)
			write_event(&round, data, size);
		fw_trace_close(trace);
	}
	assert_int_equal(fw_trace_finish(round.writer, &end), 0);
}

static struct fw_golden sides[2];
static struct fw_comparison comparison;

static void compare(double threshold)
{
	if (fw_golden_open_timed(&sides[0], QUICK) || fw_golden_open_timed(&sides[1], SLOW))
		fail_msg("%s", fw_trace_error());
	assert_int_equal(fw_compare(&comparison, &sides[0], &sides[1]), 0);
	assert_int_equal(comparison.answer, FW_SAME);
	assert_int_equal(fw_compare_times(&comparison, threshold), 0);
}

static void end_compare(void)
{
	fw_comparison_close(&comparison);
	fw_golden_close(&sides[0]);
	fw_golden_close(&sides[1]);
}

static char *say(const char *format)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(fw_comparison_format_find(format)->put(&comparison, out, false), 0);
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

/* The JSON is as described to the last key; that of the step @name is returned, borrowed. */
static json_t *find_step(json_t **object, const char *name)
{
	json_t *schema = json_load_file(TEST_DATA_DIR "/../../docs/diff.schema.json", 0, NULL);
	json_t *step, *found = NULL;
	char *text = say("json"), why[256];
	size_t i;

	*object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(schema);
	assert_non_null(*object);
	if (!schema_accepts(schema, schema, *object, true, why, sizeof(why)))
		fail_msg("%s: %s", why, text);
	json_decref(schema);
	free(text);
	json_array_foreach(json_object_get(json_object_get(*object, "times"), "steps"), i, step)
		if (!strcmp(json_string_value(json_object_get(step, "step")), name))
			found = step;
	return found;
}

static void test_slower_trace(void **state)
{
	json_t *object, *step;

	(void)state;
	repeat(DATA("stages"), QUICK, 25, 1);
	repeat(DATA("stages"), SLOW, 25, 1.3);
	compare(0.1);
	assert_int_equal(comparison.answer, FW_DIFFERENT);
	assert_true(comparison.times->nr > 20);
	assert_int_equal(comparison.times->verdicts[FW_TIMING_SLOWER], comparison.times->nr);
	assert_string_equal(fw_comparison_answer_name(comparison.answer), "different");
	assert_non_null(strstr(comparison.reason, "steps are slower"));
	assert_says("text", "fork, 25 in both");
	assert_says("text", "slower");
	assert_says("ktap", "not ok 12 times: kernel_clone of a fork is not slower\n");
	assert_says("junit", "<failure message=\"slower: ");
	assert_says("junit", "name=\"times: dup_mmap of a fork is not slower\"");
	step = find_step(&object, "dup_mmap");
	assert_non_null(step);
	assert_int_equal(json_integer_value(json_object_get(step, "forks")), 25);
	assert_true(json_number_value(json_object_get(step, "low")) > 0.2);
	assert_true(json_number_value(json_object_get(step, "high")) < 0.4);
	assert_string_equal(json_string_value(json_object_get(step, "verdict")), "slower");
	json_decref(object);
	end_compare();
	/* More is allowed. */
	compare(0.4);
	assert_int_equal(comparison.answer, FW_SAME);
	assert_says("ktap", "\nok 12 times: kernel_clone of a fork is not slower\n");
	end_compare();
}

/* What is faster is told, and no fault. */
static void test_faster_trace(void **state)
{
	json_t *object;

	(void)state;
	repeat(DATA("fork"), QUICK, 12, 1);
	repeat(DATA("fork"), SLOW, 12, 0.5);
	compare(0.1);
	assert_int_equal(comparison.answer, FW_SAME);
	assert_int_equal(comparison.times->verdicts[FW_TIMING_FASTER], comparison.times->nr);
	assert_non_null(find_step(&object, "wake-up to first run"));
	json_decref(object);
	end_compare();
}

static void test_same_trace(void **state)
{
	(void)state;
	repeat(DATA("fork"), QUICK, 20, 1);
	repeat(DATA("fork"), SLOW, 20, 1);
	compare(0.1);
	assert_int_equal(comparison.answer, FW_SAME);
	assert_int_equal(comparison.times->verdicts[FW_TIMING_SLOWER], 0);
	end_compare();
}

static void test_few_forks(void **state)
{
	json_t *object, *step;

	(void)state;
	repeat(DATA("spawn"), QUICK, 2, 1);
	repeat(DATA("spawn"), SLOW, 2, 5);
	compare(0.1);
	assert_int_equal(comparison.answer, FW_NOTHING_TO_COMPARE);
	assert_non_null(strstr(comparison.reason, "20 forks"));
	assert_says("text", "too few: 20 forks are needed");
	assert_says("ktap", " # SKIP too few\n");
	assert_says("junit", "<skipped message=\"too few: ");
	assert_says("junit", "failures=\"0\"");
	/* What a vfork's parent waits for is not the kernel's time. */
	assert_null(find_step(&object, "kernel_clone"));
	json_decref(object);
	step = find_step(&object, "copy_process");
	assert_null(json_object_get(step, "low"));
	json_decref(object);
	end_compare();
}

static void test_watched_once(void **state)
{
	(void)state;
	repeat(DATA("fork"), QUICK, 20, 1);
	repeat(DATA("stages"), SLOW, 40, 1);
	assert_int_equal(fw_golden_open_timed(&sides[0], QUICK), 0);
	assert_int_equal(fw_golden_open_timed(&sides[1], SLOW), 0);
	assert_int_equal(fw_compare(&comparison, &sides[0], &sides[1]), 0);
	assert_int_equal(fw_compare_times(&comparison, 0.1), 0);
	assert_int_equal(comparison.times->nr, 0);
	assert_non_null(fw_times_obstacle(&comparison));
	assert_says("text", "watched in one recording only");
	assert_says("ktap", "# times: stages were watched in one recording only");
	end_compare();
}

/* Of thousands of forks some are taken; all are counted. */
static void test_many_forks(void **state)
{
	size_t i;

	(void)state;
	repeat(DATA("fork"), QUICK, 1500, 1);
	repeat(DATA("fork"), SLOW, 1500, 1.2);
	compare(0.1);
	assert_int_equal(comparison.answer, FW_DIFFERENT);
	for (i = 0; i < comparison.times->nr; i++)
		assert_int_equal(comparison.times->list[i].forks, 3000);
	end_compare();
}

static void test_golden_file(void **state)
{
	(void)state;
	assert_int_equal(fw_golden_open_timed(&sides[0], TEST_DATA_DIR "/golden/6.1/fork.json"),
			 -ENODATA);
	assert_non_null(strstr(fw_trace_error(), "golden files have no times"));
}

int main(void)
{
#define NUMBERS(name)	cmocka_unit_test_setup(name, seed)
#define TRACES(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		NUMBERS(test_same_numbers),
		NUMBERS(test_chance),
		NUMBERS(test_slower),
		NUMBERS(test_coverage),
		NUMBERS(test_slow_for_a_while),
		NUMBERS(test_too_few),
		NUMBERS(test_no_time),
		NUMBERS(test_threshold),
		TRACES(test_slower_trace),
		TRACES(test_faster_trace),
		TRACES(test_same_trace),
		TRACES(test_few_forks),
		TRACES(test_watched_once),
		TRACES(test_many_forks),
		TRACES(test_golden_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
