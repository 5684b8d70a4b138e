/* SPDX-License-Identifier: GPL-2.0-only */
/* Options that are one of a few words. */
#ifndef FW_WORDS_H
#define FW_WORDS_H

#include <stddef.h>

/* The place of @word among the @nr @words, or -EINVAL. */
int fw_word_find(const char *const words[], size_t nr, const char *word);

#endif
