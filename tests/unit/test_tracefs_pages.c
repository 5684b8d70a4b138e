// SPDX-License-Identifier: GPL-2.0-only
/* Pages of ftrace's buffers, from a directory that looks like tracefs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <traceevent/event-parse.h>
#include <tracefs/tracefs.h>

#include "array.h"
#include "scratch.h"
#include "tracefs_pages.h"

#define PAGE	4096
#define BYTES	(8 * PAGE)	/* of each buffer */
#define CPUS	4

/* include/linux/ring_buffer.h: the lower five bits are the length in words, the rest the time. */
#define RECORD(words, delta)	((words) | (uint32_t)(delta) << 5)

static const char header_page[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";

static struct {
	unsigned int nr;
	struct {
		unsigned long long time;
		int cpu;
		uint32_t data;
	} list[16];
	int error;
} seen;

static int on_record(void *ctx, struct tep_record *record)
{
	assert_ptr_equal(ctx, &seen);
	assert_true(seen.nr < ARRAY_SIZE(seen.list));
	assert_int_equal(record->size, sizeof(uint32_t));
	seen.list[seen.nr].time = record->ts;
	seen.list[seen.nr].cpu = record->cpu;
	memcpy(&seen.list[seen.nr++].data, record->data, sizeof(uint32_t));
	return seen.error;
}

static void make_directory(const char *name)
{
	assert_int_equal(mkdir(scratch_path(name), 0700), 0);
}

static void append(const char *name, const void *data, size_t size)
{
	FILE *file = fopen(scratch_path(name), "a");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static const char *buffer(int cpu)
{
	static char name[64];

	snprintf(name, sizeof(name), "per_cpu/cpu%d/trace_pipe_raw", cpu);
	return name;
}

static void make_cpu(int cpu)
{
	char name[64];

	snprintf(name, sizeof(name), "per_cpu/cpu%d", cpu);
	make_directory(name);
}

/* A page with a record of @data at each of two times; 0: none. */
static void add_page(int cpu, uint64_t first, uint64_t second, uint32_t data)
{
	struct {
		uint64_t time;
		uint64_t commit;
		uint32_t records[(PAGE - 16) / 4];
	} page = { .time = first };
	uint32_t *to = page.records;

	if (first) {
		*to++ = RECORD(1, 0);
		*to++ = data;
	}
	if (second) {
		*to++ = RECORD(1, second - first);
		*to++ = data + 1;
	}
	page.commit = (to - page.records) * sizeof(*to);
	append(buffer(cpu), &page, sizeof(page));
}

static struct fw_tracefs_pages *open_pages(void)
{
	struct fw_tracefs_pages *pages = fw_tracefs_pages_new(NULL, CPUS, BYTES);

	assert_non_null(pages);
	return pages;
}

static void read_until(struct fw_tracefs_pages *pages, unsigned int nr)
{
	assert_int_equal(fw_tracefs_pages_read(pages, on_record, &seen), 0);
	assert_int_equal(seen.nr, nr);
}

static void expect(unsigned int i, uint64_t time, int cpu, uint32_t data)
{
	assert_true(i < seen.nr);
	assert_int_equal(seen.list[i].time, time);
	assert_int_equal(seen.list[i].cpu, cpu);
	assert_int_equal(seen.list[i].data, data);
}

static void records_come_in_order_of_time(void **state)
{
	struct fw_tracefs_pages *pages = open_pages();

	(void)state;
	make_cpu(0);
	make_cpu(2);
	add_page(0, 100, 400, 10);
	add_page(0, 0, 0, 0);
	add_page(0, 500, 0, 20);
	add_page(2, 200, 450, 30);
	read_until(pages, 5);
	expect(0, 100, 0, 10);
	expect(1, 200, 2, 30);
	expect(2, 400, 0, 11);
	expect(3, 450, 2, 31);
	expect(4, 500, 0, 20);

	/* What comes later is read later, of a CPU too that was not there. */
	make_cpu(3);
	add_page(3, 600, 0, 40);
	add_page(2, 550, 0, 50);
	read_until(pages, 7);
	expect(5, 550, 2, 50);
	expect(6, 600, 3, 40);
	fw_tracefs_pages_free(pages);
}

/* As one whose tasks fork faster than it can be read; the others' are read nevertheless. */
static void a_buffer_without_end_ends(void **state)
{
	struct fw_tracefs_pages *pages = open_pages();
	int i;

	(void)state;
	make_cpu(0);
	make_cpu(1);
	assert_int_equal(symlink("/dev/zero", scratch_path(buffer(0))), 0);
	for (i = 0; i < BYTES / PAGE; i++)
		add_page(1, 100 + i, 0, i);
	read_until(pages, BYTES / PAGE);
	expect(seen.nr - 1, 100 + seen.nr - 1, 1, seen.nr - 1);
	fw_tracefs_pages_free(pages);
}

static void an_error_ends_it(void **state)
{
	struct fw_tracefs_pages *pages = open_pages();

	(void)state;
	assert_int_equal(fw_tracefs_pages_read(pages, on_record, &seen), -EIO);
	make_cpu(0);
	add_page(0, 100, 200, 1);
	seen.error = -ENOMEM;
	assert_int_equal(fw_tracefs_pages_read(pages, on_record, &seen), -ENOMEM);
	assert_int_equal(seen.nr, 1);
	fw_tracefs_pages_free(pages);
}

/* Not to be taken for that of a CPU that was never there. */
static void a_buffer_that_cannot_be_opened_is_an_error(void **state)
{
	struct fw_tracefs_pages *pages = open_pages();

	(void)state;
	make_cpu(0);
	make_cpu(1);
	add_page(0, 100, 200, 1);
	assert_int_equal(symlink("trace_pipe_raw", scratch_path(buffer(1))), 0);
	assert_int_equal(fw_tracefs_pages_read(pages, on_record, &seen), -ELOOP);
	assert_int_equal(seen.nr, 0);
	fw_tracefs_pages_free(pages);
}

static int setup(void **state)
{
	memset(&seen, 0, sizeof(seen));
	if (scratch_setup(state))
		return -1;
	make_directory("events");
	make_directory("per_cpu");
	append("events/header_page", header_page, strlen(header_page));
	return tracefs_set_tracing_dir(scratch);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_come_in_order_of_time),
		TEST(a_buffer_without_end_ends),
		TEST(an_error_ends_it),
		TEST(a_buffer_that_cannot_be_opened_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
