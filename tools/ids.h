/* SPDX-License-Identifier: GPL-2.0-only */
/* A set of forks' ids: a bit for each. */
#ifndef FW_IDS_H
#define FW_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed, it is empty. */
struct fw_ids {
	uint64_t *words;
	size_t nr;
};

/* Returns 0 or -ENOMEM. */
int fw_ids_add(struct fw_ids *ids, uint64_t id);
bool fw_ids_has(const struct fw_ids *ids, uint64_t id);
void fw_ids_free(struct fw_ids *ids);

#endif
