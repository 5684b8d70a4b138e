// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of ftrace's buffers as events, by the formats that kernels print: as this one's
 * module has them, as an older one's, in another order, and cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <traceevent/event-parse.h>

#include "event.h"
#include "tracefs_record.h"

#define COMMON	8	/* type, flags, preempt_count, pid */
#define PID	4242
#define FIELD	"\tfield:%s %s;\toffset:%zu;\tsize:%zu;\tsigned:0;\n"

/* A format as a file of tracefs has it, while it is written. */
struct format {
	char text[8192];
	size_t used;
};

__attribute__((format(printf, 2, 3)))
static void say(struct format *format, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	format->used += vsnprintf(format->text + format->used,
				  sizeof(format->text) - format->used, text, args);
	va_end(args);
	assert_true(format->used < sizeof(format->text));
}

static void begin(struct format *format, const char *name, int id)
{
	format->used = 0;
	say(format, "name: %s\nID: %d\nformat:\n", name, id);
	say(format, FIELD FIELD FIELD FIELD "\n", "unsigned short", "common_type", (size_t)0,
	    (size_t)2, "unsigned char", "common_flags", (size_t)2, (size_t)1, "unsigned char",
	    "common_preempt_count", (size_t)3, (size_t)1, "int", "common_pid", (size_t)4,
	    (size_t)4);
}

static struct tep_event *end(struct format *format, struct tep_handle *tep, const char *system)
{
	struct tep_event *event = NULL;

	say(format, "\nprint fmt: \"%%d\", REC->common_pid\n");
	assert_int_equal(tep_parse_format(tep, &event, format->text, format->used, system), 0);
	return event;
}

/* The format of a module's event whose last field is @last; @gap lies before @moved. */
static struct tep_event *module_event(struct tep_handle *tep, const char *name,
				      const char *last, const char *moved, size_t gap)
{
	const struct fw_event_type *type = fw_event_types;
	const struct fw_field *field;
	static struct format format;
	size_t shift = COMMON, bytes;

	while (strcmp(type->name, name))
		type++;
	begin(&format, name, 1000 + (int)gap);
	say(&format, FIELD, "struct forkwatch_header", "hdr", shift,
	    sizeof(struct forkwatch_header));
	for (field = type->fields; field->name; field++) {
		bytes = (field[1].name ? field[1].offset : type->size) - field->offset;
		if (!strcmp(field->name, moved))
			shift += gap;
		say(&format, FIELD, "u64", field->name, shift + field->offset, bytes);
		if (!strcmp(field->name, last))
			break;
	}
	return end(&format, tep, "forkwatch");
}

struct fixture {
	struct tep_handle *tep;
	struct fw_tracefs_records *records;
	uint8_t data[2048] __attribute__((aligned(8)));
	struct tep_record record;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	fixture.tep = tep_alloc();
	fixture.records = fw_tracefs_records_new(fixture.tep);
	fixture.record.data = fixture.data;
	fixture.record.ts = 77;
	memcpy(fixture.data + 4, &(uint32_t) { PID }, 4);
	*state = &fixture;
	return !fixture.tep || !fixture.records;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	fw_tracefs_records_free(fixture->records);
	tep_free(fixture->tep);
	return 0;
}

static const void *decode(struct fixture *fixture, const struct tep_event *event, size_t size)
{
	fixture->record.size = size;
	return fw_tracefs_decode(fixture->records, event, &fixture->record, 3);
}

static struct forkwatch_first_run sent(void)
{
	struct forkwatch_first_run run;
	size_t i;

	for (i = 0; i < sizeof(run); i++)
		((uint8_t *)&run)[i] = i * 7;
	run.hdr.size = sizeof(run);
	run.hdr.kind = FORKWATCH_FIRST_RUN;
	run.hdr.cpu = 5;
	return run;
}

static void test_module(void **state)
{
	struct fixture *fixture = *state;
	const struct tep_event *event = module_event(fixture->tep, "first_run", "", "", 0);
	struct forkwatch_first_run run = sent();
	const struct forkwatch_header *hdr;
	uint64_t seq;

	memcpy(fixture->data + COMMON, &run, sizeof(run));
	/* Numbered anew, CPU by CPU. */
	for (seq = 0; seq < 3; seq++) {
		run.hdr.seq = seq;
		hdr = decode(fixture, event, COMMON + sizeof(run));
		assert_non_null(hdr);
		assert_memory_equal(hdr, &run, sizeof(run));
	}
	assert_null(decode(fixture, event, COMMON + sizeof(run) - 1));
	run.hdr.cpu = 1U << 20;
	memcpy(fixture->data + COMMON, &run, sizeof(run));
	assert_null(decode(fixture, event, COMMON + sizeof(run)));
}

/* What an older module does not send is not there, whatever the record before it had. */
static void test_older_module(void **state)
{
	struct fixture *fixture = *state;
	const size_t size = offsetof(struct forkwatch_first_run, start_time);
	const struct tep_event *event = module_event(fixture->tep, "first_run", "child", "", 0);
	struct forkwatch_first_run run = sent();
	const struct forkwatch_header *hdr;

	memcpy(fixture->data + COMMON, &run, sizeof(run));
	run.hdr.size = size;
	run.hdr.seq = 0;
	hdr = decode(fixture, event, COMMON + size);
	assert_non_null(hdr);
	assert_int_equal(hdr->size, size);
	assert_memory_equal(hdr, &run, size);
}

/* The kernel says where its fields lie, and need not lay them out as the ABI does. */
static void test_gap(void **state)
{
	struct fixture *fixture = *state;
	const size_t before = offsetof(struct forkwatch_first_run, start_time), gap = 24;
	const struct tep_event *event =
		module_event(fixture->tep, "first_run", "", "start_time", gap);
	struct forkwatch_first_run run = sent();
	const struct forkwatch_header *hdr;

	memset(fixture->data + COMMON, 0xee, sizeof(run) + gap);
	memcpy(fixture->data + COMMON, &run, before);
	memcpy(fixture->data + COMMON + before + gap, (char *)&run + before,
	       sizeof(run) - before);
	run.hdr.seq = 0;
	hdr = decode(fixture, event, COMMON + sizeof(run) + gap);
	assert_non_null(hdr);
	assert_memory_equal(hdr, &run, sizeof(run));
}

static void test_wakeup_new(void **state)
{
	struct fixture *fixture = *state;
	static struct format format;
	const struct forkwatch_wakeup_new *wakeup;
	const struct tep_event *event;

	begin(&format, "sched_wakeup_new", 50);
	say(&format, FIELD FIELD FIELD, "char", "comm[16]", (size_t)8, (size_t)16, "pid_t", "pid",
	    (size_t)24, (size_t)4, "int", "target_cpu", (size_t)32, (size_t)4);
	event = end(&format, fixture->tep, "sched");
	memcpy(fixture->data + 24, &(uint32_t) { 4243 }, 4);
	memcpy(fixture->data + 32, &(uint32_t) { 6 }, 4);
	wakeup = decode(fixture, event, 36);
	assert_non_null(wakeup);
	assert_int_equal(wakeup->hdr.kind, FORKWATCH_WAKEUP_NEW + FORKWATCH_BY_TRACEFS);
	assert_int_equal(wakeup->hdr.size, sizeof(*wakeup));
	assert_int_equal(wakeup->hdr.cpu, 3);
	assert_int_equal(wakeup->hdr.time, 77);
	assert_int_equal(wakeup->hdr.tid, PID);
	assert_int_equal(wakeup->hdr.tgid, 0);
	assert_int_equal(wakeup->child_tid, 4243);
	assert_int_equal(wakeup->target_cpu, 6);
	assert_null(decode(fixture, event, 35));
}

static const struct tep_event *exec_event(struct fixture *fixture)
{
	static struct format format;

	begin(&format, "sched_process_exec", 60);
	say(&format, FIELD FIELD FIELD, "__data_loc char[]", "filename", (size_t)8, (size_t)4,
	    "pid_t", "pid", (size_t)12, (size_t)4, "pid_t", "old_pid", (size_t)16, (size_t)4);
	return end(&format, fixture->tep, "sched");
}

static void test_exec(void **state)
{
	static const char path[] = "/bin/true";
	struct fixture *fixture = *state;
	const struct tep_event *event = exec_event(fixture);
	const struct forkwatch_exec *exec;

	memcpy(fixture->data + 8, &(uint32_t) { sizeof(path) << 16 | 20 }, 4);
	memcpy(fixture->data + 16, &(uint32_t) { 4244 }, 4);
	memcpy(fixture->data + 20, path, sizeof(path));
	exec = decode(fixture, event, 20 + sizeof(path));
	assert_non_null(exec);
	assert_int_equal(exec->hdr.kind, FORKWATCH_EXEC + FORKWATCH_BY_TRACEFS);
	assert_int_equal(exec->hdr.tid, PID);
	assert_int_equal(exec->hdr.tgid, PID);
	assert_int_equal(exec->old_tid, 4244);
	assert_string_equal(exec->path, path);
	/* Its string would lie behind its end. */
	assert_null(decode(fixture, event, 20 + sizeof(path) - 1));

	/* A longer one is cut, and says so by having no end. */
	memset(fixture->data + 20, 'x', 600);
	memcpy(fixture->data + 8, &(uint32_t) { 600U << 16 | 20 }, 4);
	exec = decode(fixture, event, 620);
	assert_non_null(exec);
	assert_int_equal(strlen(exec->path), sizeof(exec->path) - 1);
}

/* Of other events, and of ours in formats that cannot be used, nothing is made. */
static void test_others(void **state)
{
	struct fixture *fixture = *state;
	static struct format format;
	const struct tep_event *event;
	unsigned int i;

	begin(&format, "sched_wakeup_new", 70);
	say(&format, FIELD FIELD, "u64", "pid", (size_t)8, (size_t)8, "int", "target_cpu",
	    (size_t)16, (size_t)4);
	assert_null(decode(fixture, end(&format, fixture->tep, "sched"), 64));
	begin(&format, "fork_enter", 71);
	assert_null(decode(fixture, end(&format, fixture->tep, "forkwatch"), 1024));
	for (i = 0; i < 64; i++) {
		char name[16];

		snprintf(name, sizeof(name), "other%u", i);
		begin(&format, name, 100 + i);
		event = end(&format, fixture->tep, i % 2 ? "sched" : "forkwatch");
		assert_null(decode(fixture, event, 64));
	}
}

#define TEST(name)	cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(module),
		TEST(older_module),
		TEST(gap),
		TEST(wakeup_new),
		TEST(exec),
		TEST(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
