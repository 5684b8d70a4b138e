// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "words.h"

int fw_word_find(const char *const words[], size_t nr, const char *word)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(word, words[i]))
			return i;
	return -EINVAL;
}
