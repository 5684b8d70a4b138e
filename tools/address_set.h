/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses, each once. */
#ifndef FW_ADDRESS_SET_H
#define FW_ADDRESS_SET_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed: empty. */
struct fw_address_set {
	uint64_t *table;		/* by hash; 0: nothing is there */
	size_t nr, size;		/* size: a power of 2 */
};

/* @addr is not 0. Returns 1 if it was not there, 0 if it was, -ENOMEM. */
int fw_address_set_add(struct fw_address_set *set, uint64_t addr);
void fw_address_set_free(struct fw_address_set *set);

#endif
