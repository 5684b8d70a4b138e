// SPDX-License-Identifier: GPL-2.0-only
/*
 * forkwatch diff, as it is called, on golden files and traces that were changed on
 * purpose: it finds the change, and says it in the right words.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "edit.h"
#include "scratch.h"
#include "tool.h"

#define TRACE(name)	TEST_DATA_DIR "/6.1/" name
#define GOLDEN(name)	TEST_DATA_DIR "/golden/6.1/" name ".json"
#define MADE	scratch_path("golden.json")
#define CHANGED	scratch_path("trace")

/* How many differences diff found. */
static unsigned int differences(void)
{
	const char *answer = strstr(tool_output, "\ndifferent   ");

	assert_non_null(answer);
	return strtoul(answer + strlen("\ndifferent   "), NULL, 10);
}

static void test_same(void **state)
{
	(void)state;
	assert_int_equal(tool("diff " GOLDEN("stages") " " TRACE("stages")), 0);
	assert_tool_says("\nsame\n");
}

static void lose_stage(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_stages *stages = (void *)event;

	if (event->kind == FORKWATCH_STAGES) {
		stages->calls[FORKWATCH_STAGE_DUP_FD] = 0;
		stages->enter[FORKWATCH_STAGE_DUP_FD] = 0;
		stages->total[FORKWATCH_STAGE_DUP_FD] = 0;
	}
	edit_write(edit, event);
}

static void test_stage_missing(void **state)
{
	(void)state;
	edit_trace(TRACE("stages"), CHANGED, lose_stage, NULL);
	assert_int_equal(tool("diff " GOLDEN("stages") " %s", CHANGED), 1);
	assert_int_equal(differences(), 1);
	assert_tool_says("\nstages\n  dup_fd                called -> not called\n");
	assert_tool_says("in 1 of 1 forks: forks/fork#1");
	assert_int_equal(tool("diff --format ktap " GOLDEN("stages") " %s", CHANGED), 1);
	assert_tool_says("# dup_fd: called -> not called in 1 of 1 forks: forks/fork#1\n"
			 "not ok 5 stages:");
}

/* The two change places: the set is the same. */
static void swap_stages(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_stages *stages = (void *)event;
	uint64_t enter;

	if (event->kind == FORKWATCH_STAGES) {
		enter = stages->enter[FORKWATCH_STAGE_DUP_FD];
		stages->enter[FORKWATCH_STAGE_DUP_FD] =
			stages->enter[FORKWATCH_STAGE_COPY_FS];
		stages->enter[FORKWATCH_STAGE_COPY_FS] = enter;
	}
	edit_write(edit, event);
}

static void test_stage_order(void **state)
{
	(void)state;
	edit_trace(TRACE("stages"), CHANGED, swap_stages, NULL);
	assert_int_equal(tool("diff " GOLDEN("stages") " %s", CHANGED), 1);
	assert_int_equal(differences(), 1);
	assert_tool_says("order                 dup_fd, copy_fs_struct -> "
			 "copy_fs_struct, dup_fd\n");
}

/* As if copy_thread() had come last: from 7.3 on it comes before alloc_pid(). */
static void move_copy_thread(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_copy_thread *copied = (void *)event;

	if (event->kind == FORKWATCH_COPY_THREAD)
		copied->enter_time = copied->hdr.time + 1000000000;
	edit_write(edit, event);
}

static void test_copy_thread_order(void **state)
{
	(void)state;
	edit_trace(TRACE("stages"), CHANGED, move_copy_thread, NULL);
	assert_int_equal(tool("diff " GOLDEN("stages") " %s", CHANGED), 1);
	assert_int_equal(differences(), 1);
	assert_tool_says("copy_thread, alloc_pid");
	assert_tool_says("wake_up_new_task, copy_thread\n");
}

static void fail_stage(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_stages *stages = (void *)event;

	if (event->kind == FORKWATCH_STAGES)
		stages->result[FORKWATCH_STAGE_COPY_CREDS] = -11;
	edit_write(edit, event);
}

static void test_stage_failed(void **state)
{
	(void)state;
	edit_trace(TRACE("stages"), CHANGED, fail_stage, NULL);
	assert_int_equal(tool("diff " GOLDEN("stages") " %s", CHANGED), 1);
	assert_tool_says("copy_creds            0 -> -EAGAIN");
}

static void unwatch_stage(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_stages *stages = (void *)event;

	if (event->kind == FORKWATCH_STAGES) {
		stages->armed &= ~(1U << FORKWATCH_STAGE_DUP_FD);
		stages->absent |= 1U << FORKWATCH_STAGE_DUP_FD;
		stages->calls[FORKWATCH_STAGE_DUP_FD] = 0;
	}
	edit_write(edit, event);
}

/* A kernel that has it no more has no fork that lacks it. */
static void test_stage_gone(void **state)
{
	(void)state;
	edit_trace(TRACE("stages"), CHANGED, unwatch_stage, NULL);
	assert_int_equal(tool("diff " GOLDEN("stages") " %s", CHANGED), 1);
	assert_int_equal(differences(), 1);
	assert_tool_says("dup_fd                watched -> not watched\n");
}

static void give_7(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_copy_thread *copied = (void *)event;
	struct forkwatch_first_run *run = (void *)event;
	uint64_t *child = edit->ctx;

	if (event->kind == FORKWATCH_COPY_THREAD && !*child) {
		copied->regs_after.x[0] = 7;
		*child = copied->child;
	}
	if (event->kind == FORKWATCH_FIRST_RUN && run->child == *child)
		run->regs.x[0] = 7;
	edit_write(edit, event);
}

static void test_x0(void **state)
{
	uint64_t child = 0;

	(void)state;
	edit_trace(TRACE("fork"), CHANGED, give_7, &child);
	assert_int_equal(tool("diff " GOLDEN("fork") " %s", CHANGED), 1);
	assert_int_equal(differences(), 2);
	assert_tool_says("\nregisters\n  x0                    0 -> 0x7\n");
	assert_tool_says("in 1 of 2 forks: forks/fork#1");
	assert_tool_says("\nrules\n  A1                    PASS -> FAIL\n");
	assert_int_equal(tool("diff --format junit " GOLDEN("fork") " %s", CHANGED), 1);
	assert_tool_says("<failure message=\"1 difference\">x0: 0 -&gt; 0x7 in 1 of 2 forks: "
			 "forks/fork#1");
	assert_int_equal(tool("check %s", CHANGED), 1);
	assert_tool_says("x0: child 0x7, expected 0x0");
}

struct half {
	uint32_t second;		/* child */
	uint64_t task;
	bool skipping;			/* the parent is in its second fork */
	unsigned int forks;
};

/* Leaves out all that the second fork sends, and its child. */
static void lose_second(struct edit *edit, struct forkwatch_header *event)
{
	const struct forkwatch_fork_exit *exit = (const void *)event;
	struct half *half = edit->ctx;
	bool skip;

	if (event->kind == FORKWATCH_FORK_ENTER)
		half->skipping = ++half->forks == 2;
	if (event->kind == FORKWATCH_FORK_EXIT && half->skipping)
		half->second = exit->child_tid;
	skip = half->second && event->tid == half->second;
	switch (event->kind) {
	case FORKWATCH_FORK_ENTER:
	case FORKWATCH_COPY_THREAD:
	case FORKWATCH_ARCH_STATE:
	case FORKWATCH_FORK_EXIT:
	case FORKWATCH_WAKEUP_NEW:
	case FORKWATCH_FORK_RETURN:
	case FORKWATCH_STAGES:
		skip |= half->skipping;
		break;
	}
	if (event->kind == FORKWATCH_FORK_RETURN)
		half->skipping = false;
	if (!skip)
		edit_write(edit, event);
}

static void test_fork_more(void **state)
{
	struct half half = { 0 };

	(void)state;
	edit_trace(TRACE("fork"), CHANGED, lose_second, &half);
	assert_int_equal(half.forks, 2);
	assert_int_equal(tool("diff " GOLDEN("fork") " %s", CHANGED), 1);
	assert_int_equal(differences(), 1);
	assert_tool_says("a fork less           fork -> not there\n");
	assert_tool_says("in 1 of 2 forks: forks/fork#2");
	/* Kept as golden, it misses the one that is more by now. */
	assert_int_equal(tool("convert --to golden -o %s %s", MADE, CHANGED), 0);
	assert_int_equal(tool("diff %s " TRACE("fork"), MADE), 1);
	assert_int_equal(differences(), 1);
	assert_tool_says("\nforks\n  a fork more           not there -> fork\n");
	assert_tool_says("in 1 of 2 forks: forks/fork#2");
}

/* What was forbidden becomes what makes no sense. */
static void fail_otherwise(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_fork_exit *exit = (void *)event;
	struct forkwatch_fork_return *ret = (void *)event;

	if (event->kind == FORKWATCH_FORK_EXIT && exit->result == -EPERM)
		exit->result = -EINVAL;
	if (event->kind == FORKWATCH_FORK_RETURN && ret->result == -EPERM)
		ret->result = -EINVAL;
	edit_write(edit, event);
}

static void test_failures(void **state)
{
	char command[512];

	(void)state;
	assert_int_equal(tool("diff " GOLDEN("fail") " " TRACE("fail")), 0);
	edit_trace(TRACE("fail"), CHANGED, fail_otherwise, NULL);
	assert_int_equal(tool("diff " GOLDEN("fail") " %s", CHANGED), 1);
	assert_tool_says("\nresult\n  result                -EPERM -> -EINVAL\n");
	/* The same error for another reason is another thing. */
	snprintf(command, sizeof(command), "sed s/rlimit-nproc/pids-max/ " GOLDEN("fail") " >%s",
		 MADE);
	assert_int_equal(system(command), 0);
	assert_int_equal(tool("diff %s " TRACE("fail"), MADE), 1);
	assert_int_equal(differences(), 1);
	assert_tool_says("\nresult\n  reason                pids-max -> rlimit-nproc\n");
}

static void test_misuse(void **state)
{
	(void)state;
	assert_int_equal(tool("diff " GOLDEN("fork")), 2);
	assert_tool_says("compare what?");
	assert_int_equal(tool("diff " GOLDEN("fork") " %s/nothing", scratch), 2);
	assert_tool_says("nothing");
	assert_int_equal(tool("diff --time-threshold 10 " GOLDEN("fork") " " TRACE("fork")), 2);
	assert_tool_says("golden files have no times");
	assert_int_equal(tool("diff --time-threshold ten " TRACE("fork") " " TRACE("fork")), 2);
	assert_tool_says("'ten' is no threshold of times");
	assert_int_equal(tool("diff --time-threshold 10%% " TRACE("fork") " " TRACE("fork")), 4);
	assert_tool_says("too few: 20 forks are needed");
	assert_int_equal(tool("diff --format xml " TRACE("fork") " " TRACE("fork")), 2);
	assert_tool_says("'xml' is none of");
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_same),
		TEST(test_stage_missing),
		TEST(test_stage_order),
		TEST(test_copy_thread_order),
		TEST(test_stage_failed),
		TEST(test_stage_gone),
		TEST(test_x0),
		TEST(test_fork_more),
		TEST(test_failures),
		TEST(test_misuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
