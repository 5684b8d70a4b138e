// SPDX-License-Identifier: GPL-2.0-only
/*
 * forkwatch_clone()'s report against the events of the same fork: a report made
 * of these events agrees with them, and a change of any field is told by the
 * name of that field, and by no other.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#include <jansson.h>
#include <linux/sched.h>

#include "array.h"
#include "fixture.h"
#include "schema.h"
#include "selfreport.h"

#define SCHEMA	TEST_DATA_DIR "/../../docs/clone.schema.json"

static struct fw_env env;
static struct fw_fork *fork_seen;
static struct forkwatch_clone_report report;
static struct fw_accounts accounts;

static uint32_t below_top(uint64_t addr)
{
	return fork_seen->copy_thread->stack_top - addr;
}

static uint32_t shared_objects(const struct forkwatch_fork_exit *exit)
{
	uint32_t shared = 0;
	unsigned int i;

	for (i = 0; i < FORKWATCH_NR_SHARE; i++)
		if (exit->parent_ptr[i] == exit->child_ptr[i])
			shared |= 1U << i;
	return shared;
}

/* What the module would report of the fork of which these events are. */
static void make_report(void)
{
	const struct forkwatch_copy_thread *copy = fork_seen->copy_thread;

	report = (struct forkwatch_clone_report) {
		.size = sizeof(report),
		.flags = FORKWATCH_REPORT_WRITTEN | FORKWATCH_REPORT_ADDRESSES,
		.pid = fork_seen->ret->result,
		.shared = shared_objects(fork_seen->exit),
		.cookie = fork_seen->clone_call->cookie,
		.called = fork_seen->clone_call->hdr.time,
		.copied = copy->hdr.time,
		.woken = fork_seen->exit->hdr.time,
		.returned = fork_seen->ret->hdr.time,
		.tls = copy->tp_after,
		.parent_tls = copy->parent_tpidr,
		.stack_bytes = copy->stack_top - copy->stack_low,
		.pt_regs_bytes = copy->pt_regs_size,
		.pt_regs_below_top = below_top(copy->pt_regs),
		.context_sp_below_top = below_top(copy->context_after.sp),
		.context_pc_symbol = "ret_from_fork+0x0",
		.parent_regs = fork_seen->enter->regs,
		.child_regs = copy->regs_after,
		.context = copy->context_after,
		.stack_low = copy->stack_low,
	};
	if (copy->context_after.fp)
		report.context_fp_below_top = below_top(copy->context_after.fp);
	report.child_regs.x[0] = fork_seen->first_run->regs.x[0];
}

static int set_up(void **state)
{
	(void)state;
	fixture_reset();
	fixture_env_open(&env);
	fork_seen = fixture_fork(FIXTURE_ASKED_X0);
	make_report();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fw_fork_free(fork_seen);
	fixture_env_close(&env);
	return 0;
}

static void compare(void)
{
	fw_selfreport_compare(&report, fork_seen, &env, &accounts);
}

/* The fields with @verdict, each with a space behind it. */
static const char *fields_with(enum fw_verdict verdict)
{
	static char names[1024];
	size_t i, len = 0;

	names[0] = 0;
	for (i = 0; i < accounts.nr; i++)
		if (accounts.list[i].verdict == verdict)
			len += snprintf(names + len, sizeof(names) - len, "%s; ",
					accounts.list[i].field);
	return names;
}

static void agrees(void **state)
{
	(void)state;
	compare();
	assert_string_equal(fields_with(FW_FAIL), "");
	assert_string_equal(fields_with(FW_NOT_OBSERVED), "");
	assert_int_equal(accounts.nr, 26);
	assert_int_equal(accounts.counts[FW_PASS], 26);
	assert_in_range(accounts.nr, 1, FW_NR_ACCOUNTS);
}

/* One bit of any word of the report, and the field that tells it. */
#define WORD(member)	offsetof(struct forkwatch_clone_report, member), \
			sizeof(report.member)
static const struct change {
	size_t offset, size;
	const char *field;
} changes[] = {
	{ WORD(pid), "pid; " },
	{ WORD(shared), "shared; " },
	{ WORD(cookie), "cookie; " },
	{ WORD(tls), "child tpidr_el0; " },
	{ WORD(parent_tls), "parent tpidr_el0; " },
	{ WORD(stack_bytes), "stack bytes; " },
	{ WORD(pt_regs_bytes), "pt_regs bytes; " },
	{ WORD(pt_regs_below_top), "pt_regs; " },
	{ WORD(context_sp_below_top), "context sp; " },
	{ WORD(context_fp_below_top), "context fp; " },
	{ WORD(context_pc_symbol[5]), "context pc; " },
	{ WORD(parent_regs.x[0]), "parent x0..x30; " },
	{ WORD(parent_regs.x[17]), "parent x0..x30; " },
	{ WORD(parent_regs.x[30]), "parent x0..x30; " },
	{ WORD(parent_regs.sp), "parent sp; " },
	{ WORD(parent_regs.pc), "parent pc; " },
	{ WORD(parent_regs.pstate), "parent others; " },
	{ WORD(parent_regs.orig_x0), "parent others; " },
	{ WORD(parent_regs.syscallno), "parent others; " },
	{ WORD(child_regs.x[0]), "child x0; " },
	{ WORD(child_regs.x[1]), "child x1..x30; " },
	{ WORD(child_regs.x[19]), "child x1..x30; " },
	{ WORD(child_regs.x[30]), "child x1..x30; " },
	{ WORD(child_regs.sp), "child sp; " },
	{ WORD(child_regs.pc), "child pc; " },
	{ WORD(child_regs.pstate), "child others; " },
	{ WORD(child_regs.orig_x0), "child others; " },
	{ WORD(child_regs.syscallno), "child others; " },
	{ WORD(context.saved[0]), "context; " },
	{ WORD(context.sp), "context; " },
	{ WORD(context.pc), "context; " },
	{ WORD(stack_low), "stack; " },
};

static void tells_what_differs(void **state)
{
	char *bytes = (char *)&report;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		bytes[changes[i].offset] ^= 1;
		compare();
		assert_string_equal(fields_with(FW_FAIL), changes[i].field);
		assert_int_equal(accounts.counts[FW_FAIL], 1);
		bytes[changes[i].offset] ^= 1;
	}
}

/* Times must lie between the events, and both ends are within. */
static void tells_times(void **state)
{
	const uint64_t called = report.called, copied = report.copied, woken = report.woken;

	(void)state;
	report.called = fork_seen->enter->hdr.time;
	report.copied = fork_seen->exit->hdr.time;
	report.woken = fork_seen->ret->hdr.time;
	compare();
	assert_string_equal(fields_with(FW_FAIL), "");

	report.called = fork_seen->enter->hdr.time + 1;
	compare();
	assert_string_equal(fields_with(FW_FAIL), "called at; ");
	report.called = called - 1;
	compare();
	assert_string_equal(fields_with(FW_FAIL), "called at; ");
	report.called = called;

	report.copied = copied - 1;
	compare();
	assert_string_equal(fields_with(FW_FAIL), "copied at; ");
	report.copied = copied;

	report.woken = woken - 1;
	compare();
	assert_string_equal(fields_with(FW_FAIL), "woken at; ");
	report.woken = woken;

	report.returned = fork_seen->ret->hdr.time - 1;
	compare();
	assert_string_equal(fields_with(FW_FAIL), "returned at; ");
}

/* A mitigation's bit, which any switch may rewrite, tells nothing. */
static void ignores_ssbs(void **state)
{
	(void)state;
	report.parent_regs.pstate ^= 1U << 12;
	compare();
	assert_string_equal(fields_with(FW_FAIL), "");
}

#define LOSE(event)	({ free(fork_seen->event); fork_seen->event = NULL; })

static void tells_what_was_not_observed(void **state)
{
	(void)state;
	LOSE(first_run);
	compare();
	assert_string_equal(fields_with(FW_NOT_OBSERVED), "child x0; ");
	LOSE(enter);
	compare();
	assert_string_equal(fields_with(FW_NOT_OBSERVED),
			    "parent x0..x30; parent sp; parent pc; parent others; child x0; "
			    "called at; ");
	LOSE(ret);
	LOSE(clone_call);
	LOSE(exit);
	compare();
	assert_int_equal(accounts.counts[FW_PASS], 14);
	LOSE(copy_thread);
	compare();
	assert_string_equal(fields_with(FW_PASS), "");
	assert_string_equal(fields_with(FW_FAIL), "");
	fw_selfreport_compare(&report, NULL, &env, &accounts);
	assert_int_equal(accounts.counts[FW_NOT_OBSERVED], 26);
}

/* Without the kernel's symbols the tracepoints have an address, and no name. */
static void needs_symbols_for_the_pc(void **state)
{
	struct fw_env hidden = env;

	(void)state;
	hidden.ksyms = NULL;
	fw_selfreport_compare(&report, fork_seen, &hidden, &accounts);
	assert_string_equal(fields_with(FW_NOT_OBSERVED), "context pc; ");
}

static void leaves_out_addresses(void **state)
{
	(void)state;
	report.flags &= ~FORKWATCH_REPORT_ADDRESSES;
	memset(&report.context, 0, sizeof(report.context));
	report.stack_low = 0;
	compare();
	assert_string_equal(fields_with(FW_FAIL), "");
	assert_int_equal(accounts.counts[FW_PASS], 24);
}

static void no_child_no_registers(void **state)
{
	(void)state;
	report.pid = -EINVAL;
	compare();
	assert_int_equal(accounts.nr, 2);
	assert_string_equal(fields_with(FW_FAIL), "pid; ");
}

/*
 * How it is shown.
 */
static struct forkwatch_clone_args args;
static const int64_t returned = 42;
static struct fw_losses losses;

static struct fw_selfreport whole(void)
{
	args = (struct forkwatch_clone_args) {
		.flags = CLONE_VM | CLONE_VFORK,
		.exit_signal = 17,
		.options = FORKWATCH_CLONE_CHILD_X0,
		.child_x0 = 42,
	};
	compare();
	assert_non_null(fw_check(fork_seen, &env));
	return (struct fw_selfreport) {
		.args = &args,
		.report = &report,
		.fork = fork_seen,
		.accounts = &accounts,
		.losses = &losses,
		.command = "echo 'two words'",
		.child_returned = &returned,
	};
}

static char *as_text(const struct fw_selfreport *self)
{
	struct fw_text text;
	char *copy;

	assert_int_equal(fw_text_open(&text, false), 0);
	fw_selfreport_text(&text, self);
	assert_int_equal(fw_text_finish(&text), 0);
	copy = strndup(text.data, text.size);
	fw_text_close(&text);
	return copy;
}

static void has(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("\"%s\" is not in:\n%s", wanted, text);
}

static void text(void **state)
{
	struct fw_selfreport self = whole();
	char *shown = as_text(&self);

	(void)state;
	has(shown, "forkwatch_clone(CLONE_VM|CLONE_VFORK|SIGCHLD)");
	has(shown, "  child x1..x30     30 values                 the same                  yes");
	has(shown, "copy_thread had left 0 in its x0, child_x0 asked for 42");
	has(shown, "returned 42");
	has(shown, "26 of 26 fields agree");
	has(shown, "echo 'two words'   exit 0");
	assert_null(strstr(shown, "NO"));
	free(shown);
}

static void text_is_loud(void **state)
{
	struct fw_selfreport self;
	char *shown;

	(void)state;
	report.child_regs.x[19] ^= 0xff00;
	losses.ring_drops = 3;
	LOSE(first_run);
	self = whole();
	self.status = 9;
	shown = as_text(&self);
	has(shown, "  child x1..x30     x19 0x");
	has(shown, "NO      copy_thread");
	has(shown, "24 of 26 fields agree   1 not observed   3 events were lost");
	has(shown, "child x0          0x4d                      not observed");
	has(shown, "SIGKILL");
	free(shown);
	losses.ring_drops = 0;
}

static void expect_schema(json_t *object)
{
	json_t *schema = json_load_file(SCHEMA, JSON_REJECT_DUPLICATES, NULL);
	char why[256];

	assert_non_null(schema);
	assert_non_null(object);
	if (!schema_accepts(schema, schema, object, true, why, sizeof(why)))
		fail_msg("%s", why);
	json_decref(schema);
	json_decref(object);
}

static void json(void **state)
{
	struct fw_selfreport self = whole();
	json_t *object = fw_selfreport_json(&self), *agreement;

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(object, "child_returned")), 42);
	agreement = json_object_get(object, "agreement");
	assert_int_equal(json_integer_value(json_object_get(agreement, "agree")), 26);
	expect_schema(object);

	report.flags = FORKWATCH_REPORT_WRITTEN;
	LOSE(copy_thread);
	self = whole();
	args.options = 0;
	self.status = 15;
	self.child_returned = NULL;
	self.losses = NULL;
	expect_schema(fw_selfreport_json(&self));
}

#define TEST(function)	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(agrees),
		TEST(tells_what_differs),
		TEST(tells_times),
		TEST(ignores_ssbs),
		TEST(tells_what_was_not_observed),
		TEST(needs_symbols_for_the_pc),
		TEST(leaves_out_addresses),
		TEST(no_child_no_registers),
		TEST(text),
		TEST(text_is_loud),
		TEST(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
