// SPDX-License-Identifier: GPL-2.0-only
/* Rule W1: what the module and BPF programs read of the same moment, each by itself. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "event.h"
#include "observer.h"
#include "regs.h"
#include "rule.h"
#include "witness.h"

#define NAME_LEN	64

/*
 * The two do not read at the very same time: clocks go on, and other tasks write
 * to memory and counters that they share with this one.
 */
static bool is_of_the_moment(const char *field)
{
	static const char *const fields[] = {
		"size", "kind", "seq", "time", "enter_time", "reserved", "tid_there",
		"parent_threads", "user_processes", "parent_vmas", "child_vmas",
		"parent_pgtables", "child_pgtables", "pid_ns_pids", NULL,
	};
	const char *const *name;

	for (name = fields; *name; name++)
		if (!strcmp(field, *name))
			return true;
	return false;
}

static bool same_number(const char *field, uint64_t module, uint64_t bpf, struct fw_why *why)
{
	return fw_same(field, FW_SIDE("module", module), FW_SIDE("BPF", bpf), why);
}

static uint64_t number_at(enum fw_field_type type, const char *at)
{
	__u64 u64;
	__u32 u32;
	__u16 u16;

	switch (type) {
	case FW_U16:
		memcpy(&u16, at, sizeof(u16));
		return u16;
	case FW_U32:
	case FW_S32:
		memcpy(&u32, at, sizeof(u32));
		return u32;
	case FW_CHAR:
		return (unsigned char)*at;
	default:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	}
}

static size_t number_size(enum fw_field_type type)
{
	return type == FW_U16 ? 2 : type == FW_U32 || type == FW_S32 ? 4 : type == FW_CHAR ? 1 : 8;
}

static bool same_regs(const char *field, const void *module, const void *bpf, struct fw_why *why)
{
	struct fw_reg a[FW_NR_REGS], b[FW_NR_REGS];
	char name[NAME_LEN];
	unsigned int i;

	fw_regs_list(module, a);
	fw_regs_list(bpf, b);
	for (i = 0; i < FW_NR_REGS; i++) {
		snprintf(name, sizeof(name), "%.48s.%.11s", field, a[i].name);
		if (!same_number(name, a[i].value, b[i].value, why))
			return false;
	}
	return true;
}

static bool same_context(const char *field, const void *module, const void *bpf,
			 struct fw_why *why)
{
	struct fw_reg a[FW_NR_CONTEXT], b[FW_NR_CONTEXT];
	char name[NAME_LEN];
	unsigned int i;

	fw_context_list(module, a);
	fw_context_list(bpf, b);
	for (i = 0; i < FW_NR_CONTEXT; i++) {
		snprintf(name, sizeof(name), "%.48s.%.11s", field, a[i].name);
		if (!same_number(name, a[i].value, b[i].value, why))
			return false;
	}
	return true;
}

static bool same_numbers(const struct fw_field *field, const char *label, const char *module,
			 const char *bpf, struct fw_why *why)
{
	size_t i, size = number_size(field->type);
	char name[NAME_LEN];

	for (i = 0; i < field->count; i++) {
		if (field->is_array)
			snprintf(name, sizeof(name), "%.48s[%u]", label, (unsigned int)i);
		else
			snprintf(name, sizeof(name), "%.48s", label);
		if (!same_number(name, number_at(field->type, module + i * size),
				 number_at(field->type, bpf + i * size), why))
			return false;
	}
	return true;
}

static bool same_field(const struct fw_event_type *type, const struct fw_field *field,
		       const struct forkwatch_header *event, const struct forkwatch_header *copy,
		       struct fw_why *why)
{
	const char *module = (const char *)event + field->offset;
	const char *bpf = (const char *)copy + field->offset;
	char label[NAME_LEN];

	snprintf(label, sizeof(label), "%.16s.%.32s", type->name, field->name);
	if (field->type == FW_REGS)
		return same_regs(label, module, bpf, why);
	if (field->type == FW_CONTEXT)
		return same_context(label, module, bpf, why);
	return same_numbers(field, label, module, bpf, why);
}

static bool same_fields(const struct fw_event_type *type, const struct fw_field *field,
			const struct forkwatch_header *event, const struct forkwatch_header *copy,
			struct fw_why *why)
{
	for (; field->name; field++) {
		if (is_of_the_moment(field->name) || !fw_event_has(event, field) ||
		    !fw_event_has(copy, field))
			continue;
		if (!same_field(type, field, event, copy, why))
			return false;
	}
	return true;
}

enum fw_verdict fw_holds_witness(const struct fw_fork *fork, const struct fw_env *env,
				 struct fw_why *why)
{
	enum fw_verdict verdict = FW_PASS;
	struct fw_why unseen = { "" };
	unsigned int i;

	(void)env;
	for (i = 0; i < FW_NR_WITNESSED; i++) {
		const struct forkwatch_header *event = fw_witnessed_event(fork, &fw_witnessed[i]);
		const struct forkwatch_header *copy = fork->witness[i];
		const struct fw_event_type *type = fw_event_type(fw_witnessed[i].kind);

		if (event && copy && !(same_fields(type, fw_header_fields, event, copy, why) &&
				       same_fields(type, type->fields, event, copy, why)))
			return FW_FAIL;
		if (event && !copy) {
			fw_explain(&unseen, "%s has no copy: it was lost, or the kernel refused "
				   "BPF programs on %s", type->name, type->origin);
			verdict = FW_NOT_OBSERVED;
		}
	}
	*why = unseen;
	return verdict;
}
