// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ids.h"

int fw_ids_add(struct fw_ids *ids, uint64_t id)
{
	size_t word = id / 64, nr = ids->nr ? ids->nr : 16;
	uint64_t *words;

	while (nr <= word)
		nr *= 2;
	if (nr > ids->nr) {
		words = reallocarray(ids->words, nr, sizeof(*words));
		if (!words)
			return -ENOMEM;
		memset(words + ids->nr, 0, (nr - ids->nr) * sizeof(*words));
		ids->words = words;
		ids->nr = nr;
	}
	ids->words[word] |= 1ULL << id % 64;
	return 0;
}

bool fw_ids_has(const struct fw_ids *ids, uint64_t id)
{
	return id / 64 < ids->nr && ids->words[id / 64] & 1ULL << id % 64;
}

void fw_ids_free(struct fw_ids *ids)
{
	free(ids->words);
	memset(ids, 0, sizeof(*ids));
}
