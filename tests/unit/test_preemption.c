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
	assert_int_equal(fw_preemption("6.1.176", "#1 SMP Debian 6.1.176-1", NULL),
			 FW_PREEMPTS_NOT);
	assert_int_equal(fw_preemption("6.1.176", "#1 SMP PREEMPT Debian 6.1.176-1", NULL),
			 FW_PREEMPTS_FULLY);
	assert_int_equal(fw_preemption("6.12.95", "#1 SMP PREEMPT_RT Debian 6.12.95-1", NULL),
			 FW_PREEMPTS_FULLY);
	/* Either lazily or not. */
	assert_int_equal(fw_preemption("7.3.4+deb13-arm64", "#1 SMP PREEMPT Debian 7.3.4-1", NULL),
			 FW_PREEMPTS_LAZILY);
	assert_int_equal(fw_preemption("6.13.0", "#1 SMP PREEMPT", NULL),
			 FW_PREEMPTS_LAZILY);
	assert_int_equal(fw_preemption("7.3.4-rt", "#1 SMP PREEMPT_RT Debian 7.3.4-1", NULL),
			 FW_PREEMPTS_FULLY);
}

static void test_chosen(void **state)
{
	static const char version[] = "#1 SMP PREEMPT_DYNAMIC Debian 7.3.4-1";

	(void)state;
	assert_int_equal(fw_preemption("7.3.4", version, "none voluntary (full) lazy\n"),
			 FW_PREEMPTS_FULLY);
	assert_int_equal(fw_preemption("7.3.4", version, "(full) lazy\n"),
			 FW_PREEMPTS_FULLY);
	assert_int_equal(fw_preemption("7.3.4", version, "full (lazy)\n"),
			 FW_PREEMPTS_LAZILY);
	assert_int_equal(fw_preemption("7.3.4", version, "none (voluntary) full\n"),
			 FW_PREEMPTS_NOT);
	assert_int_equal(fw_preemption("7.3.4", version, NULL),
			 FW_PREEMPTS_LAZILY);
	/* Without a choice, whatever is in that file. */
	assert_int_equal(fw_preemption("6.12.95", "#1 SMP", "(full)"), FW_PREEMPTS_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
