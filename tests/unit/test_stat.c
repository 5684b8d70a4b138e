// SPDX-License-Identifier: GPL-2.0-only
/* Forks in numbers: histograms, who forked, and how that is shown. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "fixture.h"
#include "render_stat.h"
#include "schema.h"
#include "stat.h"

#define SCHEMA	TEST_DATA_DIR "/../../docs/stat.schema.json"

static void buckets_double(void **state)
{
	unsigned int i;

	(void)state;
	assert_int_equal(fw_histogram_bucket(0), 0);
	assert_int_equal(fw_histogram_bucket(1), 0);
	assert_int_equal(fw_histogram_bucket(2), 1);
	assert_int_equal(fw_histogram_bucket(UINT64_MAX), 63);
	assert_true(fw_histogram_from(0) == 0);
	assert_true(fw_histogram_from(64) == UINT64_MAX);
	for (i = 1; i < 64; i++) {
		assert_int_equal(fw_histogram_bucket(fw_histogram_from(i)), i);
		assert_int_equal(fw_histogram_bucket(fw_histogram_from(i) - 1), i - 1);
	}
}

static void values_are_counted_and_summed(void **state)
{
	static const uint64_t values[] = { 1000, 1023, 1024, 70, 5000 };
	struct fw_histogram histogram = { .count = 0 };
	unsigned int first, last;
	size_t i;

	(void)state;
	assert_true(fw_histogram_mean(&histogram) == 0);
	for (i = 0; i < sizeof(values) / sizeof(*values); i++)
		fw_histogram_add(&histogram, values[i]);
	assert_int_equal(histogram.count, 5);
	assert_int_equal(histogram.sum, 8117);
	assert_int_equal(histogram.min, 70);
	assert_int_equal(histogram.max, 5000);
	assert_int_equal(fw_histogram_mean(&histogram), 1623);
	assert_int_equal(histogram.buckets[9], 2);
	assert_int_equal(histogram.buckets[10], 1);
	assert_int_equal(histogram.buckets[6], 1);
	assert_int_equal(histogram.buckets[12], 1);
	fw_histogram_range(&histogram, &first, &last);
	assert_int_equal(first, 6);
	assert_int_equal(last, 12);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fw_stat));
	return *state ? fw_stat_open(*state) : -1;
}

static int teardown(void **state)
{
	fw_stat_close(*state);
	free(*state);
	return 0;
}

static void add(struct fw_stat *stat, enum fixture_kind kind, const char *comm)
{
	struct fw_fork *fork = fixture_fork(kind);

	if (fork->enter)
		strncpy(fork->enter->comm, comm, sizeof(fork->enter->comm));
	assert_int_equal(fw_stat_fork(stat, fork), 0);
	fw_fork_free(fork);
}

/*
 * The fixture's kernel_clone() lasts from -300 to 8000, the child is woken at
 * 4000 and runs at 7000; see test_stages.c.
 */
static void times_are_those_of_the_events(void **state)
{
	struct fw_stat *stat = *state;

	add(stat, FIXTURE_FORK, "sh");
	add(stat, FIXTURE_VFORK, "sh");
	add(stat, FIXTURE_FAILED, "sh");
	assert_int_equal(stat->times[FW_STAT_FORK].count, 1);
	assert_int_equal(stat->times[FW_STAT_FORK].sum, 8300);
	assert_int_equal(stat->times[FW_STAT_VFORK].count, 1);
	assert_int_equal(stat->times[FW_STAT_TO_FIRST_RUN].count, 2);
	assert_int_equal(stat->times[FW_STAT_TO_FIRST_RUN].sum, 14000);
	assert_int_equal(stat->times[FW_STAT_WAKE_UP].sum, 6000);
	assert_int_equal(stat->tally.failed, 1);
	/* Stages were not watched. */
	assert_int_equal(stat->times[FW_STAT_STAGES + FORKWATCH_STAGE_COPY_PROCESS].count, 0);
}

static struct forkwatch_stages *make_stages(void)
{
	struct forkwatch_stages *stages = calloc(1, sizeof(*stages));

	assert_non_null(stages);
	stages->hdr.size = sizeof(*stages);
	stages->hdr.kind = FORKWATCH_STAGES;
	stages->absent = 1U << FORKWATCH_STAGE_COPY_MM;
	stages->enter[FORKWATCH_STAGE_DUP_FD] = fixture_who.time + 100;
	stages->total[FORKWATCH_STAGE_DUP_FD] = 700;
	stages->calls[FORKWATCH_STAGE_DUP_FD] = 2;
	stages->enter[FORKWATCH_STAGE_ALLOC_PID] = fixture_who.time + 900;
	stages->total[FORKWATCH_STAGE_ALLOC_PID] = 1;
	stages->calls[FORKWATCH_STAGE_ALLOC_PID] = 1;
	stages->torn = 1U << FORKWATCH_STAGE_ALLOC_PID;
	return stages;
}

static void stages_count_once_a_fork(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);
	struct fw_stat *stat = *state;

	fork->stages = make_stages();
	assert_int_equal(fw_stat_fork(stat, fork), 0);
	assert_int_equal(stat->times[FW_STAT_STAGES + FORKWATCH_STAGE_DUP_FD].count, 1);
	assert_int_equal(stat->times[FW_STAT_STAGES + FORKWATCH_STAGE_DUP_FD].sum, 700);
	assert_int_equal(stat->times[FW_STAT_STAGES + FORKWATCH_STAGE_COPY_PROCESS].sum, 3000);
	/* Its return was missed: how long it took is not known. */
	assert_int_equal(stat->times[FW_STAT_STAGES + FORKWATCH_STAGE_ALLOC_PID].count, 0);
	assert_int_equal(stat->absent, 1U << FORKWATCH_STAGE_COPY_MM);
	fw_fork_free(fork);
}

static void names_are_a_tree(void **state)
{
	unsigned int order[FW_STAT_TIMES];
	size_t nr = fw_stat_order(order), i, j;

	(void)state;
	assert_true(nr <= FW_STAT_TIMES);
	for (i = 0; i < nr; i++) {
		assert_true(order[i] < FW_STAT_TIMES);
		assert_non_null(fw_stat_name(order[i]));
		for (j = 0; j < i; j++)
			assert_int_not_equal(order[i], order[j]);
	}
	assert_string_equal(fw_stat_name(FW_STAT_STAGES + FORKWATCH_STAGE_DUP_FD), "dup_fd");
	assert_int_equal(fw_stat_depth(FW_STAT_FORK), 0);
	assert_int_equal(fw_stat_depth(FW_STAT_STAGES + FORKWATCH_STAGE_KERNEL_CLONE), 0);
	assert_int_equal(fw_stat_depth(FW_STAT_STAGES + FORKWATCH_STAGE_DUP_FD), 2);
}

static void who_forks_most_comes_first(void **state)
{
	const struct fw_stat_comm **list;
	struct fw_stat *stat = *state;

	add(stat, FIXTURE_FORK, "bash");
	add(stat, FIXTURE_FORK, "make");
	add(stat, FIXTURE_FAILED, "make");
	add(stat, FIXTURE_FORK, "abcdefghijklmnop");	/* all 16 bytes */
	list = fw_stat_comms(stat);
	assert_non_null(list);
	assert_string_equal(list[0]->comm, "make");
	assert_int_equal(list[0]->forks, 2);
	assert_int_equal(list[0]->failed, 1);
	assert_string_equal(list[1]->comm, "abcdefghijklmnop");
	assert_string_equal(list[2]->comm, "bash");
	assert_null(list[3]);
	free(list);
}

static void laps_forget_what_was(void **state)
{
	struct fw_stat *stat = *state;

	add(stat, FIXTURE_FORK, "sh");
	fw_stat_lap(stat);
	add(stat, FIXTURE_FORK, "sh");
	add(stat, FIXTURE_FORK, "ls");
	assert_int_equal(stat->tally.forks - stat->lap_forks, 2);
	assert_int_equal(stat->comms->forks - stat->comms->before, 1);
	assert_int_equal(stat->comms->next->forks - stat->comms->next->before, 1);
}

static const struct fw_losses lossless;

static struct fw_stat_view last_view(const struct fw_stat *stat)
{
	return (struct fw_stat_view){
		.stat = stat, .duration = 2000000000, .last = true, .losses = &lossless,
		.command = "",
	};
}

static const char histograms[] =
	"stat   2.00 s   1.00/s\n"
	"  forks   2   2 fork\n"
	"  by name\n"
	"          sh                        2   1.00/s\n"
	"  lost    0   0 events came\n"
	"\n"
	"  times                             forks   mean          shortest    longest\n"
	"  whole fork                            3   18.9 us       8.30 us     40.0 us\n"
	"      8.19 us  16.4 us           2  ##################################################\n"
	"      16.4 us  32.8 us           0\n"
	"      32.8 us  65.5 us           1  #########################\n"
	"  fork to first run                     2   7.00 us       7.00 us     7.00 us\n"
	"      4.10 us  8.19 us           2  ##################################################\n"
	"  wake-up to first run                  2   3.00 us       3.00 us     3.00 us\n"
	"      2.05 us  4.10 us           2  ##################################################\n";

static void text_shows_a_histogram(void **state)
{
	struct fw_stat *stat = *state;
	struct fw_stat_view view = last_view(stat);
	struct fw_text text;

	add(stat, FIXTURE_FORK, "sh");
	add(stat, FIXTURE_FORK, "sh");
	fw_histogram_add(&stat->times[FW_STAT_FORK], 40000);
	assert_int_equal(fw_text_open(&text, false), 0);
	fw_stat_text(&text, &view);
	assert_int_equal(fw_text_finish(&text), 0);
	assert_string_equal(text.data, histograms);
	fw_text_close(&text);
}

static json_t *described_json(const struct fw_stat_view *view)
{
	json_t *schema = json_load_file(SCHEMA, 0, NULL), *object = fw_stat_json(view);
	char why[256];

	assert_non_null(schema);
	assert_non_null(object);
	if (!schema_accepts(schema, schema, object, true, why, sizeof(why)))
		fail_msg("%s in %s", why, json_dumps(object, 0));
	json_decref(schema);
	return object;
}

static void json_is_as_described(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);
	struct fw_stat *stat = *state;
	struct fw_stat_view view = last_view(stat);
	struct fw_env env;
	json_t *object;

	json_decref(described_json(&view));
	fixture_env_open(&env);
	view.env = &env;
	view.command = "make -j";
	fork->stages = make_stages();
	assert_int_equal(fw_stat_fork(stat, fork), 0);
	fw_fork_free(fork);
	add(stat, FIXTURE_FAILED, "sh");
	stat->tally.cow.forks = 1;
	json_decref(described_json(&view));
	view.last = false;
	view.lap = 1000;
	object = described_json(&view);
	assert_int_equal(json_integer_value(json_object_get(object, "forks")), 2);
	assert_true(json_is_null(json_object_get(object, "lost")));
	json_decref(object);
	fixture_env_close(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_double),
		cmocka_unit_test(values_are_counted_and_summed),
		cmocka_unit_test(names_are_a_tree),
		cmocka_unit_test_setup_teardown(times_are_those_of_the_events, setup, teardown),
		cmocka_unit_test_setup_teardown(stages_count_once_a_fork, setup, teardown),
		cmocka_unit_test_setup_teardown(who_forks_most_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(laps_forget_what_was, setup, teardown),
		cmocka_unit_test_setup_teardown(text_shows_a_histogram, setup, teardown),
		cmocka_unit_test_setup_teardown(json_is_as_described, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
