// SPDX-License-Identifier: GPL-2.0-only
/* Kernel addresses that are hidden: none is left, and all that is said of them stays true. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "addresses.h"
#include "address_set.h"
#include "event.h"
#include "scratch.h"
#include "symbols.h"
#include "tool.h"
#include "trace.h"

#define DATA(name)	TEST_DATA_DIR "/6.1/" name
#define COPY		scratch_path("hidden")

static const struct fw_addresses hidden = {
	.hidden = true,
	.key = { 0x0123456789abcdef, 0xfedcba9876543210 },
};

static void words(void **state)
{
	enum fw_addresses_choice choice = FW_ADDRESSES_AUTO;

	(void)state;
	assert_int_equal(fw_addresses_parse("symbols", &choice), 0);
	assert_int_equal(choice, FW_ADDRESSES_SYMBOLS);
	assert_int_equal(fw_addresses_parse("raw", &choice), 0);
	assert_int_equal(choice, FW_ADDRESSES_RAW);
	assert_int_equal(fw_addresses_parse("auto", &choice), 0);
	assert_int_equal(choice, FW_ADDRESSES_AUTO);
	assert_int_equal(fw_addresses_parse("none", &choice), -EINVAL);
	assert_int_equal(fw_addresses_parse("", &choice), -EINVAL);
}

static void assert_hides(uint64_t address, uint64_t bits)
{
	uint64_t shown = fw_address_shown(&hidden, address);

	assert_true(shown != address);
	assert_true((shown & ~bits) == (address & ~bits));
	assert_true(fw_is_kernel_address(shown));
	assert_true(fw_address_real(&hidden, shown) == address);
}

static void what_is_hidden(void **state)
{
	static const uint64_t others[] = {
		0, 1, 0x1200011, 0x0000ffffe1c0, 0x00ffffffffffffff, 0x7fffffffffffffff,
		0x8000000000000000, -1, -11, -4095, -65536, 0x1000000000000000,
		0x0ff0000000000000,
	};
	const uint64_t granules = 0x000fffffffff0000;
	struct fw_addresses other = hidden;
	size_t i;

	(void)state;
	assert_hides(0xffff80000829beb0, granules);
	assert_hides(0xfff0000000000000, granules);
	assert_hides(0xfffffffffffe1234, granules);
	assert_hides(0xf4ff00000afa30c0, granules);	/* with a tag */
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_true(fw_address_shown(&hidden, others[i]) == others[i]);
	other.key[1]++;
	assert_true(fw_address_shown(&hidden, 0xffff80000829beb0) !=
		    fw_address_shown(&other, 0xffff80000829beb0));
	other.hidden = false;
	assert_true(fw_address_shown(&other, 0xffff80000829beb0) == 0xffff80000829beb0);
}

static void each_has_its_own(void **state)
{
	struct fw_address_set set = { 0 };
	uint64_t n, shown;

	(void)state;
	for (n = 0; n < 100000; n++) {
		shown = fw_address_shown(&hidden, 0xffff800000000000 + (n << 16));
		assert_int_equal(fw_address_set_add(&set, shown), 1);
	}
	fw_address_set_free(&set);
}

/* Of an event: what is in it stays as far apart as it was, and numbers that look like one stay. */
static void events(void **state)
{
	struct forkwatch_fork_enter enter = {
		.hdr = { .size = sizeof(enter), .kind = FORKWATCH_FORK_ENTER, .time = -1000000 },
		.stack_low = 0xffff8000082a0000,
		.stack_top = 0xffff8000082b0000,	/* the next 64 KiB begin here */
		.pt_regs = 0xffff8000082afeb0,
		.exit_signal = -1,
		.set_tid_size = 0xffffffff,
		.context = { .sp = 0xffff8000082afd00, .saved = { 0xffff00000afa30c0 } },
		.regs = { .x = { -EAGAIN, 0xffff000000abcdef }, .sp = 0xffffe1c0 },
	};
	const struct forkwatch_fork_enter was = enter;

	(void)state;
	fw_addresses_hide(&hidden, &enter.hdr);
	assert_memory_equal(&enter.hdr, &was.hdr, sizeof(was.hdr));
	assert_true(enter.stack_low != was.stack_low);
	assert_true(enter.stack_top - enter.stack_low == was.stack_top - was.stack_low);
	assert_true(enter.pt_regs - enter.stack_low == was.pt_regs - was.stack_low);
	assert_true(enter.context.sp - enter.stack_low == was.context.sp - was.stack_low);
	assert_true(enter.context.saved[0] == fw_address_shown(&hidden, was.context.saved[0]));
	assert_true(enter.regs.x[0] == was.regs.x[0]);
	assert_true(enter.regs.x[1] == fw_address_shown(&hidden, was.regs.x[1]));
	assert_true(enter.regs.sp == was.regs.sp);
	assert_int_equal(enter.exit_signal, -1);
	assert_true(enter.set_tid_size == 0xffffffff);
	assert_int_equal(enter.task, 0);
}

/* Whoever calls finds the event of the call by it. */
static void cookies(void **state)
{
	struct forkwatch_clone_call call = {
		.hdr = { .size = sizeof(call), .kind = FORKWATCH_CLONE_CALL },
		.cookie = 0xffff800000001234,
		.child_x0 = 0xffff800000001234,
	};

	(void)state;
	fw_addresses_hide(&hidden, &call.hdr);
	assert_true(call.cookie == 0xffff800000001234);
	assert_true(call.child_x0 == fw_address_shown(&hidden, 0xffff800000001234));
}

static void reports(void **state)
{
	struct forkwatch_clone_report report = {
		.cookie = 0xffff800000001234,
		.stack_low = 0xffff8000082a0000,
		.context = { .pc = 0xffff8000080153d0, .sp = 0xffff8000082a3eb0 },
	};

	(void)state;
	fw_addresses_hide_report(&hidden, &report);
	assert_true(report.stack_low == fw_address_shown(&hidden, 0xffff8000082a0000));
	assert_true(report.context.sp - report.stack_low == 0x3eb0);
	assert_true(report.context.pc == fw_address_shown(&hidden, 0xffff8000080153d0));
	assert_true(report.cookie == 0xffff800000001234);
}

static void assert_name(const struct fw_ksyms *ksyms, uint64_t addr, const char *expected)
{
	char name[128];

	assert_string_equal(fw_ksyms_name(ksyms, addr, name, sizeof(name)), expected);
}

static void symbols_are_found(void **state)
{
	uint64_t inside = fw_address_shown(&hidden, 0xffff800008010010), distance;
	struct fw_ksyms *ksyms;

	(void)state;
	assert_int_equal(fw_ksyms_new(&ksyms), 0);
	assert_int_equal(fw_ksyms_add(ksyms, 0xffff80000800fff0, "function [module]"), 0);
	assert_int_equal(fw_ksyms_piece(ksyms, 0xffff800008010010, &distance), 0);
	assert_int_equal(distance, 0x20);
	fw_ksyms_hide(ksyms, &hidden);
	assert_name(ksyms, inside, "function+0x20 [module]");
	assert_true(fw_ksyms_addr(ksyms, "function") ==
		    fw_address_shown(&hidden, 0xffff80000800fff0));
	/* It begins in another 64 KiB. */
	assert_int_equal(fw_ksyms_piece(ksyms, inside, &distance), 0);
	assert_int_equal(distance, 0x10);
	assert_name(ksyms, inside - distance, "function+0x10 [module]");
	fw_ksyms_close(ksyms);
}

static void pieces_are_named(void **state)
{
	struct fw_ksyms *ksyms;
	uint64_t offset;

	(void)state;
	assert_int_equal(fw_ksyms_new(&ksyms), 0);
	assert_int_equal(fw_ksyms_add(ksyms, 0xfff3000000010000, "function+0x1f0 [module]"), 0);
	assert_name(ksyms, 0xfff3000000010000, "function+0x1f0 [module]");
	assert_name(ksyms, 0xfff3000000010010, "function+0x200 [module]");
	assert_string_equal(fw_ksyms_find(ksyms, 0xfff3000000010010, &offset), "function");
	assert_int_equal(offset, 0x200);
	assert_int_equal(fw_ksyms_addr(ksyms, "function"), 0);
	fw_ksyms_close(ksyms);
}

/*
 * Whole traces, as the tool shows them.
 */
#define MANY	8192

static uint64_t *raw_addresses(const char *dir, size_t *nr)
{
	uint64_t *list = calloc(MANY, sizeof(*list));
	const char *at;

	assert_non_null(list);
	*nr = 0;
	assert_int_equal(tool("convert --to json %s", dir), 0);
	for (at = tool_output; (at = strstr(at, "0xfff")); at++) {
		uint64_t address = strtoull(at, NULL, 16);

		assert_true(*nr < MANY);
		if (fw_is_kernel_address(address))
			list[(*nr)++] = address;
	}
	return list;
}

static void assert_says_none(const uint64_t *list, size_t nr, const char *what)
{
	char text[32];
	size_t i;

	for (i = 0; i < nr; i++) {
		snprintf(text, sizeof(text), "%llx", (unsigned long long)list[i]);
		if (strstr(tool_output, text))
			fail_msg("%s has 0x%s", what, text);
	}
}

static const char *const shown[] = {
	"report", "show", "check -f json", "convert --to json", "convert --to ndjson",
	"convert --to csv", "convert --to chrome", "convert --to perfetto",
};

/* What the words of @command, with the trace where it belongs, show. */
static void show(const char *command, const char *dir, const char *options)
{
	if (!strcmp(command, "show"))
		tool("show %s last %s", dir, options);
	else
		tool("%s %s %s", command, options, dir);
}

static void assert_hidden_in(const char *dir, const char *options, const uint64_t *raw, size_t nr)
{
	size_t i;

	for (i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		show(shown[i], dir, options);
		assert_true(strlen(tool_output) > 20);
		assert_says_none(raw, nr, shown[i]);
	}
}

static char *kept(void)
{
	char *text = strdup(tool_output);

	assert_non_null(text);
	return text;
}

static void in_all_formats(void **state)
{
	static const char *const dirs[] = { DATA("fork"), DATA("kthread"), DATA("thread") };
	char *before;
	uint64_t *raw;
	size_t i, nr;

	(void)state;
	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		raw = raw_addresses(dirs[i], &nr);
		assert_true(nr > 20);
		assert_hidden_in(dirs[i], "--addresses symbols", raw, nr);
		free(raw);

		/* The same ones each time, and the same verdicts. */
		show("convert --to json", dirs[i], "--addresses symbols");
		before = kept();
		show("convert --to json", dirs[i], "--addresses symbols");
		assert_string_equal(tool_output, before);
		free(before);
		show("check -f json", dirs[i], "--addresses raw");
		before = kept();
		show("check -f json", dirs[i], "--addresses symbols");
		assert_string_equal(tool_output, before);
		free(before);
	}
}

/* As `forkwatch record --addresses symbols' writes it. */
static void record_hidden(const char *from, const char *to)
{
	struct fw_addresses addresses = { .choice = FW_ADDRESSES_SYMBOLS };
	struct fw_trace_writer *writer;
	struct fw_trace_end end = { 0 };
	struct forkwatch_header *event;
	struct fw_trace_info info;
	struct fw_trace *trace;
	const void *data;
	size_t size;

	assert_int_equal(fw_trace_open(&trace, from), 0);
	assert_int_equal(fw_trace_addresses(trace, &addresses), 0);
	info = *fw_trace_info(trace);
	info.hidden = true;
	assert_int_equal(fw_trace_create(&writer, to, true), 0);
	assert_int_equal(fw_trace_begin(writer, &info), 0);
	while (fw_trace_next(trace, &data, &size) > 0) {
		assert_int_equal(fw_event_decode(data, size, &event), 0);
		fw_addresses_hide(&addresses, event);
		assert_int_equal(fw_trace_write(writer, event, event->size), 0);
		free(event);
	}
	assert_int_equal(fw_trace_finish(writer, &end), 0);
	fw_trace_close(trace);
}

static void assert_file_has_none(const char *path, const uint64_t *list, size_t nr)
{
	FILE *file = fopen(path, "r");
	char *data = malloc(1 << 22);
	size_t size, i;

	assert_non_null(file);
	assert_non_null(data);
	size = fread(data, 1, 1 << 22, file);
	for (i = 0; i < nr; i++)
		if (memmem(data, size, &list[i], sizeof(list[i])))
			fail_msg("%s has 0x%llx", path, (unsigned long long)list[i]);
	free(data);
	fclose(file);
}

static void recorded_without(void **state)
{
	char path[256];
	uint64_t *raw;
	char *before;
	size_t nr;

	(void)state;
	raw = raw_addresses(DATA("kthread"), &nr);
	record_hidden(DATA("kthread"), COPY);
	snprintf(path, sizeof(path), "%s/session", COPY);
	assert_file_has_none(path, raw, nr);
	snprintf(path, sizeof(path), "%s/cpu0", COPY);
	assert_file_has_none(path, raw, nr);
	assert_hidden_in(COPY, "", raw, nr);
	free(raw);

	/* Names and verdicts are in it, and it is not hidden again. */
	tool("check -f json %s", DATA("kthread"));
	before = kept();
	tool("check -f json %s", COPY);
	assert_string_equal(strstr(tool_output, "\"rules\""), strstr(before, "\"rules\""));
	free(before);
	tool("show %s last", COPY);
	assert_tool_says("lr = ret_from_fork+0x4");
	before = kept();
	tool("show --addresses symbols %s last", COPY);
	assert_string_equal(tool_output, before);
	free(before);
	assert_int_equal(tool("diff %s %s", DATA("kthread"), COPY), 0);
}

static void refused(void **state)
{
	(void)state;
	record_hidden(DATA("kthread"), COPY);
	assert_int_equal(tool("show --addresses raw %s last", COPY), 2);
	assert_tool_says("was recorded without kernel addresses");
	assert_int_equal(tool("report --addresses some %s", COPY), 2);
	assert_tool_says("addresses 'some' is none of auto, raw, symbols");
	assert_int_equal(tool("run --addresses some -- true"), 125);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(what_is_hidden),
		cmocka_unit_test(each_has_its_own),
		cmocka_unit_test(events),
		cmocka_unit_test(cookies),
		cmocka_unit_test(reports),
		cmocka_unit_test(symbols_are_found),
		cmocka_unit_test(pieces_are_named),
		cmocka_unit_test(in_all_formats),
		cmocka_unit_test_setup_teardown(recorded_without, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(refused, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
