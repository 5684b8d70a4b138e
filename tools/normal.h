/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fork without what is another one each time: ids, addresses, times, CPUs. What
 * is left is the same for every fork of the same kind on the same kernel.
 */
#ifndef FW_NORMAL_H
#define FW_NORMAL_H

#include <jansson.h>

#include "draft.h"
#include "fork.h"

/*
 * Drafts @fork, which is judged, as a JSON object: its members are strings, arrays of
 * strings, and objects whose members are strings; docs/golden.schema.json has
 * them all. Values are relations: "parent's", "stack_top-0x150", "ret_from_fork".
 * In an object, "others" speaks of all names that it does not list. What nobody
 * saw is left out.
 */
void fw_normal_fork(const struct fw_fork *fork, const struct fw_env *env, struct fw_draft *draft);

/* The stages that were watched in @fork, as an array of their names; NULL if none was. */
json_t *fw_normal_watched(const struct fw_fork *fork);

#endif
