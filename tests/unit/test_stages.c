// SPDX-License-Identifier: GPL-2.0-only
/* The tree of a fork's stages: its sums, what it says of holes, and how it is shown. */
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

#include "array.h"
#include "event.h"
#include "fixture.h"
#include "json.h"
#include "show.h"
#include "stages.h"

#define BIT(stage)	(1U << FORKWATCH_STAGE_##stage)

/*
 * FIXTURE_FORK's kernel_clone() lasts from -300 to 8000, copy_process() from 0
 * to 3000, copy_thread() from 1500 to 2000, the child's schedule_tail() 900.
 */
static const struct call {
	int stage;
	unsigned int start, total, calls;
} calls[] = {
	{ FORKWATCH_STAGE_COPY_CREDS, 100, 100, 1 },
	{ FORKWATCH_STAGE_DUP_MMAP, 300, 1000, 1 },
	{ FORKWATCH_STAGE_ANON_VMA_FORK, 350, 50, 3 },
	{ FORKWATCH_STAGE_COPY_PAGE_RANGE, 400, 800, 3 },
	{ FORKWATCH_STAGE_ALLOC_PID, 2100, 200, 1 },
	{ FORKWATCH_STAGE_WAKE_UP, 3200, 700, 1 },
};

static struct forkwatch_stages *make_stages(void)
{
	struct forkwatch_stages *stages = calloc(1, sizeof(*stages));
	size_t i;

	assert_non_null(stages);
	stages->hdr.size = sizeof(*stages);
	stages->hdr.kind = FORKWATCH_STAGES;
	stages->hdr.tid = fixture_who.parent_tid;
	stages->hdr.tgid = fixture_who.parent_tid;
	stages->hdr.time = fixture_who.time + 7900;
	stages->armed = ~(BIT(COPY_MM) | BIT(DUP_MM) | BIT(DUP_FD));
	stages->absent = BIT(COPY_MM) | BIT(DUP_MM);
	stages->refused = BIT(DUP_FD);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		stages->enter[calls[i].stage] = fixture_who.time + calls[i].start;
		stages->total[calls[i].stage] = calls[i].total;
		stages->calls[calls[i].stage] = calls[i].calls;
	}
	return stages;
}

/* Of the child of @fork, 50 after the beginning of schedule_tail(), for 300. */
static struct forkwatch_finish_switch *make_finish(const struct fw_fork *fork)
{
	struct forkwatch_finish_switch *finish = calloc(1, sizeof(*finish));

	assert_non_null(finish);
	finish->hdr.size = sizeof(*finish);
	finish->hdr.kind = FORKWATCH_FINISH_SWITCH;
	finish->hdr.tid = fork->child_tid;
	finish->hdr.tgid = fork->child_tgid;
	finish->child = fork->tail_return->child;
	finish->start_time = fork->tail_return->start_time;
	finish->enter_time = fork->tail_return->enter_time + 50;
	finish->hdr.time = finish->enter_time + 300;
	return finish;
}

static struct fw_fork *make_fork(enum fixture_kind kind)
{
	struct fw_fork *fork = fixture_fork(kind);

	fork->stages = make_stages();
	if (fork->tail_return)
		fork->finish_switch = make_finish(fork);
	return fork;
}

/* The tree as text: two spaces a level, then name, total, self. */
static const char *tree(const struct fw_fork *fork, enum fw_stage_order order)
{
	static char text[4096];
	struct fw_stages stages;
	size_t i, len = 0;

	assert_int_equal(fw_stages_build(fork, order, &stages), 0);
	for (i = 0; i < stages.nr; i++) {
		const struct fw_stage_row *row = &stages.rows[i];

		len += snprintf(text + len, sizeof(text) - len, "%*s%s %llu %llu%s%s\n",
				2 * (int)row->depth, "", row->name,
				(unsigned long long)row->total, (unsigned long long)row->self,
				row->torn ? " torn" : "", row->exceeds ? " exceeds" : "");
	}
	return text;
}

/* Every row is what is below it, with the rest, and begins within the one above. */
static void assert_sums(const struct fw_fork *fork)
{
	struct fw_stages stages;
	size_t i, j;

	assert_int_equal(fw_stages_build(fork, FW_BY_START, &stages), 0);
	for (i = 0; i < stages.nr; i++) {
		uint64_t sum = 0;
		size_t below = 0;

		for (j = 0; j < stages.nr; j++) {
			if (stages.rows[j].parent != (int)i)
				continue;
			assert_true(j > i);
			assert_int_equal(stages.rows[j].depth, stages.rows[i].depth + 1);
			sum += stages.rows[j].total;
			below++;
		}
		if (below)
			assert_int_equal(sum, stages.rows[i].total);
		else
			assert_int_equal(stages.rows[i].self, stages.rows[i].total);
	}
}

static void stages_make_a_tree(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	assert_string_equal(tree(fork, FW_BY_START),
			    "kernel_clone 8300 4600\n"
			    "  copy_process 3000 1200\n"
			    "    copy_creds 100 100\n"
			    "    dup_mmap 1000 150\n"	/* copy_mm and dup_mm are absent */
			    "      anon_vma_fork 50 50\n"
			    "      copy_page_range 800 800\n"
			    "      other 150 150\n"
			    "    copy_thread 500 500\n"
			    "    alloc_pid 200 200\n"
			    "    other 1200 1200\n"
			    "  wake_up_new_task 700 700\n"
			    "  other 4600 4600\n"
			    "wake-up to first run 3000 3000\n"
			    "schedule_tail 900 600\n"
			    "  finish_task_switch 300 300\n"
			    "  other 600 600\n");
	assert_sums(fork);
	fw_fork_free(fork);
}

/* The child's rows come from its own events, each of which may be missing. */
static void the_child_tells_for_itself(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	free(fork->finish_switch);
	fork->finish_switch = NULL;
	assert_non_null(strstr(tree(fork, FW_BY_START),
			       "wake-up to first run 3000 3000\nschedule_tail 900 900\n"));
	fork->finish_switch = make_finish(fork);
	free(fork->tail_return);
	fork->tail_return = NULL;
	assert_non_null(strstr(tree(fork, FW_BY_START),
			       "wake-up to first run 3000 3000\nfinish_task_switch 300 300\n"));
	free(fork->wakeup);
	fork->wakeup = NULL;
	assert_null(strstr(tree(fork, FW_BY_START), "first run"));
	fw_fork_free(fork);

	/* What another task's function does next is another matter. */
	fork = make_fork(FIXTURE_KTHREAD);
	assert_shows(fork, "in the child, which calls its function next\n");
	fw_fork_free(fork);
}

static void the_longest_may_come_first(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	assert_string_equal(tree(fork, FW_BY_TIME),
			    "kernel_clone 8300 4600\n"
			    "  copy_process 3000 1200\n"
			    "    dup_mmap 1000 150\n"
			    "      copy_page_range 800 800\n"
			    "      anon_vma_fork 50 50\n"
			    "      other 150 150\n"
			    "    copy_thread 500 500\n"
			    "    alloc_pid 200 200\n"
			    "    copy_creds 100 100\n"
			    "    other 1200 1200\n"
			    "  wake_up_new_task 700 700\n"
			    "  other 4600 4600\n"
			    "wake-up to first run 3000 3000\n"
			    "schedule_tail 900 600\n"
			    "  finish_task_switch 300 300\n"
			    "  other 600 600\n");
	fw_fork_free(fork);
}

/* What is inlined falls to whom it was inlined into. */
static void the_absent_fall_to_the_next_above(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	fork->stages->calls[FORKWATCH_STAGE_DUP_MMAP] = 0;
	assert_non_null(strstr(tree(fork, FW_BY_START),
			       "  copy_process 3000 1350\n"
			       "    copy_creds 100 100\n"
			       "    anon_vma_fork 50 50\n"
			       "    copy_page_range 800 800\n"
			       "    copy_thread"));
	assert_sums(fork);
	fw_fork_free(fork);
}

/* An io thread's parent is not in kernel_clone(); others may have missed its end. */
static void the_root_may_be_missing(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_IO_THREAD);

	(void)state;
	fork->stages->calls[FORKWATCH_STAGE_WAKE_UP] = 0;
	assert_int_equal(strncmp(tree(fork, FW_BY_START), "copy_process 3000 1200\n  copy_creds",
				 strlen("copy_process 3000 1200\n  copy_creds")), 0);
	assert_sums(fork);
	fw_fork_free(fork);
}

static void what_cannot_be_is_said(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	fork->stages->total[FORKWATCH_STAGE_COPY_PAGE_RANGE] = 1001;
	assert_non_null(strstr(tree(fork, FW_BY_START),
			       "    dup_mmap 1000 0 exceeds\n"
			       "      anon_vma_fork 50 50\n"
			       "      copy_page_range 1001 1001\n"
			       "    copy_thread"));
	fw_fork_free(fork);
}

static void a_missed_return_is_said(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	fork->stages->torn = BIT(COPY_PAGE_RANGE);
	assert_non_null(strstr(tree(fork, FW_BY_START),
			       "    dup_mmap 1000 150\n"
			       "      anon_vma_fork 50 50\n"
			       "      copy_page_range 800 800 torn\n"
			       "      other 150 150 torn\n"));
	fork->stages->torn = BIT(DUP_MMAP);
	fork->stages->total[FORKWATCH_STAGE_DUP_MMAP] = 0;
	assert_non_null(strstr(tree(fork, FW_BY_START), "    dup_mmap 0 0 torn\n"));
	fw_fork_free(fork);
}

/* Any numbers at all: no more than wrong. */
static void hostile_values_are_borne(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);
	struct fw_stages stages;

	(void)state;
	memset(&fork->stages->armed, 0xff, sizeof(*fork->stages) - sizeof(fork->stages->hdr));
	fork->ret->hdr.time = fork->ret->enter_time - 1;
	assert_int_equal(fw_stages_build(fork, FW_BY_TIME, &stages), 0);
	assert_true(stages.nr <= FW_STAGE_ROWS);
	assert_int_equal(stages.rows[0].total, 0);
	fw_fork_free(fork);
}

static void without_the_event_nothing_is_said(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);
	struct fw_stages stages;

	(void)state;
	assert_int_equal(fw_stages_build(fork, FW_BY_START, &stages), -ENODATA);
	assert_int_equal(stages.nr, 0);
	fw_fork_free(fork);
}

/*
 * The model.
 */

/* Adds FIXTURE_FORK's events with stages ahead of the one with that index. */
static struct fw_fork *play(size_t at)
{
	struct fixture_events events;
	struct fixture_forks forks;
	struct fw_model *model;
	struct fw_fork *fork;
	size_t i;

	fixture_forks_init(&forks);
	assert_int_equal(fw_model_open(&model, fixture_collect, &forks), 0);
	fixture_make(FIXTURE_FORK, &fixture_who, &events);
	for (i = 0; i < events.nr; i++) {
		if (i == at)
			assert_int_equal(fw_model_add(model, &make_stages()->hdr), 0);
		assert_int_equal(fw_model_add(model, events.list[i]), 0);
	}
	fw_model_flush(model);
	fw_model_close(model);
	assert_int_equal(forks.nr, 1);
	fork = forks.first;
	assert_true(fork->complete);
	return fork;
}

static void the_model_takes_stages_to_their_fork(void **state)
{
	struct fw_fork *fork = play(5);		/* fork_return */

	(void)state;
	assert_non_null(fork->stages);
	fw_fork_free(fork);
	fork = play(0);				/* whose? */
	assert_null(fork->stages);
	fw_fork_free(fork);
	fork = play(6);				/* too late */
	assert_null(fork->stages);
	fw_fork_free(fork);
}

/*
 * What is shown.
 */
static const char waterfall[] =
"  stages  kernel_clone                8.30 us  100%  ########################\n"
"            copy_process              3.00 us   36%  #########\n"
"              copy_creds               100 ns    1%   #\n"
"              dup_mmap                1.00 us   12%   ###                      3 VMAs\n"
"                anon_vma_fork           50 ns    1%   #                        3 calls\n"
"                copy_page_range        800 ns   10%    ##                      3 calls, 214 pages\n"
"                other                  150 ns    2%\n"
"              copy_thread              500 ns    6%       #\n"
"              alloc_pid                200 ns    2%        #\n"
"              other                   1.20 us   14%\n"
"            wake_up_new_task           700 ns    8%            ##\n"
"            other                     4.60 us   55%\n"
"          wake-up to first run        3.00 us  until CPU 1 runs the child\n"
"          schedule_tail                900 ns  in the child, which returns to user mode next\n"
"            finish_task_switch         300 ns\n"
"            other                      600 ns\n"
"          no function of this kernel (inlined, or not there): copy_mm dup_mm\n"
"          could not be probed: dup_fd\n";

static void the_waterfall_is_drawn(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	fork->exit->child_vmas = 3;
	fork->exit->child_pages[FORKWATCH_PAGES_ANON] = 200;
	fork->exit->child_pages[FORKWATCH_PAGES_FILE] = 14;
	assert_shows(fork, waterfall);
	fw_fork_free(fork);
}

static void assert_shows_not(const struct fw_fork *fork, const char *words)
{
	char *text = show(fork, "text");

	if (strstr(text, words))
		fail_msg("'%s' is in\n%s", words, text);
	free(text);
}

static void the_waterfall_explains_what_it_can(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	fork->stages->enter[FORKWATCH_STAGE_DUP_FD] = fixture_who.time + 200;
	fork->stages->calls[FORKWATCH_STAGE_DUP_FD] = 1;
	fork->stages->fds = 3;
	fork->stages->handlers = 2;
	assert_shows(fork, " 3 files open\n");
	assert_shows(fork, " 2 signals handled\n");
	fork->exit->parent_threads = 4;
	assert_shows(fork, " 4 threads, 2 signals handled\n");
	fork->stages->handlers = -1;
	assert_shows(fork, " 4 threads\n");
	fork->stages->fds = -1;
	assert_shows_not(fork, "open");
	fork->stages->fds = 3;
	fork->stages->hdr.size = offsetof(struct forkwatch_stages, fds);
	assert_shows_not(fork, "open");
	fork->exit->hdr.size = offsetof(struct forkwatch_fork_exit, child_pages);
	assert_shows_not(fork, " pages\n");
	fw_fork_free(fork);
}

static void the_waterfall_says_what_is_wrong(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	fork->stages->result[FORKWATCH_STAGE_ALLOC_PID] = -EAGAIN;
	assert_shows(fork, " -EAGAIN\n");
	fork->stages->torn = BIT(COPY_PAGE_RANGE);
	assert_shows(fork, "copy_page_range      > 800 ns");
	assert_shows(fork, " return missed\n");
	fork->stages->total[FORKWATCH_STAGE_WAKE_UP] = 9000;
	assert_shows(fork, " LESS than its stages\n");
	fw_fork_free(fork);

	fork = make_fork(FIXTURE_VFORK);
	assert_shows(fork, " waits for the child\n");
	fork->stages->enter[FORKWATCH_STAGE_WAIT_VFORK] = fixture_who.time + 4000;
	fork->stages->calls[FORKWATCH_STAGE_WAIT_VFORK] = 1;
	{
		char *text = show(fork, "text");

		assert_null(strstr(text, "waits for"));
		free(text);
	}
	fw_fork_free(fork);
}

static void json_has_the_tree(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);
	json_t *object = show_described(show(fork, "json"), "fork"), *rows, *row;

	(void)state;
	rows = json_object_get(json_object_get(object, "stages"), "rows");
	assert_int_equal(json_array_size(rows), 12);
	row = json_array_get(rows, 3);
	assert_string_equal(json_string_value(json_object_get(row, "name")), "dup_mmap");
	assert_string_equal(json_string_value(json_object_get(row, "parent")), "copy_process");
	assert_int_equal(json_integer_value(json_object_get(row, "self")), 150);
	json_decref(object);
	fw_fork_free(fork);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_make_a_tree),
		cmocka_unit_test(the_child_tells_for_itself),
		cmocka_unit_test(the_longest_may_come_first),
		cmocka_unit_test(the_absent_fall_to_the_next_above),
		cmocka_unit_test(the_root_may_be_missing),
		cmocka_unit_test(what_cannot_be_is_said),
		cmocka_unit_test(a_missed_return_is_said),
		cmocka_unit_test(hostile_values_are_borne),
		cmocka_unit_test(without_the_event_nothing_is_said),
		cmocka_unit_test(the_model_takes_stages_to_their_fork),
		cmocka_unit_test(the_waterfall_is_drawn),
		cmocka_unit_test(the_waterfall_explains_what_it_can),
		cmocka_unit_test(the_waterfall_says_what_is_wrong),
		cmocka_unit_test(json_has_the_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
