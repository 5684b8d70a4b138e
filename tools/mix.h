/* SPDX-License-Identifier: GPL-2.0-only */
/* For hash tables. */
#ifndef FW_MIX_H
#define FW_MIX_H

#include <stdint.h>

/* Each bit of @n has a part in the lower bits of what is returned. */
static inline uint64_t fw_mix(uint64_t n)
{
	n *= 0x9e3779b97f4a7c15ULL;
	return n ^ n >> 32;
}

#endif
