// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of ftrace as events. Where the fields of a record lie is looked up once for
 * each of the kernel's events: libtraceevent compares names one by one, which took ten
 * times as long as all else that is done with a record.
 */
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>

#include "array.h"
#include "event.h"
#include "tracefs_record.h"

#define CPUS_MAX	8192	/* no arm64 kernel counts that far */
#define PIECES_MAX	8	/* the kernel lays fields out as we do: one is enough */

union any_event {
	struct forkwatch_header hdr;
#define MEMBER(KIND, value, name)	struct forkwatch_##name name;
	FORKWATCH_EVENTS(MEMBER)
#undef MEMBER
};

#define COUNT_ONE(KIND, value, name)	+ 1
#define LAYOUTS_MAX	(0 FORKWATCH_EVENTS(COUNT_ONE))

/* Bytes of a record that lie in the event in the same order. */
struct piece {
	size_t from, to, size;
};

struct layout {
	const struct tep_event *of;
	uint16_t size;			/* of the event; 0: it is none of ours */
	uint16_t kind;			/* 0: the record has a header of its own */
	size_t needs;			/* a record that is shorter was cut */
	size_t path;			/* of exec: where it says where its string lies */
	unsigned int nr;
	struct piece pieces[PIECES_MAX];
};

struct fw_tracefs_records {
	struct tep_handle *tep;
	uint64_t seq[CPUS_MAX];
	union any_event event;
	unsigned int nr;
	struct layout layouts[LAYOUTS_MAX];
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

/*
 * Layouts.
 */

/* Where the @size bytes of a field lie; 0, the record's type, if it is not there or differs. */
static size_t find(struct layout *layout, const char *name, size_t size)
{
	const struct tep_format_field *field =
		tep_find_any_field((struct tep_event *)layout->of, name);

	if (!field || (size_t)field->size != size || field->offset <= 0)
		return 0;
	if (layout->needs < field->offset + size)
		layout->needs = field->offset + size;
	return field->offset;
}

static bool add(struct layout *layout, const char *name, size_t to, size_t size)
{
	struct piece *last = layout->nr ? &layout->pieces[layout->nr - 1] : NULL;
	size_t from = find(layout, name, size);

	if (!from)
		return false;
	if (last && last->from + last->size == from && last->to + last->size == to) {
		last->size += size;
		return true;
	}
	if (layout->nr == PIECES_MAX)
		return false;
	layout->pieces[layout->nr++] = (struct piece) { from, to, size };
	return true;
}

#define ADD(layout, name, event, field)							\
	add(layout, name, offsetof(struct forkwatch_##event, field),			\
	    sizeof(((struct forkwatch_##event *)NULL)->field))

/*
 * The module's records have the ABI's fields. Those of an older one end sooner,
 * and so does the event.
 */
static void lay_out_fields(struct layout *layout, const struct fw_event_type *type)
{
	const struct fw_field *field;
	size_t end;

	if (!add(layout, "hdr", 0, sizeof(struct forkwatch_header)))
		return;
	for (field = type->fields; field->name; field++) {
		end = field[1].name ? field[1].offset : type->size;
		if (!add(layout, field->name, field->offset, end - field->offset))
			break;
	}
	layout->size = field->name ? field->offset : type->size;
}

static void lay_out_module(struct layout *layout)
{
	const struct fw_event_type *type;

	for (type = fw_event_types; type->name; type++)
		if (type->kind < FORKWATCH_KIND_BPF && !strcmp(type->name, layout->of->name))
			lay_out_fields(layout, type);
}

/* pid is the child, common_pid its parent. */
static bool lay_out_wakeup_new(struct layout *layout)
{
	return ADD(layout, "pid", wakeup_new, child_tid) &&
	       ADD(layout, "target_cpu", wakeup_new, target_cpu);
}

/* What executes a program is its group's leader by then. */
static bool lay_out_exec(struct layout *layout)
{
	layout->path = find(layout, "filename", sizeof(__u32));
	return layout->path && ADD(layout, "old_pid", exec, old_tid) &&
	       ADD(layout, "common_pid", exec, hdr.tgid);
}

static bool lay_out_exit(struct layout *layout)
{
	(void)layout;
	return true;
}

static const struct {
	const char *name;
	uint16_t kind;
	uint16_t size;
	bool (*lay_out)(struct layout *layout);
} tracepoints[] = {
	{ "sched_wakeup_new", FORKWATCH_WAKEUP_NEW, sizeof(struct forkwatch_wakeup_new),
	  lay_out_wakeup_new },
	{ "sched_process_exec", FORKWATCH_EXEC, sizeof(struct forkwatch_exec), lay_out_exec },
	{ "sched_process_exit", FORKWATCH_EXIT, sizeof(struct forkwatch_exit), lay_out_exit },
};

static void lay_out_tracepoint(struct layout *layout)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tracepoints); i++) {
		if (strcmp(tracepoints[i].name, layout->of->name) ||
		    !add(layout, "common_pid", offsetof(struct forkwatch_header, tid),
			 sizeof(__u32)) ||
		    !tracepoints[i].lay_out(layout))
			continue;
		layout->kind = tracepoints[i].kind + FORKWATCH_BY_TRACEFS;
		layout->size = tracepoints[i].size;
	}
}

/* NULL: more of the kernel's events than there are of ours, so that this is none. */
static const struct layout *layout_of(struct fw_tracefs_records *records,
				      const struct tep_event *event)
{
	struct layout *layout;
	unsigned int i;

	for (i = 0; i < records->nr; i++)
		if (records->layouts[i].of == event)
			return &records->layouts[i];
	if (i == LAYOUTS_MAX)
		return NULL;
	layout = &records->layouts[records->nr++];
	layout->of = event;
	if (!strcmp(event->system, "forkwatch"))
		lay_out_module(layout);
	else
		lay_out_tracepoint(layout);
	return layout;
}

/*
 * Records.
 */

/* __data_loc: the offset in the record, and above it the size. */
static bool take_path(struct forkwatch_exec *exec, const struct layout *layout,
		      const struct tep_record *record)
{
	const char *data = record->data;
	size_t offset, size;
	uint32_t where;

	memcpy(&where, data + layout->path, sizeof(where));
	offset = where & 0xffff;
	size = where >> 16;
	if (offset + size > (size_t)record->size)
		return false;
	if (size >= sizeof(exec->path))
		size = sizeof(exec->path) - 1;
	memcpy(exec->path, data + offset, size);
	return true;
}

static bool take(union any_event *to, const struct layout *layout,
		 const struct tep_record *record, int cpu)
{
	unsigned int i;

	if ((size_t)record->size < layout->needs)
		return false;
	memset(to, 0, layout->size);
	for (i = 0; i < layout->nr; i++) {
		const struct piece *piece = &layout->pieces[i];

		memcpy((char *)to + piece->to, (const char *)record->data + piece->from,
		       piece->size);
	}
	to->hdr.size = layout->size;
	if (!layout->kind)
		return true;
	to->hdr.kind = layout->kind;
	to->hdr.cpu = cpu;
	to->hdr.time = record->ts;
	return !layout->path || take_path(&to->exec, layout, record);
}

const struct forkwatch_header *fw_tracefs_decode(struct fw_tracefs_records *records,
						 const struct tep_event *event,
						 const struct tep_record *record, int cpu)
{
	const struct layout *layout = layout_of(records, event);
	union any_event *to = &records->event;

	if (!layout || !layout->size || !take(to, layout, record, cpu) ||
	    to->hdr.cpu >= CPUS_MAX)
		return NULL;
	to->hdr.seq = records->seq[to->hdr.cpu]++;
	return &to->hdr;
}
