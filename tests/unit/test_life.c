// SPDX-License-Identifier: GPL-2.0-only
/* Life: what vforks wait for, and what children do whose fork was seen. */
#include <errno.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "array.h"
#include "check.h"
#include "event.h"
#include "fixture.h"
#include "life.h"

#define LIVES	8

struct lives {
	struct fw_life list[LIVES];
	struct forkwatch_exec execs[LIVES];
	size_t nr;
};

struct test {
	struct fw_model *model;
	struct fixture_forks forks;
	struct lives lives;
};

static void take_life(void *ctx, const struct fw_life *life)
{
	struct lives *lives = ctx;

	assert_true(!life->exec != !life->exit);
	if (lives->nr == LIVES)
		return;
	lives->list[lives->nr] = *life;
	if (life->exec)
		lives->execs[lives->nr] = *life->exec;
	lives->nr++;
}

static int setup(void **state)
{
	struct test *test = calloc(1, sizeof(*test));

	assert_non_null(test);
	fixture_reset();
	fixture_forks_init(&test->forks);
	assert_int_equal(fw_model_open(&test->model, fixture_collect, &test->forks), 0);
	fw_model_on_life(test->model, take_life, &test->lives);
	*state = test;
	return 0;
}

static int teardown(void **state)
{
	struct test *test = *state;

	fw_model_close(test->model);
	fixture_forks_free(&test->forks);
	free(test);
	return 0;
}

static void add(struct test *test, struct forkwatch_header *event)
{
	fixture_number(event);
	assert_int_equal(fw_model_add(test->model, event), 0);
}

/* Events of a vfork, less those of the kinds in @without (0: none). */
static void add_vfork(struct test *test, const struct fixture_who *who, uint16_t without,
		      uint16_t also_without)
{
	struct fixture_events events;
	size_t i;

	fixture_make(FIXTURE_VFORK, who, &events);
	for (i = 0; i < events.nr; i++) {
		if (events.list[i]->kind == without || events.list[i]->kind == also_without)
			free(events.list[i]);
		else
			add(test, events.list[i]);
	}
}

static void add_fork(struct test *test, const struct fixture_who *who)
{
	struct fixture_events events;
	size_t i;

	fixture_make(FIXTURE_FORK, who, &events);
	for (i = 0; i < events.nr; i++)
		add(test, events.list[i]);
}

static struct fixture_who another(unsigned int nr)
{
	struct fixture_who who = fixture_who;

	who.parent_tid += 100 * nr;
	who.child_tid += 100 * nr;
	who.child += 0x10000 * nr;
	who.start_time += 1000000 * nr;
	who.time += 1000000 * nr;
	return who;
}

static struct forkwatch_header *release_of(const struct fixture_who *who, uint64_t time)
{
	struct forkwatch_mm_release *release = calloc(1, sizeof(*release));

	assert_non_null(release);
	release->hdr.size = sizeof(*release);
	release->hdr.kind = FORKWATCH_MM_RELEASE;
	release->hdr.cpu = who->child_cpu;
	release->hdr.time = time;
	release->hdr.tid = who->child_tid;
	release->hdr.tgid = who->child_tid;
	release->task = who->child;
	release->start_time = who->start_time;
	release->reason = FORKWATCH_RELEASE_EXIT;
	return &release->hdr;
}

static enum fw_verdict verdict_of(struct fw_fork *fork, const char *rule)
{
	static const struct fw_env env = { .kernel = 0 };
	const struct fw_judgement *verdicts = fw_check(fork, &env);

	assert_non_null(verdicts);
	return verdicts[fw_rule_index(rule)].verdict;
}

/* The first tells the model that mm_release comes; its fork is not looked at. */
static void know_releases(struct test *test)
{
	const struct fixture_who who = another(9);

	add_vfork(test, &who, 0, 0);
	assert_int_equal(test->forks.nr, 1);
	fixture_forks_free(&test->forks);
	test->lives.nr = 0;
}

/*
 * Vforks.
 */
static void a_vfork_waits_for_the_exec(void **state)
{
	struct test *test = *state;
	const struct fw_fork *fork;

	add_vfork(test, &fixture_who, FORKWATCH_EXEC, 0);
	assert_int_equal(test->forks.nr, 0);
	add(test, fixture_child_exec(&fixture_who));
	assert_int_equal(test->forks.nr, 1);
	fork = test->forks.first;
	assert_true(fork->complete);
	assert_non_null(fork->release);
	assert_string_equal(fork->exec->path, "/bin/true");
	assert_null(fork->end);
	assert_int_equal(verdict_of(test->forks.first, "F1"), FW_PASS);
	assert_int_equal(verdict_of(test->forks.first, "F2"), FW_PASS);
}

static void the_exec_may_come_first(void **state)
{
	struct test *test = *state;

	add_vfork(test, &fixture_who, FORKWATCH_FORK_RETURN, FORKWATCH_EXEC);
	add(test, fixture_child_exec(&fixture_who));
	assert_int_equal(test->forks.nr, 0);
	fw_model_flush(test->model);
	assert_int_equal(test->forks.nr, 1);
	assert_non_null(test->forks.first->exec);
}

static void a_vfork_waits_for_the_end(void **state)
{
	struct forkwatch_exit *exit = (void *)fixture_child_exit(&fixture_who);
	struct test *test = *state;

	exit->code = 3 << 8;
	add_vfork(test, &fixture_who, FORKWATCH_EXEC, 0);
	add(test, &exit->hdr);
	assert_int_equal(test->forks.nr, 1);
	assert_null(test->forks.first->exec);
	assert_int_equal(test->forks.first->end->code, 3 << 8);
}

/* An old recording, or a kernel where the probe was refused: nothing is waited for. */
static void without_releases(void **state)
{
	struct test *test = *state;

	const struct fixture_who who = another(1);

	/* The first is waited for: until its child does more than it could before a release. */
	add_vfork(test, &fixture_who, FORKWATCH_MM_RELEASE, FORKWATCH_EXEC);
	assert_int_equal(test->forks.nr, 0);
	add(test, fixture_child_exec(&fixture_who));
	assert_int_equal(test->forks.nr, 1);
	assert_int_equal(verdict_of(test->forks.first, "F1"), FW_NOT_OBSERVED);
	assert_int_equal(verdict_of(test->forks.first, "F2"), FW_NOT_OBSERVED);
	add_vfork(test, &who, FORKWATCH_MM_RELEASE, FORKWATCH_EXEC);
	assert_int_equal(test->forks.nr, 2);
}

static void a_parent_that_is_early(void **state)
{
	struct test *test = *state;

	know_releases(test);
	add_vfork(test, &fixture_who, FORKWATCH_MM_RELEASE, FORKWATCH_EXEC);
	assert_int_equal(test->forks.nr, 0);
	add(test, release_of(&fixture_who, fixture_who.time + 40000));
	add(test, fixture_child_exit(&fixture_who));
	assert_int_equal(test->forks.nr, 1);
	assert_int_equal(verdict_of(test->forks.first, "F1"), FW_FAIL);
}

static void a_parent_that_is_killed(void **state)
{
	struct forkwatch_exit *exit = (void *)fixture_parent_exit(&fixture_who);
	struct test *test = *state;

	know_releases(test);
	add_vfork(test, &fixture_who, FORKWATCH_MM_RELEASE, FORKWATCH_EXEC);
	assert_int_equal(test->forks.nr, 0);
	exit->code = SIGKILL;
	add(test, &exit->hdr);
	assert_int_equal(test->forks.nr, 1);
	assert_true(test->forks.first->parent_killed);
	assert_int_equal(verdict_of(test->forks.first, "F1"), FW_NA);
}

/* Nothing allows that: it ends before its child let it go. */
static void a_parent_that_ends(void **state)
{
	struct test *test = *state;

	know_releases(test);
	add_vfork(test, &fixture_who, FORKWATCH_MM_RELEASE, FORKWATCH_EXEC);
	add(test, fixture_parent_exit(&fixture_who));
	assert_int_equal(test->forks.nr, 1);
	assert_false(test->forks.first->parent_killed);
	assert_int_equal(verdict_of(test->forks.first, "F1"), FW_NOT_OBSERVED);
}

static void a_release_that_is_lost(void **state)
{
	struct test *test = *state;

	know_releases(test);
	add_vfork(test, &fixture_who, FORKWATCH_MM_RELEASE, 0);
	assert_int_equal(test->forks.nr, 1);
	assert_null(test->forks.first->exec);
	assert_int_equal(verdict_of(test->forks.first, "F1"), FW_NOT_OBSERVED);
}

/* One that no fork waits for, and one that comes twice. */
static void releases_of_nobody(void **state)
{
	const struct fixture_who who = another(3);
	struct test *test = *state;

	add(test, release_of(&who, who.time));
	add_fork(test, &fixture_who);
	add(test, release_of(&fixture_who, fixture_who.time + 40000));
	assert_int_equal(test->forks.nr, 1);
	assert_null(test->forks.first->release);
	add_vfork(test, &who, FORKWATCH_EXEC, 0);
	add(test, release_of(&who, who.time + 40000));
	add(test, fixture_child_exec(&who));
	assert_int_equal(test->forks.nr, 2);
	assert_int_equal(test->forks.first->next->release->reason, FORKWATCH_RELEASE_EXEC);
}

static void a_vfork_with_its_own_mm(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_VFORK);

	(void)state;
	fork->enter->clone_flags &= ~(uint64_t)CLONE_VM;
	assert_int_equal(verdict_of(fork, "F2"), FW_FAIL);
	fork->release->mm++;
	assert_int_equal(verdict_of(fork, "F2"), FW_PASS);
	fw_fork_free(fork);
}

/*
 * Children.
 */
static void a_child_executes_and_ends(void **state)
{
	const struct fw_life *life;
	struct test *test = *state;

	add_fork(test, &fixture_who);
	add(test, fixture_child_exec(&fixture_who));
	add(test, fixture_child_exit(&fixture_who));
	add(test, fixture_child_exit(&fixture_who));	/* it is forgotten by now */
	assert_int_equal(test->lives.nr, 2);
	life = &test->lives.list[0];
	assert_int_equal(life->fork, 1);
	assert_int_equal(life->tid, fixture_who.child_tid);
	assert_int_equal(life->since, fixture_who.time + 3000);
	assert_string_equal(test->lives.execs[0].path, "/bin/true");
	assert_non_null(test->lives.list[1].exit);
	/* What it executed is what it is now. */
	assert_int_equal(test->lives.list[1].mm, test->lives.execs[0].mm);
}

static void strangers_are_not_told(void **state)
{
	const struct fixture_who who = another(1);
	struct test *test = *state;

	add(test, fixture_child_exec(&who));
	add(test, fixture_child_exit(&who));
	assert_int_equal(test->lives.nr, 0);
}

/* Its own end was missed, and another task has its tid. */
static void a_tid_is_used_again(void **state)
{
	struct fixture_who who = another(1);
	struct test *test = *state;

	add_fork(test, &fixture_who);
	who.child_tid = fixture_who.child_tid;
	add(test, fixture_child_exec(&who));
	assert_int_equal(test->lives.nr, 0);
	add(test, fixture_child_exec(&fixture_who));
	assert_int_equal(test->lives.nr, 0);

	add_fork(test, &who);
	add(test, fixture_child_exit(&fixture_who));
	assert_int_equal(test->lives.nr, 0);
}

/* A thread that executes a program gets its leader's tid. */
static void a_thread_takes_its_leaders_place(void **state)
{
	struct forkwatch_exec *exec;
	struct fw_judgement judgement;
	struct test *test = *state;
	struct fixture_events events;
	size_t i;

	fixture_make(FIXTURE_THREAD, &fixture_who, &events);
	for (i = 0; i < events.nr; i++)
		add(test, events.list[i]);
	exec = (void *)fixture_child_exec(&fixture_who);
	exec->hdr.tid = fixture_who.parent_tid;
	exec->hdr.tgid = fixture_who.parent_tid;
	exec->start_time = 60000000000ULL;
	add(test, &exec->hdr);
	assert_int_equal(test->lives.nr, 1);
	test->lives.list[0].exec = &test->lives.execs[0];
	fw_check_life(&test->lives.list[0], &judgement);
	assert_int_equal(judgement.verdict, FW_NOT_OBSERVED);
	assert_non_null(strstr(judgement.why.text, "leader was not seen"));
	test->lives.list[0].leader_start = 60000000000ULL;
	fw_check_life(&test->lives.list[0], &judgement);
	assert_int_equal(judgement.verdict, FW_PASS);
	test->lives.list[0].leader_start++;
	fw_check_life(&test->lives.list[0], &judgement);
	assert_int_equal(judgement.verdict, FW_FAIL);
	exec = (void *)fixture_child_exec(&fixture_who);
	exec->start_time = 60000000000ULL;
	exec->hdr.tid = fixture_who.parent_tid;
	exec->old_tid = fixture_who.parent_tid;
	exec->mm++;
	add(test, &exec->hdr);
	assert_int_equal(test->lives.nr, 2);
}

/* Between two execs of a child one is lost: the mm of the second may lie where the first's did. */
static void an_exec_is_lost(void **state)
{
	struct forkwatch_header *lost;
	struct test *test = *state;

	add_fork(test, &fixture_who);
	add(test, fixture_child_exec(&fixture_who));
	lost = fixture_child_exec(&fixture_who);
	fixture_number(lost);
	free(lost);
	add(test, fixture_child_exec(&fixture_who));
	assert_int_equal(test->lives.nr, 2);
	assert_false(test->lives.list[0].gaps);
	assert_true(test->lives.list[1].gaps);
	assert_int_equal(test->lives.list[1].mm, test->lives.execs[1].mm);
}

/* More live than are remembered. */
static void the_oldest_are_forgotten(void **state)
{
	struct forkwatch_fork_exit fork = { .hdr.size = sizeof(fork) };
	struct forkwatch_exit exit = { .hdr.size = sizeof(exit) };
	struct fw_children *children = calloc(1, sizeof(*children));
	struct lives lives = { .nr = 0 };
	unsigned int i;

	(void)state;
	assert_non_null(children);
	fw_children_init(children);
	children->fn = take_life;
	children->ctx = &lives;
	for (i = 1; i <= FW_CHILDREN_MAX + 1; i++) {
		fork.child_tid = i;
		assert_int_equal(fw_children_add(children, i, &fork), 0);
	}
	assert_int_equal(children->nr, FW_CHILDREN_MAX);
	exit.hdr.tid = 1;
	fw_children_exit(children, &exit);
	assert_int_equal(lives.nr, 0);
	exit.hdr.tid = 2;
	fw_children_exit(children, &exit);
	assert_int_equal(lives.nr, 1);
	fw_children_free(children);
	free(children);
}

static void failed_forks_have_no_child(void **state)
{
	struct forkwatch_fork_exit fork = { .hdr.size = sizeof(fork), .result = -EAGAIN };
	struct test *test = *state;
	struct fw_children *children = calloc(1, sizeof(*children));

	assert_non_null(children);
	fw_children_init(children);
	children->fn = take_life;
	children->ctx = &test->lives;
	fork.child_tid = 7;
	assert_int_equal(fw_children_add(children, 1, &fork), 0);
	assert_int_equal(children->nr, 0);
	fork.result = 0;
	fork.hdr.size = offsetof(struct forkwatch_fork_exit, child_ptr);
	assert_int_equal(fw_children_add(children, 1, &fork), 0);
	assert_int_equal(children->nr, 0);
	free(children);
}

/*
 * X1.
 */
#define CASES(C)								\
	C(kept,		FW_PASS, "",			(void)e)		\
	C(another_task,	FW_FAIL, "task_struct: after",	e->task++)		\
	C(restarted,	FW_FAIL, "start_time: after",	e->start_time++)	\
	C(another_tid,	FW_FAIL, "tid: after exec",	e->hdr.tid++)		\
	C(same_mm,	FW_FAIL, "mm: after exec 0x",	e->mm = life->mm)	\
	C(no_mm,	FW_FAIL, "mm: after exec 0x0",	e->mm = 0)		\
	C(gaps,		FW_PASS, "",			life->gaps = true)	\
	C(gaps_no_mm,	FW_FAIL, "mm: after exec 0x0",	(life->gaps = true, e->mm = 0)) \
	C(gaps_same_mm,	FW_NOT_OBSERVED, "another exec", (life->gaps = true, e->mm = life->mm))

#define CASE_FUNCTION(name, verdict, part, mutation)			\
	static void make_##name(struct fw_life *life, struct forkwatch_exec *e)	\
	{								\
		(void)life;						\
		(void)e;						\
		mutation;						\
	}
CASES(CASE_FUNCTION)

static const struct {
	const char *name;
	enum fw_verdict verdict;
	const char *part;
	void (*make)(struct fw_life *life, struct forkwatch_exec *exec);
} cases[] = {
#define CASE_ROW(name, verdict, part, mutation) { #name, verdict, part, make_##name },
	CASES(CASE_ROW)
};

static void execs_are_judged(void **state)
{
	struct fw_judgement judgement;
	struct forkwatch_exec exec;
	struct fw_life life;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		exec = (struct forkwatch_exec){
			.hdr.tid = 7, .task = 100, .start_time = 200, .mm = 300,
		};
		life = (struct fw_life){
			.task = 100, .start_time = 200, .mm = 299, .tid = 7, .tgid = 7,
			.leader_start = 200,
			.exec = &exec,
		};
		cases[i].make(&life, &exec);
		fw_check_life(&life, &judgement);
		if (judgement.verdict != cases[i].verdict ||
		    !strstr(judgement.why.text, cases[i].part))
			fail_msg("%s: %s: \"%s\"", cases[i].name,
				 fw_verdict_name(judgement.verdict), judgement.why.text);
	}
	life.exec = NULL;
	fw_check_life(&life, &judgement);
	assert_int_equal(judgement.verdict, FW_NA);
}

static void they_are_counted(void **state)
{
	const struct forkwatch_exec exec = { .hdr.tid = 7 };
	const struct forkwatch_exit exit = { .hdr.tid = 7 };
	struct fw_life life = { .tid = 7, .tgid = 7, .exec = &exec };
	struct fw_judgement judgement;
	struct fw_tally tally;

	(void)state;
	assert_int_equal(fw_tally_open(&tally), 0);
	fw_check_life(&life, &judgement);
	fw_tally_add_life(&tally, &life, &judgement);
	life.exec = NULL;
	life.exit = &exit;
	fw_check_life(&life, &judgement);
	fw_tally_add_life(&tally, &life, &judgement);
	assert_int_equal(tally.execs, 1);
	assert_int_equal(tally.exits, 1);
	assert_int_equal(tally.verdicts[FW_FAIL], 1);
	assert_int_equal(tally.by_rule[fw_rule_index("X1")][FW_FAIL], 1);
	fw_tally_close(&tally);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_vfork_waits_for_the_exec),
		TEST(the_exec_may_come_first),
		TEST(a_vfork_waits_for_the_end),
		TEST(without_releases),
		TEST(a_parent_that_is_early),
		TEST(a_parent_that_is_killed),
		TEST(a_parent_that_ends),
		TEST(a_release_that_is_lost),
		TEST(releases_of_nobody),
		TEST(a_vfork_with_its_own_mm),
		TEST(a_child_executes_and_ends),
		TEST(strangers_are_not_told),
		TEST(a_tid_is_used_again),
		TEST(a_thread_takes_its_leaders_place),
		TEST(an_exec_is_lost),
		TEST(the_oldest_are_forgotten),
		TEST(failed_forks_have_no_child),
		TEST(execs_are_judged),
		TEST(they_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
