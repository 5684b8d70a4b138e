/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of clone3() that kernel_clone() refused: their ends will come. Only for the model. */
#ifndef FW_REFUSALS_H
#define FW_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forkwatch.h"

struct fw_refusals {
	uint32_t *tids;
	size_t nr, room;
};

/* Remembers @ret if a clone3_return will follow. Returns 0 or -ENOMEM. */
int fw_refusals_add(struct fw_refusals *refusals, const struct forkwatch_fork_return *ret);

/* Was one of @tid remembered? It is forgotten. */
bool fw_refusals_take(struct fw_refusals *refusals, uint32_t tid);
void fw_refusals_free(struct fw_refusals *refusals);

#endif
