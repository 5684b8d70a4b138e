// SPDX-License-Identifier: GPL-2.0-only
/* JSON that is drafted, made of its draft, and shared by those who drafted the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "draft.h"
#include "forms.h"

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

static void put_constants(struct fw_draft *draft, const char *last)
{
	fw_draft_constant(draft, "a", "1");
	fw_draft_array(draft, "b");
	fw_draft_constant(draft, NULL, "2");
	fw_draft_constant(draft, NULL, NULL);
	fw_draft_string(draft, NULL, "a text of more than one word");
	fw_draft_close(draft);
	fw_draft_constant(draft, "c", last);
}

static bool are_equal(const struct fw_draft *one, const struct fw_draft *other)
{
	return fw_draft_equal(one, other->words, other->used);
}

static void test_constants(void **state)
{
	struct fw_draft draft = { 0 };

	(void)state;
	put_constants(&draft, "3");
	assert_draft(&draft, "{\"a\":\"1\",\"b\":[\"2\",\"a text of more than one word\"],"
		     "\"c\":\"3\"}");
	fw_draft_free(&draft);
}

/* The same words are the same value, and others are another. */
static void test_words(void **state)
{
	struct fw_draft one = { 0 }, other = { 0 };

	(void)state;
	put_some(&one, "4");
	put_some(&other, "4");
	assert_true(are_equal(&one, &other));
	fw_draft_reset(&other);
	assert_false(are_equal(&one, &other));
	put_some(&other, "5");
	assert_false(are_equal(&one, &other));
	/* What is left of a longer text is no part of a shorter one. */
	fw_draft_reset(&one);
	fw_draft_reset(&other);
	fw_draft_string(&one, "a", "1234567");
	fw_draft_reset(&one);
	fw_draft_string(&one, "a", "12");
	fw_draft_string(&other, "a", "12");
	assert_true(are_equal(&one, &other));
	/* Nothing that a text holds ends it. */
	fw_draft_reset(&one);
	fw_draft_reset(&other);
	fw_draft_string(&one, "a", "b\x1f\x01\x04");
	fw_draft_string(&other, "a", "b");
	fw_draft_string(&other, "c", "x");
	assert_false(are_equal(&one, &other));
	assert_draft(&one, "{\"a\":\"b\\u001F\\u0001\\u0004\"}");
	fw_draft_free(&one);
	fw_draft_free(&other);
}

/* Many forms, each asked for again and again: of each there is one value, its own. */
static void test_forms(void **state)
{
	struct fw_draft draft = { 0 };
	struct fw_forms *forms;
	json_t *values[500] = { NULL }, *value, *again;
	char text[32];
	unsigned int i;

	(void)state;
	assert_int_equal(fw_forms_open(&forms), 0);
	value = fw_forms_get(forms, &draft);
	assert_int_equal(json_object_size(value), 0);
	json_decref(value);
	for (i = 0; i < 3 * 500; i++) {
		fw_draft_reset(&draft);
		snprintf(text, sizeof(text), "number %u", i % 500);
		put_constants(&draft, i % 2 ? "odd" : "even");
		fw_draft_string(&draft, "n", text);
		value = fw_forms_get(forms, &draft);
		again = fw_forms_get(forms, &draft);
		assert_ptr_equal(again, value);
		assert_string_equal(json_string_value(json_object_get(value, "n")), text);
		assert_string_equal(json_string_value(json_object_get(value, "c")),
				    i % 2 ? "odd" : "even");
		if (i < 500)
			values[i] = value;
		assert_ptr_equal(values[i % 500], value);
		json_decref(again);
		json_decref(value);
	}
	draft.failed = true;
	assert_null(fw_forms_get(forms, &draft));
	fw_forms_close(forms);
	fw_draft_free(&draft);
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
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
