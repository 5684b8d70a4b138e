/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where forks are in the tree, in words: "sh/fork ls#1/thread#2" is the second thread
 * of the first ls that sh forked.
 */
#ifndef FW_PLACES_H
#define FW_PLACES_H

#include "tree.h"

struct fw_places;

/* Returns 0 or -ENOMEM. */
int fw_places_open(struct fw_places **out);
void fw_places_close(struct fw_places *places);

/*
 * The place of @node, which lies @depth below its root: to be asked for each node, in the order
 * of fw_tree_next(). Valid until the next call; NULL without memory.
 */
const char *fw_places_next(struct fw_places *places, const struct fw_node *node,
			   unsigned int depth);

#endif
