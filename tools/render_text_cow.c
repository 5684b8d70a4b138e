// SPDX-License-Identifier: GPL-2.0-only
/* The text format: what a fork cost when it was over. */
#include <string.h>

#include "render_text.h"

static unsigned long long ull(uint64_t value)
{
	return value;
}

/* What is the same in most cases is left out. */
static const struct {
	unsigned int cow;
	const char *text;
} rest[] = {
	{ FORKWATCH_COW_REUSED, "written in place" },
	{ FORKWATCH_COW_FIRST, "not shared by the fork" },
	{ FORKWATCH_COW_HUGE_SPLIT, "huge split" },
	{ FORKWATCH_COW_HUGE_REUSED, "huge written in place" },
};

/* "120 pages copied   3 written in place   faults took 3.40 ms" */
void fw_view_cow_counts(struct fw_text *text, const uint64_t faults[FORKWATCH_NR_COW], uint64_t ns)
{
	uint64_t copied = faults[FORKWATCH_COW_COPIED], unseen = fw_cow_unseen(faults);
	char time[32];
	size_t i;

	fw_text_item(text, "%llu page%s copied", ull(copied), copied == 1 ? "" : "s");
	for (i = 0; i < sizeof(rest) / sizeof(*rest); i++)
		if (faults[rest[i].cow])
			fw_text_item(text, "%llu %s", ull(faults[rest[i].cow]), rest[i].text);
	if (unseen)
		fw_text_item(text, "%llu " FW_UNSEEN, ull(unseen));
	if (ns)
		fw_text_item(text, "faults took %s", fw_name_duration(0, ns, time, sizeof(time)));
}

static void put_side(struct fw_text *text, const char *side, const char *task, const __u64 *faults,
		     uint64_t ns)
{
	uint64_t copy[FORKWATCH_NR_COW];

	memcpy(copy, faults, sizeof(copy));
	fw_text_row(text, "");
	fw_text_item(text, "%s %s", side, task);
	fw_text_hang(text);
	fw_view_cow_counts(text, copy, ns);
}

static void put_unseen(struct fw_text *text, const char *side, const char *task)
{
	fw_text_row(text, "");
	fw_text_item(text, "%s %s", side, task);
	fw_text_item(text, FW_UNSEEN);
}

/* "cow     fork 3   until its child's exec, 12.3 ms after it was woken" */
static void put_fork(struct fw_text *text, const struct fw_cow *cow)
{
	const struct forkwatch_cow *event = cow->event;
	const char *reason = fw_cow_reason(event->reason);
	char time[32];

	fw_text_row_styled(text, FW_BOLD, "cow");
	if (cow->fork)
		fw_text_styled(text, FW_BOLD, "fork %llu", ull(cow->fork));
	else
		fw_text_styled(text, FW_BOLD, "fork " FW_UNSEEN);
	if (event->reason == FORKWATCH_COW_OPEN)
		fw_text_item(text, "until tracing ended");
	else
		fw_text_item(text, "until its child's %s", reason ? reason : "end");
	fw_text_more(text, ", %s after it was woken",
		     fw_name_duration(event->begin, event->hdr.time, time, sizeof(time)));
}

void fw_view_cow(struct fw_text *text, const struct fw_cow *cow)
{
	const struct forkwatch_cow *event = cow->event;
	char child[FW_NAME_TASK_LEN], parent[FW_NAME_TASK_LEN];

	fw_name_task(cow->child_comm, event->child_tid, event->child_tid, child, sizeof(child));
	fw_name_task(cow->parent_comm, event->parent_tgid, event->parent_tgid, parent,
		     sizeof(parent));
	put_fork(text, cow);
	if (event->flags & FORKWATCH_COW_CHILD)
		put_side(text, "child", child, event->child_faults, event->child_ns);
	else
		put_unseen(text, "child", child);
	if (event->flags & FORKWATCH_COW_PARENT)
		put_side(text, "parent", parent, event->parent_faults, event->parent_ns);
	else
		put_unseen(text, "parent", parent);
	fw_text_end(text, true);
}

void fw_view_cow_totals(struct fw_text *text, const struct fw_cow_totals *totals)
{
	if (!totals->forks)
		return;
	fw_text_row(text, "cow");
	fw_text_item(text, "%llu fork%s counted", ull(totals->forks),
		     totals->forks == 1 ? "" : "s");
	fw_text_row(text, "");
	fw_text_item(text, "children");
	fw_text_hang(text);
	fw_view_cow_counts(text, totals->child.faults, totals->child.ns);
	fw_text_row(text, "");
	fw_text_item(text, "parents");
	fw_text_hang(text);
	fw_view_cow_counts(text, totals->parent.faults, totals->parent.ns);
}
