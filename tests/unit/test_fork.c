// SPDX-License-Identifier: GPL-2.0-only
/* The model: whatever the order of the events, and whatever is missing, no fork gets another's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <linux/sched.h>

#include "array.h"
#include "fixture.h"

/* A model, and what it has emitted. */
struct test {
	struct fw_model *model;
	struct fixture_forks forks;
};

static int setup(void **state)
{
	struct test *test = calloc(1, sizeof(*test));

	fixture_reset();
	fixture_forks_init(&test->forks);
	*state = test;
	return fw_model_open(&test->model, fixture_collect, &test->forks);
}

static int teardown(void **state)
{
	struct test *test = *state;

	fw_model_close(test->model);
	fixture_forks_free(&test->forks);
	free(test);
	return 0;
}

static void restart(struct test *test)
{
	fw_model_close(test->model);
	fixture_forks_free(&test->forks);
	fixture_reset();
	assert_int_equal(fw_model_open(&test->model, fixture_collect, &test->forks), 0);
}

static void add(struct test *test, void *event)
{
	fixture_number(event);
	assert_int_equal(fw_model_add(test->model, event), 0);
}

static void add_all(struct test *test, const struct fixture_events *events)
{
	size_t i;

	for (i = 0; i < events->nr; i++)
		add(test, events->list[i]);
}

/* The event of @kind, or NULL. */
static struct forkwatch_header *find(const struct fixture_events *events, uint16_t kind)
{
	size_t i;

	for (i = 0; i < events->nr; i++)
		if (events->list[i]->kind == kind)
			return events->list[i];
	return NULL;
}

static void drop(struct fixture_events *events, uint16_t kind)
{
	size_t i;

	for (i = 0; events->list[i]->kind != kind; i++)
		assert_true(i + 1 < events->nr);
	free(events->list[i]);
	events->nr--;
	memmove(&events->list[i], &events->list[i + 1],
		(events->nr - i) * sizeof(events->list[0]));
}

/* Takes out what a vfork child lets its parent go by; that is for test_life.c. */
static void drop_life(struct fixture_events *events)
{
	if (!find(events, FORKWATCH_MM_RELEASE))
		return;
	drop(events, FORKWATCH_MM_RELEASE);
	drop(events, FORKWATCH_EXEC);
}

/* Every event that @fork has is @who's. */
static void assert_only_of(const struct fw_fork *fork, const struct fixture_who *who)
{
	if (fork->enter)
		assert_int_equal(fork->enter->hdr.time, who->time);
	if (fork->copy_thread)
		assert_int_equal(fork->copy_thread->hdr.time - who->time, 2000);
	if (fork->exit)
		assert_int_equal(fork->exit->hdr.time - who->time, 3000);
	if (fork->wakeup)
		assert_int_equal(fork->wakeup->hdr.time - who->time, 4000);
	if (fork->switch_in)
		assert_int_equal(fork->switch_in->hdr.time - who->time, 6000);
	if (fork->first_run)
		assert_int_equal(fork->first_run->hdr.time - who->time, 7000);
	if (fork->tail_return)
		assert_int_equal(fork->tail_return->hdr.time - who->time, 9000);
	if (fork->ret)
		assert_int_equal(fork->ret->hdr.time - who->time, 8000);
}

static void assert_whole(const struct fw_fork *fork, const struct fixture_who *who)
{
	assert_only_of(fork, who);
	assert_true(fork->complete);
	assert_non_null(fork->enter);
	assert_non_null(fork->copy_thread);
	assert_non_null(fork->exit);
	assert_non_null(fork->wakeup);
	assert_non_null(fork->first_run);
	assert_non_null(fork->tail_return);
	assert_non_null(fork->ret);
	assert_int_equal(fork->parent_tid, who->parent_tid);
	assert_int_equal(fork->child_tid, who->child_tid);
	assert_true(fork->child == who->child);
	assert_int_equal(fw_fork_error(fork), 0);
}

/* @who's fork among those emitted, by the time it began or returned; NULL if there is none. */
static struct fw_fork *fork_of(const struct fixture_forks *forks, const struct fixture_who *who)
{
	struct fw_fork *fork;

	for (fork = forks->first; fork; fork = fork->next)
		if ((fork->enter && fork->enter->hdr.time == who->time) ||
		    (!fork->enter && fork->ret && fork->ret->hdr.time == who->time + 8000))
			return fork;
	return NULL;
}

static struct fixture_who other(uint32_t parent_tid, uint32_t child_tid)
{
	struct fixture_who who = fixture_who;

	who.parent_tid = parent_tid;
	who.child_tid = child_tid;
	who.child += child_tid * 0x2000ULL;
	who.start_time += child_tid * 1000000ULL;
	who.time += child_tid * 1000000ULL;
	return who;
}

static const struct {
	enum fw_fork_kind kind;
	int error;
	bool user, returns;
} expected[FIXTURE_NR_KINDS] = {
	[FIXTURE_FORK] = { FW_FORK, 0, true, true },
	[FIXTURE_VFORK] = { FW_VFORK, 0, true, true },
	[FIXTURE_THREAD] = { FW_THREAD, 0, true, true },
	[FIXTURE_CLONE3] = { FW_SHARED_VM, 0, true, true },
	[FIXTURE_ASKED_X0] = { FW_FORK, 0, true, true },
	[FIXTURE_COMPAT] = { FW_THREAD, 0, true, true },
	[FIXTURE_KTHREAD] = { FW_KTHREAD, 0, false, true },
	[FIXTURE_IO_THREAD] = { FW_IO_THREAD, 0, false, false },
	[FIXTURE_IDLE] = { FW_KTHREAD, 0, false, false },
	[FIXTURE_FAILED] = { FW_FORK, -EAGAIN, true, true },
	[FIXTURE_FAILED_EARLY] = { FW_FORK, -ENOMEM, true, true },
	[FIXTURE_RESTARTED] = { FW_FORK, -513, true, true },
	[FIXTURE_REFUSED] = { FW_FORK, -EINVAL, false, true },
	[FIXTURE_BY_CLONE3] = { FW_SHARED_VM, -EINVAL, false, true },
};

static void every_kind_ends_with_its_last_event(void **state)
{
	struct test *test = *state;
	struct fixture_events events;
	struct fw_fork *fork;
	unsigned int kind;
	size_t i;

	for (kind = 0; kind < FIXTURE_NR_KINDS; kind++) {
		restart(test);
		fixture_make(kind, &fixture_who, &events);
		for (i = 0; i < events.nr; i++) {
			assert_int_equal(test->forks.nr, 0);
			add(test, events.list[i]);
		}
		assert_int_equal(test->forks.nr, 1);
		fork = test->forks.first;
		assert_true(fork->complete);
		assert_int_equal(fork->id, 1);
		assert_int_equal(fw_fork_kind(fork), expected[kind].kind);
		assert_int_equal(fw_fork_error(fork), expected[kind].error);
		assert_int_equal(fw_fork_is_user(fork), expected[kind].user);
		assert_int_equal(fw_fork_returns(fork), expected[kind].returns);
		assert_int_equal(fork->parent_tid, fixture_who.parent_tid);
		assert_int_equal(fork->child_tid, expected[kind].error || kind == FIXTURE_IDLE ?
				 0 : fixture_who.child_tid);
		assert_int_equal(!!fork->child, !expected[kind].error);
		assert_int_equal(fw_model_events(test->model), events.nr);
		assert_int_equal(fw_model_gaps(test->model), 0);
	}
}

static void kinds_have_names(void **state)
{
	unsigned int kind, other_kind;

	(void)state;
	for (kind = 0; kind < FW_NR_FORK_KINDS; kind++) {
		assert_non_null(fw_fork_kind_name(kind));
		for (other_kind = 0; other_kind < kind; other_kind++)
			assert_string_not_equal(fw_fork_kind_name(kind),
						fw_fork_kind_name(other_kind));
	}
}

static void *copy_of(const struct forkwatch_header *event)
{
	void *copy = malloc(event->size);

	assert_non_null(copy);
	return memcpy(copy, event, event->size);
}

/* Sequences of events, mixed in every way that keeps the order within each. */
#define SEQUENCES	4

struct mix {
	struct test *test;
	const struct fixture_who *who;	/* of each fork in it */
	size_t nr_forks;
	bool switches;
	struct {
		struct forkwatch_header *list[2 * FIXTURE_EVENTS];
		size_t nr, at;
	} of[SEQUENCES];
	uint8_t order[SEQUENCES * 2 * FIXTURE_EVENTS];
	size_t length, total;
	unsigned long tried;
};

static void try_order(struct mix *mix)
{
	size_t at[SEQUENCES] = { 0 }, i;
	const struct fw_fork *fork;

	restart(mix->test);
	for (i = 0; i < mix->length; i++)
		add(mix->test, copy_of(mix->of[mix->order[i]].list[at[mix->order[i]]++]));
	assert_int_equal(mix->test->forks.nr, mix->nr_forks);
	for (i = 0; i < mix->nr_forks; i++) {
		fork = fork_of(&mix->test->forks, &mix->who[i]);
		assert_non_null(fork);
		assert_whole(fork, &mix->who[i]);
		assert_int_equal(!!fork->switch_in, mix->switches);
	}
	assert_int_equal(fw_model_gaps(mix->test->model), 0);
	mix->tried++;
}

static void try_orders(struct mix *mix)
{
	unsigned int i;

	if (mix->length == mix->total) {
		try_order(mix);
		return;
	}
	for (i = 0; i < SEQUENCES; i++) {
		if (mix->of[i].at == mix->of[i].nr)
			continue;
		mix->of[i].at++;
		mix->order[mix->length++] = i;
		try_orders(mix);
		mix->length--;
		mix->of[i].at--;
	}
}

static bool is_of_child(const struct forkwatch_header *event)
{
	return event->kind == FORKWATCH_CPU_SWITCH_TO || event->kind == FORKWATCH_FIRST_RUN ||
	       event->kind == FORKWATCH_TAIL_RETURN;
}

/* Appends what the parent sends to one sequence, what the child sends to another. */
static void put_in(struct mix *mix, const struct fixture_events *events, unsigned int parents,
		   unsigned int child)
{
	unsigned int to;
	size_t i;

	for (i = 0; i < events->nr; i++) {
		to = is_of_child(events->list[i]) ? child : parents;
		mix->of[to].list[mix->of[to].nr++] = events->list[i];
		mix->total++;
	}
}

static void free_mix(struct mix *mix)
{
	size_t i, j;

	for (i = 0; i < SEQUENCES; i++)
		for (j = 0; j < mix->of[i].nr; j++)
			free(mix->of[i].list[j]);
}

static void one_fork_in_every_order(void **state)
{
	struct mix mix = {
		.test = *state, .who = &fixture_who, .nr_forks = 1, .switches = true,
	};
	struct fixture_events events;

	fixture_make(FIXTURE_FORK, &fixture_who, &events);
	put_in(&mix, &events, 0, 1);
	try_orders(&mix);
	assert_int_equal(mix.tried, 84);	/* 9! / (6! 3!) */
	free_mix(&mix);
}

/* All orders of two forks would be tens of millions: takes a share of them, always the same. */
static void try_some_orders(struct mix *mix, unsigned int nr)
{
	uint32_t random = 1, i, to;

	while (nr--) {
		for (i = 0; i < SEQUENCES; i++)
			mix->of[i].at = 0;
		mix->length = 0;
		while (mix->length < mix->total) {
			random = random * 1664525U + 1013904223U;
			to = random >> 24 & (SEQUENCES - 1);
			if (mix->of[to].at == mix->of[to].nr)
				continue;
			mix->of[to].at++;
			mix->order[mix->length++] = to;
		}
		try_order(mix);
	}
}

static void two_parents_in_many_orders(void **state)
{
	struct fixture_who who[2] = { fixture_who, other(500, 501) };
	struct mix mix = { .test = *state, .who = who, .nr_forks = 2, .switches = true };
	struct fixture_events events;
	unsigned int i;

	who[1].parent_cpu = 2;
	who[1].child_cpu = 3;
	for (i = 0; i < 2; i++) {
		fixture_make(FIXTURE_FORK, &who[i], &events);
		put_in(&mix, &events, 2 * i, 2 * i + 1);
	}
	try_some_orders(&mix, 20000);
	free_mix(&mix);
}

static void two_forks_of_a_parent_in_many_orders(void **state)
{
	struct fixture_who who[2] = { fixture_who, other(fixture_who.parent_tid, 501) };
	struct mix mix = { .test = *state, .who = who, .nr_forks = 2, .switches = true };
	struct fixture_events events;
	unsigned int i;

	who[1].child_cpu = 2;
	for (i = 0; i < 2; i++) {
		fixture_make(FIXTURE_FORK, &who[i], &events);
		put_in(&mix, &events, 0, 1 + i);
	}
	try_some_orders(&mix, 20000);
	free_mix(&mix);
}

/* How many events @fork has. */
static size_t count(const struct fw_fork *fork)
{
	return !!fork->enter + !!fork->copy_thread + !!fork->exit + !!fork->wakeup +
	       !!fork->first_run + !!fork->tail_return + !!fork->arch_state + !!fork->ret +
	       !!fork->clone_call + !!fork->clone3 + !!fork->switch_in;
}

/* Adds those of @events whose bit is set. Returns how many there were. */
static size_t add_some(struct test *test, const struct fixture_events *events, unsigned int set)
{
	size_t nr = 0, i;

	for (i = 0; i < events->nr; i++) {
		if (!(set & 1U << i))
			continue;
		add(test, copy_of(events->list[i]));
		nr++;
	}
	return nr;
}

static bool has(const struct fixture_events *events, unsigned int set, uint16_t kind)
{
	size_t i;

	for (i = 0; i < events->nr; i++)
		if (events->list[i]->kind == kind)
			return set & 1U << i;
	return false;
}

/* Nobody else knew of this child. */
static bool only_tail_knows_child(const struct fixture_events *events, unsigned int set)
{
	return has(events, set, FORKWATCH_TAIL_RETURN) &&
	       !has(events, set, FORKWATCH_FORK_EXIT) &&
	       !has(events, set, FORKWATCH_WAKEUP_NEW) && !has(events, set, FORKWATCH_FIRST_RUN);
}

/* All that came of @who's fork is in forks of its own, which were emitted before the flush. */
static void assert_rest(const struct test *test, const struct fixture_who *who,
			const struct fw_fork *whole, size_t before_flush, size_t nr_events)
{
	const struct fw_fork *fork;
	size_t nr = 0, found = 0;

	for (fork = test->forks.first; fork; fork = fork->next) {
		nr++;
		if (fork == whole)
			continue;
		assert_only_of(fork, who);
		found += count(fork);
		/* Only a child whose parent was never heard of is waited for. */
		if (nr > before_flush)
			assert_true(!fork->enter && !fork->copy_thread && !fork->exit &&
				    !fork->ret);
	}
	assert_int_equal(found, nr_events);
}

/*
 * Whatever was lost of one fork, another of the same parent after it is whole,
 * and what is left of the first is emitted by the time that its child ends.
 */
static void every_loss_of_every_kind(void **state)
{
	struct fixture_who next = other(fixture_who.parent_tid, 501);
	struct test *test = *state;
	struct fixture_events events, more;
	const struct fw_fork *whole;
	size_t nr, before_flush;
	unsigned int kind, set;

	for (kind = 0; kind < FIXTURE_NR_KINDS; kind++) {
		fixture_make(kind, &fixture_who, &events);
		if (find(&events, FORKWATCH_CPU_SWITCH_TO))
			drop(&events, FORKWATCH_CPU_SWITCH_TO);
		drop_life(&events);
		for (set = 0; set < 1U << events.nr; set++) {
			restart(test);
			nr = add_some(test, &events, set) - only_tail_knows_child(&events, set);
			fixture_make(FIXTURE_FORK, &next, &more);
			add_all(test, &more);
			whole = fork_of(&test->forks, &next);
			assert_non_null(whole);
			assert_whole(whole, &next);
			add(test, fixture_child_exit(&fixture_who));
			before_flush = test->forks.nr;
			fw_model_flush(test->model);
			assert_rest(test, &fixture_who, whole, before_flush, nr);
		}
		while (events.nr)
			free(events.list[--events.nr]);
	}
}

/* Adds the events of @kinds (ends with 0) of @who's fork. */
static void add_only(struct test *test, enum fixture_kind kind, const struct fixture_who *who,
		     const uint16_t *kinds)
{
	struct fixture_events events;
	size_t i;

	fixture_make(kind, who, &events);
	for (; *kinds; kinds++) {
		assert_non_null(find(&events, *kinds));
		add(test, copy_of(find(&events, *kinds)));
	}
	for (i = 0; i < events.nr; i++)
		free(events.list[i]);
}

#define ONLY(...)	((const uint16_t[]) { __VA_ARGS__, 0 })

/* What is left of two forks of one parent, the second without its beginning: not one fork. */
static void two_forks_without_the_seam(void **state)
{
	static const struct {
		uint16_t first[3], second[3];
	} rows[] = {
		{ { FORKWATCH_FORK_EXIT }, { FORKWATCH_COPY_THREAD } },
		{ { FORKWATCH_COPY_THREAD }, { FORKWATCH_COPY_THREAD, FORKWATCH_FORK_EXIT } },
		{ { FORKWATCH_FORK_EXIT }, { FORKWATCH_FORK_EXIT } },
		{ { FORKWATCH_COPY_THREAD }, { FORKWATCH_FORK_EXIT } },
		{ { FORKWATCH_FORK_ENTER }, { FORKWATCH_FORK_RETURN } },
		{ { FORKWATCH_COPY_THREAD }, { FORKWATCH_FORK_RETURN } },
		{ { FORKWATCH_FORK_EXIT }, { FORKWATCH_FORK_RETURN } },
	};
	struct fixture_who second = other(fixture_who.parent_tid, 501);
	struct test *test = *state;
	bool swapped;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		restart(test);
		add_only(test, FIXTURE_FORK, &fixture_who, rows[i].first);
		add_only(test, FIXTURE_FORK, &second, rows[i].second);
		fw_model_flush(test->model);
		assert_int_equal(test->forks.nr, 2);
		/* A first one that still waited for its child comes second. */
		swapped = test->forks.first->id == 2;
		assert_only_of(test->forks.first, swapped ? &second : &fixture_who);
		assert_only_of(test->forks.first->next, swapped ? &fixture_who : &second);
	}
}

/* Without fork_exit the wake-up says who the child is, even when that has run by then. */
static void child_runs_before_it_is_known(void **state)
{
	struct test *test = *state;

	add_only(test, FIXTURE_FORK, &fixture_who,
		 ONLY(FORKWATCH_FORK_ENTER, FORKWATCH_COPY_THREAD));
	add_only(test, FIXTURE_FORK, &fixture_who,
		 ONLY(FORKWATCH_FIRST_RUN, FORKWATCH_TAIL_RETURN));
	add_only(test, FIXTURE_FORK, &fixture_who, ONLY(FORKWATCH_WAKEUP_NEW));
	add_only(test, FIXTURE_FORK, &fixture_who, ONLY(FORKWATCH_FORK_RETURN));
	assert_int_equal(test->forks.nr, 1);
	assert_int_equal(count(test->forks.first), 6);
	assert_null(test->forks.first->exit);
	assert_int_equal(test->forks.first->child_tid, fixture_who.child_tid);
}

/* A child of the same task_struct, and of another time, runs: it is not this fork's. */
static void orphan_of_another_time(void **state)
{
	struct fixture_who later = fixture_who;
	struct test *test = *state;

	later.start_time += 1000;
	later.time += 10000;
	add_only(test, FIXTURE_FORK, &later, ONLY(FORKWATCH_FIRST_RUN));
	add_only(test, FIXTURE_FORK, &fixture_who,
		 ONLY(FORKWATCH_FORK_ENTER, FORKWATCH_FORK_EXIT));
	fw_model_flush(test->model);
	assert_int_equal(test->forks.nr, 2);
	assert_null(test->forks.first->first_run);
	assert_int_equal(test->forks.first->id, 1);
	assert_non_null(test->forks.first->next->first_run);
}

/* copy_process() alone tells: there is no kernel_clone() to come. */
static void worker_fails(void **state)
{
	struct test *test = *state;
	struct fixture_events events;
	struct forkwatch_fork_exit *exit;

	fixture_make(FIXTURE_IO_THREAD, &fixture_who, &events);
	exit = copy_of(find(&events, FORKWATCH_FORK_EXIT));
	exit->result = -ENOMEM;
	while (events.nr)
		free(events.list[--events.nr]);
	add_only(test, FIXTURE_IO_THREAD, &fixture_who, ONLY(FORKWATCH_FORK_ENTER));
	add(test, exit);
	assert_int_equal(test->forks.nr, 1);
	assert_true(test->forks.first->complete);
	assert_int_equal(fw_fork_error(test->forks.first), -ENOMEM);
}

/* What is not known is not made up. */
static void hardly_anything_is_known(void **state)
{
	struct test *test = *state;

	add_only(test, FIXTURE_FORK, &fixture_who, ONLY(FORKWATCH_FORK_ENTER));
	fw_model_flush(test->model);
	assert_int_equal(fw_fork_error(test->forks.first), 1);
	assert_int_equal(test->forks.first->child_tid, 0);
	assert_true(test->forks.first->child == 0);

	restart(test);
	add_only(test, FIXTURE_FORK, &fixture_who, ONLY(FORKWATCH_COPY_THREAD));
	fw_model_flush(test->model);
	assert_int_equal(fw_fork_error(test->forks.first), 1);
	assert_true(test->forks.first->child == fixture_who.child);
	assert_int_equal(test->forks.first->parent_tid, fixture_who.parent_tid);

	/* A child that there never was has no name. */
	restart(test);
	add_only(test, FIXTURE_FAILED, &fixture_who,
		 ONLY(FORKWATCH_COPY_THREAD, FORKWATCH_FORK_RETURN));
	assert_int_equal(fw_fork_error(test->forks.first), -EAGAIN);
	assert_true(test->forks.first->child == 0);
}

/* One event less: the fork is not complete, and that one is NULL. */
static void one_event_lost(void **state)
{
	static const uint16_t kinds[] = {
		FORKWATCH_FORK_ENTER, FORKWATCH_COPY_THREAD, FORKWATCH_FORK_EXIT,
		FORKWATCH_WAKEUP_NEW, FORKWATCH_FORK_RETURN, FORKWATCH_FIRST_RUN,
		FORKWATCH_TAIL_RETURN,
	};
	struct fixture_who next = other(500, 501);
	struct test *test = *state;
	struct fixture_events events;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		restart(test);
		fixture_make(FIXTURE_FORK, &next, &events);
		add_all(test, &events);
		fixture_make(FIXTURE_FORK, &fixture_who, &events);
		drop(&events, kinds[i]);
		if (kinds[i] == FORKWATCH_FIRST_RUN)
			drop(&events, FORKWATCH_CPU_SWITCH_TO);
		add_all(test, &events);
		fw_model_flush(test->model);
		assert_int_equal(test->forks.nr, 2);
		assert_false(test->forks.first->next->complete);
		assert_int_equal(count(test->forks.first->next),
				 kinds[i] == FORKWATCH_FIRST_RUN ? 7 : 8);
		assert_int_equal(test->forks.first->next->parent_tid, fixture_who.parent_tid);
		assert_int_equal(test->forks.first->next->child_tid, fixture_who.child_tid);
		assert_int_equal(fw_model_gaps(test->model), 0);
	}
}

static void task_struct_is_used_again(void **state)
{
	struct fixture_who first = fixture_who, second = other(500, 501);
	struct test *test = *state;
	struct fixture_events events;
	void *late;

	second.child = first.child;
	fixture_make(FIXTURE_FORK, &first, &events);
	late = copy_of(find(&events, FORKWATCH_FIRST_RUN));
	drop(&events, FORKWATCH_FIRST_RUN);
	drop(&events, FORKWATCH_TAIL_RETURN);
	drop(&events, FORKWATCH_CPU_SWITCH_TO);
	add_all(test, &events);
	assert_int_equal(test->forks.nr, 0);

	/* The first one's child has gone without a word by now. */
	fixture_make(FIXTURE_FORK, &second, &events);
	add_all(test, &events);
	assert_int_equal(test->forks.nr, 2);
	assert_ptr_equal(test->forks.first, fork_of(&test->forks, &first));
	assert_null(test->forks.first->first_run);
	assert_false(test->forks.first->complete);
	assert_whole(fork_of(&test->forks, &second), &second);

	/* And should it come after all, it is nobody else's. */
	add(test, late);
	fw_model_flush(test->model);
	assert_int_equal(test->forks.nr, 3);
}

/* The second child's first_run comes before its parent said that it has the task_struct. */
static void task_struct_is_used_again_early(void **state)
{
	struct fixture_who first = fixture_who, second = other(500, 501);
	struct test *test = *state;
	struct fixture_events events;
	void *early;

	second.child = first.child;
	second.child_cpu = 3;
	fixture_make(FIXTURE_FORK, &first, &events);
	drop(&events, FORKWATCH_TAIL_RETURN);
	drop(&events, FORKWATCH_FIRST_RUN);
	drop(&events, FORKWATCH_CPU_SWITCH_TO);
	add_all(test, &events);

	fixture_make(FIXTURE_FORK, &second, &events);
	early = copy_of(find(&events, FORKWATCH_FIRST_RUN));
	drop(&events, FORKWATCH_FIRST_RUN);
	drop(&events, FORKWATCH_CPU_SWITCH_TO);
	add(test, early);
	assert_int_equal(test->forks.nr, 0);
	add_all(test, &events);
	assert_whole(fork_of(&test->forks, &second), &second);
	assert_null(fork_of(&test->forks, &first)->first_run);
}

/* The first fork waits for its tail_return until its child does something else, the next do not. */
static void no_tail_is_ever_sent(void **state)
{
	struct fixture_who second = other(500, 501), third = other(600, 601);
	struct test *test = *state;
	struct fixture_events events;

	fixture_make(FIXTURE_FORK, &fixture_who, &events);
	drop(&events, FORKWATCH_TAIL_RETURN);
	add_all(test, &events);
	fixture_make(FIXTURE_FORK, &second, &events);
	drop(&events, FORKWATCH_TAIL_RETURN);
	add_all(test, &events);
	assert_int_equal(test->forks.nr, 0);
	add(test, fixture_child_exec(&fixture_who));
	assert_int_equal(test->forks.nr, 2);
	assert_true(test->forks.first->complete);
	assert_true(test->forks.first->next->complete);

	fixture_make(FIXTURE_FORK, &third, &events);
	drop(&events, FORKWATCH_TAIL_RETURN);
	add_all(test, &events);
	assert_int_equal(test->forks.nr, 3);
	assert_true(fork_of(&test->forks, &third)->complete);
}

/* Where others have one, a child that has none when it executes a program lost it. */
static void one_tail_is_lost(void **state)
{
	struct fixture_who second = other(500, 501);
	struct test *test = *state;
	struct fixture_events events;

	fixture_make(FIXTURE_FORK, &fixture_who, &events);
	add_all(test, &events);
	fixture_make(FIXTURE_FORK, &second, &events);
	drop(&events, FORKWATCH_TAIL_RETURN);
	add_all(test, &events);
	assert_int_equal(test->forks.nr, 1);
	add(test, fixture_child_exec(&second));
	assert_int_equal(test->forks.nr, 2);
	assert_false(fork_of(&test->forks, &second)->complete);
}

/* P vforks C, and sleeps until C, which vforks D and sleeps until D ends, ends. */
static void nested_vforks(void **state)
{
	struct fixture_who outer = fixture_who, inner = other(fixture_who.child_tid, 414);
	struct test *test = *state;
	struct fixture_events outers, inners, meanwhile;
	struct fixture_who third = other(700, 701);
	void *outer_return, *inner_return;

	fixture_make(FIXTURE_VFORK, &outer, &outers);
	outer_return = copy_of(find(&outers, FORKWATCH_FORK_RETURN));
	drop(&outers, FORKWATCH_FORK_RETURN);
	fixture_make(FIXTURE_VFORK, &inner, &inners);
	inner_return = copy_of(find(&inners, FORKWATCH_FORK_RETURN));
	drop(&inners, FORKWATCH_FORK_RETURN);

	add_all(test, &outers);
	add_all(test, &inners);
	fixture_make(FIXTURE_FORK, &third, &meanwhile);
	add_all(test, &meanwhile);
	assert_int_equal(test->forks.nr, 1);
	assert_whole(test->forks.first, &third);
	assert_int_equal(test->forks.first->id, 3);

	add(test, fixture_child_exit(&inner));
	assert_int_equal(test->forks.nr, 1);
	add(test, inner_return);
	assert_int_equal(test->forks.nr, 2);
	assert_whole(fork_of(&test->forks, &inner), &inner);
	add(test, fixture_child_exit(&outer));
	assert_int_equal(test->forks.nr, 2);
	add(test, outer_return);
	assert_int_equal(test->forks.nr, 3);
	assert_whole(fork_of(&test->forks, &outer), &outer);
	assert_int_equal(fork_of(&test->forks, &outer)->id, 1);
}

/* A parent whose fork_return was missed ends, and its tid goes to another. */
static void parents_tid_is_used_again(void **state)
{
	struct fixture_who second = other(fixture_who.parent_tid, 501);
	struct test *test = *state;
	struct fixture_events events;

	fixture_make(FIXTURE_VFORK, &fixture_who, &events);
	drop(&events, FORKWATCH_FORK_RETURN);
	add_all(test, &events);
	assert_int_equal(test->forks.nr, 0);
	add(test, fixture_parent_exit(&fixture_who));
	assert_int_equal(test->forks.nr, 1);
	assert_false(test->forks.first->complete);

	/* Only its end: what began before it was another's. */
	fixture_make(FIXTURE_VFORK, &second, &events);
	add(test, copy_of(find(&events, FORKWATCH_FORK_RETURN)));
	assert_int_equal(test->forks.nr, 2);
	add_all(test, &events);
	assert_int_equal(test->forks.nr, 3);
	assert_whole(test->forks.first->next->next, &second);
}

/* An older fork's fork_return was missed; the next one is of a kernel_clone() that began later. */
static void a_return_is_not_an_older_forks(void **state)
{
	struct fixture_who second = other(fixture_who.parent_tid, 501);
	struct test *test = *state;
	struct fixture_events events;
	struct fw_fork *fork;

	fixture_make(FIXTURE_FORK, &fixture_who, &events);
	drop(&events, FORKWATCH_FORK_RETURN);
	add_all(test, &events);
	fixture_make(FIXTURE_REFUSED, &second, &events);
	add_all(test, &events);

	assert_int_equal(test->forks.nr, 2);
	fork = test->forks.first;
	assert_null(fork->ret);
	assert_false(fork->complete);
	assert_non_null(fork->next->ret);
	assert_int_equal(fw_fork_error(fork->next), -EINVAL);
	assert_true(fork->next->complete);
}

/* A success with nothing but its return: tracing began while it was under way. */
static void only_a_return(void **state)
{
	struct test *test = *state;
	struct fixture_events events;

	fixture_make(FIXTURE_FORK, &fixture_who, &events);
	add(test, copy_of(find(&events, FORKWATCH_FORK_RETURN)));
	while (events.nr)
		free(events.list[--events.nr]);
	assert_int_equal(test->forks.nr, 1);
	assert_false(test->forks.first->complete);
	assert_int_equal(fw_fork_error(test->forks.first), 0);
	assert_int_equal(fw_fork_kind(test->forks.first), FW_KIND_UNKNOWN);
}

/* vhost_task_create() leaves the child asleep; its parent forks on. */
static void workers_are_woken_later(void **state)
{
	struct fixture_who second = other(fixture_who.parent_tid, 501);
	struct test *test = *state;
	struct fixture_events first, more;
	size_t i;

	fixture_make(FIXTURE_IO_THREAD, &fixture_who, &first);
	for (i = 0; i < 4; i++)
		add(test, first.list[i]);
	fixture_make(FIXTURE_FORK, &second, &more);
	add_all(test, &more);
	assert_int_equal(test->forks.nr, 1);
	for (; i < first.nr; i++)
		add(test, first.list[i]);
	assert_int_equal(test->forks.nr, 2);
	assert_true(fork_of(&test->forks, &fixture_who)->complete);
	assert_int_equal(fork_of(&test->forks, &fixture_who)->id, 1);
}

static void refused_calls_are_all_there_is(void **state)
{
	struct test *test = *state;
	struct fixture_events events;
	struct forkwatch_clone_call *call;

	fixture_make(FIXTURE_ASKED_X0, &fixture_who, &events);
	call = copy_of(find(&events, FORKWATCH_CLONE_CALL));
	call->result = -EPERM;
	call->clone_flags = CLONE_VM | CLONE_VFORK;
	add(test, call);
	assert_int_equal(test->forks.nr, 1);
	assert_ptr_equal(test->forks.first->clone_call, call);
	assert_true(test->forks.first->complete);
	assert_true(fw_fork_is_refused(test->forks.first));
	assert_int_equal(fw_fork_error(test->forks.first), -EPERM);
	assert_int_equal(fw_fork_kind(test->forks.first), FW_VFORK);
	assert_int_equal(test->forks.first->parent_tid, fixture_who.parent_tid);
	assert_int_equal(test->forks.first->child_tid, 0);

	/* It takes nothing of the fork that follows. */
	add_all(test, &events);
	assert_int_equal(test->forks.nr, 2);
	assert_non_null(test->forks.first->next->clone_call);
	assert_false(fw_fork_is_refused(test->forks.first->next));
	assert_whole(test->forks.first->next, &fixture_who);
}

static void calls_that_kernel_clone_refuses(void **state)
{
	struct test *test = *state;
	struct fixture_events call, refused;
	struct forkwatch_fork_return *ret;

	fixture_make(FIXTURE_ASKED_X0, &fixture_who, &call);
	add(test, copy_of(find(&call, FORKWATCH_CLONE_CALL)));
	while (call.nr)
		free(call.list[--call.nr]);
	fixture_make(FIXTURE_REFUSED, &fixture_who, &refused);
	ret = (struct forkwatch_fork_return *)refused.list[0];
	ret->regs.syscallno = FORKWATCH_NR_CLONE;
	add_all(test, &refused);
	assert_int_equal(test->forks.nr, 1);
	assert_non_null(test->forks.first->clone_call);
	assert_non_null(test->forks.first->ret);
	assert_true(test->forks.first->complete);
	assert_int_equal(fw_fork_error(test->forks.first), -EINVAL);

	/* One that came by another number is none of the call's. */
	restart(test);
	add_only(test, FIXTURE_ASKED_X0, &fixture_who, ONLY(FORKWATCH_CLONE_CALL));
	add_only(test, FIXTURE_REFUSED, &fixture_who, ONLY(FORKWATCH_FORK_RETURN));
	assert_int_equal(test->forks.nr, 2);
	assert_null(test->forks.first->ret);
	assert_null(test->forks.first->next->clone_call);
}

/* Both flags are set for io_uring's, one for vhost's; neither parent returns. */
static void workers_are_told_apart(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_IO_THREAD);

	(void)state;
	fork->enter->flags |= FORKWATCH_ENTER_USER_WORKER;
	assert_int_equal(fw_fork_kind(fork), FW_IO_THREAD);
	fork->enter->flags &= ~FORKWATCH_ENTER_IO_THREAD;
	assert_int_equal(fw_fork_kind(fork), FW_USER_WORKER);
	assert_false(fw_fork_returns(fork));
	assert_false(fw_fork_is_user(fork));
	fw_fork_free(fork);
}

/* The end of a clone3() that kernel_clone() was called by tells of no other fork. */
static void calls_that_clone3_refuses(void **state)
{
	struct test *test = *state;
	struct fixture_who other = fixture_who;
	struct fixture_events call, refused;
	struct forkwatch_fork_return *ret;

	add_only(test, FIXTURE_BY_CLONE3, &fixture_who, ONLY(FORKWATCH_CLONE3_RETURN));
	assert_int_equal(test->forks.nr, 1);
	assert_true(fw_fork_is_refused(test->forks.first));
	assert_true(test->forks.first->complete);

	/* kernel_clone() said so before; another task's end comes in between. */
	restart(test);
	other.parent_tid++;
	fixture_make(FIXTURE_REFUSED, &fixture_who, &refused);
	ret = (struct forkwatch_fork_return *)refused.list[0];
	ret->regs.syscallno = 435;
	add_all(test, &refused);
	assert_int_equal(test->forks.nr, 1);
	add_only(test, FIXTURE_BY_CLONE3, &other, ONLY(FORKWATCH_CLONE3_RETURN));
	assert_int_equal(test->forks.nr, 2);
	add_only(test, FIXTURE_BY_CLONE3, &fixture_who, ONLY(FORKWATCH_CLONE3_RETURN));
	assert_int_equal(test->forks.nr, 2);
	/* Each end tells of one call. */
	add_only(test, FIXTURE_BY_CLONE3, &fixture_who, ONLY(FORKWATCH_CLONE3_RETURN));
	assert_int_equal(test->forks.nr, 3);

	/* Its fork_return was missed. */
	restart(test);
	fixture_make(FIXTURE_CLONE3, &fixture_who, &call);
	add(test, copy_of(find(&call, FORKWATCH_FORK_ENTER)));
	add_only(test, FIXTURE_BY_CLONE3, &fixture_who, ONLY(FORKWATCH_CLONE3_RETURN));
	assert_int_equal(test->forks.nr, 1);
	assert_null(test->forks.first->clone3);
	assert_false(test->forks.first->complete);
	while (call.nr)
		free(call.list[--call.nr]);
}

/* An attempt that a signal ended, then a fork by the same task with its sp moved by @sp. */
static uint64_t restarted(struct test *test, uint64_t sp)
{
	struct fixture_who again = fixture_who;
	struct fixture_events events;
	struct forkwatch_fork_enter *enter;

	restart(test);
	fixture_make(FIXTURE_RESTARTED, &fixture_who, &events);
	add_all(test, &events);
	again.time += 100000;
	fixture_make(FIXTURE_FORK, &again, &events);
	enter = (struct forkwatch_fork_enter *)find(&events, FORKWATCH_FORK_ENTER);
	enter->regs.orig_x0 = 17;
	enter->regs.sp += sp;
	add_all(test, &events);
	assert_int_equal(test->forks.nr, 2);
	assert_true(fw_fork_restarts(test->forks.first));
	assert_int_equal(test->forks.first->restart_of, 0);
	assert_false(fw_fork_restarts(test->forks.first->next));
	return test->forks.first->next->restart_of;
}

static void attempts_and_restarts(void **state)
{
	struct test *test = *state;

	/* The call is the same but for what a handler of the signal may do. */
	assert_int_equal(restarted(test, 0), 1);
	assert_int_equal(restarted(test, -0x1000ULL), 0);
}

/* A child that a failed fork woke is on its record: rule D2 looks for it. */
static void failed_fork_wakes_a_child(void **state)
{
	struct test *test = *state;
	struct fixture_events failed, good;
	size_t i;

	fixture_make(FIXTURE_FAILED, &fixture_who, &failed);
	fixture_make(FIXTURE_FORK, &fixture_who, &good);
	for (i = 0; i + 1 < failed.nr; i++)
		add(test, failed.list[i]);
	add(test, copy_of(find(&good, FORKWATCH_WAKEUP_NEW)));
	add(test, failed.list[i]);
	while (good.nr)
		free(good.list[--good.nr]);
	fw_model_flush(test->model);
	assert_int_equal(test->forks.nr, 1);
	assert_non_null(test->forks.first->wakeup);
	assert_int_equal(fw_fork_error(test->forks.first), -EAGAIN);
}

static void the_same_event_twice(void **state)
{
	static const uint16_t kinds[] = { FORKWATCH_WAKEUP_NEW, FORKWATCH_FIRST_RUN };
	struct test *test = *state;
	struct fixture_events events;
	size_t i;

	for (i = 0; i < 2; i++) {
		restart(test);
		fixture_make(FIXTURE_FORK, &fixture_who, &events);
		drop(&events, FORKWATCH_FORK_RETURN);
		drop(&events, FORKWATCH_CPU_SWITCH_TO);
		drop(&events, FORKWATCH_TAIL_RETURN);
		add_all(test, &events);
		fixture_make(FIXTURE_FORK, &fixture_who, &events);
		assert_int_equal(fw_model_add(test->model, copy_of(find(&events, kinds[i]))),
				 -EEXIST);
		while (events.nr)
			free(events.list[--events.nr]);
		assert_int_equal(test->forks.nr, 0);
	}
}

static void switch_is_the_last_one_into_the_child(void **state)
{
	struct test *test = *state;
	struct fixture_events events;
	struct forkwatch_cpu_switch_to *sw;
	unsigned int round;

	for (round = 0; round < 2; round++) {
		restart(test);
		fixture_make(FIXTURE_FORK, &fixture_who, &events);
		sw = (void *)find(&events, FORKWATCH_CPU_SWITCH_TO);
		if (round)
			sw->next_tid++;		/* another task at the same address */
		else
			sw->next++;
		add_all(test, &events);
		assert_int_equal(test->forks.nr, 1);
		assert_null(test->forks.first->switch_in);
	}
}

/* Children that nobody forked are not kept without end; the oldest go first. */
static void orphans_are_bounded(void **state)
{
	struct test *test = *state;
	struct fixture_who who;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		who = other(500, 1000 + i);
		add_only(test, FIXTURE_FORK, &who, ONLY(FORKWATCH_FIRST_RUN));
	}
	assert_in_range(test->forks.nr, 500, 999);
	assert_int_equal(test->forks.first->child_tid, 1000);
	assert_int_equal(test->forks.first->id, 1);
	fw_model_flush(test->model);
	assert_int_equal(test->forks.nr, 1000);
}

/* Those whose parent was only late count no more. */
static void late_parents_are_waited_for(void **state)
{
	struct fixture_who who, waits = other(700, 701);
	struct test *test = *state;
	unsigned int i;

	add_only(test, FIXTURE_FORK, &waits, ONLY(FORKWATCH_FIRST_RUN));
	for (i = 0; i < 1000; i++) {
		who = other(500, 1000 + i);
		add_only(test, FIXTURE_FORK, &who,
			 ONLY(FORKWATCH_FIRST_RUN, FORKWATCH_TAIL_RETURN));
		add_only(test, FIXTURE_FORK, &who,
			 ONLY(FORKWATCH_FORK_ENTER, FORKWATCH_COPY_THREAD, FORKWATCH_FORK_EXIT,
			      FORKWATCH_WAKEUP_NEW, FORKWATCH_FORK_RETURN));
	}
	assert_int_equal(test->forks.nr, 1000);
	add_only(test, FIXTURE_FORK, &waits,
		 ONLY(FORKWATCH_FORK_ENTER, FORKWATCH_FORK_EXIT, FORKWATCH_FORK_RETURN));
	fw_model_flush(test->model);
	assert_int_equal(test->forks.nr, 1001);
	assert_non_null(fork_of(&test->forks, &waits)->first_run);
}

/* What is open is emitted by flush, in order of id, and freed by close without a word. */
static void flush_and_close(void **state)
{
	struct test *test = *state;
	struct fixture_events events;
	struct fixture_who who;
	struct fw_fork *fork;
	unsigned int round, i;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < 10; i++) {
			who = other(500 + i, 600 + i);
			fixture_make(FIXTURE_VFORK, &who, &events);
			drop_life(&events);
			drop(&events, i % 2 ? FORKWATCH_FORK_RETURN : FORKWATCH_TAIL_RETURN);
			add_all(test, &events);
		}
		assert_int_equal(test->forks.nr, 0);
		if (round)
			break;
		fw_model_flush(test->model);
		assert_int_equal(test->forks.nr, 10);
		for (fork = test->forks.first, i = 1; fork; fork = fork->next, i++) {
			assert_int_equal(fork->id, i);
			assert_false(fork->complete);
		}
		fw_model_flush(test->model);
		assert_int_equal(test->forks.nr, 10);
		restart(test);
	}
}

static void add_seq(struct test *test, uint32_t cpu, uint64_t seq)
{
	struct forkwatch_exit *event = calloc(1, sizeof(*event));

	event->hdr.size = sizeof(*event);
	event->hdr.kind = FORKWATCH_EXIT;
	event->hdr.cpu = cpu;
	event->hdr.seq = seq;
	assert_int_equal(fw_model_add(test->model, &event->hdr), 0);
}

static void gaps_are_counted_by_cpu(void **state)
{
	struct test *test = *state;

	add_seq(test, 0, 1000);
	add_seq(test, 5, 7);
	add_seq(test, 0, 1001);
	add_seq(test, 5, 8);
	assert_int_equal(fw_model_gaps(test->model), 0);
	add_seq(test, 5, 11);
	assert_int_equal(fw_model_gaps(test->model), 2);
	add_seq(test, 0, 1003);
	assert_int_equal(fw_model_gaps(test->model), 3);
	/* It was only overtaken. */
	add_seq(test, 0, 1002);
	assert_int_equal(fw_model_gaps(test->model), 2);
	add_seq(test, 0, 1004);
	assert_int_equal(fw_model_gaps(test->model), 2);
	assert_int_equal(fw_model_events(test->model), 8);
}

static void cpus_that_cannot_be(void **state)
{
	static const uint32_t cpus[] = { 8192, 1 << 20, UINT32_MAX };
	struct test *test = *state;
	struct fixture_events events;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cpus); i++) {
		fixture_make(FIXTURE_REFUSED, &fixture_who, &events);
		events.list[0]->cpu = cpus[i];
		assert_int_equal(fw_model_add(test->model, events.list[0]), -ERANGE);
	}
	assert_int_equal(test->forks.nr, 0);
	assert_int_equal(fw_model_events(test->model), 0);
}

/* A gap and a drop are one event. */
static void losses_add_up(void **state)
{
	struct fw_losses losses = {
		.seq_gaps = 1, .ring_drops = 20, .probe_misses = 300, .watch_full = 4000,
		.bad_events = 50000, .forks = 600000,
	};

	(void)state;
	assert_int_equal(fw_losses_total(&losses), 54320);
	losses.seq_gaps = 21;
	assert_int_equal(fw_losses_total(&losses), 54321);
}

static void assert_recorded(const char *name, struct fixture_forks *forks,
			    const struct fw_env *env)
{
	const struct fw_fork *fork;

	(void)env;
	assert_true(forks->nr > 0);
	for (fork = forks->first; fork; fork = fork->next)
		if (!fork->complete)
			fail_msg("%s: fork %llu is not complete", name,
				 (unsigned long long)fork->id);
}

static void recorded_forks_are_complete(void **state)
{
	(void)state;
	if (!fixture_recorded(assert_recorded))
		skip();
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_kind_ends_with_its_last_event),
		TEST(kinds_have_names),
		TEST(one_fork_in_every_order),
		TEST(two_parents_in_many_orders),
		TEST(two_forks_of_a_parent_in_many_orders),
		TEST(every_loss_of_every_kind),
		TEST(one_event_lost),
		TEST(two_forks_without_the_seam),
		TEST(child_runs_before_it_is_known),
		TEST(orphan_of_another_time),
		TEST(worker_fails),
		TEST(hardly_anything_is_known),
		TEST(task_struct_is_used_again),
		TEST(task_struct_is_used_again_early),
		TEST(no_tail_is_ever_sent),
		TEST(one_tail_is_lost),
		TEST(attempts_and_restarts),
		TEST(nested_vforks),
		TEST(parents_tid_is_used_again),
		TEST(a_return_is_not_an_older_forks),
		TEST(only_a_return),
		TEST(workers_are_woken_later),
		TEST(refused_calls_are_all_there_is),
		TEST(calls_that_kernel_clone_refuses),
		TEST(calls_that_clone3_refuses),
		cmocka_unit_test(workers_are_told_apart),
		TEST(failed_fork_wakes_a_child),
		TEST(the_same_event_twice),
		TEST(switch_is_the_last_one_into_the_child),
		TEST(orphans_are_bounded),
		TEST(late_parents_are_waited_for),
		TEST(flush_and_close),
		TEST(gaps_are_counted_by_cpu),
		TEST(cpus_that_cannot_be),
		TEST(losses_add_up),
		TEST(recorded_forks_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
