/* SPDX-License-Identifier: GPL-2.0-only */
/* Which source events are taken from: --source. */
#ifndef FW_SOURCE_CHOICE_H
#define FW_SOURCE_CHOICE_H

#include <stdbool.h>

#include "source.h"

/* What --source takes, for who is told that a word is none of them. */
#define FW_SOURCE_WORDS	"auto, both, module, bpf"

/* By the word that a user gave; NULL for "auto". Returns 0 or -EINVAL. */
int fw_source_parse(const char *word, const struct fw_source_ops **ops);

/* By the name in ops; NULL if there is none. */
const struct fw_source_ops *fw_source_find(const char *name);

/*
 * What "auto" means on this machine: the best source that has all it needs. Where
 * none has, the one that sees most, whose opening then says what is wrong. Tells on
 * standard error which it is if that is not the best one, unless @quiet.
 */
const struct fw_source_ops *fw_source_auto(bool quiet);

#endif
