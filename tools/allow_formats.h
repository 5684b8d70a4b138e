/* SPDX-License-Identifier: GPL-2.0-only */
/* What the formats of verdicts say of known deviations; nothing if there is no file of them. */
#ifndef FW_ALLOW_FORMATS_H
#define FW_ALLOW_FORMATS_H

#include <stdio.h>

#include <jansson.h>

#include "text.h"
#include "verdicts.h"

/* Rows for what excused forks from @rule; for what had nothing to excuse. */
void fw_allow_put_text(struct fw_text *text, const struct fw_verdicts *verdicts,
		       const struct fw_rule_verdict *rule);
void fw_allow_put_unused_text(struct fw_text *text, const struct fw_verdicts *verdicts);

/* The former on one line, "" if there were none; the latter as lines of KTAP. */
#define FW_EXCUSES_LEN	512
char *fw_allow_name_excuses(const struct fw_verdicts *verdicts,
			    const struct fw_rule_verdict *rule, char *buf, size_t size);
void fw_allow_put_unused(const struct fw_verdicts *verdicts, FILE *out);

/* All lines of the file, null without one. */
json_t *fw_allow_json(const struct fw_verdicts *verdicts);

#endif
