// SPDX-License-Identifier: GPL-2.0-only
/* babeltrace2 and our own reader see the same events, field by field. */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "ctf.h"
#include "limit.h"
#include "scratch.h"
#include "trace.h"

/* Events of our reader, to be found again in what babeltrace2 prints. */
struct seen {
	struct forkwatch_header **events;
	bool *found;
	size_t nr;
};

static void take(const char **at, const char *text, const char *line)
{
	if (strncmp(*at, text, strlen(text)))
		fail_msg("`%s' expected at `%.40s' in: %s", text, *at, line);
	*at += strlen(text);
}

/* A number as babeltrace2 prints it: decimal, or hexadecimal with 0x. */
static uint64_t take_number(const char **at, const char *line)
{
	uint64_t number;
	char *end;

	number = **at == '-' ? (uint64_t)strtoll(*at, &end, 0) : strtoull(*at, &end, 0);
	if (end == *at)
		fail_msg("a number expected at `%.40s' in: %s", *at, line);
	*at = end;
	return number;
}

/* "name = " */
static void take_name(const char **at, const char *name, const char *line)
{
	take(at, name, line);
	take(at, " = ", line);
}

static void take_text(const char **at, const char *expected, size_t count, const char *line)
{
	size_t i;

	take(at, "\"", line);
	for (i = 0; i < count && expected[i]; i++) {
		if (**at == '\\')
			(*at)++;
		if (*(*at)++ != expected[i])
			fail_msg("text `%.*s' expected in: %s", (int)count, expected, line);
	}
	take(at, "\"", line);
}

static uint64_t number_at(enum fw_field_type type, const uint8_t *from)
{
	union {
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
		int32_t s32;
	} value = { 0 };

	switch (type) {
	case FW_U16:
		memcpy(&value.u16, from, sizeof(value.u16));
		return value.u16;
	case FW_U32:
		memcpy(&value.u32, from, sizeof(value.u32));
		return value.u32;
	case FW_S32:
		memcpy(&value.s32, from, sizeof(value.s32));
		return (int64_t)value.s32;
	default:
		memcpy(&value.u64, from, sizeof(value.u64));
		return value.u64;
	}
}

static size_t size_of(enum fw_field_type type)
{
	return type == FW_U16 ? 2 : type == FW_U32 || type == FW_S32 ? 4 : 8;
}

static void take_fields(const char **at, const struct fw_field *field, const uint8_t *from,
			size_t size, const char *line);

static void take_value(const char **at, enum fw_field_type type, const uint8_t *from,
		       const char *line)
{
	uint64_t number;

	if (type == FW_REGS || type == FW_CONTEXT || type == FW_STATE) {
		take_fields(at, type == FW_REGS ? fw_regs_fields :
			    type == FW_CONTEXT ? fw_context_fields : fw_state_fields, from,
			    SIZE_MAX, line);
		return;
	}
	number = take_number(at, line);
	if (number != number_at(type, from))
		fail_msg("0x%" PRIx64 " is 0x%" PRIx64 " to our reader, before `%.40s' in: %s",
			 number, number_at(type, from), *at, line);
}

static void take_array(const char **at, const struct fw_field *field, const uint8_t *from,
		       const char *line)
{
	size_t i;

	take(at, "[ ", line);
	for (i = 0; i < field->count; i++) {
		char index[32];

		snprintf(index, sizeof(index), "%s[%zu] = ", i ? ", " : "", i);
		take(at, index, line);
		take_value(at, field->type, from + i * size_of(field->type), line);
	}
	take(at, " ]", line);
}

/* "{ name = value, … }" of the fields in the @size bytes at @from */
static void take_fields(const char **at, const struct fw_field *field, const uint8_t *from,
			size_t size, const char *line)
{
	const char *before = "{ ";

	for (; field->name && field->offset < size; field++, before = ", ") {
		take(at, before, line);
		take_name(at, field->name, line);
		if (field->type == FW_CHAR)
			take_text(at, (const char *)from + field->offset, field->count, line);
		else if (field->is_array)
			take_array(at, field, from + field->offset, line);
		else
			take_value(at, field->type, from + field->offset, line);
	}
	take(at, " }", line);
}

static uint64_t take_named_number(const char **at, const char *before, const char *name,
				  const char *line)
{
	take(at, before, line);
	take_name(at, name, line);
	return take_number(at, line);
}

/* Everything of the header but the kind; returns what our reader had with that. */
static const struct forkwatch_header *take_header(const char **at, struct seen *seen,
						  uint64_t time, const char *line)
{
	struct forkwatch_header hdr = { .time = time };
	size_t i;

	take_named_number(at, "{ ", "cpu_id", line);
	hdr.size = take_named_number(at, " }, { ", "size", line);
	hdr.cpu = take_named_number(at, ", ", "cpu", line);
	hdr.seq = take_named_number(at, ", ", "seq", line);
	hdr.tid = take_named_number(at, ", ", "tid", line);
	hdr.tgid = take_named_number(at, ", ", "tgid", line);
	take(at, " }, ", line);
	for (i = 0; i < seen->nr; i++) {
		hdr.kind = seen->events[i]->kind;
		if (!seen->found[i] && !memcmp(seen->events[i], &hdr, sizeof(hdr))) {
			seen->found[i] = true;
			return seen->events[i];
		}
	}
	fail_msg("our reader had no such event: %s", line);
	return NULL;
}

static bool is_ours(const char *name)
{
	const struct fw_ctf_record *record;

	for (record = fw_ctf_records; record->type.name; record++)
		if (!strcmp(record->type.name, name))
			return true;
	return false;
}

/* "[00000000000000001234] name: { … }, { … }, { … }" */
static void compare_line(const char *line, struct seen *seen)
{
	const struct forkwatch_header *event;
	const struct fw_event_type *type;
	const char *at = line;
	char name[64];
	uint64_t time;
	int length;

	if (sscanf(line, "[%" SCNu64 "] %63[a-z0-9_]: %n", &time, name, &length) != 2)
		fail_msg("no event: %s", line);
	if (is_ours(name))
		return;
	at += length;
	event = take_header(&at, seen, time, line);
	type = fw_event_type(event->kind);
	assert_string_equal(type->name, name);
	take_fields(&at, type->fields, (const uint8_t *)event, event->size, line);
	assert_string_equal(at, "\n");
}

static void read_trace(const char *dir, struct seen *seen)
{
	struct fw_trace *trace;
	const void *data;
	size_t size;

	if (fw_trace_open(&trace, dir))
		fail_msg("%s", fw_trace_error());
	while (fw_trace_next(trace, &data, &size) > 0) {
		seen->events = realloc(seen->events, (seen->nr + 1) * sizeof(*seen->events));
		assert_int_equal(fw_event_decode(data, size, &seen->events[seen->nr]), 0);
		seen->nr++;
	}
	assert_string_equal(fw_trace_damage(trace), "");
	fw_trace_close(trace);
	seen->found = calloc(seen->nr + 1, sizeof(*seen->found));
}

static void compare(const char *dir)
{
	struct seen seen = { 0 };
	char command[512], *line = NULL;
	size_t size = 0, i;
	FILE *out;

	read_trace(dir, &seen);
	/* It has nothing to say on stderr either. */
	snprintf(command, sizeof(command), "babeltrace2 --clock-cycles --no-delta '%s' 2>&1", dir);
	out = popen(command, "r");
	assert_non_null(out);
	while (getline(&line, &size, out) > 0)
		compare_line(line, &seen);
	assert_int_equal(pclose(out), 0);
	free(line);
	for (i = 0; i < seen.nr; i++) {
		assert_true(seen.found[i]);
		free(seen.events[i]);
	}
	free(seen.events);
	free(seen.found);
}

static void need_babeltrace(void)
{
	if (system("babeltrace2 --version >/dev/null 2>&1")) {
		print_message("babeltrace2 is not here: install the package babeltrace2\n");
		skip();
	}
}

static void write_every_kind(const char *dir)
{
	const struct fw_trace_info info = {
		.env = { .release = "6.1.0", .machine = "aarch64" },
		.command = "say \"\\\x01\n\"", .clock_offset = 1700000000000000000LL,
	};
	struct fw_limits limits = { .seen = 1, .threads = 2, .pids_max = 3, .cgroup = "/a \"b\"" };
	struct fw_fork fork = { .parent_tid = 101, .limits = &limits };
	struct fw_trace_end end = { .has_status = true };
	const struct fw_event_type *type;
	struct fw_trace_writer *writer;
	unsigned int i, n = 0;

	assert_int_equal(fw_trace_create(&writer, dir, false), 0);
	assert_int_equal(fw_trace_begin(writer, &info), 0);
	for (type = fw_event_types; type->name; type++, n++) {
		uint8_t bytes[4096];
		const struct fw_field *field;

		for (i = 0; i < type->size; i++)
			bytes[i] = i * 31 + n * 7;
		for (field = type->fields; field->name; field++)
			if (field->type == FW_CHAR) {
				memset(bytes + field->offset, 0, field->count);
				memset(bytes + field->offset, '"', field->count / 2);
			}
		*(struct forkwatch_header *)bytes = (struct forkwatch_header){
			.size = type->size, .kind = type->kind, .cpu = n % 3, .seq = n / 3,
			.time = 5000 + n, .tid = 100 + n, .tgid = 100,
		};
		assert_int_equal(fw_trace_user_symbol(writer, (void *)bytes, n, "a:b+1"), 0);
		assert_int_equal(fw_trace_write(writer, bytes, type->size), 0);
		if (n % 4 == 3)
			assert_int_equal(fw_trace_flush(writer), 0);
	}
	assert_int_equal(fw_trace_limits(writer, &fork), 0);
	assert_int_equal(fw_trace_finish(writer, &end), 0);
}

static void test_every_kind(void **state)
{
	const char *dir = scratch_path("trace");

	(void)state;
	need_babeltrace();
	write_every_kind(dir);
	compare(dir);
}

/* tests/data/SERIES/WORKLOAD */
static void test_recorded(void **state)
{
	FILE *list = popen("find " TEST_DATA_DIR " -name metadata -printf '%h\\n'", "r");
	char dir[512];

	(void)state;
	need_babeltrace();
	assert_non_null(list);
	while (fgets(dir, sizeof(dir), list)) {
		dir[strcspn(dir, "\n")] = '\0';
		compare(dir);
	}
	pclose(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_kind, scratch_setup, scratch_teardown),
		cmocka_unit_test(test_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
