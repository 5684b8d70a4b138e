// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "array.h"
#include "cow.h"

#define BUCKETS		1024U
/* Children that are remembered: of those without an exit, the oldest are given up. */
#define CHILDREN_MAX	16384U

/* A child whose fork was told, or whose event came before that. */
struct child {
	LIST_ENTRY(child) same_hash;
	TAILQ_ENTRY(child) order;
	uint64_t task, start_time;
	struct fw_cow cow;
	struct forkwatch_cow *event;	/* waits for its fork */
};

LIST_HEAD(bucket, child);
TAILQ_HEAD(children, child);

struct fw_cows {
	fw_cow_fn fn;
	void *ctx;
	struct bucket buckets[BUCKETS];
	struct children children;	/* in order of arrival */
	unsigned int nr;
	struct child *telling;		/* whose fork is about to be told */
};

static struct bucket *bucket(struct fw_cows *cows, uint64_t task)
{
	return &cows->buckets[(task >> 6 ^ task >> 16) % BUCKETS];
}

static struct child *find(struct fw_cows *cows, uint64_t task, uint64_t start_time)
{
	struct child *child;

	LIST_FOREACH(child, bucket(cows, task), same_hash)
		if (child->task == task && child->start_time == start_time)
			return child;
	return NULL;
}

static void forget(struct fw_cows *cows, struct child *child)
{
	LIST_REMOVE(child, same_hash);
	TAILQ_REMOVE(&cows->children, child, order);
	cows->nr--;
	if (cows->telling == child)
		cows->telling = NULL;
	free(child->event);
	free(child);
}

/* Its event has come, and its fork was told, or will not be. */
static void hand_on(struct fw_cows *cows, struct child *child)
{
	child->cow.event = child->event;
	if (cows->fn)
		cows->fn(cows->ctx, &child->cow);
	forget(cows, child);
}

static struct child *add(struct fw_cows *cows, uint64_t task, uint64_t start_time)
{
	struct child *child = malloc(sizeof(*child)), *oldest;

	if (!child)
		return NULL;
	*child = (struct child) { .task = task, .start_time = start_time };
	LIST_INSERT_HEAD(bucket(cows, task), child, same_hash);
	TAILQ_INSERT_TAIL(&cows->children, child, order);
	if (++cows->nr <= CHILDREN_MAX)
		return child;
	oldest = TAILQ_FIRST(&cows->children);
	if (oldest->event)
		hand_on(cows, oldest);
	else
		forget(cows, oldest);
	return child;
}

int fw_cows_open(struct fw_cows **out)
{
	struct fw_cows *cows = calloc(1, sizeof(*cows));

	if (!cows)
		return -ENOMEM;
	TAILQ_INIT(&cows->children);
	*out = cows;
	return 0;
}

void fw_cows_close(struct fw_cows *cows)
{
	if (!cows)
		return;
	while (!TAILQ_EMPTY(&cows->children))
		forget(cows, TAILQ_FIRST(&cows->children));
	free(cows);
}

void fw_cows_set(struct fw_cows *cows, fw_cow_fn fn, void *ctx)
{
	cows->fn = fn;
	cows->ctx = ctx;
}

static uint64_t start_time_of(const struct fw_fork *fork)
{
	return fork->exit ? fork->exit->start_time :
	       fork->wakeup ? fork->wakeup->start_time :
	       fork->first_run ? fork->first_run->start_time : 0;
}

/* Only a child with an mm of its own can have an event. */
static bool can_copy(const struct fw_fork *fork)
{
	enum fw_fork_kind kind = fw_fork_kind(fork);

	return fork->child && start_time_of(fork) && fw_fork_error(fork) >= 0 &&
	       (kind == FW_FORK || kind == FW_VFORK || kind == FW_KIND_UNKNOWN);
}

int fw_cows_fork(struct fw_cows *cows, const struct fw_fork *fork)
{
	struct child *child;

	cows->telling = NULL;
	if (!cows->fn || !can_copy(fork))
		return 0;
	child = find(cows, fork->child, start_time_of(fork));
	if (!child)
		child = add(cows, fork->child, start_time_of(fork));
	if (!child)
		return -ENOMEM;
	child->cow.fork = fork->id;
	if (fork->enter)
		memcpy(child->cow.parent_comm, fork->enter->comm, FORKWATCH_COMM_LEN);
	if (fork->first_run)
		memcpy(child->cow.child_comm, fork->first_run->comm, FORKWATCH_COMM_LEN);
	else if (fork->exit)
		memcpy(child->cow.child_comm, fork->exit->comm, FORKWATCH_COMM_LEN);
	cows->telling = child;
	return 0;
}

void fw_cows_told(struct fw_cows *cows)
{
	if (cows->telling && cows->telling->event)
		hand_on(cows, cows->telling);
	cows->telling = NULL;
}

int fw_cows_event(struct fw_cows *cows, struct forkwatch_cow *event)
{
	struct child *child;

	if (!cows->fn) {
		free(event);
		return 0;
	}
	child = find(cows, event->child, event->start_time);
	if (!child)
		child = add(cows, event->child, event->start_time);
	if (!child)
		return -ENOMEM;
	if (child->event)
		return -EEXIST;
	child->event = event;
	if (child->cow.fork)
		hand_on(cows, child);
	return 0;
}

void fw_cows_exit(struct fw_cows *cows, uint64_t task, uint64_t start_time)
{
	struct child *child = find(cows, task, start_time);

	if (child && !child->event)
		forget(cows, child);
}

void fw_cows_flush(struct fw_cows *cows)
{
	struct child *child, *next;

	for (child = TAILQ_FIRST(&cows->children); child; child = next) {
		next = TAILQ_NEXT(child, order);
		if (child->event)
			hand_on(cows, child);
	}
}

/*
 * Counts.
 */
static void add_side(struct fw_cow_side *side, const __u64 *faults, uint64_t ns)
{
	size_t i;

	side->counted++;
	side->ns += ns;
	for (i = 0; i < FORKWATCH_NR_COW; i++)
		side->faults[i] += faults[i];
}

void fw_cow_add(struct fw_cow_totals *totals, const struct forkwatch_cow *event)
{
	totals->forks++;
	if (event->flags & FORKWATCH_COW_PARENT)
		add_side(&totals->parent, event->parent_faults, event->parent_ns);
	if (event->flags & FORKWATCH_COW_CHILD)
		add_side(&totals->child, event->child_faults, event->child_ns);
}

uint64_t fw_cow_unseen(const uint64_t faults[FORKWATCH_NR_COW])
{
	uint64_t seen = faults[FORKWATCH_COW_COPIED] + faults[FORKWATCH_COW_REUSED] +
			faults[FORKWATCH_COW_FIRST];

	return seen < faults[FORKWATCH_COW_FAULTS] ? faults[FORKWATCH_COW_FAULTS] - seen : 0;
}

const char *fw_cow_reason(uint32_t reason)
{
	static const char *const names[] = {
		[FORKWATCH_COW_EXEC] = "exec",
		[FORKWATCH_COW_EXIT] = "exit",
		[FORKWATCH_COW_OPEN] = "open",
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : NULL;
}
