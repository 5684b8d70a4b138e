// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "address_set.h"
#include "mix.h"

int fw_address_set_add(struct fw_address_set *set, uint64_t addr)
{
	size_t mask, i;

	if (2 * set->nr >= set->size) {
		size_t size = set->size ? 2 * set->size : 256;
		uint64_t *old = set->table;
		size_t old_size = set->size;

		set->table = calloc(size, sizeof(*set->table));
		if (!set->table) {
			set->table = old;
			return -ENOMEM;
		}
		set->size = size;
		set->nr = 0;
		for (i = 0; i < old_size; i++)
			if (old[i])
				fw_address_set_add(set, old[i]);
		free(old);
	}
	mask = set->size - 1;
	for (i = fw_mix(addr) & mask; set->table[i]; i = (i + 1) & mask)
		if (set->table[i] == addr)
			return 0;
	set->table[i] = addr;
	set->nr++;
	return 1;
}

void fw_address_set_free(struct fw_address_set *set)
{
	free(set->table);
	memset(set, 0, sizeof(*set));
}
