// SPDX-License-Identifier: GPL-2.0-only
#include "histogram.h"

unsigned int fw_histogram_bucket(uint64_t value)
{
	return value ? 63 - __builtin_clzll(value) : 0;
}

uint64_t fw_histogram_from(unsigned int bucket)
{
	if (!bucket)
		return 0;
	return bucket < FW_HISTOGRAM_BUCKETS ? 1ULL << bucket : UINT64_MAX;
}

void fw_histogram_add(struct fw_histogram *histogram, uint64_t value)
{
	if (!histogram->count || value < histogram->min)
		histogram->min = value;
	if (value > histogram->max)
		histogram->max = value;
	histogram->buckets[fw_histogram_bucket(value)]++;
	histogram->count++;
	histogram->sum += value;
}

void fw_histogram_range(const struct fw_histogram *histogram, unsigned int *first,
			unsigned int *last)
{
	*first = fw_histogram_bucket(histogram->min);
	*last = fw_histogram_bucket(histogram->max);
}

uint64_t fw_histogram_mean(const struct fw_histogram *histogram)
{
	return histogram->count ? histogram->sum / histogram->count : 0;
}
