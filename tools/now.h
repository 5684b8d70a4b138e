/* SPDX-License-Identifier: GPL-2.0-only */
/* The time by the clock that events have. */
#ifndef FW_NOW_H
#define FW_NOW_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC, in ns. */
static inline uint64_t fw_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

#endif
