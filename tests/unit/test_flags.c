// SPDX-License-Identifier: GPL-2.0-only
/* Names of flags, signals, calls, errors, registers and pstate. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "array.h"
#include "clone_flags.h"
#include "regs.h"

static void flags_are_named(void **state)
{
	static const struct {
		uint64_t flags;
		int signal;
		const char *text;
	} cases[] = {
		{ 0, 0, "0" },
		{ 0, SIGCHLD, "SIGCHLD" },
		{ 0x1200000, SIGCHLD, "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD" },
		{ 0x4100, SIGCHLD, "CLONE_VM|CLONE_VFORK|SIGCHLD" },
		{ 0x80, 0, "CLONE_NEWTIME" },
		{ 1ULL << 33, 0, "CLONE_INTO_CGROUP" },
		{ 1ULL << 36, 0, "CLONE_PIDFD_AUTOKILL" },
		{ 0x8000000000000000ULL | 0x100, 40, "CLONE_VM|0x8000000000000000|signal 40" },
		{ 1, 0, "0x1" },
	};
	char buf[FW_CLONE_FLAGS_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(fw_clone_flags(cases[i].flags, cases[i].signal, buf,
						   sizeof(buf)), cases[i].text);
}

static void flags_are_in_order_and_fit(void **state)
{
	char buf[FW_CLONE_FLAGS_LEN], longer[2 * FW_CLONE_FLAGS_LEN], tiny[12];
	const struct fw_flag *flag;

	(void)state;
	for (flag = fw_clone_flag_table; flag->name; flag++) {
		assert_int_equal(flag->bit & (flag->bit - 1), 0);
		assert_true(flag == fw_clone_flag_table || flag[-1].bit < flag->bit);
		assert_int_equal(strncmp(flag->name, "CLONE_", 6), 0);
	}
	fw_clone_flags(UINT64_MAX, -1234567890, buf, sizeof(buf));
	fw_clone_flags(UINT64_MAX, -1234567890, longer, sizeof(longer));
	assert_string_equal(buf, longer);
	assert_string_equal(fw_clone_flags(UINT64_MAX, 1, tiny, sizeof(tiny)), "CLONE_NEWTI");
}

static void calls_are_named(void **state)
{
	(void)state;
	assert_string_equal(fw_fork_call_name(220, false), "clone");
	assert_string_equal(fw_fork_call_name(435, false), "clone3");
	assert_string_equal(fw_fork_call_name(1079, false), "fork");
	assert_string_equal(fw_fork_call_name(1071, false), "vfork");
	assert_string_equal(fw_fork_call_name(245, false), "forkwatch_clone");
	assert_string_equal(fw_fork_call_name(2, true), "fork");
	assert_string_equal(fw_fork_call_name(190, true), "vfork");
	assert_string_equal(fw_fork_call_name(120, true), "clone");
	assert_string_equal(fw_fork_call_name(435, true), "clone3");
	assert_null(fw_fork_call_name(2, false));
	assert_null(fw_fork_call_name(220, true));
	assert_null(fw_fork_call_name(-1, false));
}

static void errors_are_named(void **state)
{
	(void)state;
	assert_string_equal(fw_error_name(-EAGAIN), "EAGAIN");
	assert_string_equal(fw_error_name(ENOMEM), "ENOMEM");
	assert_string_equal(fw_error_name(-513), "ERESTARTNOINTR");
	assert_null(fw_error_name(0));
	assert_null(fw_error_name(-4000));
	assert_null(fw_error_name(123456789012L));
	assert_string_equal(fw_error_text(-EAGAIN), "Resource temporarily unavailable");
	assert_non_null(fw_error_text(-4000));
}

static void registers_are_listed(void **state)
{
	struct fw_reg list[FW_NR_REGS], saved[FW_NR_CONTEXT];
	struct forkwatch_regs regs = { .sp = 100, .pc = 101, .pstate = 102, .orig_x0 = 103,
				       .syscallno = -1 };
	struct forkwatch_context context = { .fp = 200, .sp = 201, .pc = 202 };
	unsigned int i;
	char name[8];

	(void)state;
	for (i = 0; i < FORKWATCH_NR_X; i++)
		regs.x[i] = i;
	for (i = 0; i < FORKWATCH_NR_SAVED; i++)
		context.saved[i] = i;
	fw_regs_list(&regs, list);
	for (i = 0; i < FORKWATCH_NR_X; i++) {
		assert_string_equal(list[i].name, fw_x_name(i, name, sizeof(name)));
		assert_int_equal(list[i].value, i);
	}
	assert_string_equal(list[31].name, "sp");
	assert_string_equal(list[35].name, "syscallno");
	assert_int_equal(list[35].value, -1);
	assert_int_equal(list[33].value, 102);
	fw_context_list(&context, saved);
	assert_string_equal(saved[0].name, "x19");
	assert_string_equal(saved[9].name, "x28");
	assert_int_equal(saved[9].value, 9);
	assert_string_equal(saved[12].name, "pc");
	assert_int_equal(saved[12].value, 202);
}

/* By the names that an AArch32 program has for them. */
static void registers_of_aarch32(void **state)
{
	struct forkwatch_regs regs = { .pstate = 0x30, .sp = 100, .pc = 101, .orig_x0 = 103 };
	static const char *const names[] = {
		"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12",
		"sp", "lr", "x15", [30] = "x30", "sp_el0", "pc", "cpsr", "orig_r0", "syscallno",
	};
	unsigned char in[FW_NR_REGS] = { 0 };
	struct fw_reg list[FW_NR_REGS];
	char buf[80];
	size_t i;

	(void)state;
	for (i = 0; i < FORKWATCH_NR_X; i++)
		regs.x[i] = i;
	fw_regs_list(&regs, list);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i])
			assert_string_equal(list[i].name, names[i]);
		assert_int_equal(list[i].value, fw_regs_value(&regs, i));
		in[i] = i > 0;
	}
	assert_int_equal(ARRAY_SIZE(names), FW_NR_REGS);
	assert_string_equal(fw_regs_runs(list, in, 33, buf, sizeof(buf)),
			    "r1..r12, sp, lr, x15..x30, sp_el0, pc");
	assert_string_equal(fw_regs_instructions(&regs), "T32");
	regs.pstate = 0x10;
	assert_string_equal(fw_regs_instructions(&regs), "A32");
	regs.pstate = 0;
	assert_string_equal(fw_regs_instructions(&regs), "A64");
}

static void runs_are_named(void **state)
{
	struct forkwatch_regs regs = { 0 };
	struct fw_reg list[FW_NR_REGS];
	unsigned char in[FW_NR_REGS] = { 0 };
	char buf[80], tiny[6];
	int i;

	(void)state;
	fw_regs_list(&regs, list);
	assert_string_equal(fw_regs_runs(list, in, FW_NR_REGS, buf, sizeof(buf)), "");
	for (i = 1; i <= 33; i++)
		in[i] = i != 7;
	assert_string_equal(fw_regs_runs(list, in, FW_NR_REGS, buf, sizeof(buf)),
			    "x1..x6, x8..x30, sp, pc, pstate");
	assert_string_equal(fw_regs_runs(list, in, FW_NR_REGS, tiny, sizeof(tiny)), "x1..x");
	memset(in, 0, sizeof(in));
	in[0] = 1;
	in[30] = 1;
	assert_string_equal(fw_regs_runs(list, in, FW_NR_REGS, buf, sizeof(buf)), "x0, x30");
}

static void pstate_is_read(void **state)
{
	static const struct {
		uint64_t value;
		const char *text;
	} cases[] = {
		{ 0, "nzcv EL0t" },
		{ 0x60000000, "nZCv EL0t" },
		{ 0x80001000, "Nzcv EL0t SSBS" },
		{ 0x3c5, "nzcv EL1h DAIF" },
		{ 0x00100005, "nzcv EL1h IL" },
		{ 0x00c00089, "nzcv EL2h daIf PAN UAO" },
		{ 0x00200c00, "nzcv EL0t SS BTYPE=3" },
		{ 0x60000030, "nZCvq T32" },
		{ 0xa8850010, "NzCvQ A32 GE=5 SSBS" },
		{ 0x060f3c30, "nzcvq T32 GE=f IT=3f" },
		{ 0x00000290, "nzcvq A32 EaIf" },
		{ 0x60000013, "nZCvq A32 SVC" },
		{ 0x10000014, "nzcVq A32 mode?" },
		{ 0x00004010, "nzcvq A32 IT=40" },
		{ 0x1, "nzcv mode?" },
		{ 1ULL << 32, "nzcv EL0t 0x100000000" },
	};
	char buf[80], tiny[8];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(fw_pstate_name(cases[i].value, buf, sizeof(buf)),
				    cases[i].text);
	assert_string_equal(fw_pstate_name(0x3c5, tiny, sizeof(tiny)), "nzcv EL");
	assert_string_equal(fw_daif_name(0xc0, buf, sizeof(buf)), "daIF");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_are_named),
		cmocka_unit_test(flags_are_in_order_and_fit),
		cmocka_unit_test(calls_are_named),
		cmocka_unit_test(errors_are_named),
		cmocka_unit_test(registers_are_listed),
		cmocka_unit_test(registers_of_aarch32),
		cmocka_unit_test(runs_are_named),
		cmocka_unit_test(pstate_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
