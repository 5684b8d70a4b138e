// SPDX-License-Identifier: GPL-2.0-only
/* Records of ftrace as events. */
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>

#include "array.h"
#include "event.h"
#include "tracefs_record.h"

#define CPUS_MAX	8192	/* no arm64 kernel counts that far */

union any_event {
	struct forkwatch_header hdr;
#define MEMBER(KIND, value, name)	struct forkwatch_##name name;
	FORKWATCH_EVENTS(MEMBER)
#undef MEMBER
};

struct fw_tracefs_records {
	struct tep_handle *tep;
	uint64_t seq[CPUS_MAX];
	union any_event event;
};

struct fw_tracefs_records *fw_tracefs_records_new(struct tep_handle *tep)
{
	struct fw_tracefs_records *records = calloc(1, sizeof(*records));

	if (records)
		records->tep = tep;
	return records;
}

void fw_tracefs_records_free(struct fw_tracefs_records *records)
{
	free(records);
}

/* Where the @size bytes of a field lie in @record; NULL: it is not there, or of another size. */
static const char *find(const struct tep_event *event, const struct tep_record *record,
			const char *name, size_t size)
{
	const struct tep_format_field *field = tep_find_any_field((struct tep_event *)event, name);

	if (!field || (size_t)field->size != size || field->offset < 0 ||
	    field->offset + field->size > record->size)
		return NULL;
	return (const char *)record->data + field->offset;
}

/* A number of four bytes, such as all pids are. */
static bool take_u32(const struct tep_event *event, const struct tep_record *record,
		     const char *name, __u32 *to)
{
	const char *from = find(event, record, name, sizeof(*to));

	if (from)
		memcpy(to, from, sizeof(*to));
	return from;
}

/*
 * The module's records have the ABI's fields. Those of an older one end sooner,
 * and so does the event.
 */
static bool take_fields(union any_event *to, const struct fw_event_type *type,
			const struct tep_event *event, const struct tep_record *record)
{
	const struct fw_field *field;
	const char *from;
	size_t end;

	from = find(event, record, "hdr", sizeof(to->hdr));
	if (!from)
		return false;
	memcpy(&to->hdr, from, sizeof(to->hdr));
	for (field = type->fields; field->name; field++) {
		end = field[1].name ? field[1].offset : type->size;
		from = find(event, record, field->name, end - field->offset);
		if (!from)
			break;
		memcpy((char *)to + field->offset, from, end - field->offset);
	}
	to->hdr.size = field->name ? field->offset : type->size;
	return true;
}

static bool take_module(union any_event *to, const struct tep_event *event,
			const struct tep_record *record)
{
	const struct fw_event_type *type;

	for (type = fw_event_types; type->name; type++)
		if (type->kind < FORKWATCH_KIND_BPF && !strcmp(type->name, event->name))
			return take_fields(to, type, event, record);
	return false;
}

/* pid is the child, common_pid its parent. */
static bool take_wakeup_new(union any_event *to, const struct tep_event *event,
			    const struct tep_record *record)
{
	return take_u32(event, record, "pid", &to->wakeup_new.child_tid) &&
	       take_u32(event, record, "target_cpu", &to->wakeup_new.target_cpu);
}

/* What executes a program is its group's leader by then. */
static bool take_exec(union any_event *to, const struct tep_event *event,
		      const struct tep_record *record)
{
	__u32 where;
	size_t offset, size;

	if (!take_u32(event, record, "old_pid", &to->exec.old_tid) ||
	    !take_u32(event, record, "filename", &where))
		return false;
	/* __data_loc: the offset in the record, and above it the size. */
	offset = where & 0xffff;
	size = where >> 16;
	if (offset + size > (size_t)record->size)
		return false;
	if (size >= sizeof(to->exec.path))
		size = sizeof(to->exec.path) - 1;
	memcpy(to->exec.path, (const char *)record->data + offset, size);
	to->hdr.tgid = to->hdr.tid;
	return true;
}

static bool take_exit(union any_event *to, const struct tep_event *event,
		      const struct tep_record *record)
{
	(void)to;
	(void)event;
	(void)record;
	return true;
}

static const struct {
	const char *name;
	uint16_t kind;
	uint16_t size;
	bool (*take)(union any_event *to, const struct tep_event *event,
		     const struct tep_record *record);
} tracepoints[] = {
	{ "sched_wakeup_new", FORKWATCH_WAKEUP_NEW, sizeof(struct forkwatch_wakeup_new),
	  take_wakeup_new },
	{ "sched_process_exec", FORKWATCH_EXEC, sizeof(struct forkwatch_exec), take_exec },
	{ "sched_process_exit", FORKWATCH_EXIT, sizeof(struct forkwatch_exit), take_exit },
};

static bool take_tracepoint(union any_event *to, const struct tep_event *event,
			    const struct tep_record *record, int cpu)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tracepoints); i++) {
		if (strcmp(tracepoints[i].name, event->name))
			continue;
		to->hdr.kind = tracepoints[i].kind + FORKWATCH_BY_TRACEFS;
		to->hdr.size = tracepoints[i].size;
		to->hdr.cpu = cpu;
		to->hdr.time = record->ts;
		return take_u32(event, record, "common_pid", &to->hdr.tid) &&
		       tracepoints[i].take(to, event, record);
	}
	return false;
}

const struct forkwatch_header *fw_tracefs_decode(struct fw_tracefs_records *records,
						 const struct tep_event *event,
						 const struct tep_record *record, int cpu)
{
	union any_event *to = &records->event;
	bool taken;

	memset(to, 0, sizeof(*to));
	taken = !strcmp(event->system, "forkwatch") ? take_module(to, event, record) :
						      take_tracepoint(to, event, record, cpu);
	if (!taken || to->hdr.cpu >= CPUS_MAX)
		return NULL;
	to->hdr.seq = records->seq[to->hdr.cpu]++;
	return &to->hdr;
}
