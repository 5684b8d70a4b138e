// SPDX-License-Identifier: GPL-2.0-only
/* JSON that is drafted as text, and made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "draft.h"

static void assert_draft(const struct fw_draft *draft, const char *expected)
{
	json_t *value = fw_draft_json(draft);
	char *text = json_dumps(value, JSON_COMPACT);

	assert_string_equal(text, expected);
	free(text);
	json_decref(value);
}

static void put_some(struct fw_draft *draft, const char *last)
{
	fw_draft_string(draft, "a", "1");
	fw_draft_object(draft, "b");
	fw_draft_string(draft, "c", "2");
	fw_draft_array(draft, "d");
	fw_draft_string(draft, NULL, "3");
	fw_draft_string(draft, NULL, "");
	fw_draft_close(draft);
	fw_draft_close(draft);
	fw_draft_array(draft, "e");
	fw_draft_close(draft);
	fw_draft_string(draft, "f", last);
}

static void test_tree(void **state)
{
	struct fw_draft draft = { 0 };

	(void)state;
	assert_draft(&draft, "{}");
	put_some(&draft, "4");
	assert_draft(&draft,
		     "{\"a\":\"1\",\"b\":{\"c\":\"2\",\"d\":[\"3\",\"\"]},\"e\":[],\"f\":\"4\"}");
	fw_draft_reset(&draft);
	assert_draft(&draft, "{}");
	put_some(&draft, NULL);
	assert_draft(&draft, "{\"a\":\"1\",\"b\":{\"c\":\"2\",\"d\":[\"3\",\"\"]},\"e\":[]}");
	fw_draft_free(&draft);
}

/* The same text is the same value, and another one is another. */
static void test_text(void **state)
{
	struct fw_draft one = { 0 }, other = { 0 };

	(void)state;
	put_some(&one, "4");
	put_some(&other, "4");
	assert_string_equal(one.text, other.text);
	fw_draft_reset(&other);
	put_some(&other, "5");
	assert_string_not_equal(one.text, other.text);
	/* Nothing that a value holds ends it. */
	fw_draft_reset(&one);
	fw_draft_reset(&other);
	fw_draft_string(&one, "a", "b\x1fsc\x1fx");
	fw_draft_string(&other, "a", "b");
	fw_draft_string(&other, "c", "x");
	assert_string_not_equal(one.text, other.text);
	assert_draft(&one, "{\"a\":\"b?sc?x\"}");
	fw_draft_free(&one);
	fw_draft_free(&other);
}

static void test_long(void **state)
{
	struct fw_draft draft = { 0 };
	char name[16];
	json_t *value;
	unsigned int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "name%u", i);
		fw_draft_string(&draft, name, name + 4);
	}
	value = fw_draft_json(&draft);
	assert_int_equal(json_object_size(value), 5000);
	assert_string_equal(json_string_value(json_object_get(value, "name4711")), "4711");
	json_decref(value);
	draft.failed = true;
	assert_null(fw_draft_json(&draft));
	fw_draft_free(&draft);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
