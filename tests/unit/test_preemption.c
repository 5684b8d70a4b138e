// SPDX-License-Identifier: GPL-2.0-only
/* Whether a kernel preempts itself, by what kernels say of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "array.h"
#include "preemption.h"

#define DYNAMIC	"#1 SMP PREEMPT_DYNAMIC Debian 7.3.4-1"

static const struct kernel {
	const char *release, *version, *chosen;
	enum fw_preemption preemption;
} kernels[] = {
	{ "6.1.176", "#1 SMP Debian 6.1.176-1", NULL, FW_PREEMPTS_NOT },
	{ "6.1.176", "#1 SMP PREEMPT Debian 6.1.176-1", NULL, FW_PREEMPTS_FULLY },
	{ "6.12.95", "#1 SMP PREEMPT_RT Debian 6.12.95-1", NULL, FW_PREEMPTS_FULLY },
	{ "7.3.4-rt", "#1 SMP PREEMPT_RT Debian 7.3.4-1", NULL, FW_PREEMPTS_FULLY },
	/* Either lazily or fully. */
	{ "7.3.4+deb13-arm64", "#1 SMP PREEMPT Debian 7.3.4-1", NULL, FW_PREEMPTS_LAZILY },
	{ "6.13.0", "#1 SMP PREEMPT", NULL, FW_PREEMPTS_LAZILY },
	{ "7.3.4", DYNAMIC, "none voluntary (full) lazy\n", FW_PREEMPTS_FULLY },
	{ "7.3.4", DYNAMIC, "(full) lazy\n", FW_PREEMPTS_FULLY },
	{ "7.3.4", DYNAMIC, "full (lazy)\n", FW_PREEMPTS_LAZILY },
	{ "7.3.4", DYNAMIC, "none (voluntary) full\n", FW_PREEMPTS_NOT },
	{ "7.3.4", DYNAMIC, "(none) voluntary full\n", FW_PREEMPTS_NOT },
	{ "7.3.4", DYNAMIC, NULL, FW_PREEMPTS_LAZILY },
	/* Without a choice, whatever is in that file. */
	{ "6.12.95", "#1 SMP", "(full)", FW_PREEMPTS_NOT },
};

static void test_preemption(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kernels); i++) {
		enum fw_preemption found = fw_preemption(kernels[i].release, kernels[i].version,
							 kernels[i].chosen);

		if (found != kernels[i].preemption)
			fail_msg("%s %s: %d", kernels[i].release, kernels[i].version, found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_preemption),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
