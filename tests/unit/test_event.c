// SPDX-License-Identifier: GPL-2.0-only
/* Decoding: the table says what the structs are, and bytes from outside are not trusted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "event.h"

static const size_t bytes[] = {
	[FW_U16] = 2, [FW_U32] = 4, [FW_U64] = 8, [FW_S32] = 4, [FW_S64] = 8, [FW_CHAR] = 1,
	[FW_REGS] = sizeof(struct forkwatch_regs),
	[FW_CONTEXT] = sizeof(struct forkwatch_context),
	[FW_STATE] = sizeof(struct forkwatch_state),
};

static size_t end_of(const struct fw_field *field)
{
	return field->offset + bytes[field->type] * field->count;
}

/* Fields lie one after the other, without a hole, from @offset to @size. */
static void assert_gapless(const struct fw_field *field, size_t offset, size_t size)
{
	for (; field->name; field++) {
		assert_int_equal(field->offset, offset);
		assert_true(field->count > 0 && (field->is_array || field->count == 1));
		offset = end_of(field);
	}
	assert_int_equal(offset, size);
}

static void table_covers_the_structs(void **state)
{
	const struct fw_event_type *type;
	size_t header = sizeof(struct forkwatch_header);

	(void)state;
	assert_gapless(fw_header_fields, 0, header);
	assert_gapless(fw_regs_fields, 0, sizeof(struct forkwatch_regs));
	assert_gapless(fw_context_fields, 0, sizeof(struct forkwatch_context));
	assert_gapless(fw_state_fields, 0, sizeof(struct forkwatch_state));
	for (type = fw_event_types; type->name; type++) {
		assert_gapless(type->fields, header, type->size);
		assert_non_null(type->origin);
		assert_ptr_equal(fw_event_type(type->kind), type);
		assert_true(type == fw_event_types || type[-1].kind < type->kind);
	}
	assert_null(fw_event_type(0));
	assert_null(fw_event_type(999));
}

static const struct fw_field *find_field(const struct fw_event_type *type, const char *name)
{
	const struct fw_field *field;

	for (field = type->fields; field->name; field++)
		if (!strcmp(field->name, name))
			return field;
	fail_msg("%s has no field %s", type->name, name);
	return NULL;
}

static void table_knows_names_and_types(void **state)
{
	const struct fw_event_type *enter = fw_event_type(FORKWATCH_FORK_ENTER);
	const struct fw_field *comm = find_field(enter, "comm");
	const struct fw_field *regs = find_field(enter, "regs");
	const struct fw_field *exit_signal = find_field(enter, "exit_signal");

	(void)state;
	assert_string_equal(enter->name, "fork_enter");
	assert_string_equal(enter->origin, "copy_process");
	assert_int_equal(comm->type, FW_CHAR);
	assert_int_equal(comm->count, FORKWATCH_COMM_LEN);
	assert_true(comm->is_array);
	assert_int_equal(regs->type, FW_REGS);
	assert_int_equal(regs->offset, offsetof(struct forkwatch_fork_enter, regs));
	assert_int_equal(exit_signal->type, FW_S32);
	assert_false(exit_signal->is_array);
	assert_int_equal(find_field(fw_event_type(FORKWATCH_FORK_EXIT), "result")->type, FW_S64);
}

/* @size bytes that say they are an event of @kind and @said bytes; nothing is 0. */
static unsigned char *make_bytes(uint16_t kind, uint16_t said, size_t size)
{
	struct forkwatch_header header = { .size = said, .kind = kind, .cpu = 1, .seq = 2 };
	unsigned char *data = malloc(size);

	assert_non_null(data);
	memset(data, 0xa5, size);
	memcpy(data, &header, size < sizeof(header) ? size : sizeof(header));
	return data;
}

static int is_field_end(const struct fw_event_type *type, size_t size)
{
	const struct fw_field *field;

	for (field = type->fields; field->name; field++)
		if (end_of(field) == size)
			return 1;
	return size == sizeof(struct forkwatch_header) || size > type->size;
}

/* All bytes that were sent are there, and zeros up to the type's size. */
static void assert_decoded(const struct forkwatch_header *event, const unsigned char *data,
			   size_t size, const struct fw_event_type *type)
{
	const unsigned char *copy = (const unsigned char *)event;
	const struct fw_field *field;
	size_t i;

	assert_int_equal(event->size, size);
	assert_memory_equal(copy, data, size);
	for (i = size; i < type->size; i++)
		assert_int_equal(copy[i], 0);
	for (field = type->fields; field->name; field++)
		assert_int_equal(!!fw_event_has(event, field), end_of(field) <= size);
}

/* What a transport appends to an event is no part of it. */
static void expect_decoded(const struct fw_event_type *type, size_t size, size_t padding)
{
	unsigned char *data = make_bytes(type->kind, size, size + padding);
	struct forkwatch_header *event = NULL;
	int err = fw_event_decode(data, size + padding, &event);

	if (size >= sizeof(*event) && is_field_end(type, size)) {
		assert_int_equal(err, 0);
		assert_decoded(event, data, size, type);
	} else {
		assert_int_equal(err, -EBADMSG);
	}
	free(event);
	free(data);
}

/* The bytes end where their memory does, so that ASan sees a byte read too far. */
static void every_size(void **state)
{
	const struct fw_event_type *type;
	size_t size;

	(void)state;
	for (type = fw_event_types; type->name; type++) {
		for (size = 0; size <= type->size + 8; size++) {
			expect_decoded(type, size, 0);
			expect_decoded(type, size, 8);
		}
	}
}

static void assert_refused(uint16_t kind, uint16_t said, size_t size, int err)
{
	unsigned char *data = make_bytes(kind, said, size);
	struct forkwatch_header *event = NULL;

	assert_int_equal(fw_event_decode(data, size, &event), err);
	assert_null(event);
	free(data);
}

static void size_and_header_differ(void **state)
{
	const struct fw_event_type *type;

	(void)state;
	for (type = fw_event_types; type->name; type++) {
		assert_refused(type->kind, type->size, type->size - 8, -EBADMSG);
		assert_refused(type->kind, type->size + 1, type->size, -EBADMSG);
		assert_refused(type->kind, 0, type->size, -EBADMSG);
		assert_refused(type->kind, 31, type->size, -EBADMSG);
		assert_refused(type->kind, 0xffff, type->size, -EBADMSG);
	}
}

static void unknown_kinds(void **state)
{
	unsigned int kind;

	(void)state;
	for (kind = 0; kind < 0x10000; kind++)
		if (!fw_event_type(kind))
			assert_refused(kind, 64, 64, -ENOTSUP);
	assert_refused(999, 31, 64, -EBADMSG);
	assert_refused(999, 65, 64, -EBADMSG);
}

static void any_alignment(void **state)
{
	const struct fw_event_type *type = fw_event_type(FORKWATCH_COPY_THREAD);
	unsigned char *data = make_bytes(type->kind, type->size, type->size);
	unsigned char *room = malloc(type->size + 8);
	struct forkwatch_header *event;
	size_t shift;

	(void)state;
	for (shift = 0; shift < 8; shift++) {
		memcpy(room + shift, data, type->size);
		assert_int_equal(fw_event_decode(room + shift, type->size, &event), 0);
		assert_decoded(event, data, type->size, type);
		free(event);
	}
	free(room);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_covers_the_structs),
		cmocka_unit_test(table_knows_names_and_types),
		cmocka_unit_test(every_size),
		cmocka_unit_test(size_and_header_differ),
		cmocka_unit_test(unknown_kinds),
		cmocka_unit_test(any_alignment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
