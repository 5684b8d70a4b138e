/* SPDX-License-Identifier: GPL-2.0-only */
/* Who forked whom: the tasks of a trace as a forest, each fork one node. */
#ifndef FW_TREE_H
#define FW_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "fork.h"

/*
 * A task that a fork made, the attempt that failed to make one, or a task that
 * was there before. Small, since there is one for each fork.
 */
struct fw_node {
	struct fw_node *parent, *next;		/* next: its younger sibling */
	struct fw_node *first, *last;		/* children */
	struct fw_node *same_hash;
	struct fw_node *older;			/* of all that the tree has made */
	uint64_t start_time;			/* of the task, 0: not known */
	uint64_t id;				/* of the fork, 0: none, or not known */
	uint64_t copy_ns;			/* in copy_process(), 0: not seen */
	uint64_t wake_ns;			/* from wake-up to first run, likewise */
	char *path;				/* what it executed last, NULL: nothing */
	uint32_t tid, tgid;			/* 0: no task came of it */
	uint32_t passed, failed;		/* rules */
	int error;				/* of the fork, -errno */
	int code;				/* as wait(2) has it, if it has ended */
	bool ended, complete;
	uint8_t kind;				/* enum fw_fork_kind */
	char comm[FORKWATCH_COMM_LEN];
};

struct fw_tree;

int fw_tree_open(struct fw_tree **out);
void fw_tree_close(struct fw_tree *tree);

/* To be given all events in order of time, and each fork when it is complete. */
int fw_tree_event(struct fw_tree *tree, const struct forkwatch_header *event);
int fw_tree_fork(struct fw_tree *tree, const struct fw_fork *fork);

/*
 * The first node, and the one after @node, parents before children, older ones
 * before younger; NULL at the end. @depth is that of the node, from 0 on.
 */
const struct fw_node *fw_tree_first(const struct fw_tree *tree);
const struct fw_node *fw_tree_next(const struct fw_node *node, unsigned int *depth);

#endif
