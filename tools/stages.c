// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "stages.h"

static const struct stage {
	const char *name;
	int stage, parent;
} table[] = {
#define STAGE(STAGE, value, name, PARENT) \
	{ #name, FORKWATCH_STAGE_##STAGE, FORKWATCH_STAGE_##PARENT },
	FORKWATCH_STAGES(STAGE)
#undef STAGE
	{ "wake-up to first run", FW_STAGE_WAKE, FW_STAGE_WAKE },
};

#define NR_STAGES	ARRAY_SIZE(table)

_Static_assert(FW_STAGE_ROWS >= 2 * NR_STAGES, "each stage and its rest find room");

/* A stage that was seen; @up is the index of the nearest one above it that was, too. */
struct node {
	bool seen;
	int up;
	struct fw_stage_row row;
};

struct build {
	struct node nodes[NR_STAGES];	/* in the order of the table */
	enum fw_stage_order order;
	struct fw_stages *out;
};

static int find(int stage)
{
	size_t i;

	for (i = 0; i < NR_STAGES; i++)
		if (table[i].stage == stage)
			return i;
	return -1;
}

const char *fw_stage_name(int stage)
{
	int i = find(stage);

	return i < 0 ? NULL : table[i].name;
}

int fw_parse_stage_order(const char *text, enum fw_stage_order *order)
{
	if (!strcmp(text, "start"))
		*order = FW_BY_START;
	else if (!strcmp(text, "time"))
		*order = FW_BY_TIME;
	else
		return -EINVAL;
	return 0;
}

/*
 * What was seen.
 */
static void see(struct build *build, int stage, uint64_t start, uint64_t end, int32_t result)
{
	struct node *node = &build->nodes[find(stage)];

	node->seen = true;
	node->row.start = start;
	node->row.total = end > start ? end - start : 0;
	node->row.calls = 1;
	node->row.result = result;
}

/* Those that have events of their own. */
static void see_events(struct build *build, const struct fw_fork *fork)
{
	const struct forkwatch_copy_thread *copy = fork->copy_thread;
	const struct forkwatch_tail_return *tail = fork->tail_return;
	const struct forkwatch_finish_switch *finish = fork->finish_switch;
	const struct forkwatch_fork_return *ret = fork->ret;

	if (ret)
		see(build, FORKWATCH_STAGE_KERNEL_CLONE, ret->enter_time, ret->hdr.time,
		    ret->result < 0 ? ret->result : 0);
	if (fork->enter && fork->exit)
		see(build, FORKWATCH_STAGE_COPY_PROCESS, fork->enter->hdr.time,
		    fork->exit->hdr.time, fork->exit->result);
	if (copy)
		see(build, FORKWATCH_STAGE_COPY_THREAD, copy->enter_time, copy->hdr.time,
		    copy->result);
	if (fork->wakeup && fork->first_run)
		see(build, FW_STAGE_WAKE, fork->wakeup->hdr.time, fork->first_run->hdr.time, 0);
	if (tail)
		see(build, FORKWATCH_STAGE_SCHEDULE_TAIL, tail->enter_time, tail->hdr.time, 0);
	if (finish)
		see(build, FORKWATCH_STAGE_FINISH_SWITCH, finish->enter_time, finish->hdr.time, 0);
}

static void see_stages(struct build *build, const struct forkwatch_stages *stages)
{
	size_t i;

	for (i = 0; i < NR_STAGES; i++) {
		struct node *node = &build->nodes[i];
		int stage = table[i].stage;

		if (stage >= FORKWATCH_NR_STAGES || !stages->calls[stage])
			continue;
		node->seen = true;
		node->row.start = stages->enter[stage];
		node->row.total = stages->total[stage];
		node->row.calls = stages->calls[stage];
		node->row.result = stages->result[stage];
		node->row.torn = stages->torn & 1U << stage;
	}
}

/* The nearest stage above that was seen; -1: none. */
static int find_up(const struct build *build, size_t i)
{
	int up = i;

	do {
		if (table[up].parent == table[up].stage)
			return -1;
		up = find(table[up].parent);
	} while (!build->nodes[up].seen);
	return up;
}

/*
 * The tree.
 */
static int by_start(const void *a, const void *b)
{
	const struct node *x = *(const struct node *const *)a, *y = *(const struct node *const *)b;

	return (x->row.start > y->row.start) - (x->row.start < y->row.start);
}

static int by_time(const void *a, const void *b)
{
	const struct node *x = *(const struct node *const *)a, *y = *(const struct node *const *)b;

	if (x->row.total == y->row.total)
		return by_start(a, b);
	return x->row.total < y->row.total ? 1 : -1;
}

/* The outermost stand in order of time in any case: first the parent's, then the child's. */
static size_t below(struct build *build, int up, struct node **list)
{
	bool by_total = up >= 0 && build->order == FW_BY_TIME;
	size_t i, nr = 0;

	for (i = 0; i < NR_STAGES; i++)
		if (build->nodes[i].seen && build->nodes[i].up == up)
			list[nr++] = &build->nodes[i];
	qsort(list, nr, sizeof(*list), by_total ? by_time : by_start);
	return nr;
}

/* What the @nr stages of @list take of the row @parent; what is left is its own. */
static void share_out(struct build *build, int parent, struct node **list, size_t nr)
{
	struct fw_stage_row *row = &build->out->rows[parent];
	bool torn = row->torn;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		sum += list[i]->row.total;
		torn |= list[i]->row.torn;
	}
	row->exceeds = sum > row->total && !row->torn;
	row->self = sum < row->total ? row->total - sum : 0;
	if (!nr || !row->self)
		return;
	build->out->rows[build->out->nr++] = (struct fw_stage_row){
		.name = "other",
		.stage = FW_STAGE_OTHER,
		.parent = parent,
		.depth = row->depth + 1,
		.total = row->self,
		.self = row->self,
		.torn = torn,
	};
}

static void put_below(struct build *build, int up, int parent, unsigned int depth)
{
	struct node *list[NR_STAGES];
	size_t i, nr = below(build, up, list);

	for (i = 0; i < nr; i++) {
		struct fw_stage_row *row = &build->out->rows[build->out->nr];
		int index = build->out->nr++, stage = list[i] - build->nodes;

		*row = list[i]->row;
		row->name = table[stage].name;
		row->stage = table[stage].stage;
		row->parent = parent;
		row->depth = depth;
		put_below(build, stage, index, depth + 1);
	}
	if (parent >= 0)
		share_out(build, parent, list, nr);
}

int fw_stages_build(const struct fw_fork *fork, enum fw_stage_order order,
		    struct fw_stages *stages)
{
	struct build build = { .order = order, .out = stages };
	size_t i;

	memset(stages, 0, sizeof(*stages));
	if (!fork->stages)
		return -ENODATA;
	stages->absent = fork->stages->absent;
	stages->refused = fork->stages->refused;
	see_events(&build, fork);
	see_stages(&build, fork->stages);
	for (i = 0; i < NR_STAGES; i++)
		build.nodes[i].up = find_up(&build, i);
	put_below(&build, -1, -1, 0);
	return 0;
}
