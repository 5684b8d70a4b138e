/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The different values among many drafts. Most forks are like one before them: they
 * share its value, so that what is kept of each is little.
 */
#ifndef FW_FORMS_H
#define FW_FORMS_H

#include <jansson.h>

#include "draft.h"

struct fw_forms;

/* Returns 0 or -ENOMEM. */
int fw_forms_open(struct fw_forms **out);
void fw_forms_close(struct fw_forms *forms);

/*
 * The value that @draft says, a new reference: that of a draft of the same words, or a
 * new one. NULL without memory.
 */
json_t *fw_forms_get(struct fw_forms *forms, const struct fw_draft *draft);

#endif
