// SPDX-License-Identifier: GPL-2.0-only
/* What forks cost when they were over: each count finds its fork, and is shown as it is. */
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

#include "cow.h"
#include "fixture.h"
#include "render_text.h"
#include "show.h"

#define FORKS_MAX	4

/* What came of a model, in order: 'f' a fork, 'c' a count, and the fork's id. */
struct test {
	struct fw_model *model;
	char order[64];
	struct fw_cow cows[FORKS_MAX];
	struct forkwatch_cow events[FORKS_MAX];
	size_t nr;
};

static void note(struct test *test, char what, uint64_t id)
{
	size_t len = strlen(test->order);

	snprintf(test->order + len, sizeof(test->order) - len, "%c%u ", what, (unsigned int)id);
}

static void take_fork(void *ctx, struct fw_fork *fork)
{
	note(ctx, 'f', fork->id);
	fw_fork_free(fork);
}

static void take_cow(void *ctx, const struct fw_cow *cow)
{
	struct test *test = ctx;

	note(test, 'c', cow->fork);
	assert_true(test->nr < FORKS_MAX);
	test->events[test->nr] = *cow->event;
	test->cows[test->nr++] = *cow;
}

static int setup(void **state)
{
	struct test *test = calloc(1, sizeof(*test));

	if (!test || fw_model_open(&test->model, take_fork, test))
		return -1;
	fixture_reset();
	fw_model_on_cow(test->model, take_cow);
	*state = test;
	return 0;
}

static int teardown(void **state)
{
	struct test *test = *state;

	fw_model_close(test->model);
	free(test);
	return 0;
}

/* @who's, all counts being different. */
static struct forkwatch_cow *make_cow(const struct fixture_who *who)
{
	struct forkwatch_cow *cow = calloc(1, sizeof(*cow));

	assert_non_null(cow);
	cow->hdr.size = sizeof(*cow);
	cow->hdr.kind = FORKWATCH_COW;
	cow->hdr.tid = who->child_tid;
	cow->hdr.tgid = who->child_tid;
	cow->hdr.time = who->time + 12300000;
	cow->child = who->child;
	cow->start_time = who->start_time;
	cow->begin = who->time;
	cow->child_tid = who->child_tid;
	cow->parent_tgid = who->parent_tid;
	cow->reason = FORKWATCH_COW_EXEC;
	cow->flags = FORKWATCH_COW_PARENT | FORKWATCH_COW_CHILD;
	cow->child_faults[FORKWATCH_COW_FAULTS] = 130;
	cow->child_faults[FORKWATCH_COW_COPIED] = 120;
	cow->child_faults[FORKWATCH_COW_REUSED] = 5;
	cow->child_faults[FORKWATCH_COW_FIRST] = 3;
	cow->child_faults[FORKWATCH_COW_HUGE] = 9;
	cow->child_faults[FORKWATCH_COW_HUGE_SPLIT] = 7;
	cow->child_faults[FORKWATCH_COW_HUGE_REUSED] = 1;
	cow->child_ns = 3400000;
	cow->child_first = who->time + 100;
	cow->child_last = who->time + 12000000;
	cow->parent_faults[FORKWATCH_COW_FAULTS] = 1;
	cow->parent_faults[FORKWATCH_COW_COPIED] = 1;
	cow->parent_ns = 1000;
	cow->parent_last = who->time + 500;
	return cow;
}

static void add(struct test *test, void *event)
{
	fixture_number(event);
	assert_int_equal(fw_model_add(test->model, event), 0);
}

/* All of @who's fork but @late, which is returned: an event's kind, 0 for none. */
static struct forkwatch_header *add_fork(struct test *test, const struct fixture_who *who,
					 uint16_t late)
{
	struct forkwatch_header *held = NULL;
	struct fixture_events events;
	size_t i;

	fixture_make(FIXTURE_FORK, who, &events);
	for (i = 0; i < events.nr; i++) {
		if (events.list[i]->kind == late)
			held = events.list[i];
		else
			add(test, events.list[i]);
	}
	return held;
}

static void a_count_follows_its_fork(void **state)
{
	struct test *test = *state;

	add_fork(test, &fixture_who, 0);
	add(test, make_cow(&fixture_who));
	assert_string_equal(test->order, "f1 c1 ");
	assert_int_equal(test->events[0].child_faults[FORKWATCH_COW_COPIED], 120);
	assert_true(*test->cows[0].parent_comm);
}

static void one_that_came_first_waits_for_it(void **state)
{
	struct test *test = *state;
	struct forkwatch_header *late = add_fork(test, &fixture_who, FORKWATCH_FORK_RETURN);

	add(test, make_cow(&fixture_who));
	add(test, fixture_child_exit(&fixture_who));
	assert_string_equal(test->order, "");
	add(test, late);
	assert_string_equal(test->order, "f1 c1 ");
}

static void one_without_a_fork_is_told_in_the_end(void **state)
{
	struct test *test = *state;

	add(test, make_cow(&fixture_who));
	assert_string_equal(test->order, "");
	fw_model_flush(test->model);
	assert_string_equal(test->order, "c0 ");
}

/* The same task_struct, later: not the same task. */
static void start_times_tell_children_apart(void **state)
{
	struct fixture_who later = fixture_who;
	struct test *test = *state;

	later.time += 100000;
	later.start_time += 100000;
	later.child_tid++;
	add_fork(test, &fixture_who, 0);
	add_fork(test, &later, 0);
	add(test, make_cow(&later));
	add(test, make_cow(&fixture_who));
	assert_string_equal(test->order, "f1 f2 c2 c1 ");
}

static void a_second_one_is_refused(void **state)
{
	struct forkwatch_cow *again = make_cow(&fixture_who);
	struct test *test = *state;

	add(test, make_cow(&fixture_who));
	fixture_number(&again->hdr);
	assert_int_equal(fw_model_add(test->model, &again->hdr), -EEXIST);
}

/* What has ended sends no more. */
static void children_that_ended_are_forgotten(void **state)
{
	struct test *test = *state;

	add_fork(test, &fixture_who, 0);
	add(test, fixture_child_exit(&fixture_who));
	add(test, make_cow(&fixture_who));
	fw_model_flush(test->model);
	assert_string_equal(test->order, "f1 c0 ");
}

static void the_oldest_make_room(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);
	uint64_t child = fork->child;
	struct test test = { .nr = 0 };
	struct forkwatch_cow *cow;
	struct fw_cows *cows;
	unsigned int i;

	(void)state;
	assert_int_equal(fw_cows_open(&cows), 0);
	fw_cows_set(cows, take_cow, &test);
	for (i = 0; i < 20000; i++) {
		fork->id = i + 1;
		fork->child = child + 64 * i;
		assert_int_equal(fw_cows_fork(cows, fork), 0);
		fw_cows_told(cows);
	}
	/* The youngest is known, the oldest is not. */
	cow = make_cow(&fixture_who);
	cow->child = fork->child;
	cow->start_time = fork->exit->start_time;
	assert_int_equal(fw_cows_event(cows, cow), 0);
	cow = make_cow(&fixture_who);
	cow->start_time = fork->exit->start_time;
	assert_int_equal(fw_cows_event(cows, cow), 0);
	assert_string_equal(test.order, "c20000 ");
	fw_cows_flush(cows);
	assert_string_equal(test.order, "c20000 c0 ");
	fw_cows_close(cows);
	fw_fork_free(fork);
}

static void sums_are_by_side(void **state)
{
	struct forkwatch_cow *event = make_cow(&fixture_who);
	struct fw_cow_totals totals = { 0 };

	(void)state;
	fw_cow_add(&totals, event);
	event->flags = FORKWATCH_COW_CHILD;
	fw_cow_add(&totals, event);
	assert_int_equal(totals.forks, 2);
	assert_int_equal(totals.child.counted, 2);
	assert_int_equal(totals.child.faults[FORKWATCH_COW_COPIED], 240);
	assert_int_equal(totals.child.ns, 6800000);
	assert_int_equal(totals.parent.counted, 1);
	assert_int_equal(totals.parent.faults[FORKWATCH_COW_COPIED], 1);
	assert_int_equal(fw_cow_unseen(totals.child.faults), 4);
	free(event);
}

static void assert_shown(const struct fw_cow *cow, const char *format, bool quiet,
			 const char *expected)
{
	char *text = show_cow(cow, format, quiet);

	assert_string_equal(text, expected);
	free(text);
}

static void text_shows_both_sides(void **state)
{
	struct forkwatch_cow *event = make_cow(&fixture_who);
	struct fw_cow cow = { .fork = 3, .parent_comm = "sh", .event = event };

	(void)state;
	event->child_tid = 118;
	event->parent_tgid = 117;
	assert_shown(&cow, "text", false,
		     "  cow     fork 3   until its child's exec, 12.3 ms after it was woken\n"
		     "          child ?[118]   120 pages copied   5 written in place   "
		     "3 not shared by the fork\n"
		     "                         7 huge split   1 huge written in place   "
		     "2 not observed\n"
		     "                         faults took 3.40 ms\n"
		     "          parent sh[117]   1 page copied   faults took 1.00 us\n\n");
	assert_shown(&cow, "text", true, "");
	event->flags = 0;
	event->reason = FORKWATCH_COW_OPEN;
	cow.fork = 0;
	assert_shown(&cow, "text", false,
		     "  cow     fork not observed   until tracing ended, 12.3 ms after it was woken\n"
		     "          child ?[118]   not observed\n"
		     "          parent sh[117]   not observed\n\n");
	free(event);
}

static void assert_described(const struct fw_cow *cow)
{
	json_decref(show_described(show_cow(cow, "json", false), "cow"));
}

static void json_is_as_described(void **state)
{
	struct forkwatch_cow *event = make_cow(&fixture_who);
	struct fw_cow cow = { .fork = 3, .parent_comm = "sh", .event = event };
	json_t *object;
	char *text;

	(void)state;
	assert_described(&cow);
	text = show_cow(&cow, "json", false);
	object = json_loads(text, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(object, "child"),
							    "copied")), 120);
	assert_true(json_is_null(json_object_get(json_object_get(object, "parent"),
						 "first_copy")));
	json_decref(object);
	free(text);
	event->flags = 0;
	event->reason = 99;
	cow.fork = 0;
	assert_described(&cow);
	assert_shown(&cow, "json", true, "");
	free(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_count_follows_its_fork, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_came_first_waits_for_it, setup, teardown),
		cmocka_unit_test_setup_teardown(one_without_a_fork_is_told_in_the_end, setup,
						teardown),
		cmocka_unit_test_setup_teardown(start_times_tell_children_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(a_second_one_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(children_that_ended_are_forgotten, setup,
						teardown),
		cmocka_unit_test(the_oldest_make_room),
		cmocka_unit_test(sums_are_by_side),
		cmocka_unit_test(text_shows_both_sides),
		cmocka_unit_test(json_is_as_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
