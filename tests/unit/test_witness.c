// SPDX-License-Identifier: GPL-2.0-only
/* The second witness: its copies find their events, and rule W1 sees what differs in any field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "array.h"
#include "check.h"
#include "event.h"
#include "fixture.h"
#include "observer.h"
#include "witness.h"

/* In which place of the copy and its event. */
enum order { COPY_FIRST, EVENT_FIRST, NO_COPY };

static struct forkwatch_header *copy_of(const struct forkwatch_header *event, uint16_t by)
{
	struct forkwatch_header *copy = malloc(event->size);

	assert_non_null(copy);
	memcpy(copy, event, event->size);
	copy->kind += by;
	copy->time += 7;
	return copy;
}

/* Copies come in @order, but for that of @but, if it is a kind. */
struct orders {
	enum order order;
	uint16_t but;
	enum order order_of_but;
};

static void add_both(struct fw_model *model, struct forkwatch_header *event, void *ctx)
{
	const struct orders *orders = ctx;
	enum order order = event->kind == orders->but ? orders->order_of_but : orders->order;
	struct forkwatch_header *copy = order == NO_COPY ||
		!fw_observer_makes(FORKWATCH_BY_WITNESS, event->kind) ? NULL :
		copy_of(event, FORKWATCH_BY_WITNESS);

	if (copy && order == COPY_FIRST)
		fixture_add(model, copy, NULL);
	fixture_add(model, event, NULL);
	if (copy && order == EVENT_FIRST)
		fixture_add(model, copy, NULL);
}

/* A fork with copies of its events. */
static struct fw_fork *witnessed(enum fixture_kind kind, enum order order, uint16_t but,
				 enum order order_of_but)
{
	struct orders orders = { order, but, order_of_but };

	return fixture_fork_by(kind, add_both, &orders);
}

/* What W1 says of @fork. */
static struct fw_judgement judge(struct fw_fork *fork)
{
	struct fw_judgement *verdicts;
	struct fw_env env;
	size_t i;

	fixture_env_open(&env);
	verdicts = fw_check(fork, &env);
	assert_non_null(verdicts);
	fixture_env_close(&env);
	for (i = 0; strcmp(fw_rules[i].id, "W1"); i++)
		assert_true(i + 1 < fw_nr_rules);
	return verdicts[i];
}

static unsigned int events_of(const struct fw_fork *fork)
{
	unsigned int i, nr = 0;

	for (i = 0; i < FW_NR_WITNESSED; i++)
		nr += !!fw_witnessed_event(fork, &fw_witnessed[i]);
	return nr;
}

static void copies_find_their_events(void **state)
{
	enum fixture_kind kind;
	struct fw_fork *fork;

	(void)state;
	for (kind = 0; kind < FIXTURE_NR_KINDS; kind++) {
		fork = witnessed(kind, COPY_FIRST, 0, COPY_FIRST);
		assert_int_equal(fw_witness_count(fork), events_of(fork));
		assert_int_equal(judge(fork).verdict, FW_PASS);
		fw_fork_free(fork);
	}
}

static void no_copies_no_verdict(void **state)
{
	struct fw_fork *fork = witnessed(FIXTURE_FORK, NO_COPY, 0, NO_COPY);

	(void)state;
	assert_int_equal(fw_witness_count(fork), 0);
	assert_int_equal(judge(fork).verdict, FW_NA);
	fw_fork_free(fork);
}

/* As long as its fork is open; those that the fork is not waited for are late. */
static void copies_may_come_behind(void **state)
{
	static const uint16_t kinds[] = {
		FORKWATCH_FORK_ENTER, FORKWATCH_COPY_THREAD, FORKWATCH_FORK_EXIT,
	};
	struct fw_fork *fork;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		fork = witnessed(FIXTURE_FORK, COPY_FIRST, kinds[i], EVENT_FIRST);
		assert_int_equal(fw_witness_count(fork), events_of(fork));
		assert_int_equal(judge(fork).verdict, FW_PASS);
		fw_fork_free(fork);
	}
}

/* The kind of fork that has the event of a copy. */
static enum fixture_kind kind_with(unsigned int witness)
{
	return fw_witnessed[witness].kind == FORKWATCH_CLONE3_RETURN ? FIXTURE_BY_CLONE3 :
								       FIXTURE_FORK;
}

static void a_lost_copy_is_told(void **state)
{
	struct fw_judgement judgement;
	struct fw_fork *fork;
	unsigned int i;

	(void)state;
	for (i = 0; i < FW_NR_WITNESSED; i++) {
		if (kind_with(i) != FIXTURE_FORK)
			continue;	/* it is the only one: nobody was there to see it */
		fork = witnessed(FIXTURE_FORK, COPY_FIRST, fw_witnessed[i].kind, NO_COPY);
		judgement = judge(fork);
		assert_int_equal(judgement.verdict, FW_NOT_OBSERVED);
		assert_non_null(strstr(judgement.why.text,
				       fw_event_type(fw_witnessed[i].kind)->name));
		fw_fork_free(fork);
	}
}

/* A copy whose event was lost is nobody's: not the next fork's of that task, either. */
static void a_copy_without_event_is_nobodys(void **state)
{
	struct fixture_who later = fixture_who;
	struct fixture_events events;
	struct fixture_forks forks;
	struct forkwatch_header *lost;
	struct fw_model *model;
	size_t i;

	(void)state;
	later.time += 1000000;
	fixture_reset();
	fixture_forks_init(&forks);
	assert_int_equal(fw_model_open(&model, fixture_collect, &forks), 0);
	fixture_make(FIXTURE_FORK, &later, &events);
	lost = copy_of(events.list[0], FORKWATCH_BY_WITNESS);
	fixture_number(lost);
	assert_int_equal(fw_model_add(model, lost), 0);
	for (i = 0; i < 100; i++)
		fixture_number(events.list[0]);
	for (i = 0; i < events.nr; i++)
		fixture_add(model, events.list[i], NULL);
	fw_model_flush(model);
	fw_model_close(model);
	assert_int_equal(forks.nr, 1);
	assert_int_equal(fw_witness_count(forks.first), 0);
	fw_fork_free(forks.first);
}

/*
 * Mutations: each byte of each copy. Fields of the moment, and those that BPF programs do not
 * see, may differ.
 */
static bool may_differ(const char *event, const char *field)
{
	static const char *const of_the_moment[] = {
		"enter_time", "reserved", "tid_there", "parent_threads", "user_processes",
		"parent_vmas", "child_vmas", "parent_pgtables", "child_pgtables",
		"pid_ns_pids",
	};
	static const char *const unseen[][2] = {
		{ "copy_thread", "parent_tpidr" }, { "fork_exit", "parent_pages" },
		{ "fork_exit", "child_pages" }, { "first_run", "sp_el0" },
		{ "first_run", "tpidr_el0" }, { "first_run", "switch_return" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of_the_moment); i++)
		if (!strcmp(field, of_the_moment[i]))
			return true;
	for (i = 0; i < ARRAY_SIZE(unseen); i++)
		if (!strcmp(event, unseen[i][0]) && !strcmp(field, unseen[i][1]))
			return true;
	return false;
}

/* struct forkwatch_regs ends with one that is reserved. */
static bool is_reserved(const struct fw_field *field, size_t byte)
{
	return field->type == FW_REGS && byte >= offsetof(struct forkwatch_regs, reserved);
}

static void mutate(struct fw_fork *fork, unsigned int i, const struct fw_field *field, size_t size)
{
	const struct fw_event_type *type = fw_event_type(fw_witnessed[i].kind);
	unsigned char *bytes = (unsigned char *)fork->witness[i] + field->offset;
	struct fw_judgement judgement;
	char name[80];
	size_t byte;

	snprintf(name, sizeof(name), "%s.%s", type->name, field->name);
	for (byte = 0; byte < size; byte++) {
		bytes[byte] ^= 0x10;
		judgement = judge(fork);
		bytes[byte] ^= 0x10;
		if (may_differ(type->name, field->name) || is_reserved(field, byte)) {
			assert_int_equal(judgement.verdict, FW_PASS);
			continue;
		}
		assert_int_equal(judgement.verdict, FW_FAIL);
		assert_non_null(strstr(judgement.why.text, name));
		assert_non_null(strstr(judgement.why.text, ": module 0x"));
		assert_non_null(strstr(judgement.why.text, ", BPF 0x"));
	}
}

static void every_difference_is_seen(void **state)
{
	struct fw_fork *fork;
	unsigned int i;

	(void)state;
	for (i = 0; i < FW_NR_WITNESSED; i++) {
		const struct fw_event_type *type = fw_event_type(fw_witnessed[i].kind);
		const struct fw_field *field;

		fork = witnessed(kind_with(i), COPY_FIRST, 0, COPY_FIRST);
		for (field = type->fields; field->name; field++)
			mutate(fork, i, field, (field[1].name ? field[1].offset : type->size) -
			       field->offset);
		fw_fork_free(fork);
	}
}

/* The module is not asked: the same events under other kinds make the same fork. */
static void bpf_stands_alone(void **state)
{
	static const char *const blind[] = { "A7", "C2", "C3", "S1" };
	struct fixture_events events;
	struct fixture_forks forks;
	struct fw_judgement *verdicts;
	struct fw_model *model;
	struct fw_env env;
	size_t i, j;

	(void)state;
	fixture_reset();
	fixture_forks_init(&forks);
	assert_int_equal(fw_model_open(&model, fixture_collect, &forks), 0);
	fixture_make(FIXTURE_FORK, &fixture_who, &events);
	for (i = 0; i < events.nr; i++) {
		if (fw_observer_makes(FORKWATCH_BY_BPF, events.list[i]->kind)) {
			events.list[i]->kind += FORKWATCH_BY_BPF;
		} else if (events.list[i]->kind < FORKWATCH_KIND_BPF) {
			free(events.list[i]);
			continue;
		}
		fixture_add(model, events.list[i], NULL);
	}
	fw_model_close(model);
	assert_int_equal(forks.nr, 1);
	assert_true(forks.first->complete);
	fixture_env_open(&env);
	verdicts = fw_check(forks.first, &env);
	for (i = 0; i < fw_nr_rules; i++) {
		for (j = 0; j < ARRAY_SIZE(blind) && strcmp(fw_rules[i].id, blind[j]); j++)
			;
		assert_int_not_equal(verdicts[i].verdict, FW_FAIL);
		if (j == ARRAY_SIZE(blind))
			continue;
		assert_int_equal(verdicts[i].verdict, FW_NOT_OBSERVED);
		assert_non_null(strstr(verdicts[i].why.text, "load forkwatch.ko"));
	}
	fixture_env_close(&env);
	fw_fork_free(forks.first);
}

/* What ftrace knows of a wake-up is a tid. */
static void tracefs_wakes_a_tid(void **state)
{
	struct forkwatch_wakeup_new *wakeup;
	struct fixture_events events;
	struct fixture_forks forks;
	struct fw_model *model;
	size_t i;

	(void)state;
	fixture_reset();
	fixture_forks_init(&forks);
	assert_int_equal(fw_model_open(&model, fixture_collect, &forks), 0);
	fixture_make(FIXTURE_FORK, &fixture_who, &events);
	for (i = 0; i < events.nr; i++) {
		if (events.list[i]->kind == FORKWATCH_WAKEUP_NEW) {
			wakeup = (void *)events.list[i];
			wakeup->hdr.kind += FORKWATCH_BY_TRACEFS;
			wakeup->hdr.tgid = 0;
			wakeup->child = 0;
			wakeup->start_time = 0;
		}
		fixture_add(model, events.list[i], NULL);
	}
	fw_model_close(model);
	assert_int_equal(forks.nr, 1);
	assert_true(forks.first->complete);
	assert_non_null(forks.first->wakeup);
	assert_int_equal(forks.first->child, fixture_who.child);
	fw_fork_free(forks.first);
}

static void kinds_that_nobody_sends(void **state)
{
	(void)state;
	assert_non_null(fw_event_type(FORKWATCH_COPY_THREAD + FORKWATCH_BY_WITNESS));
	assert_non_null(fw_event_type(FORKWATCH_COPY_THREAD + FORKWATCH_BY_BPF));
	assert_null(fw_event_type(FORKWATCH_COPY_THREAD + FORKWATCH_BY_TRACEFS));
	assert_null(fw_event_type(FORKWATCH_EXEC + FORKWATCH_BY_BPF));
	assert_non_null(fw_event_type(FORKWATCH_EXEC + FORKWATCH_BY_TRACEFS));
	assert_null(fw_event_type(FORKWATCH_CLONE_CALL + FORKWATCH_BY_WITNESS));
	assert_null(fw_event_type(FORKWATCH_COPY_THREAD + 256));
	assert_string_equal(fw_observer_name(FORKWATCH_COPY_THREAD), "module");
	assert_string_equal(fw_observer_name(FORKWATCH_COPY_THREAD + FORKWATCH_BY_BPF), "bpf");
	assert_string_equal(fw_observer_name(FORKWATCH_EXEC), "bpf");
	assert_string_equal(fw_observer_name(FORKWATCH_EXEC + FORKWATCH_BY_TRACEFS), "tracefs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_find_their_events),
		cmocka_unit_test(no_copies_no_verdict),
		cmocka_unit_test(copies_may_come_behind),
		cmocka_unit_test(a_lost_copy_is_told),
		cmocka_unit_test(a_copy_without_event_is_nobodys),
		cmocka_unit_test(every_difference_is_seen),
		cmocka_unit_test(bpf_stands_alone),
		cmocka_unit_test(tracefs_wakes_a_tid),
		cmocka_unit_test(kinds_that_nobody_sends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
