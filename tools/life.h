/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of a child whose fork was seen: what it executes, and its end.
 * A fork does not wait for that, and is told before.
 */
#ifndef FW_LIFE_H
#define FW_LIFE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "forkwatch.h"

struct fw_env;
struct fw_judgement;

/* One exec or exit of a child. The child is as it was before. */
struct fw_life {
	uint64_t fork;			/* the id of the fork that made it */
	uint64_t since;			/* when that made it: the time of fork_exit, ns */
	uint64_t task, start_time, mm;	/* mm: 0 for none */
	uint64_t leader_start;		/* its group's leader's start_time, 0: not known */
	uint32_t tid, tgid;
	bool gaps;			/* events were missing by then: another exec, maybe */
	char comm[FORKWATCH_COMM_LEN];
	const struct forkwatch_exec *exec;	/* one of the two, */
	const struct forkwatch_exit *exit;	/* NULL the other */
};

/* @life is valid during the call. */
typedef void (*fw_life_fn)(void *ctx, const struct fw_life *life);

/* The one rule that is not about forks. */
#define FW_LIFE_RULE	"X1"

/* Judges what rule X1 says of an exec; N/A for an exit. */
void fw_check_life(const struct fw_life *life, struct fw_judgement *judgement);

/*
 * The children that live, by tid. So many are remembered at most; when there are
 * more, the oldest are forgotten.
 */
#define FW_CHILDREN_MAX		32768U
#define FW_CHILDREN_BUCKETS	1024U

struct fw_child;
TAILQ_HEAD(fw_child_list, fw_child);
LIST_HEAD(fw_child_bucket, fw_child);

struct fw_children {
	fw_life_fn fn;			/* NULL: nobody wants to know */
	void *ctx;
	unsigned int nr;
	struct fw_child_list list;	/* the oldest first */
	struct fw_child_bucket buckets[FW_CHILDREN_BUCKETS];
};

/* @children is zeroed. */
void fw_children_init(struct fw_children *children);
void fw_children_free(struct fw_children *children);

/* The fork @id made a child. Returns 0 or -ENOMEM. */
int fw_children_add(struct fw_children *children, uint64_t id,
		    const struct forkwatch_fork_exit *exit);
/*
 * Tells what @exec and @exit are to the child they are of, if that is known. @gaps: events
 * from before @exec are missing.
 */
void fw_children_exec(struct fw_children *children, const struct forkwatch_exec *exec, bool gaps);
void fw_children_exit(struct fw_children *children, const struct forkwatch_exit *exit);

#endif
