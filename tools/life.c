// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"

struct fw_child {
	TAILQ_ENTRY(fw_child) order;
	LIST_ENTRY(fw_child) by_tid;
	uint64_t fork, since, task, start_time, mm, leader_start;
	uint32_t tid, tgid;
	char comm[FORKWATCH_COMM_LEN];
};

static struct fw_child_bucket *bucket(struct fw_children *children, uint32_t tid)
{
	return &children->buckets[tid % FW_CHILDREN_BUCKETS];
}

static struct fw_child *find(struct fw_children *children, uint32_t tid)
{
	struct fw_child *child;

	LIST_FOREACH(child, bucket(children, tid), by_tid)
		if (child->tid == tid)
			return child;
	return NULL;
}

static void forget(struct fw_children *children, struct fw_child *child)
{
	if (!child)
		return;
	LIST_REMOVE(child, by_tid);
	TAILQ_REMOVE(&children->list, child, order);
	children->nr--;
	free(child);
}

void fw_children_init(struct fw_children *children)
{
	TAILQ_INIT(&children->list);
}

void fw_children_free(struct fw_children *children)
{
	struct fw_child *child, *next;

	for (child = TAILQ_FIRST(&children->list); child; child = next) {
		next = TAILQ_NEXT(child, order);
		free(child);
	}
}

int fw_children_add(struct fw_children *children, uint64_t id,
		    const struct forkwatch_fork_exit *exit)
{
	const struct fw_child *leader;
	struct fw_child *child;

	if (!children->fn || exit->result || !exit->child_tid ||
	    exit->hdr.size < offsetof(struct forkwatch_fork_exit, comm) + sizeof(exit->comm))
		return 0;
	child = malloc(sizeof(*child));
	if (!child)
		return -ENOMEM;
	/* The end of another one with this tid was missed. */
	forget(children, find(children, exit->child_tid));
	if (children->nr == FW_CHILDREN_MAX)
		forget(children, TAILQ_FIRST(&children->list));
	*child = (struct fw_child){
		.fork = id,
		.since = exit->hdr.time,
		.task = exit->child,
		.start_time = exit->start_time,
		.mm = exit->child_ptr[FORKWATCH_SHARE_MM],
		.leader_start = exit->start_time,
		.tid = exit->child_tid,
		.tgid = exit->child_tgid,
	};
	memcpy(child->comm, exit->comm, sizeof(child->comm));
	if (child->tid != child->tgid) {
		leader = find(children, child->tgid);
		child->leader_start = leader ? leader->start_time : 0;
	}
	LIST_INSERT_HEAD(bucket(children, child->tid), child, by_tid);
	TAILQ_INSERT_TAIL(&children->list, child, order);
	children->nr++;
	return 0;
}

static struct fw_life life_of(const struct fw_child *child)
{
	struct fw_life life = {
		.fork = child->fork,
		.since = child->since,
		.task = child->task,
		.start_time = child->start_time,
		.mm = child->mm,
		.leader_start = child->leader_start,
		.tid = child->tid,
		.tgid = child->tgid,
	};

	memcpy(life.comm, child->comm, sizeof(life.comm));
	return life;
}

/* Who took the tid of a child whose end was missed has neither its task nor its start time. */
static bool is_another(const struct fw_child *child, uint64_t task, uint64_t start_time)
{
	return child->task != task && child->start_time != start_time;
}

/* A thread that executes a program takes over its leader's tid and start time. */
static void become(struct fw_children *children, struct fw_child *child,
		   const struct forkwatch_exec *exec)
{
	if (child->tid != exec->hdr.tid) {
		forget(children, find(children, exec->hdr.tid));
		LIST_REMOVE(child, by_tid);
		child->tid = exec->hdr.tid;
		LIST_INSERT_HEAD(bucket(children, child->tid), child, by_tid);
	}
	child->start_time = exec->start_time;
	child->leader_start = exec->start_time;
	child->mm = exec->mm;
	memcpy(child->comm, exec->comm, sizeof(child->comm));
}

void fw_children_exec(struct fw_children *children, const struct forkwatch_exec *exec, bool gaps)
{
	struct fw_child *child = find(children, exec->old_tid);
	struct fw_life life;

	if (!child)
		return;
	if (is_another(child, exec->task, exec->start_time)) {
		forget(children, child);
		return;
	}
	life = life_of(child);
	life.exec = exec;
	life.gaps = gaps;
	become(children, child, exec);
	children->fn(children->ctx, &life);
}

void fw_children_exit(struct fw_children *children, const struct forkwatch_exit *exit)
{
	struct fw_child *child = find(children, exit->hdr.tid);
	struct fw_life life;

	if (!child)
		return;
	if (!is_another(child, exit->task, exit->start_time)) {
		life = life_of(child);
		life.exit = exit;
		children->fn(children->ctx, &life);
	}
	forget(children, child);
}
