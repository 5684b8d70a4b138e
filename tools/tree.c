// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "observer.h"
#include "tree.h"

/* The roots are children of a node that nobody is shown. */
struct fw_tree {
	struct fw_node top;
	struct fw_node *newest;		/* of all */
	struct fw_node **buckets;
	size_t nr_buckets, nr;		/* nr: of tasks in them */
};

int fw_tree_open(struct fw_tree **out)
{
	struct fw_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -ENOMEM;
	tree->nr_buckets = 16384;
	tree->buckets = calloc(tree->nr_buckets, sizeof(*tree->buckets));
	if (!tree->buckets) {
		free(tree);
		return -ENOMEM;
	}
	*out = tree;
	return 0;
}

void fw_tree_close(struct fw_tree *tree)
{
	struct fw_node *node, *older;

	if (!tree)
		return;
	for (node = tree->newest; node; node = older) {
		older = node->older;
		free(node->path);
		free(node);
	}
	free(tree->buckets);
	free(tree);
}

static struct fw_node **bucket(const struct fw_tree *tree, uint32_t tid)
{
	return &tree->buckets[tid % tree->nr_buckets];
}

/* The youngest task that had the number @tid. */
static struct fw_node *find(const struct fw_tree *tree, uint32_t tid)
{
	struct fw_node *node = *bucket(tree, tid);

	while (node && node->tid != tid)
		node = node->same_hash;
	return node;
}

static void put_first(struct fw_node **at, struct fw_node *node)
{
	node->same_hash = *at;
	*at = node;
}

/* Four times as many buckets; where there is no memory for them, as many as before do. */
static void grow(struct fw_tree *tree)
{
	struct fw_node **old = tree->buckets, *node, *next;
	size_t nr_old = tree->nr_buckets, i;
	struct fw_node **buckets = calloc(4 * nr_old, sizeof(*buckets));

	if (!buckets)
		return;
	tree->buckets = buckets;
	tree->nr_buckets = 4 * nr_old;
	for (i = 0; i < nr_old; i++) {
		for (node = old[i]; node; node = next) {
			next = node->same_hash;
			put_first(bucket(tree, node->tid), node);
		}
	}
	free(old);
}

static void hash(struct fw_tree *tree, struct fw_node *node)
{
	if (++tree->nr > tree->nr_buckets)
		grow(tree);
	put_first(bucket(tree, node->tid), node);
}

static void unhash(struct fw_tree *tree, const struct fw_node *node)
{
	struct fw_node **at = bucket(tree, node->tid);

	while (*at && *at != node)
		at = &(*at)->same_hash;
	if (!*at)
		return;
	*at = node->same_hash;
	tree->nr--;
}

static struct fw_node *add(struct fw_tree *tree, struct fw_node *parent)
{
	struct fw_node *node = malloc(sizeof(*node));

	if (!node)
		return NULL;
	*node = (struct fw_node) { .parent = parent, .older = tree->newest };
	tree->newest = node;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	return node;
}

static struct fw_node *add_task(struct fw_tree *tree, struct fw_node *parent, uint32_t tid,
				uint32_t tgid)
{
	struct fw_node *old = find(tree, tid), *node = add(tree, parent);

	if (!node)
		return NULL;
	/* Only the youngest can be meant from now on. */
	if (old)
		unhash(tree, old);
	node->tid = tid;
	node->tgid = tgid;
	hash(tree, node);
	return node;
}

/* The task @tid, which was there before the trace if it is not known. */
static struct fw_node *get_task(struct fw_tree *tree, uint32_t tid, uint32_t tgid)
{
	struct fw_node *node = find(tree, tid);

	return node ? node : add_task(tree, &tree->top, tid, tgid);
}

static void set_comm(struct fw_node *node, const char *comm)
{
	if (!*node->comm)
		memcpy(node->comm, comm, sizeof(node->comm));
}

static int take_enter(struct fw_tree *tree, const struct forkwatch_fork_enter *enter)
{
	struct fw_node *node = get_task(tree, enter->hdr.tid, enter->hdr.tgid);

	if (!node)
		return -ENOMEM;
	set_comm(node, enter->comm);
	return 0;
}

static int take_exit(struct fw_tree *tree, const struct forkwatch_fork_exit *exit)
{
	struct fw_node *parent, *child;

	if (exit->result || !exit->child_tid)
		return 0;
	parent = get_task(tree, exit->hdr.tid, exit->hdr.tgid);
	child = parent ? add_task(tree, parent, exit->child_tid, exit->child_tgid) : NULL;
	if (!child)
		return -ENOMEM;
	child->start_time = exit->start_time;
	child->kind = FW_KIND_UNKNOWN;
	set_comm(child, exit->comm);
	return 0;
}

static int take_exec(struct fw_tree *tree, const struct forkwatch_exec *exec)
{
	struct fw_node *node = get_task(tree, exec->hdr.tid, exec->hdr.tgid);
	char path[FORKWATCH_PATH_LEN + 1] = "";

	if (!node)
		return -ENOMEM;
	memcpy(path, exec->path, FORKWATCH_PATH_LEN);
	free(node->path);
	node->path = strdup(path);
	/* Of a task that nobody forked here, this is all that says who it is. */
	if (!node->id && node->parent == &tree->top)
		set_comm(node, exec->comm);
	return node->path ? 0 : -ENOMEM;
}

static int take_end(struct fw_tree *tree, const struct forkwatch_exit *exit)
{
	struct fw_node *node = find(tree, exit->hdr.tid);

	if (node && (!node->start_time || node->start_time == exit->start_time)) {
		node->ended = true;
		node->code = exit->code;
	}
	return 0;
}

int fw_tree_event(struct fw_tree *tree, const struct forkwatch_header *event)
{
	if (fw_is_witness(event))
		return 0;
	switch (fw_kind(event)) {
	case FORKWATCH_FORK_ENTER:
		return take_enter(tree, (const void *)event);
	case FORKWATCH_FORK_EXIT:
		return take_exit(tree, (const void *)event);
	case FORKWATCH_EXEC:
		return take_exec(tree, (const void *)event);
	case FORKWATCH_EXIT:
		return take_end(tree, (const void *)event);
	}
	return 0;
}

static void count_verdicts(struct fw_node *node, const struct fw_judgement *judgements)
{
	size_t i;

	for (i = 0; judgements && i < fw_nr_rules; i++) {
		node->passed += judgements[i].verdict == FW_PASS;
		node->failed += judgements[i].verdict == FW_FAIL;
	}
}

/* The node of a fork: its child's, else one for the attempt. */
static struct fw_node *get_fork(struct fw_tree *tree, const struct fw_fork *fork)
{
	struct fw_node *parent, *child = fork->child_tid ? find(tree, fork->child_tid) : NULL;

	if (child && !child->id &&
	    (!fork->exit || child->start_time == fork->exit->start_time))
		return child;
	parent = get_task(tree, fork->parent_tid, fork->parent_tgid);
	if (!parent)
		return NULL;
	return fork->child_tid ? add_task(tree, parent, fork->child_tid, fork->child_tgid) :
				 add(tree, parent);
}

int fw_tree_fork(struct fw_tree *tree, const struct fw_fork *fork)
{
	struct fw_node *node = get_fork(tree, fork);

	if (!node)
		return -ENOMEM;
	node->id = fork->id;
	node->kind = fw_fork_kind(fork);
	node->complete = fork->complete;
	node->error = fw_fork_error(fork) < 0 ? fw_fork_error(fork) : 0;
	if (fork->enter && fork->exit)
		node->copy_ns = fork->exit->hdr.time - fork->enter->hdr.time;
	if (fork->wakeup && fork->first_run)
		node->wake_ns = fork->first_run->hdr.time - fork->wakeup->hdr.time;
	if (fork->first_run)
		set_comm(node, fork->first_run->comm);
	count_verdicts(node, fork->verdicts);
	return 0;
}

const struct fw_node *fw_tree_first(const struct fw_tree *tree)
{
	return tree->top.first;
}

const struct fw_node *fw_tree_next(const struct fw_node *node, unsigned int *depth)
{
	if (node->first) {
		++*depth;
		return node->first;
	}
	while (!node->next) {
		node = node->parent;
		/* The node above the roots has no parent. */
		if (!node->parent)
			return NULL;
		--*depth;
	}
	return node->next;
}
