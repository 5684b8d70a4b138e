// SPDX-License-Identifier: GPL-2.0-only
/* What the fuzzer found to go new ways, or to break something once, goes those ways again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../fuzz/fuzz_trace.c"

#define CORPUS	TEST_DATA_DIR "/../fuzz/corpus"

static void run(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *file = fopen(path, "r");
	size_t size;

	assert_non_null(file);
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	assert_int_equal(LLVMFuzzerTestOneInput(data, size), 0);
}

static void test_corpus(void **state)
{
	struct dirent **entries;
	int n = scandir(CORPUS, &entries, NULL, alphasort), i;
	char path[512];

	(void)state;
	assert_true(n > 2);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", CORPUS, entries[i]->d_name);
		if (*entries[i]->d_name != '.')
			run(path);
		free(entries[i]);
	}
	free(entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
