// SPDX-License-Identifier: GPL-2.0-only
/* Known deviations as text, KTAP, JUnit and JSON: parts of what verdicts_formats.c writes. */
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "allow_formats.h"
#include "json.h"
#include "names.h"

/* Anybody may have written the file, and it goes to terminals. */
static const char *plain(const char *text, char *buf, size_t size)
{
	return fw_name_plain(text, size - 1, buf, size);
}

static bool is_of(const struct fw_allowance *allowance, const struct fw_rule_verdict *rule)
{
	return !strcmp(allowance->rule, rule->rule->id);
}

static const struct fw_rule_verdict *rule_of(const struct fw_verdicts *verdicts,
					     const struct fw_allowance *allowance)
{
	size_t i = 0;

	while (!is_of(allowance, &verdicts->rules[i]))
		i++;
	return &verdicts->rules[i];
}

/* It could have excused something here, and had nothing to excuse. */
static bool is_unused(const struct fw_verdicts *verdicts, const struct fw_allowance *allowance)
{
	return !allowance->used && rule_of(verdicts, allowance)->chosen &&
	       fw_allowance_applies(allowance, verdicts->info->env.release);
}

void fw_allow_put_text(struct fw_text *text, const struct fw_verdicts *verdicts,
		       const struct fw_rule_verdict *rule)
{
	const struct fw_allow *allow = verdicts->allow;
	char buf[256];
	size_t i;

	for (i = 0; allow && i < allow->nr; i++) {
		const struct fw_allowance *allowance = &allow->list[i];

		if (!allowance->used || !is_of(allowance, rule))
			continue;
		fw_text_row(text, "");
		fw_text_item(text, "line %u allows %" PRIu64 ":", allowance->line,
			     allowance->used);
		fw_text_words(text, plain(allowance->reason, buf, sizeof(buf)));
	}
}

void fw_allow_put_unused_text(struct fw_text *text, const struct fw_verdicts *verdicts)
{
	const struct fw_allow *allow = verdicts->allow;
	char path[PATH_MAX], where[128], reason[256];
	size_t i;

	for (i = 0; allow && i < allow->nr; i++) {
		const struct fw_allowance *allowance = &allow->list[i];

		if (!is_unused(verdicts, allowance))
			continue;
		fw_text_row_styled(text, FW_BOLD, "unused");
		fw_text_item(text, "%s, line %u: %s %s", plain(allow->path, path, sizeof(path)),
			     allowance->line, allowance->rule,
			     plain(allowance->where, where, sizeof(where)));
		fw_text_words(text, plain(allowance->reason, reason, sizeof(reason)));
	}
}

char *fw_allow_name_excuses(const struct fw_verdicts *verdicts,
			    const struct fw_rule_verdict *rule, char *buf, size_t size)
{
	const struct fw_allow *allow = verdicts->allow;
	size_t length = 0, i;
	char reason[256];

	*buf = '\0';
	for (i = 0; allow && i < allow->nr && length < size; i++)
		if (allow->list[i].used && is_of(&allow->list[i], rule))
			length += snprintf(buf + length, size - length,
					   "%sline %u allows %" PRIu64 ": %s", length ? "; " : "",
					   allow->list[i].line, allow->list[i].used,
					   plain(allow->list[i].reason, reason, sizeof(reason)));
	return buf;
}

void fw_allow_put_unused(const struct fw_verdicts *verdicts, FILE *out)
{
	const struct fw_allow *allow = verdicts->allow;
	char where[128];
	size_t i;

	for (i = 0; allow && i < allow->nr; i++)
		if (is_unused(verdicts, &allow->list[i]))
			fprintf(out, "# unused: line %u: %s %s\n", allow->list[i].line,
				allow->list[i].rule,
				plain(allow->list[i].where, where, sizeof(where)));
}

static json_t *line_json(const struct fw_verdicts *verdicts, const struct fw_allowance *allowance)
{
	return json_pack("{s:i, s:s, s:o, s:o, s:I, s:b}",
			 "line", allowance->line, "rule", allowance->rule,
			 "where", fw_json_text(allowance->where, PATH_MAX),
			 "reason", fw_json_text(allowance->reason, PATH_MAX),
			 "used", (json_int_t)allowance->used,
			 "unused", is_unused(verdicts, allowance));
}

json_t *fw_allow_json(const struct fw_verdicts *verdicts)
{
	const struct fw_allow *allow = verdicts->allow;
	json_t *array;
	size_t i;

	if (!allow)
		return json_null();
	array = json_array();
	for (i = 0; i < allow->nr; i++)
		json_array_append_new(array, line_json(verdicts, &allow->list[i]));
	return array;
}
