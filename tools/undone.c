// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "stages.h"
#include "undone.h"

/* In the order of copy_process(). */
static const struct undo {
	const char *name;
	unsigned int undo;
	int stage;
} table[] = {
#define UNDO(UNDO, value, name, STAGE) \
	{ #name, FORKWATCH_UNDO_##UNDO, FORKWATCH_STAGE_##STAGE },
	FORKWATCH_UNDOS(UNDO)
#undef UNDO
};

_Static_assert(ARRAY_SIZE(table) <= FORKWATCH_NR_UNDOS, "each has a place in the event");

/* Where the function of a stage is inlined, one that it calls tells of it. */
static const struct {
	int stage, inner;
} inner[] = {
	{ FORKWATCH_STAGE_DUP_TASK_STRUCT, FORKWATCH_STAGE_ARCH_DUP_TASK_STRUCT },
	{ FORKWATCH_STAGE_COPY_MM, FORKWATCH_STAGE_DUP_MM },
	{ FORKWATCH_STAGE_COPY_MM, FORKWATCH_STAGE_DUP_MMAP },
};

const char *fw_undo_name(unsigned int undo)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].undo == undo)
			return table[i].name;
	return NULL;
}

const char *fw_undo_how_name(enum fw_undo_how how)
{
	static const char *const names[FW_NR_UNDO_HOW] = {
		[FW_UNDO_OBSERVED] = "observed",
		[FW_UNDO_NOT_CALLED] = "not-called",
		[FW_UNDO_ABSENT] = "absent",
		[FW_UNDO_REFUSED] = "refused",
		[FW_UNDO_NOT_WATCHED] = "not-watched",
	};

	return names[how];
}

static const struct fw_stage_row *find(const struct fw_stages *stages, int stage)
{
	size_t i;

	for (i = 0; i < stages->nr; i++)
		if (stages->rows[i].stage == stage)
			return &stages->rows[i];
	return NULL;
}

static bool is_done(const struct fw_stages *stages, int stage)
{
	const struct fw_stage_row *row = find(stages, stage);
	size_t i;

	for (i = 0; !row && i < ARRAY_SIZE(inner); i++)
		if (inner[i].stage == stage)
			row = find(stages, inner[i].inner);
	return row && !row->result && !row->torn;
}

static enum fw_undo_how how(const struct forkwatch_undone *event, unsigned int undo)
{
	if (!event)
		return FW_UNDO_NOT_WATCHED;
	if (event->calls[undo])
		return FW_UNDO_OBSERVED;
	if (event->absent & 1U << undo)
		return FW_UNDO_ABSENT;
	if (event->refused & 1U << undo)
		return FW_UNDO_REFUSED;
	return event->armed & 1U << undo ? FW_UNDO_NOT_CALLED : FW_UNDO_NOT_WATCHED;
}

static void put_row(const struct forkwatch_undone *event, const struct undo *undo,
		    struct fw_undone *undone)
{
	struct fw_undo_row *row = &undone->rows[undone->nr++];

	*row = (struct fw_undo_row) {
		.name = undo->name,
		.stage = fw_stage_name(undo->stage),
		.how = how(event, undo->undo),
	};
	if (!event || row->how != FW_UNDO_OBSERVED)
		return;
	row->start = event->enter[undo->undo];
	row->total = event->total[undo->undo];
	row->calls = event->calls[undo->undo];
	row->torn = event->torn & 1U << undo->undo;
}

static int by_start(const void *a, const void *b)
{
	const struct fw_undo_row *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

int fw_undone_build(const struct fw_fork *fork, struct fw_undone *undone)
{
	const struct forkwatch_undone *event = fork->undone;
	struct fw_stages stages;
	size_t i;

	memset(undone, 0, sizeof(*undone));
	if (fw_fork_error(fork) >= 0 || !fork->enter)
		return -ENODATA;
	if (fw_stages_build(fork, FW_BY_START, &stages) && !event)
		return -ENODATA;
	undone->watched = event;
	for (i = 0; event && i < ARRAY_SIZE(table); i++)
		if (event->calls[table[i].undo])
			put_row(event, &table[i], undone);
	qsort(undone->rows, undone->nr, sizeof(*undone->rows), by_start);
	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (!(event && event->calls[table[i].undo]) && is_done(&stages, table[i].stage))
			put_row(event, &table[i], undone);
	return 0;
}
