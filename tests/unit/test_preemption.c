// SPDX-License-Identifier: GPL-2.0-only
/* Whether a kernel preempts itself, by what kernels say of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "preemption.h"

static void test_version(void **state)
{
	(void)state;
	assert_false(fw_preempts("#1 SMP Debian 6.1.176-1 (2026-05-02)", NULL));
	assert_true(fw_preempts("#1 SMP PREEMPT Debian 6.1.176-1 (2026-05-02)", NULL));
	assert_true(fw_preempts("#1 SMP PREEMPT_RT Debian 6.12.95-1 (2026-06-11)", NULL));
	assert_false(fw_preempts("#1 SMP PREEMPT_LAZY", NULL));
}

static void test_chosen(void **state)
{
	static const char version[] = "#1 SMP PREEMPT_DYNAMIC Debian 7.3.4-1";

	(void)state;
	assert_true(fw_preempts(version, "none voluntary (full) lazy\n"));
	assert_true(fw_preempts(version, "(full) lazy\n"));
	assert_false(fw_preempts(version, "full (lazy)\n"));
	assert_false(fw_preempts(version, "none (voluntary) full\n"));
	assert_false(fw_preempts(version, NULL));
	/* Without a choice, whatever is in that file. */
	assert_false(fw_preempts("#1 SMP", "(full)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
