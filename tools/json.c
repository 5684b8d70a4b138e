// SPDX-License-Identifier: GPL-2.0-only
/* Events as JSON, by the event table, so that no name can drift. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "clone_flags.h"
#include "event.h"
#include "json.h"
#include "observer.h"

json_t *fw_json_hex(uint64_t value)
{
	return json_sprintf("0x%llx", (unsigned long long)value);
}

json_t *fw_json_integer(uint64_t value)
{
	return value <= INT64_MAX ? json_integer((json_int_t)value) : fw_json_hex(value);
}

json_t *fw_json_flags(uint64_t flags)
{
	char names[FW_CLONE_FLAGS_LEN], *name, *next = names;
	json_t *array = json_array();

	if (!flags)
		return array;
	fw_clone_flags(flags, 0, names, sizeof(names));
	while (array && (name = strsep(&next, "|")))
		json_array_append_new(array, json_string(name));
	return array;
}

json_t *fw_json_text(const char *text, size_t max)
{
	size_t len = strnlen(text, max), i;
	char *plain = strndup(text, len);
	json_t *json;

	for (i = 0; plain && i < len; i++)
		if (!isprint((unsigned char)plain[i]))
			plain[i] = '?';
	json = plain ? json_stringn(plain, len) : NULL;
	free(plain);
	return json;
}

/* The 64-bit fields that count something; all others are addresses, registers or flags. */
static const char * const counts[] = {
	"seq", "time", "enter_time", "start_time", "switches", "parent_switches", "size",
	"stack_size", "sas_ss_size", "parent_sas_ss_size", "user_processes", "rlimit_nproc",
	"parent_pgtables", "child_pgtables", "parent_pages", "child_pages", "enter", "total",
	"gcs_size", "args_size",
	"begin", "parent_faults", "child_faults", "parent_ns", "child_ns", "parent_first",
	"parent_last", "child_first", "child_last",
};

static bool is_count(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++)
		if (!strcmp(counts[i], name))
			return true;
	return false;
}

static json_t *fields_to_json(const struct fw_field *fields, const char *base,
			      const struct forkwatch_header *event);

#define READ(type, from)	({ type value; memcpy(&value, from, sizeof(value)); value; })

/* One element of @field at @from. */
static json_t *element_to_json(const struct fw_field *field, const char *from)
{
	switch (field->type) {
	case FW_U16:
		return json_integer(READ(__u16, from));
	case FW_U32:
		return json_integer(READ(__u32, from));
	case FW_S32:
		return json_integer(READ(__s32, from));
	case FW_S64:
		return json_integer(READ(__s64, from));
	case FW_U64:
		return is_count(field->name) ? fw_json_integer(READ(__u64, from)) :
					       fw_json_hex(READ(__u64, from));
	case FW_REGS:
		return fields_to_json(fw_regs_fields, from, NULL);
	case FW_CONTEXT:
		return fields_to_json(fw_context_fields, from, NULL);
	case FW_STATE:
		return fields_to_json(fw_state_fields, from, NULL);
	case FW_CHAR:
		return fw_json_text(from, field->count);
	}
	return NULL;
}

static size_t element_size(enum fw_field_type type)
{
	static const size_t sizes[] = {
		[FW_U16] = sizeof(__u16),
		[FW_U32] = sizeof(__u32),
		[FW_S32] = sizeof(__s32),
		[FW_S64] = sizeof(__s64),
		[FW_U64] = sizeof(__u64),
		[FW_CHAR] = sizeof(char),
		[FW_REGS] = sizeof(struct forkwatch_regs),
		[FW_CONTEXT] = sizeof(struct forkwatch_context),
		[FW_STATE] = sizeof(struct forkwatch_state),
	};

	return sizes[type];
}

static json_t *field_to_json(const struct fw_field *field, const char *from)
{
	json_t *array;
	size_t i;

	if (!field->is_array || field->type == FW_CHAR)
		return element_to_json(field, from);
	array = json_array();
	for (i = 0; array && i < field->count; i++) {
		json_t *element = element_to_json(field, from + i * element_size(field->type));

		if (json_array_append_new(array, element)) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* @event tells which fields were sent; NULL: all. */
static json_t *fields_to_json(const struct fw_field *fields, const char *base,
			      const struct forkwatch_header *event)
{
	json_t *object = json_object();
	const struct fw_field *field;

	for (field = fields; object && field->name; field++) {
		if (!strcmp(field->name, "reserved") || (event && !fw_event_has(event, field)))
			continue;
		if (json_object_set_new(object, field->name,
					field_to_json(field, base + field->offset))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

json_t *fw_json_regs(const struct forkwatch_regs *regs)
{
	return fields_to_json(fw_regs_fields, (const char *)regs, NULL);
}

json_t *fw_json_context(const struct forkwatch_context *context)
{
	return fields_to_json(fw_context_fields, (const char *)context, NULL);
}

json_t *fw_json_event(const struct forkwatch_header *event)
{
	const struct fw_event_type *type = fw_event_type(event->kind);
	json_t *object, *fields;

	if (!type)
		return json_null();
	object = fields_to_json(fw_header_fields, (const char *)event, NULL);
	/* How many bytes it took on its way is of no interest; clone_call has a size of its own. */
	json_object_del(object, "size");
	json_object_set_new(object, "kind", json_integer(fw_kind(event)));
	json_object_set_new(object, "source", json_string(fw_observer_name(event->kind)));
	if (!fw_kind_shows(event->kind, offsetof(struct forkwatch_header, tgid)))
		json_object_set_new(object, "tgid", json_null());
	fields = fields_to_json(type->fields, (const char *)event, event);
	if (!object || !fields || json_object_update(object, fields)) {
		json_decref(object);
		object = NULL;
	}
	json_decref(fields);
	return object;
}
