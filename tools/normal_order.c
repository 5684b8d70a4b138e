// SPDX-License-Identifier: GPL-2.0-only
/* See normal_order.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "clone_flags.h"
#include "event.h"
#include "names.h"
#include "normal.h"
#include "normal_order.h"
#include "undone.h"

struct seen {
	const struct forkwatch_header *event;
};

static bool is_before(const struct forkwatch_header *a, const struct forkwatch_header *b)
{
	return a->time == b->time ? a->seq < b->seq : a->time < b->time;
}

/* They are few, and mostly in order. */
static void put_order(struct fw_draft *draft, const char *name, struct seen *all, size_t nr)
{
	size_t i, at, seen = 0;

	for (i = 0; i < nr; i++) {
		struct seen next = all[i];

		if (!next.event)
			continue;
		for (at = seen++; at && is_before(next.event, all[at - 1].event); at--)
			all[at] = all[at - 1];
		all[at] = next;
	}
	fw_draft_array(draft, name);
	for (i = 0; i < seen; i++)
		fw_draft_constant(draft, NULL, fw_event_type(all[i].event->kind)->name);
	fw_draft_close(draft);
}

#define HEADER(event)	((event) ? &(event)->hdr : NULL)

void fw_normal_parent_events(struct fw_draft *draft, const struct fw_fork *fork)
{
	struct seen seen[] = {
		{ HEADER(fork->clone_call) }, { HEADER(fork->enter) },
		{ HEADER(fork->copy_thread) }, { HEADER(fork->exit) },
		{ HEADER(fork->wakeup) }, { HEADER(fork->ret) }, { HEADER(fork->clone3) },
	};

	put_order(draft, "parent events", seen, ARRAY_SIZE(seen));
}

void fw_normal_child_events(struct fw_draft *draft, const struct fw_fork *fork)
{
	struct seen seen[] = {
		{ HEADER(fork->switch_in) }, { HEADER(fork->first_run) },
		{ HEADER(fork->tail_return) },
	};

	put_order(draft, "child events", seen, ARRAY_SIZE(seen));
}

#define STAGE_ENTRY(STAGE, value, function, parent)	[value] = #function,
static const char *const stage_names[] = { FORKWATCH_STAGES(STAGE_ENTRY) };

struct begun {
	const char *name;
	uint64_t time;
	int32_t result;
	bool torn;
};

static int by_beginning(const void *a, const void *b)
{
	const struct begun *x = a, *y = b;

	if (x->time == y->time)
		return strcmp(x->name, y->name);
	return x->time < y->time ? -1 : 1;
}

static void put_stage(struct fw_draft *draft, const struct begun *begun)
{
	const char *name = begun->name, *error = fw_error_name(begun->result);
	char text[128];

	if (begun->torn)
		snprintf(text, sizeof(text), "%s = ?", name);
	else if (begun->result)
		snprintf(text, sizeof(text), "%s = -%s", name, error ? error : "?");
	else
		snprintf(text, sizeof(text), "%s", name);
	fw_draft_string(draft, NULL, text);
}

static unsigned int list_undone(const struct forkwatch_undone *undone, struct begun *list)
{
	unsigned int undo, nr = 0;

	for (undo = 0; undo < FORKWATCH_NR_UNDOS; undo++)
		if (undone->calls[undo] && fw_undo_name(undo))
			list[nr++] = (struct begun) {
				fw_undo_name(undo), undone->enter[undo], 0,
				undone->torn & 1U << undo
			};
	return nr;
}

/* copy_thread() has an event of its own, and its place among the stages. */
void fw_normal_stages(struct fw_draft *draft, const struct fw_fork *fork)
{
	const struct forkwatch_stages *stages = fork->stages;
	const struct forkwatch_copy_thread *copied = fork->copy_thread;
	struct begun begun[FORKWATCH_NR_STAGES + FORKWATCH_NR_UNDOS + 2];
	unsigned int stage, nr = 0, i;

	for (stage = 0; stage < FORKWATCH_NR_STAGES; stage++)
		if (stages->calls[stage] && stage_names[stage])
			begun[nr++] = (struct begun) {
				stage_names[stage], stages->enter[stage], stages->result[stage],
				stages->torn & 1U << stage
			};
	if (copied)
		begun[nr++] = (struct begun) {
			stage_names[FORKWATCH_STAGE_COPY_THREAD], copied->enter_time,
			copied->result, false
		};
	if (fork->undone)
		nr += list_undone(fork->undone, begun + nr);
	qsort(begun, nr, sizeof(*begun), by_beginning);
	if (fork->finish_switch)
		begun[nr++] = (struct begun) {
			stage_names[FORKWATCH_STAGE_FINISH_SWITCH], 0, 0, false
		};
	fw_draft_array(draft, "stages");
	for (i = 0; i < nr; i++)
		put_stage(draft, &begun[i]);
	fw_draft_close(draft);
}

json_t *fw_normal_watched(const struct fw_fork *fork)
{
	unsigned int stage, undo;
	json_t *array;

	if (!fork->stages || !fork->stages->armed)
		return NULL;
	array = json_array();
	for (stage = 0; stage < FORKWATCH_NR_STAGES; stage++)
		if (fork->stages->armed & 1U << stage && stage_names[stage])
			json_array_append_new(array, json_string(stage_names[stage]));
	json_array_append_new(array, json_string(stage_names[FORKWATCH_STAGE_COPY_THREAD]));
	for (undo = 0; fork->undone && undo < FORKWATCH_NR_UNDOS; undo++)
		if (fork->undone->armed & 1U << undo && fw_undo_name(undo))
			json_array_append_new(array, json_string(fw_undo_name(undo)));
	return array;
}
