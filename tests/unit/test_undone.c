// SPDX-License-Identifier: GPL-2.0-only
/* What is taken back of a fork that fails: what was seen of it, what follows, how it is shown. */
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
#include "fixture.h"
#include "normal.h"
#include "show.h"
#include "undone.h"

#define STAGE(stage)	(1U << FORKWATCH_STAGE_##stage)
#define UNDO(undo)	(1U << FORKWATCH_UNDO_##undo)

/* What was done before cgroup_can_fork() said EAGAIN; FIXTURE_FAILED has a copy_thread(). */
static const int done[] = {
	FORKWATCH_STAGE_ARCH_DUP_TASK_STRUCT, FORKWATCH_STAGE_COPY_CREDS,
	FORKWATCH_STAGE_AUDIT_ALLOC, FORKWATCH_STAGE_DUP_FD, FORKWATCH_STAGE_COPY_SIGNAL,
	FORKWATCH_STAGE_DUP_MMAP, FORKWATCH_STAGE_ALLOC_PID,
};

/* In this order, 10 each. */
static const unsigned int undone[] = {
	FORKWATCH_UNDO_PID, FORKWATCH_UNDO_MM, FORKWATCH_UNDO_SIGHAND, FORKWATCH_UNDO_FILES,
	FORKWATCH_UNDO_CREDS, FORKWATCH_UNDO_STACK,
};

static void *new_event(size_t size, uint16_t kind, unsigned int time)
{
	struct forkwatch_header *event = calloc(1, size);

	assert_non_null(event);
	event->size = size;
	event->kind = kind;
	event->tid = fixture_who.parent_tid;
	event->tgid = fixture_who.parent_tid;
	event->time = fixture_who.time + time;
	return event;
}

static struct forkwatch_stages *make_stages(void)
{
	struct forkwatch_stages *stages = new_event(sizeof(*stages), FORKWATCH_STAGES, 7900);
	size_t i;

	stages->armed = ~0U;
	for (i = 0; i < ARRAY_SIZE(done); i++) {
		stages->enter[done[i]] = fixture_who.time + 100 + 10 * i;
		stages->total[done[i]] = 10;
		stages->calls[done[i]] = 1;
	}
	stages->enter[FORKWATCH_STAGE_CGROUP_CAN_FORK] = fixture_who.time + 2500;
	stages->total[FORKWATCH_STAGE_CGROUP_CAN_FORK] = 10;
	stages->calls[FORKWATCH_STAGE_CGROUP_CAN_FORK] = 1;
	stages->result[FORKWATCH_STAGE_CGROUP_CAN_FORK] = -EAGAIN;
	return stages;
}

static struct forkwatch_undone *make_undone(void)
{
	struct forkwatch_undone *event = new_event(sizeof(*event), FORKWATCH_UNDONE, 3000);
	size_t i;

	event->absent = UNDO(SIGNAL);
	event->refused = UNDO(THREAD);
	event->armed = ~(event->absent | event->refused);
	for (i = 0; i < ARRAY_SIZE(undone); i++) {
		event->enter[undone[i]] = fixture_who.time + 2600 + 10 * i;
		event->total[undone[i]] = 10;
		event->calls[undone[i]] = 1;
	}
	return event;
}

static struct fw_fork *make_fork(bool watched)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FAILED);

	fork->stages = make_stages();
	if (watched)
		fork->undone = make_undone();
	return fork;
}

/* A line for each row. */
static const char *list(const struct fw_fork *fork)
{
	static char text[4096];
	struct fw_undone all;
	size_t i, len = 0;

	*text = '\0';
	assert_int_equal(fw_undone_build(fork, &all), 0);
	assert_int_equal(all.watched, !!fork->undone);
	for (i = 0; i < all.nr; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s for %s %s %llu\n",
				all.rows[i].name, all.rows[i].stage,
				fw_undo_how_name(all.rows[i].how),
				(unsigned long long)all.rows[i].total);
	return text;
}

static void what_was_seen_comes_first(void **state)
{
	struct fw_fork *fork = make_fork(true);

	(void)state;
	assert_string_equal(list(fork),
			    "free_pid for alloc_pid observed 10\n"
			    "mmput for copy_mm observed 10\n"
			    "__cleanup_sighand for copy_sighand observed 10\n"
			    "exit_files for dup_fd observed 10\n"
			    "exit_creds for copy_creds observed 10\n"
			    "put_task_stack for dup_task_struct observed 10\n"
			    "exit_thread for copy_thread refused 0\n"
			    "free_signal_struct for copy_signal absent 0\n"
			    "audit_free for audit_alloc not-called 0\n");
	fw_fork_free(fork);
}

/* It is told by time, and not by the order of some kernel. */
static void another_order_is_told(void **state)
{
	struct fw_fork *fork = make_fork(true);

	(void)state;
	fork->undone->enter[FORKWATCH_UNDO_FILES] = fixture_who.time + 2655;
	assert_non_null(strstr(list(fork), "put_task_stack for dup_task_struct observed 10\n"
					   "exit_files for dup_fd observed 10\n"));
	fw_fork_free(fork);
}

/* Of steps that were seen done, and of no others. */
static void without_the_event_the_order_is_told(void **state)
{
	struct fw_fork *fork = make_fork(false);

	(void)state;
	assert_string_equal(list(fork),
			    "free_pid for alloc_pid not-watched 0\n"
			    "exit_thread for copy_thread not-watched 0\n"
			    "mmput for copy_mm not-watched 0\n"
			    "free_signal_struct for copy_signal not-watched 0\n"
			    "exit_files for dup_fd not-watched 0\n"
			    "audit_free for audit_alloc not-watched 0\n"
			    "exit_creds for copy_creds not-watched 0\n"
			    "put_task_stack for dup_task_struct not-watched 0\n");
	/* What failed itself, or was not seen to end, is not called done. */
	fork->stages->result[FORKWATCH_STAGE_DUP_MMAP] = -ENOMEM;
	fork->stages->torn = STAGE(DUP_FD);
	assert_null(strstr(list(fork), "mmput"));
	assert_null(strstr(list(fork), "exit_files"));
	fw_fork_free(fork);
}

static void only_failures_are_taken_back(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);
	struct fw_undone all;

	(void)state;
	fork->stages = make_stages();
	fork->undone = make_undone();
	assert_int_equal(fw_undone_build(fork, &all), -ENODATA);
	fw_fork_free(fork);
	fork = fixture_fork(FIXTURE_FAILED);
	assert_int_equal(fw_undone_build(fork, &all), -ENODATA);
	fw_fork_free(fork);
	/* kernel_clone() refused it: copy_process() did nothing. */
	fork = fixture_fork(FIXTURE_REFUSED);
	assert_int_equal(fw_undone_build(fork, &all), -ENODATA);
	fw_fork_free(fork);
}

static void hostile_values_are_borne(void **state)
{
	struct fw_fork *fork = make_fork(true);
	struct fw_undone all;

	(void)state;
	memset(&fork->undone->armed, 0xff, sizeof(*fork->undone) - sizeof(fork->undone->hdr));
	memset(&fork->stages->armed, 0xff, sizeof(*fork->stages) - sizeof(fork->stages->hdr));
	assert_int_equal(fw_undone_build(fork, &all), 0);
	assert_true(all.nr <= FORKWATCH_NR_UNDOS);
	fw_fork_free(fork);
}

/*
 * The model.
 */

/* Adds FIXTURE_FAILED's events with undone ahead of the one with that index. */
static struct fw_fork *play(size_t at)
{
	struct fixture_events events;
	struct fixture_forks forks;
	struct fw_model *model;
	size_t i;

	fixture_forks_init(&forks);
	assert_int_equal(fw_model_open(&model, fixture_collect, &forks), 0);
	fixture_make(FIXTURE_FAILED, &fixture_who, &events);
	for (i = 0; i < events.nr; i++) {
		if (i == at)
			assert_int_equal(fw_model_add(model, &make_undone()->hdr), 0);
		assert_int_equal(fw_model_add(model, events.list[i]), 0);
	}
	fw_model_flush(model);
	fw_model_close(model);
	assert_int_equal(forks.nr, 1);
	assert_true(forks.first->complete);
	return forks.first;
}

static size_t place_of(uint16_t kind)
{
	struct fixture_events events;
	size_t i, place = SIZE_MAX;

	fixture_make(FIXTURE_FAILED, &fixture_who, &events);
	for (i = 0; i < events.nr; i++) {
		if (events.list[i]->kind == kind)
			place = i;
		free(events.list[i]);
	}
	assert_true(place != SIZE_MAX);
	return place;
}

static void the_model_takes_it_to_its_fork(void **state)
{
	struct fw_fork *fork = play(place_of(FORKWATCH_FORK_EXIT));

	(void)state;
	assert_non_null(fork->undone);
	fw_fork_free(fork);
	fork = play(0);						/* whose? */
	assert_null(fork->undone);
	fw_fork_free(fork);
	fork = play(place_of(FORKWATCH_FORK_EXIT) + 1);		/* too late */
	assert_null(fork->undone);
	fw_fork_free(fork);
}

/*
 * What is shown.
 */
static void it_is_shown_as_text(void **state)
{
	struct fw_fork *fork = make_fork(true);

	(void)state;
	assert_shows(fork,
		     "  undone  free_pid                      10 ns  takes back alloc_pid\n"
		     "          mmput                         10 ns  takes back copy_mm\n"
		     "          __cleanup_sighand             10 ns  takes back copy_sighand\n"
		     "          exit_files                    10 ns  takes back dup_fd\n"
		     "          exit_creds                    10 ns  takes back copy_creds\n"
		     "          put_task_stack                10 ns  takes back dup_task_struct\n"
		     "          audit_free               not called  takes back audit_alloc, which left nothing to do\n"
		     "          no function of this kernel (inlined, or not there): free_signal_struct for copy_signal\n"
		     "          could not be probed: exit_thread for copy_thread\n");
	fork->undone->calls[FORKWATCH_UNDO_MM] = 2;
	fork->undone->torn = UNDO(MM);
	assert_shows(fork, "mmput                       > 10 ns  takes back copy_mm, 2 calls "
			   "entry or return missed\n");
	/* Where nothing was done there is nothing to take back. */
	memset(fork->undone->calls, 0, sizeof(fork->undone->calls));
	memset(fork->stages->calls, 0, sizeof(fork->stages->calls));
	free(fork->copy_thread);
	fork->copy_thread = NULL;
	assert_shows(fork, "  undone  nothing: no function that takes a step back was called\n");
	fw_fork_free(fork);

	fork = make_fork(false);
	assert_shows(fork,
		     "  undone  free_pid               not observed  takes back alloc_pid\n");
	assert_shows(fork,
		     "          by the order of copy_process(): with --stages all these functions are watched\n");
	fw_fork_free(fork);
}

static void it_is_shown_as_json(void **state)
{
	struct fw_fork *fork = make_fork(true);
	json_t *object = show_described(show(fork, "json"), "fork"), *steps, *row;

	(void)state;
	steps = json_object_get(object, "undone");
	assert_true(json_is_true(json_object_get(steps, "watched")));
	row = json_array_get(json_object_get(steps, "rows"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "name")), "free_pid");
	assert_string_equal(json_string_value(json_object_get(row, "how")), "observed");
	assert_int_equal(json_integer_value(json_object_get(row, "total")), 10);
	row = json_array_get(json_object_get(steps, "rows"), 8);
	assert_string_equal(json_string_value(json_object_get(row, "how")), "not-called");
	assert_true(json_is_null(json_object_get(row, "total")));
	json_decref(object);
	fw_fork_free(fork);
}

/* What is compared: what was called, behind the stages, in its order. */
static void it_is_compared_with_the_stages(void **state)
{
	struct fw_fork *fork = make_fork(true);
	json_t *watched = fw_normal_watched(fork), *normal, *last;
	struct fw_draft draft = { 0 };
	char *stages;

	(void)state;
	fw_normal_fork(fork, NULL, &draft);
	normal = fw_draft_json(&draft);
	stages = json_dumps(json_object_get(normal, "stages"), JSON_COMPACT);
	assert_non_null(strstr(stages, "\"alloc_pid\",\"copy_thread\","
				       "\"cgroup_can_fork = -EAGAIN\",\"free_pid\",\"mmput\","
				       "\"__cleanup_sighand\",\"exit_files\",\"exit_creds\","
				       "\"put_task_stack\"]"));
	last = json_array_get(watched, json_array_size(watched) - 1);
	assert_string_equal(json_string_value(last), "put_task_stack");
	json_decref(watched);
	json_decref(normal);
	free(stages);
	fw_draft_free(&draft);
	fw_fork_free(fork);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_seen_comes_first),
		cmocka_unit_test(another_order_is_told),
		cmocka_unit_test(without_the_event_the_order_is_told),
		cmocka_unit_test(only_failures_are_taken_back),
		cmocka_unit_test(hostile_values_are_borne),
		cmocka_unit_test(the_model_takes_it_to_its_fork),
		cmocka_unit_test(it_is_shown_as_text),
		cmocka_unit_test(it_is_shown_as_json),
		cmocka_unit_test(it_is_compared_with_the_stages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
