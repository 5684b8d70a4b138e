// SPDX-License-Identifier: GPL-2.0-only
/*
 * Converted traces in the program that Perfetto's viewer loads them with, its trace
 * processor: what its SQL finds is compared with the events of the trace, read without
 * the model and the timeline that the conversions go through.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "edit.h"
#include "event.h"
#include "observer.h"
#include "scratch.h"
#include "stages.h"
#include "tool.h"

#define ROOT	TEST_DATA_DIR "/../../"
#define READER	ROOT "tests/unit/readers/perfetto.js"
#define DATA(name)	TEST_DATA_DIR "/" name
#define TASKS	64

/* What was seen of a task so far. */
struct task {
	uint32_t tid;
	uint64_t enter;			/* its call of copy_process that has not ended */
	uint32_t parent;		/* who woke it up as a new task, and when */
	uint64_t wakeup;
};

struct viewer {
	const char *args;		/* what the names of arguments begin with */
	char *text;			/* what it found, from malloc, with a newline before it */
	struct task tasks[TASKS];
	unsigned int copies, runs, arrows;
};

/* All that @command prints, from malloc, and its exit status. */
static char *output_of(const char *command, int *status)
{
	size_t size = 1, room = 4 << 20;
	char *text = malloc(room);
	FILE *pipe = popen(command, "r");

	assert_non_null(text);
	assert_non_null(pipe);
	*text = '\n';
	size += fread(text + size, 1, room - size - 1, pipe);
	text[size] = '\0';
	*status = pclose(pipe);
	assert_true(WIFEXITED(*status));
	*status = WEXITSTATUS(*status);
	return text;
}

/* Where the trace processor is. Ends the test where it cannot be had. */
static const char *processor(void)
{
	static char dir[256];
	char *text;
	int status;

	text = output_of(ROOT "tests/qemu/fetch perfetto 2>&1", &status);
	if (status == 77) {
		print_message("# SKIP %s", strchr(strstr(text, "skip: "), ' ') + 1);
		free(text);
		skip();
	}
	if (sscanf(strstr(text, "PERFETTO=") ?: "", "PERFETTO=%255s", dir) != 1)
		fail_msg("fetch perfetto ended with %d: %s", status, text);
	free(text);
	return dir;
}

static unsigned int count(const char *text, const char *words)
{
	unsigned int n = 0;

	for (; (text = strstr(text, words)); text++)
		n++;
	return n;
}

/* The first number of the line that @at is in: the id of what it tells of. */
static unsigned int id_of(const struct viewer *viewer, const char *at)
{
	while (at > viewer->text && *at != '\n')
		at--;
	return strtoul(strchr(at, ' '), NULL, 10);
}

/* Finds the one line that ends so. Returns its id. */
__attribute__((format(printf, 2, 3)))
static unsigned int find_line(const struct viewer *viewer, const char *format, ...)
{
	char words[256];
	const char *line;
	size_t length;
	va_list args;

	va_start(args, format);
	length = vsnprintf(words, sizeof(words) - 1, format, args);
	va_end(args);
	strcpy(words + length, "\n");
	line = strstr(viewer->text, words);
	if (!line || strstr(line + 1, words))
		fail_msg("%u lines, and not one, end with: %s", count(viewer->text, words), words);
	return id_of(viewer, line);
}

static struct task *task_of(struct viewer *viewer, uint32_t tid)
{
	size_t i;

	for (i = 0; i < TASKS; i++)
		if (!viewer->tasks[i].tid || viewer->tasks[i].tid == tid)
			break;
	assert_true(i < TASKS);
	viewer->tasks[i].tid = tid;
	return &viewer->tasks[i];
}

static void expect_name(const struct viewer *viewer, const struct forkwatch_header *hdr,
			const char *comm)
{
	find_line(viewer, "\nthread %u of %u %.*s", hdr->tid, hdr->tgid, FORKWATCH_COMM_LEN,
		  comm);
	if (hdr->tid == hdr->tgid)
		find_line(viewer, "\nprocess %u %.*s", hdr->tgid, FORKWATCH_COMM_LEN, comm);
}

static unsigned int expect_slice(const struct viewer *viewer, uint32_t tid, const char *path,
				 uint64_t start, uint64_t end)
{
	return find_line(viewer, " %u %s %" PRIu64 " %" PRIu64, tid, path, start, end - start);
}

static void expect_registers(const struct viewer *viewer, unsigned int slice,
			     const struct forkwatch_regs *regs)
{
	unsigned int i;

	for (i = 0; i < FORKWATCH_NR_X; i++)
		find_line(viewer, "\narg %u %s.registers.x[%u] 0x%" PRIx64, slice, viewer->args, i,
			  (uint64_t)regs->x[i]);
	find_line(viewer, "\narg %u %s.registers.sp 0x%" PRIx64, slice, viewer->args,
		  (uint64_t)regs->sp);
	find_line(viewer, "\narg %u %s.registers.pc 0x%" PRIx64, slice, viewer->args,
		  (uint64_t)regs->pc);
}

static void expect_stages(const struct viewer *viewer, const struct forkwatch_stages *stages)
{
	unsigned int i;

	for (i = 0; i < FORKWATCH_NR_STAGES; i++)
		if (fw_stage_name(i) && stages->calls[i] == 1 && !(stages->torn & 1U << i))
			find_line(viewer, "/%s %" PRIu64 " %" PRIu64, fw_stage_name(i),
				  (uint64_t)stages->enter[i], (uint64_t)stages->total[i]);
}

static void expect_first_run(struct viewer *viewer, const struct forkwatch_first_run *run)
{
	const struct task *task = task_of(viewer, run->hdr.tid);
	char start[64];
	const char *line;

	viewer->runs++;
	expect_name(viewer, &run->hdr, run->comm);
	/* How long it lasted is known to an event that not every trace has. */
	snprintf(start, sizeof(start), " %u schedule_tail %" PRIu64 " ", run->hdr.tid,
		 (uint64_t)run->hdr.time);
	line = strstr(viewer->text, start);
	if (!line)
		fail_msg("no slice '%s'", start);
	expect_registers(viewer, id_of(viewer, line), &run->regs);
	if (!task->wakeup)
		return;
	viewer->arrows++;
	find_line(viewer, "\narrow %u wake_up_new_task %" PRIu64 " to %u schedule_tail %" PRIu64,
		  task->parent, task->wakeup, run->hdr.tid, (uint64_t)run->hdr.time);
}

static void expect_event(struct viewer *viewer, const struct forkwatch_header *event)
{
	const struct forkwatch_copy_thread *copied = (const void *)event;
	const struct forkwatch_fork_enter *enter = (const void *)event;
	const struct forkwatch_fork_return *ret = (const void *)event;
	const struct forkwatch_wakeup_new *wakeup = (const void *)event;
	struct task *task = task_of(viewer, event->tid);

	switch (event->kind) {
	case FORKWATCH_FORK_ENTER:
		expect_name(viewer, event, enter->comm);
		task->enter = event->time;
		break;
	case FORKWATCH_COPY_THREAD:
		viewer->copies++;
		expect_registers(viewer,
				 expect_slice(viewer, event->tid,
					      "kernel_clone/copy_process/copy_thread",
					      copied->enter_time, event->time),
				 &copied->regs_after);
		break;
	case FORKWATCH_FORK_EXIT:
		expect_slice(viewer, event->tid, "kernel_clone/copy_process", task->enter,
			     event->time);
		break;
	case FORKWATCH_FORK_RETURN:
		expect_slice(viewer, event->tid, "kernel_clone", ret->enter_time, event->time);
		break;
	case FORKWATCH_FIRST_RUN:
		expect_first_run(viewer, (const void *)event);
		break;
	}
	if (fw_is_witness(event))
		return;
	if (fw_kind(event) == FORKWATCH_STAGES)
		expect_stages(viewer, (const void *)event);
	if (fw_kind(event) == FORKWATCH_WAKEUP_NEW) {
		task = task_of(viewer, wakeup->child_tid);
		task->parent = event->tid;
		task->wakeup = event->time;
	}
}

static void expect_events(struct viewer *viewer, const char *dir)
{
	struct forkwatch_header *event;
	struct fw_trace *trace;
	const void *data;
	size_t size;

	assert_int_equal(fw_trace_open(&trace, dir), 0);
	while (fw_trace_next(trace, &data, &size) > 0) {
		assert_int_equal(fw_event_decode(data, size, &event), 0);
		expect_event(viewer, event);
		free(event);
	}
	fw_trace_close(trace);
}

/* Converts the traces @dirs and loads them all. Returns what was found, from malloc. */
static char *load(const char *format, const char *const *dirs, size_t n)
{
	char command[2048], *text;
	int length, status;
	size_t i;

	length = snprintf(command, sizeof(command), "node " READER " %s", processor());
	for (i = 0; i < n; i++) {
		char file[32];

		snprintf(file, sizeof(file), "%zu", i);
		if (tool("convert --to %s -o %s %s", format, scratch_path(file), dirs[i]))
			fail_msg("%s", tool_output);
		length += snprintf(command + length, sizeof(command) - length, " %s",
				   scratch_path(file));
	}
	text = output_of(command, &status);
	if (status)
		fail_msg("%s cannot be loaded", format);
	return text;
}

/* What was found in the trace at *@at, from which it moves to the next one. */
static void view(struct viewer *viewer, const char *format, const char **at)
{
	const char *next = strstr(*at + 1, "\nfile ");

	memset(viewer, 0, sizeof(*viewer));
	viewer->args = strcmp(format, "chrome") ? "debug" : "args";
	viewer->text = next ? strndup(*at, next + 1 - *at) : strdup(*at);
	assert_non_null(viewer->text);
	*at = next;
	/* It says of itself what it could not place. */
	if (strstr(viewer->text, "\ntrouble "))
		fail_msg("%s: %s", format, viewer->text);
}

static void view_one(struct viewer *viewer, const char *format, const char *dir)
{
	char *text = load(format, &dir, 1);
	const char *at = text;

	view(viewer, format, &at);
	free(text);
}

static void compare(const char *format)
{
	static const char *const dirs[] = {
		DATA("6.1/tree"), DATA("6.1/spawn"), DATA("6.1/thread"), DATA("6.1/fail"),
		DATA("6.1/stages"), DATA("7/fork"),
	};
	const size_t n = sizeof(dirs) / sizeof(*dirs);
	static struct viewer viewer;
	char *text = load(format, dirs, n);
	const char *at = text;
	size_t i;

	for (i = 0; i < n; i++) {
		assert_non_null(at);
		view(&viewer, format, &at);
		expect_events(&viewer, dirs[i]);
		assert_true(viewer.copies > 0);
		assert_int_equal(count(viewer.text, "/copy_thread "), viewer.copies);
		assert_int_equal(count(viewer.text, "\narrow "), viewer.arrows);
		assert_int_equal(count(viewer.text, " schedule_tail "),
				 viewer.runs + viewer.arrows);
		free(viewer.text);
	}
	free(text);
}

static void test_chrome(void **state)
{
	(void)state;
	compare("chrome");
}

static void test_perfetto(void **state)
{
	(void)state;
	compare("perfetto");
}

/* A stage that ends behind the one it lies in is one that both can show. */
static void test_overlap(void **state)
{
	static const char *const formats[] = { "chrome", "perfetto" };
	static struct viewer viewer;
	size_t i;

	(void)state;
	edit_trace(DATA("6.1/stages"), scratch_path("trace"), edit_stage_too_long, NULL);
	for (i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		view_one(&viewer, formats[i], scratch_path("trace"));
		assert_int_equal(count(viewer.text, " kernel_clone/copy_process/dup_mmap "), 1);
		assert_int_equal(count(viewer.text, ".ended_at "), 1);
		free(viewer.text);
	}
}

/* What would end a name, or a string of JSON, does not. */
static void name_oddly(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_fork_enter *enter = (void *)event;

	if (event->kind == FORKWATCH_FORK_ENTER)
		strcpy(enter->comm, "a\"b\\c'\xff}");
	edit_write(edit, event);
}

static void test_names(void **state)
{
	static const char *const formats[] = { "chrome", "perfetto" };
	static struct viewer viewer;
	size_t i;

	(void)state;
	edit_trace(DATA("6.1/thread"), scratch_path("trace"), name_oddly, NULL);
	for (i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		view_one(&viewer, formats[i], scratch_path("trace"));
		if (!strstr(viewer.text, " a\"b\\c'"))
			fail_msg("%s: no such name in %s", formats[i], viewer.text);
		free(viewer.text);
	}
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_chrome),
		TEST(test_perfetto),
		TEST(test_overlap),
		TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
