// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch list: what there is, from the tables that make it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "array.h"
#include "check.h"
#include "cmd_options.h"
#include "event.h"
#include "message.h"
#include "source.h"
#include "stages.h"

/* One row as JSON; its text form is printed from that, so that both say the same. */
struct list {
	const char *name;
	json_t *(*rows)(void);		/* an array of objects; NULL after a message */
	void (*print)(const json_t *row);
};

static const char * const type_names[] = {
	[FW_U16] = "u16",
	[FW_U32] = "u32",
	[FW_U64] = "u64",
	[FW_S32] = "s32",
	[FW_S64] = "s64",
	[FW_CHAR] = "char",
	[FW_REGS] = "regs",
	[FW_CONTEXT] = "context",
	[FW_STATE] = "state",
};

static const char *string(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

static json_int_t integer(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

static json_t *field_row(const struct fw_field *field)
{
	return json_pack("{s:s, s:s, s:I, s:I}",
			 "name", field->name, "type", type_names[field->type],
			 "offset", (json_int_t)field->offset, "count", (json_int_t)field->count);
}

static json_t *field_rows(const struct fw_field *field)
{
	json_t *rows = json_array();

	for (; field->name; field++)
		json_array_append_new(rows, field_row(field));
	return rows;
}

static json_t *event_row(const struct fw_event_type *type)
{
	return json_pack("{s:s, s:i, s:I, s:s, s:o}",
			 "name", type->name, "kind", type->kind,
			 "size", (json_int_t)type->size, "origin", type->origin,
			 "fields", field_rows(type->fields));
}

static json_t *event_rows(void)
{
	const struct fw_event_type *type;
	json_t *rows = json_array();

	for (type = fw_event_types; type->name; type++)
		json_array_append_new(rows, event_row(type));
	return rows;
}

static void print_event(const json_t *row)
{
	const json_t *fields = json_object_get(row, "fields");
	size_t i, nr = json_array_size(fields);
	int column = 0;

	printf("%-14s kind %2lld  %4lld bytes  from %s\n", string(row, "name"),
	       (long long)integer(row, "kind"), (long long)integer(row, "size"),
	       string(row, "origin"));
	for (i = 0; i < nr; i++) {
		const char *name = string(json_array_get(fields, i), "name");

		if (column && column + strlen(name) > 78) {
			putchar('\n');
			column = 0;
		}
		column += printf("%s%s", column ? " " : "    ", name);
	}
	putchar('\n');
}

static json_t *rule_row(const struct fw_rule *rule)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "id", rule->id, "text", rule->text,
			 "source", rule->source, "since", rule->since);
}

static json_t *rule_rows(void)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; i < fw_nr_rules; i++)
		json_array_append_new(rows, rule_row(&fw_rules[i]));
	return rows;
}

static void print_rule(const json_t *row)
{
	printf("%-3s %s\n    %s, %s\n", string(row, "id"), string(row, "text"),
	       string(row, "source"), string(row, "since"));
}

/* @line is "event symbol state missed error"; NULL for another one, such as the header. */
static json_t *probe_row(const char *line)
{
	char event[64], symbol[64], state[64];
	long long missed, error;

	if (sscanf(line, "%63s %63s %63s %lld %lld", event, symbol, state, &missed, &error) != 5)
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:I, s:I}", "event", event, "symbol", symbol,
			 "state", state, "missed", (json_int_t)missed,
			 "error", (json_int_t)error);
}

/* What the loaded module says of its probes. */
static json_t *probe_rows(void)
{
	FILE *file = fopen(FW_PROBES_FILE, "re");
	json_t *rows, *row;
	char line[256];

	if (!file) {
		fw_message("%s: %s. The module is not loaded: sudo insmod forkwatch.ko",
			   FW_PROBES_FILE, strerror(errno));
		return NULL;
	}
	rows = json_array();
	while (fgets(line, sizeof(line), file)) {
		row = probe_row(line);
		if (row)
			json_array_append_new(rows, row);
	}
	fclose(file);
	return rows;
}

static void print_probe(const json_t *row)
{
	printf("%-14s on %-14s %-8s missed %lld", string(row, "event"), string(row, "symbol"),
	       string(row, "state"), (long long)integer(row, "missed"));
	if (integer(row, "error"))
		printf("  error %lld", (long long)integer(row, "error"));
	putchar('\n');
}

/* Those without a probe of their own have no level: the events that there are tell of them. */
static const char *stage_level(int stage)
{
#define LEVEL(STAGE, name, level, returns, symbols)	\
	[FORKWATCH_STAGE_##STAGE] = FW_STAGES_##level,
	static const unsigned char levels[FORKWATCH_NR_STAGES] = { FW_STAGE_PROBES(LEVEL) };
#undef LEVEL

	if (stage >= FORKWATCH_NR_STAGES)
		return "any";
	return levels[stage] == FW_STAGES_CORE ? "core" : "all";
}

static json_t *stage_rows(void)
{
#define STAGE(STAGE, value, name, PARENT) { value, FORKWATCH_STAGE_##PARENT },
	static const struct {
		int stage, parent;
	} stages[] = { FORKWATCH_STAGES(STAGE) };
#undef STAGE
	json_t *rows = json_array();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stages); i++) {
		bool is_root = stages[i].parent == stages[i].stage;
		json_t *row = json_pack("{s:s, s:s, s:s}", "name", fw_stage_name(stages[i].stage),
					"parent", is_root ? "" : fw_stage_name(stages[i].parent),
					"level", stage_level(stages[i].stage));

		json_array_append_new(rows, row);
	}
	return rows;
}

static void print_stage(const json_t *row)
{
	const char *parent = string(row, "parent");

	printf("%-22s --stages %-4s%s%s\n", string(row, "name"), string(row, "level"),
	       *parent ? "  in " : "", parent);
}

static const struct list lists[] = {
	{ "events", event_rows, print_event },
	{ "rules", rule_rows, print_rule },
	{ "probes", probe_rows, print_probe },
	{ "stages", stage_rows, print_stage },
};

static const struct list *find_list(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lists); i++)
		if (!strcmp(lists[i].name, name))
			return &lists[i];
	return NULL;
}

static int print_list(const struct list *list, bool json)
{
	json_t *rows = list->rows(), *row;
	size_t i;

	if (!rows)
		return FW_STATUS_TROUBLE;
	if (json) {
		json_dumpf(rows, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		json_array_foreach(rows, i, row)
			list->print(row);
	}
	json_decref(rows);
	if (fflush(stdout) || ferror(stdout)) {
		fw_message("writing to standard output: %s", strerror(errno));
		return FW_STATUS_TROUBLE;
	}
	return 0;
}

static const struct option long_options[] = {
	{ "format",	required_argument,	NULL, 'f' },
	{ "help",	no_argument,		NULL, 'h' },
	{ NULL }
};

/* There is no other than -f. */
static int parse_option(const struct fw_cmd *cmd, void *ctx, int c)
{
	(void)c;
	return fw_json_option(cmd, ctx);
}

static const struct fw_options options = { .rows = long_options, .take = parse_option };

static int list_main(const struct fw_cmd *cmd, int argc, char **argv)
{
	const struct list *list;
	bool json = false;
	int status = fw_options_parse(&options, cmd, &json, argc, argv);

	if (status >= 0)
		return status;
	if (optind == argc)
		return fw_cmd_misuse(cmd, "list what? events, rules, probes or stages");
	if (optind + 1 < argc)
		return fw_cmd_misuse(cmd, "one list at a time, not '%s' as well", argv[optind + 1]);
	list = find_list(argv[optind]);
	if (!list)
		return fw_cmd_misuse(cmd, "there is no list of '%s', but events, rules, probes "
				     "and stages", argv[optind]);
	return print_list(list, json);
}

const struct fw_cmd fw_cmd_list = {
	.name = "list",
	.summary = "the events, rules, probes and stages there are",
	.usage =
"list events|rules|probes|stages [-f text|json]\n"
"\n"
"  events   the events: where each is taken, and its fields\n"
"  rules    the rules that every fork is judged by, and the kernel function behind each\n"
"  probes   the loaded module's probes: armed, missed hits, errors\n"
"  stages   the functions whose time --stages tells, and which of them calls which\n"
"\n"
"  -f, --format FORMAT   text (default) or json\n"
"  -h, --help            this text\n",
	.trouble = FW_STATUS_TROUBLE,
	.main = list_main,
};
