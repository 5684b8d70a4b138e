// SPDX-License-Identifier: GPL-2.0-only
/* In which order events leave that came by batches of several CPUs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "held.h"

struct seen {
	char text[128];		/* "time:cpu " of each */
	uint64_t refuse;	/* the time of one that is not taken */
};

static int note(void *ctx, const void *data, size_t size)
{
	const struct forkwatch_header *event = data;
	struct seen *seen = ctx;
	size_t used = strlen(seen->text);

	assert_int_equal(size, event->size);
	if (event->time == seen->refuse)
		return -EPIPE;
	snprintf(seen->text + used, sizeof(seen->text) - used, "%d:%d ", (int)event->time,
		 event->cpu);
	return 0;
}

static void add(struct fw_held *held, uint64_t time, unsigned int cpu)
{
	const struct forkwatch_header event = { .size = sizeof(event), .time = time, .cpu = cpu };

	assert_int_equal(fw_held_add(held, &event), 0);
}

static void released(struct fw_held *held, uint64_t time, const char *text)
{
	struct seen seen = { "", 0 };

	assert_int_equal(fw_held_release(held, time, note, &seen), 0);
	assert_string_equal(seen.text, text);
}

static void test_order(void **state)
{
	struct fw_held held = { 0 };

	(void)state;
	released(&held, UINT64_MAX, "");
	/* CPU 0 was read before 40 was there, CPU 1 afterwards. */
	add(&held, 10, 0);
	add(&held, 20, 1);
	add(&held, 50, 1);
	released(&held, 30, "10:0 20:1 ");
	add(&held, 40, 0);
	add(&held, 50, 0);
	add(&held, 60, 0);
	released(&held, 60, "40:0 50:1 50:0 ");
	released(&held, UINT64_MAX, "60:0 ");
	released(&held, UINT64_MAX, "");
	fw_held_free(&held);
}

static void test_many(void **state)
{
	struct fw_held held = { 0 };
	struct seen seen = { "", 0 };
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		add(&held, 1000 - i, 0);
	assert_int_equal(held.nr, 1000);
	released(&held, 3, "1:0 2:0 ");
	seen.refuse = 4;
	assert_int_equal(fw_held_release(&held, 10, note, &seen), -EPIPE);
	assert_string_equal(seen.text, "3:0 ");
	assert_int_equal(held.nr, 996);
	fw_held_free(&held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
