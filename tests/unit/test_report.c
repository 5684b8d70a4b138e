// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch report and show, as they are called, on recorded traces; and their filters. */
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

#include "filter.h"
#include "ids.h"
#include "table.h"
#include "tool.h"

#define TRACE(name)	TEST_DATA_DIR "/6.1/" name

/* The forks that a report of @trace with @options lists, by their numbers: "1 2". */
static void assert_lists(const char *options, const char *trace, const char *numbers)
{
	char found[128] = "", *rest, *line;
	size_t length = 0;
	unsigned long id;
	char *end;

	assert_int_equal(tool("report %s %s", options, trace), 0);
	rest = strstr(tool_output, "  fork  kind");
	while ((line = strsep(&rest, "\n")) && strcmp(line, "summary")) {
		id = strtoul(line, &end, 10);
		if (end != line && !strncmp(line, "  ", 2))
			length += snprintf(found + length, sizeof(found) - length, "%s%lu",
					   length ? " " : "", id);
	}
	if (strcmp(found, numbers))
		fail_msg("report %s %s: lists %s, expected %s", options, trace, found, numbers);
}

static void test_all(void **state)
{
	(void)state;
	assert_lists("", TRACE("tree"), "1 2 3 4 5 6");
	/* With parents above children, and indented. */
	assert_int_equal(tool("report " TRACE("tree")), 0);
	assert_tool_says("   1  fork        tree[");
	assert_tool_says("   2  fork          tree[");
	assert_lists("--limit 3", TRACE("tree"), "1 2");
	assert_int_equal(tool("report --limit 3 " TRACE("tree")), 0);
	assert_tool_says("and 4 more lines");
}

static void test_conditions(void **state)
{
	(void)state;
	assert_lists("--comm 'tr*'", TRACE("tree"), "1 2 3 4 5 6");
	assert_lists("--comm tre", TRACE("tree"), "");
	assert_lists("--kind thread", TRACE("thread"), "1");
	assert_lists("--kind fork,vfork", TRACE("thread"), "");
	assert_lists("--flag CLONE_VM,!thread", TRACE("spawn"), "1 2");
	assert_lists("--flag '!CLONE_VM'", TRACE("spawn"), "");
	assert_lists("--flag vm", TRACE("tree"), "");
	assert_lists("--errno any", TRACE("tree"), "");
	assert_lists("--errno any", TRACE("fail"), "1 2 3 4 5 6 7");
	assert_lists("--errno EAGAIN", TRACE("fail"), "7");
	assert_lists("--errno einval --kind fork", TRACE("fail"), "1 3 4");
	assert_lists("--duration 1s", TRACE("tree"), "");
	assert_lists("--duration 1ns", TRACE("tree"), "1 2 3 4 5 6");
	assert_lists("--duration ..1ns", TRACE("tree"), "");
	assert_lists("--verdict pass", TRACE("tree"), "1 2 3 4 5 6");
	assert_lists("--verdict fail", TRACE("tree"), "");
	assert_lists("--verdict pass:d2", TRACE("fail"), "2 3 4 5 6 7");
	assert_lists("--verdict na:A1", TRACE("fail"), "1 2 3 4 6 7");
	assert_lists("--verdict na:A1", TRACE("tree"), "");
	assert_lists("--verdict unseen", TRACE("tree"), "");
}

/* The number behind @key of the fork @id of the JSON of @trace. */
static json_int_t number(const char *trace, unsigned int id, const char *key)
{
	json_int_t value;
	json_t *fork;

	assert_int_equal(tool("report -f json %s | grep 'fork...id..%u,'", trace, id), 0);
	fork = json_loads(tool_output, 0, NULL);
	assert_non_null(fork);
	value = json_integer_value(json_object_get(json_object_get(fork, "child"), key));
	json_decref(fork);
	return value;
}

static void test_pid(void **state)
{
	json_int_t second = number(TRACE("tree"), 4, "tid");
	char options[64];

	(void)state;
	assert_true(second > 0);
	/* It is the child of one fork, and the parent of two. */
	snprintf(options, sizeof(options), "--pid %lld", (long long)second);
	assert_lists(options, TRACE("tree"), "4 5 6");
	assert_lists("--pid 4000000", TRACE("tree"), "");
	assert_int_equal(tool("report %s " TRACE("tree"), options), 0);
	assert_tool_says("3 of 6 forks are what was asked for");
	/* A list names the parent. */
	snprintf(options, sizeof(options), "tree[%lld] -> tree[", (long long)second);
	assert_tool_says(options);
	assert_tool_says("  4  fork      tree[");
	assert_tool_says("forks   3   3 fork");
}

static void test_orders(void **state)
{
	(void)state;
	assert_lists("--sort time", TRACE("tree"), "1 2 3 4 5 6");
	assert_lists("-r", TRACE("tree"), "6 5 4 3 2 1");
	assert_lists("--sort time --limit 2", TRACE("tree"), "1 2");
	assert_lists("--sort errno --limit 1", TRACE("fail"), "1");
	/* Children of one after the other have rising pids. */
	assert_lists("--sort pid", TRACE("fork"), "1 2");
	assert_lists("--sort pid --reverse", TRACE("fork"), "2 1");
	assert_lists("--sort comm", TRACE("fork"), "1 2");
	assert_lists("--sort kind", TRACE("fork"), "1 2");
	assert_lists("--sort verdict", TRACE("fork"), "1 2");
	assert_lists("--sort wake --kind thread", TRACE("thread"), "1");
}

static void test_worst_first(void **state)
{
	const struct fw_order *order = fw_order_find("duration");
	struct fw_node slow = { .id = 2, .copy_ns = 20 }, quick = { .id = 1, .copy_ns = 10 };
	char heading[32];

	(void)state;
	assert_true(order->compare(&slow, &quick) < 0);
	assert_true(order->compare(&quick, &slow) > 0);
	assert_int_equal(order->compare(&slow, &slow), 0);
	order = fw_order_find("errno");
	quick.error = -EAGAIN;
	assert_true(order->compare(&quick, &slow) < 0);
	order = fw_order_find("verdict");
	slow.failed = 1;
	assert_true(order->compare(&slow, &quick) < 0);
	assert_null(fw_order_find("age"));
	assert_int_equal(tool("report --sort duration --limit 1 " TRACE("tree")), 0);
	/* The one that show calls the slowest. */
	assert_tool_says("then\n");
	snprintf(heading, sizeof(heading), "fork %lu ",
		 strtoul(strstr(tool_output, "then\n") + strlen("then\n"), NULL, 10));
	assert_int_equal(tool("show " TRACE("tree") " slowest"), 0);
	assert_tool_says(heading);
}

static void test_json(void **state)
{
	(void)state;
	assert_int_equal(tool("report -f json --errno EAGAIN " TRACE("fail") " | wc -l"), 0);
	assert_string_equal(tool_output, "2\n");
	assert_int_equal(tool("report -f json --limit 3 " TRACE("tree") " | grep -c fork...id"), 0);
	assert_string_equal(tool_output, "3\n");
	/* What becomes of a child is told where its fork is. */
	assert_int_equal(tool("report -f json --limit 3 " TRACE("tree") " | grep -c exit...fork"),
			 0);
	assert_string_equal(tool_output, "3\n");
}

static void test_summary(void **state)
{
	(void)state;
	assert_int_equal(tool("report --summary --errno EAGAIN " TRACE("fail")), 0);
	assert_tool_says("1 of 7 forks");
	assert_tool_says("forks   1 ");
	assert_null(strstr(tool_output, "  fork  kind"));
}

static void assert_refused(const char *options, const char *words)
{
	assert_int_equal(tool("report %s " TRACE("tree"), options), 2);
	assert_tool_says(words);
}

static void test_misuse(void **state)
{
	(void)state;
	assert_refused("--comm ''", "--comm '' is not understood");
	assert_refused("--pid 0", "--pid '0'");
	assert_refused("--pid -1", "--pid '-1'");
	assert_refused("--pid 12x", "--pid '12x'");
	assert_refused("--kind fork,", "--kind 'fork,'");
	assert_refused("--kind spoon", "give fork,vfork");
	assert_refused("--flag CLONE_", "--flag 'CLONE_'");
	assert_refused("--errno EWHAT", "--errno 'EWHAT'");
	assert_refused("--duration 1m", "--duration '1m'");
	assert_refused("--duration ..", "--duration '..'");
	assert_refused("--duration 2ms..1ms", "--duration '2ms..1ms'");
	assert_refused("--verdict good", "--verdict 'good'");
	assert_refused("--verdict fail:Z9", "--verdict 'fail:Z9'");
	assert_refused("--sort age", "'age' is none of time, duration, wake, pid");
	assert_refused("-f json --sort pid", "sort it where it is read");
	assert_refused("--limit x", "'x' is no number");
	assert_refused("--comm", "report what?");
}

static void test_durations(void **state)
{
	static const char *const bad[] = { "", "x", "1.5.5", "1 ms", "-1", "inf", "1e30s", "1S" };
	uint64_t ns;
	size_t i;

	(void)state;
	assert_int_equal(fw_parse_duration("1.5ms", &ns), 0);
	assert_int_equal(ns, 1500000);
	assert_int_equal(fw_parse_duration("250us", &ns), 0);
	assert_int_equal(ns, 250000);
	assert_int_equal(fw_parse_duration("7", &ns), 0);
	assert_int_equal(ns, 7);
	assert_int_equal(fw_parse_duration("2s", &ns), 0);
	assert_int_equal(ns, 2000000000);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(fw_parse_duration(bad[i], &ns), -EINVAL);
}

static void test_ids(void **state)
{
	struct fw_ids ids = { 0 };

	(void)state;
	assert_false(fw_ids_has(&ids, 0));
	assert_int_equal(fw_ids_add(&ids, 5), 0);
	assert_int_equal(fw_ids_add(&ids, 100000), 0);
	assert_true(fw_ids_has(&ids, 5) && fw_ids_has(&ids, 100000));
	assert_false(fw_ids_has(&ids, 4) || fw_ids_has(&ids, 99999) || fw_ids_has(&ids, 1 << 30));
	fw_ids_free(&ids);
}

/*
 * show.
 */
static void test_show(void **state)
{
	(void)state;
	assert_int_equal(tool("show " TRACE("tree") " last"), 0);
	assert_tool_says("fork 6 ");
	assert_int_equal(tool("show " TRACE("tree") " 3"), 0);
	assert_tool_says("fork 3 ");
	assert_null(strstr(tool_output, "fork 4 "));
	assert_int_equal(tool("show " TRACE("fail") " failed | grep -c '^fork '"), 0);
	assert_string_equal(tool_output, "7\n");
	assert_int_equal(tool("show " TRACE("tree") " failed"), 0);
	assert_tool_says("no fork failed, and none broke a rule");
	assert_int_equal(tool("show " TRACE("tree") " 7"), 2);
	assert_tool_says("has no fork 7");
	assert_int_equal(tool("show " TRACE("tree") " first"), 2);
	assert_tool_says("'first' is no fork's number, nor last, slowest or failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_pid),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_worst_first),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
