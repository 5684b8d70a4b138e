// SPDX-License-Identifier: GPL-2.0-only
/* The event table, generated from forkwatch.h, and the decoding of events. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "observer.h"

/* A type that is not in this list does not build. */
#define FIELD_TYPE(ctype)				\
	_Generic(*(ctype *)NULL,			\
		 __u16 : FW_U16,			\
		 __u32 : FW_U32,			\
		 __u64 : FW_U64,			\
		 __s32 : FW_S32,			\
		 __s64 : FW_S64,			\
		 char : FW_CHAR,			\
		 struct forkwatch_regs : FW_REGS,	\
		 struct forkwatch_context : FW_CONTEXT,	\
		 struct forkwatch_state : FW_STATE)

/*
 * A field list knows neither its struct's name nor how many fields went before,
 * so a row is written by two macros: ROW_OF(struct) opens it with the offset,
 * FIELD or ARRAY, which the list gives the name to, closes it.
 */
#define ROW_OF(tag)	{ .offset = __builtin_offsetof(struct tag,
#define FIELD_NAMED(ctype, field) \
			field), .name = #field, .type = FIELD_TYPE(ctype)
#define FIELD(ctype, field)	FIELD_NAMED(ctype, field), .count = 1 },
#define ARRAY(ctype, field, n)	FIELD_NAMED(ctype, field), .count = (n), .is_array = 1 },
#define ROWS(list, tag)	list(ROW_OF(tag) FIELD, ROW_OF(tag) ARRAY, ROW_OF(tag) FIELD)

const struct fw_field fw_header_fields[] = {
	ROWS(FORKWATCH_FIELDS_header, forkwatch_header)
	{ .name = NULL }
};

const struct fw_field fw_regs_fields[] = {
	ROWS(FORKWATCH_FIELDS_regs, forkwatch_regs)
	{ .name = NULL }
};

const struct fw_field fw_context_fields[] = {
	ROWS(FORKWATCH_FIELDS_context, forkwatch_context)
	{ .name = NULL }
};

const struct fw_field fw_state_fields[] = {
	ROWS(FORKWATCH_FIELDS_state, forkwatch_state)
	{ .name = NULL }
};

#define EVENT_FIELDS(KIND, value, event)				\
	static const struct fw_field event##_fields[] = {		\
		ROWS(FORKWATCH_FIELDS_##event, forkwatch_##event)	\
		{ .name = NULL }					\
	};
FORKWATCH_EVENTS(EVENT_FIELDS)

/* Where each event is taken; one that has no line here does not build. */
#define ORIGIN_fork_enter	"copy_process"
#define ORIGIN_copy_thread	"copy_thread"
#define ORIGIN_fork_exit	"copy_process"
#define ORIGIN_fork_return	"kernel_clone"
#define ORIGIN_first_run	"schedule_tail"
#define ORIGIN_cpu_switch_to	"__switch_to"
#define ORIGIN_clone_call	"sys_ni_syscall"
#define ORIGIN_tail_return	"schedule_tail"
#define ORIGIN_arch_state	"copy_thread"
#define ORIGIN_clone3_return	"__arm64_sys_clone3"
#define ORIGIN_wakeup_new	"sched_wakeup_new"
#define ORIGIN_exec		"sched_process_exec"
#define ORIGIN_exit		"sched_process_exit"
#define ORIGIN_stages		"kernel_clone"
#define ORIGIN_cow		"do_wp_page"
#define ORIGIN_mm_release	"exec_mm_release, exit_mm_release"
#define ORIGIN_finish_switch	"finish_task_switch"
#define ORIGIN_undone		"copy_process"

#define EVENT_TYPE(KIND, value, event)				\
	{							\
		.name = #event,					\
		.kind = FORKWATCH_##KIND,			\
		.size = sizeof(struct forkwatch_##event),	\
		.origin = ORIGIN_##event,			\
		.fields = event##_fields,			\
	},

const struct fw_event_type fw_event_types[] = {
	FORKWATCH_EVENTS(EVENT_TYPE)
	{ .name = NULL }
};

/* Asked for with every event. */
enum {
#define EVENT_INDEX(KIND, value, event)	INDEX_##event,
	FORKWATCH_EVENTS(EVENT_INDEX)
#undef EVENT_INDEX
};

static const struct fw_event_type *const by_kind[FORKWATCH_KIND_MASK + 1] = {
#define EVENT_BY_KIND(KIND, value, event)	[value] = &fw_event_types[INDEX_##event],
	FORKWATCH_EVENTS(EVENT_BY_KIND)
#undef EVENT_BY_KIND
};

const struct fw_event_type *fw_event_type(uint16_t kind)
{
	const uint16_t base = kind & FORKWATCH_KIND_MASK;

	if (kind != base && !fw_observer_makes(kind - base, base))
		return NULL;
	return by_kind[base];
}

static size_t field_end(const struct fw_field *field)
{
	static const size_t bytes[] = {
		[FW_U16] = sizeof(__u16),
		[FW_U32] = sizeof(__u32),
		[FW_U64] = sizeof(__u64),
		[FW_S32] = sizeof(__s32),
		[FW_S64] = sizeof(__s64),
		[FW_CHAR] = sizeof(char),
		[FW_REGS] = sizeof(struct forkwatch_regs),
		[FW_CONTEXT] = sizeof(struct forkwatch_context),
		[FW_STATE] = sizeof(struct forkwatch_state),
	};

	return field->offset + bytes[field->type] * field->count;
}

/* Events grow by whole fields: one that ends within a field was cut on its way. */
static int ends_with_a_field(const struct fw_event_type *type, size_t size)
{
	const struct fw_field *field;

	if (size == sizeof(struct forkwatch_header) || size >= type->size)
		return 1;
	for (field = type->fields; field->name; field++)
		if (field_end(field) == size)
			return 1;
	return 0;
}

int fw_event_decode(const void *data, size_t size, struct forkwatch_header **event)
{
	const struct fw_event_type *type;
	struct forkwatch_header header, *copy;
	size_t room;

	if (size < sizeof(header))
		return -EBADMSG;
	memcpy(&header, data, sizeof(header));
	if (header.size < sizeof(header) || header.size > size)
		return -EBADMSG;
	size = header.size;
	type = fw_event_type(header.kind);
	if (!type)
		return -ENOTSUP;
	if (!ends_with_a_field(type, size))
		return -EBADMSG;

	room = size > type->size ? size : type->size;
	copy = malloc(room);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	if (room > size)
		memset((char *)copy + size, 0, room - size);
	*event = copy;
	return 0;
}

int fw_event_has(const struct forkwatch_header *event, const struct fw_field *field)
{
	return field_end(field) <= event->size && fw_kind_shows(event->kind, field->offset);
}
