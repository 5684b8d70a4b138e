// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "array.h"
#include "clone_flags.h"
#include "names.h"
#include "table.h"
#include "text.h"

/*
 * One line.
 */
enum column {
	AT_ID = 2,
	AT_KIND = 8,
	AT_TASK = 18,
	AT_COPY = 50,
	AT_WAKE = 60,
	AT_RULES = 70,
	AT_THEN = 80,
};

#define MAX_INDENT	8	/* generations; what lies deeper is shown there too */

/* "exec /bin/ls, exit 0": what became of the task. */
static void put_fate(struct fw_text *text, const struct fw_node *node)
{
	char plain[FORKWATCH_PATH_LEN + 8], signal[24], fate[FORKWATCH_PATH_LEN + 64];

	*plain = '\0';
	if (node->path)
		fw_name_plain(node->path, FORKWATCH_PATH_LEN, plain, sizeof(plain));
	*fate = '\0';
	if (node->ended && WIFSIGNALED(node->code))
		snprintf(fate, sizeof(fate), "%s",
			 fw_signal_name(WTERMSIG(node->code), signal, sizeof(signal)));
	else if (node->ended)
		snprintf(fate, sizeof(fate), "exit %d", WEXITSTATUS(node->code));
	if (*fate)
		fw_text_at(text, AT_THEN, FW_PLAIN, fate);
	if (*plain) {
		snprintf(fate, sizeof(fate), "%s%s", node->ended ? "  " : "", plain);
		fw_text_at(text, AT_THEN, FW_DIM, fate);
	}
}

static const char *name_task(const struct fw_node *node, char *buf, size_t size)
{
	const char *error = fw_error_name(node->error);

	if (!node->error)
		return fw_name_task(node->comm, node->tid, node->tgid, buf, size);
	snprintf(buf, size, "-%s", error ? error : "?");
	return buf;
}

/* In a list, where no line above it says whose child it is, that is said here. */
static void put_task(struct fw_text *text, const struct fw_node *node, unsigned int depth,
		     bool listed)
{
	unsigned int indent = depth < MAX_INDENT ? depth : MAX_INDENT;
	char name[FW_NAME_TASK_LEN], parent[FW_NAME_TASK_LEN], both[2 * FW_NAME_TASK_LEN + 8];
	bool has_parent = listed && node->parent && node->parent->parent;

	*parent = '\0';
	if (has_parent)
		name_task(node->parent, parent, sizeof(parent));
	snprintf(both, sizeof(both), "%s%s%s", parent, has_parent ? " -> " : "",
		 name_task(node, name, sizeof(name)));
	fw_text_at(text, AT_TASK + (listed ? 0 : 2 * indent), node->error ? FW_BOLD : FW_PLAIN,
		   both);
}

static void put_time(struct fw_text *text, enum column column, uint64_t ns)
{
	char time[32];

	if (ns)
		fw_text_at(text, column, FW_PLAIN, fw_name_duration(0, ns, time, sizeof(time)));
}

static void put_rules(struct fw_text *text, const struct fw_node *node)
{
	char rules[64];

	if (node->failed)
		snprintf(rules, sizeof(rules), "%" PRIu32 " FAIL", node->failed);
	else
		snprintf(rules, sizeof(rules), "%" PRIu32 " pass", node->passed);
	fw_text_at(text, AT_RULES, node->failed ? FW_LOUD : FW_PLAIN, rules);
}

/* A line on its way out. */
struct line {
	const struct fw_node *node;	/* NULL: the headings */
	unsigned int depth;
	bool listed;
};

static void put_node(struct fw_text *text, const struct line *line)
{
	const struct fw_node *node = line->node;
	char id[24];

	if (node->id) {
		snprintf(id, sizeof(id), "%4" PRIu64, node->id);
		fw_text_at(text, AT_ID, FW_PLAIN, id);
		fw_text_at(text, AT_KIND, FW_PLAIN, fw_fork_kind_name(node->kind));
	}
	put_task(text, node, line->depth, line->listed);
	put_time(text, AT_COPY, node->copy_ns);
	put_time(text, AT_WAKE, node->wake_ns);
	if (node->id)
		put_rules(text, node);
	if (node->id && !node->complete)
		fw_text_at(text, AT_THEN, FW_LOUD, "INCOMPLETE");
	put_fate(text, node);
	fw_text_end(text, false);
}

static void put_headings(struct fw_text *text)
{
	static const struct {
		enum column column;
		const char *text;
	} headings[] = {
		{ AT_ID, "fork" }, { AT_KIND, "kind" }, { AT_TASK, "task" }, { AT_COPY, "copy" },
		{ AT_WAKE, "wake" }, { AT_RULES, "rules" }, { AT_THEN, "then" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(headings); i++)
		fw_text_at(text, headings[i].column, FW_BOLD, headings[i].text);
	fw_text_end(text, false);
}

/* Line by line, so that a long table is never in memory. */
static int put_line(const struct fw_table *table, const struct line *line)
{
	struct fw_text text;
	int err = fw_text_open(&text, table->color);

	if (err)
		return err;
	if (line->node)
		put_node(&text, line);
	else
		put_headings(&text);
	err = fw_text_finish(&text);
	if (!err && fwrite(text.data, 1, text.size, table->out) != text.size)
		err = -errno;
	fw_text_close(&text);
	return err;
}

static int put_rest(const struct fw_table *table, uint64_t left)
{
	if (left)
		fprintf(table->out, "  and %" PRIu64 " more lines\n", left);
	fputc('\n', table->out);
	return 0;
}

/*
 * The tree.
 */
static int put_tree(const struct fw_table *table, const struct fw_tree *tree)
{
	struct line line = { .node = fw_tree_first(tree) };
	const struct line headings = { 0 };
	uint64_t lines;
	int err = 0;

	if (line.node)
		err = put_line(table, &headings);
	for (lines = 0; line.node && !err && lines < table->limit; lines++) {
		err = put_line(table, &line);
		line.node = fw_tree_next(line.node, &line.depth);
	}
	for (lines = 0; line.node && !err; lines++)
		line.node = fw_tree_next(line.node, &line.depth);
	return err ? err : put_rest(table, lines);
}

/*
 * A list. What is equal stays in the order in which it began.
 */
static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_start(const struct fw_node *a, const struct fw_node *b)
{
	return compare_numbers(a->id, b->id);
}

static int by_duration(const struct fw_node *a, const struct fw_node *b)
{
	return compare_numbers(b->copy_ns, a->copy_ns);
}

static int by_wake(const struct fw_node *a, const struct fw_node *b)
{
	return compare_numbers(b->wake_ns, a->wake_ns);
}

static int by_pid(const struct fw_node *a, const struct fw_node *b)
{
	return compare_numbers(a->tid, b->tid);
}

static int by_comm(const struct fw_node *a, const struct fw_node *b)
{
	return strncmp(a->comm, b->comm, sizeof(a->comm));
}

static int by_kind(const struct fw_node *a, const struct fw_node *b)
{
	return compare_numbers(a->kind, b->kind);
}

static int by_errno(const struct fw_node *a, const struct fw_node *b)
{
	return compare_numbers(-b->error, -a->error);
}

static int by_verdict(const struct fw_node *a, const struct fw_node *b)
{
	return compare_numbers(b->failed, a->failed);
}

const struct fw_order fw_orders[] = {
	{ "time", by_start },
	{ "duration", by_duration },
	{ "wake", by_wake },
	{ "pid", by_pid },
	{ "comm", by_comm },
	{ "kind", by_kind },
	{ "errno", by_errno },
	{ "verdict", by_verdict },
	{ NULL, NULL }
};

const struct fw_order *fw_order_find(const char *name)
{
	const struct fw_order *order;

	for (order = fw_orders; order->name; order++)
		if (!strcmp(order->name, name))
			return order;
	return NULL;
}

static int compare_nodes(const void *a, const void *b, void *ctx)
{
	const struct fw_node *x = *(const struct fw_node *const *)a;
	const struct fw_node *y = *(const struct fw_node *const *)b;
	const struct fw_table *table = ctx;
	int ret = table->order ? table->order->compare(x, y) : 0;

	if (!ret)
		ret = by_start(x, y);
	return table->reverse ? -ret : ret;
}

static bool is_listed(const struct fw_table *table, const struct fw_node *node)
{
	return node->id && (!table->chosen || fw_ids_has(table->chosen, node->id));
}

/* The nodes to list, in order; NULL without memory. */
static const struct fw_node **collect(const struct fw_table *table, const struct fw_tree *tree,
				      size_t *nr)
{
	const struct fw_node *node, **nodes;
	unsigned int depth = 0;
	size_t count = 0;

	for (node = fw_tree_first(tree); node; node = fw_tree_next(node, &depth))
		count += is_listed(table, node);
	nodes = calloc(count + 1, sizeof(*nodes));
	*nr = 0;
	if (!nodes)
		return NULL;
	for (node = fw_tree_first(tree); node; node = fw_tree_next(node, &depth))
		if (is_listed(table, node))
			nodes[(*nr)++] = node;
	qsort_r(nodes, *nr, sizeof(*nodes), compare_nodes, (void *)table);
	return nodes;
}

static int put_list(const struct fw_table *table, const struct fw_tree *tree)
{
	struct line line = { .listed = true };
	const struct fw_node **nodes;
	size_t nr, i;
	int err = 0;

	nodes = collect(table, tree, &nr);
	if (!nodes)
		return -ENOMEM;
	if (nr)
		err = put_line(table, &line);
	for (i = 0; !err && i < nr && i < table->limit; i++) {
		line.node = nodes[i];
		err = put_line(table, &line);
	}
	free(nodes);
	return err ? err : put_rest(table, nr - i);
}

int fw_table_put(const struct fw_table *table, const struct fw_tree *tree)
{
	if (table->chosen || table->order || table->reverse)
		return put_list(table, tree);
	return put_tree(table, tree);
}
