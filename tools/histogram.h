/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers counted by their magnitude: each bucket is twice as wide as the one before. */
#ifndef FW_HISTOGRAM_H
#define FW_HISTOGRAM_H

#include <stdint.h>

#define FW_HISTOGRAM_BUCKETS	64

/* Bucket i counts the values from 2^i to 2^(i+1) - 1; the first one those of 0, too. */
struct fw_histogram {
	uint64_t buckets[FW_HISTOGRAM_BUCKETS];
	uint64_t count, sum;
	uint64_t min, max;		/* 0 while count is */
};

void fw_histogram_add(struct fw_histogram *histogram, uint64_t value);

unsigned int fw_histogram_bucket(uint64_t value);
/* The least value of a bucket; that of the one behind the last is UINT64_MAX. */
uint64_t fw_histogram_from(unsigned int bucket);

/* The buckets that are not empty: from *first to *last. Only of one that has a value. */
void fw_histogram_range(const struct fw_histogram *histogram, unsigned int *first,
			unsigned int *last);

uint64_t fw_histogram_mean(const struct fw_histogram *histogram);

#endif
