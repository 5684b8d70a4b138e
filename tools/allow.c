// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "allow.h"
#include "array.h"
#include "check.h"
#include "names.h"

enum condition {
	COMM,
	KIND,
	KERNEL,
	FIELD,
};

static const char *const condition_names[FW_NR_CONDITIONS] = {
	[COMM] = "comm", [KIND] = "kind", [KERNEL] = "kernel", [FIELD] = "field",
};

/* A file while it is read. */
struct reading {
	struct fw_allow *allow;
	unsigned int line;
	char *error;
	size_t size;
};

__attribute__((format(printf, 3, 4)))
static int fail(const struct reading *reading, int err, const char *format, ...)
{
	int length = 0;
	va_list args;

	if (reading->line)
		length = snprintf(reading->error, reading->size, "%s, line %u: ",
				  reading->allow->path, reading->line);
	else
		length = snprintf(reading->error, reading->size, "%s: ", reading->allow->path);
	va_start(args, format);
	if (length > 0 && (size_t)length < reading->size)
		vsnprintf(reading->error + length, reading->size - length, format, args);
	va_end(args);
	return err;
}

static bool is_rule(const char *id)
{
	size_t i;

	for (i = 0; i < fw_nr_rules; i++)
		if (!strcmp(fw_rules[i].id, id))
			return true;
	return false;
}

static bool is_kind(const char *name)
{
	unsigned int kind;

	for (kind = 0; kind < FW_NR_FORK_KINDS; kind++)
		if (!strcmp(fw_fork_kind_name(kind), name))
			return true;
	return false;
}

/* "comm=tree" */
static int take_condition(const struct reading *reading, struct fw_allowance *allowance,
			  char *text)
{
	char *value = strchr(text, '=');
	unsigned int i;

	for (i = 0; value && i < FW_NR_CONDITIONS; i++)
		if (!strncmp(text, condition_names[i], value - text) &&
		    !condition_names[i][value - text])
			break;
	if (!value || i == FW_NR_CONDITIONS)
		return fail(reading, -EINVAL, "'%s' is none of *, comm=, kind=, kernel=, field=",
			    text);
	if (!*++value)
		return fail(reading, -EINVAL, "'%s' is followed by nothing", text);
	if (allowance->patterns[i])
		return fail(reading, -EINVAL, "'%s' stands there twice", condition_names[i]);
	if (i == KIND && !is_kind(value))
		return fail(reading, -EINVAL, "there is no kind of forks '%s'", value);
	allowance->patterns[i] = strdup(value);
	return allowance->patterns[i] ? 0 : fail(reading, -ENOMEM, "%s", strerror(ENOMEM));
}

static int take_where(const struct reading *reading, struct fw_allowance *allowance, char *where)
{
	char *text;
	int ret = 0;

	if (!strcmp(where, "*"))
		return 0;
	while (!ret && (text = strsep(&where, ",")))
		ret = take_condition(reading, allowance, text);
	return ret;
}

static void free_allowance(struct fw_allowance *allowance)
{
	unsigned int i;

	free(allowance->rule);
	free(allowance->where);
	free(allowance->reason);
	for (i = 0; i < FW_NR_CONDITIONS; i++)
		free(allowance->patterns[i]);
}

static struct fw_allowance *add(struct fw_allow *allow)
{
	if (allow->nr == allow->room) {
		size_t room = 2 * allow->room + 8;
		struct fw_allowance *list = reallocarray(allow->list, room, sizeof(*list));

		if (!list)
			return NULL;
		allow->list = list;
		allow->room = room;
	}
	allow->list[allow->nr] = (struct fw_allowance) { 0 };
	return &allow->list[allow->nr++];
}

/* A line has said the same before? */
static int find_twin(const struct reading *reading, const struct fw_allowance *allowance)
{
	const struct fw_allow *allow = reading->allow;
	size_t i;

	for (i = 0; i + 1 < allow->nr; i++)
		if (!strcmp(allow->list[i].rule, allowance->rule) &&
		    !strcmp(allow->list[i].where, allowance->where))
			return fail(reading, -EINVAL, "line %u says this of %s already",
				    allow->list[i].line, allowance->rule);
	return 0;
}

static const char blanks[] = " \t\r\n";

/* The next word of @rest, which is then behind it and the blanks that follow. */
static char *next_word(char **rest)
{
	char *word = strsep(rest, blanks);

	if (*rest)
		*rest += strspn(*rest, blanks);
	return word;
}

static int take_line(const struct reading *reading, char *line)
{
	struct fw_allowance *allowance;
	char *rest = line + strspn(line, blanks), *rule, *where;

	if (!*rest || *rest == '#')
		return 0;
	rest[strcspn(rest, "\r\n")] = '\0';
	rule = next_word(&rest);
	where = rest ? next_word(&rest) : NULL;
	if (!is_rule(rule))
		return fail(reading, -EINVAL, "there is no rule '%s' (forkwatch list rules)",
			    rule);
	if (!where || !*where || !rest || !*rest)
		return fail(reading, -EINVAL, "a line is RULE WHERE REASON: it lacks %s",
			    where && *where ? "the reason" : "where, which may be *");
	allowance = add(reading->allow);
	if (!allowance)
		return fail(reading, -ENOMEM, "%s", strerror(ENOMEM));
	allowance->line = reading->line;
	allowance->rule = strdup(rule);
	allowance->where = strdup(where);
	allowance->reason = strdup(rest);
	if (!allowance->rule || !allowance->where || !allowance->reason)
		return fail(reading, -ENOMEM, "%s", strerror(ENOMEM));
	return find_twin(reading, allowance) ?: take_where(reading, allowance, where);
}

static int take_lines(struct reading *reading, FILE *file)
{
	char *line = NULL;
	size_t size = 0;
	int ret = 0;

	while (!ret && getline(&line, &size, file) >= 0) {
		reading->line++;
		ret = take_line(reading, line);
	}
	if (!ret && ferror(file)) {
		reading->line = 0;
		ret = fail(reading, -errno, "%s", strerror(errno));
	}
	free(line);
	return ret;
}

int fw_allow_open(struct fw_allow *allow, const char *path, char *error, size_t size)
{
	struct reading reading = { .allow = allow, .error = error, .size = size };
	FILE *file = fopen(path, "re");
	int ret;

	*allow = (struct fw_allow) { .path = path };
	if (!file)
		return fail(&reading, -errno, "%s", strerror(errno));
	ret = take_lines(&reading, file);
	fclose(file);
	if (ret)
		fw_allow_close(allow);
	return ret;
}

void fw_allow_close(struct fw_allow *allow)
{
	size_t i;

	for (i = 0; i < allow->nr; i++)
		free_allowance(&allow->list[i]);
	free(allow->list);
	*allow = (struct fw_allow) { 0 };
}

static bool meets(const struct fw_allowance *allowance, enum condition condition,
		  const char *value)
{
	const char *pattern = allowance->patterns[condition];

	return !pattern || !fnmatch(pattern, value, 0);
}

bool fw_allowance_applies(const struct fw_allowance *allowance, const char *kernel)
{
	return meets(allowance, KERNEL, kernel);
}

bool fw_allow_excuses(struct fw_allow *allow, const struct fw_deviation *deviation)
{
	char field[FW_WHY_LEN], comm[FORKWATCH_COMM_LEN + 1];
	size_t i;

	fw_name_plain(deviation->comm, FORKWATCH_COMM_LEN, comm, sizeof(comm));
	snprintf(field, sizeof(field), "%.*s", (int)strcspn(deviation->why, ":"), deviation->why);
	for (i = 0; i < allow->nr; i++) {
		struct fw_allowance *allowance = &allow->list[i];

		if (strcmp(allowance->rule, deviation->rule) ||
		    !meets(allowance, COMM, comm) || !meets(allowance, FIELD, field) ||
		    !meets(allowance, KERNEL, deviation->kernel) ||
		    !meets(allowance, KIND, fw_fork_kind_name(deviation->kind)))
			continue;
		allowance->used++;
		return true;
	}
	return false;
}
