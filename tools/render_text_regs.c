// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of registers: parent, child before and child after copy_thread().
 * What it shows follows from comparing the values, register by register:
 * neighbours of which the same can be said become one row.
 */
#include <ctype.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "regs.h"
#include "render_text.h"

enum { PARENT, BEFORE, AFTER, NR_COLUMNS };

static const size_t column_at[NR_COLUMNS] = { 15, 36, 57 };

#define COLUMN_WIDTH	20
#define NOTE_AT		78

/* What can be said of a value. More than one may be true: a 0 can be the parent's, too. */
enum {
	SAME	= 1,	/* as the parent's */
	ZERO	= 2,
	KEPT	= 4,	/* as before */
	EARLIER	= 8,	/* as the parent's when copy_process() began */
	OTHER	= 16,
};

struct cell {
	bool seen;
	uint64_t value;
};

struct row {
	char name[24];			/* "ctx.x19", no longer than "tpidrro_el0" */
	enum fw_reg_type type;
	bool kernel;			/* a kernel's value, not a user's */
	bool result;			/* the register that the call's result is in */
	unsigned int group;		/* neighbours of one group may share a line; 0: never */
	struct cell cell[NR_COLUMNS];
	struct cell earlier;		/* the parent's, when copy_process() began */
	const char *note;
};

#define MAX_ROWS	(FW_NR_REGS + FW_NR_CONTEXT + 4)

struct table {
	struct row rows[MAX_ROWS];
	size_t nr;
};

enum { ALONE, GENERAL, SAVED };

static struct row *add_row(struct table *table, const char *prefix, const char *name,
			   enum fw_reg_type type, bool kernel)
{
	struct row *row = &table->rows[table->nr++];

	memset(row, 0, sizeof(*row));
	stpcpy(stpcpy(row->name, prefix), name);
	row->type = type;
	row->kernel = kernel;
	return row;
}

static void set_cell(struct row *row, unsigned int column, uint64_t value)
{
	row->cell[column] = (struct cell){ true, value };
}

static void add_regs(struct table *table, const struct fw_view *view)
{
	const struct forkwatch_copy_thread *copy = view->fork->copy_thread;
	const struct forkwatch_fork_enter *enter = view->fork->enter;
	bool user = enter && !(enter->flags & FORKWATCH_ENTER_PARENT_KTHREAD);
	struct fw_reg parent[FW_NR_REGS], before[FW_NR_REGS], after[FW_NR_REGS];
	size_t i;

	fw_regs_list(&copy->regs_before, before);
	fw_regs_list(&copy->regs_after, after);
	if (user)
		fw_regs_list(&enter->regs, parent);
	for (i = 0; i < FW_NR_REGS; i++) {
		struct row *row = add_row(table, "", after[i].name, after[i].type, false);

		/* x0 is what a fork is about: always a line of its own. */
		row->result = i == 0;
		row->group = i > 0 && isdigit((unsigned char)after[i].name[1]) ? GENERAL : ALONE;
		if (user)
			set_cell(row, PARENT, parent[i].value);
		set_cell(row, BEFORE, before[i].value);
		set_cell(row, AFTER, after[i].value);
	}
}

static void add_context(struct table *table, const struct fw_view *view)
{
	const struct forkwatch_copy_thread *copy = view->fork->copy_thread;
	const struct forkwatch_fork_enter *enter = view->fork->enter;
	struct fw_reg parent[FW_NR_CONTEXT], before[FW_NR_CONTEXT], after[FW_NR_CONTEXT];
	struct fw_reg earlier[FW_NR_CONTEXT];
	size_t i;

	if (enter)
		fw_context_list(&enter->context, earlier);
	fw_context_list(&copy->parent_context, parent);
	fw_context_list(&copy->context_before, before);
	fw_context_list(&copy->context_after, after);
	for (i = 0; i < FW_NR_CONTEXT; i++) {
		struct row *row = add_row(table, "ctx.", after[i].name, after[i].type, true);

		row->group = i < FORKWATCH_NR_SAVED ? SAVED : ALONE;
		set_cell(row, PARENT, parent[i].value);
		set_cell(row, BEFORE, before[i].value);
		set_cell(row, AFTER, after[i].value);
		if (enter)
			row->earlier = (struct cell){ true, earlier[i].value };
	}
}

/* @parent is NULL where no event tells the parent's. */
static void add_word(struct table *table, const char *name, const __u64 *parent, __u64 before,
		     __u64 after)
{
	struct row *row = add_row(table, "", name, FW_REG_X, false);

	if (parent)
		set_cell(row, PARENT, *parent);
	set_cell(row, BEFORE, before);
	set_cell(row, AFTER, after);
}

/* Of an AArch32 task tp is what CLONE_SETTLS sets, and tp2 its own: see task_user_tls(). */
static void add_thread_pointers(struct table *table, const struct forkwatch_copy_thread *copy)
{
	const __u64 *live = FW_SENT(copy, parent_tpidr) ? &copy->parent_tpidr : NULL;

	if (fw_regs_aarch32(&copy->regs_after)) {
		add_word(table, "tpidr_el0", live, copy->tp2_before, copy->tp2_after);
		add_word(table, "tpidrro_el0", &copy->parent_tp, copy->tp_before, copy->tp_after);
		return;
	}
	add_word(table, "tpidr_el0", live, copy->tp_before, copy->tp_after);
	if (copy->parent_tp2 || copy->tp2_before || copy->tp2_after)
		add_word(table, "tp2_value", &copy->parent_tp2, copy->tp2_before, copy->tp2_after);
}

static void add_words(struct table *table, const struct fw_view *view)
{
	const struct forkwatch_copy_thread *copy = view->fork->copy_thread;

	add_thread_pointers(table, copy);
	if (copy->thread_flags_before || copy->thread_flags_after)
		add_word(table, "ti.flags", NULL, copy->thread_flags_before,
			 copy->thread_flags_after);
}

/*
 * Notes: what a value means, where it really is that value.
 */
static bool is_result(const struct fw_view *view, uint64_t value)
{
	const struct forkwatch_first_run *first_run = view->fork->first_run;

	return fw_fork_is_user(view->fork) && (!first_run || first_run->regs.x[0] == value);
}

static bool is_given_stack(const struct fw_view *view, uint64_t value)
{
	return fw_fork_is_user(view->fork) && view->fork->enter->stack &&
	       value == view->fork->enter->stack;
}

static bool is_given_tls(const struct fw_view *view, uint64_t value)
{
	const struct forkwatch_fork_enter *enter = view->fork->enter;

	return enter && enter->clone_flags & CLONE_SETTLS && value == enter->tls;
}

static bool is_fn(const struct fw_view *view, uint64_t value)
{
	return view->fork->enter && view->fork->enter->fn && value == view->fork->enter->fn;
}

static bool is_fn_arg(const struct fw_view *view, uint64_t value)
{
	return view->fork->enter && view->fork->enter->fn && value == view->fork->enter->fn_arg;
}

static bool is_pt_regs(const struct fw_view *view, uint64_t value)
{
	return value == view->fork->copy_thread->pt_regs;
}

static bool is_stackframe(const struct fw_view *view, uint64_t value)
{
	return value && value == view->fork->copy_thread->stackframe;
}

static bool is_ret_from_fork(const struct fw_view *view, uint64_t value)
{
	const struct fw_env *env = view->opt->env;

	return env && env->ksyms && value && value == fw_ksyms_addr(env->ksyms, "ret_from_fork");
}

static const struct note {
	const char *row;
	bool (*is)(const struct fw_view *view, uint64_t value);
	const char *text;
} notes[] = {
	{ "x0",		is_result,		"<- the child's result" },
	{ "r0",		is_result,		"<- the child's result" },
	{ "sp",		is_given_stack,		"<- the stack given" },
	{ "tpidr_el0",	is_given_tls,		"<- the tls given" },
	{ "tpidrro_el0", is_given_tls,		"<- the tls given" },
	{ "ctx.x19",	is_fn,			"<- the thread's fn" },
	{ "ctx.x20",	is_fn_arg,		"<- and its argument" },
	{ "ctx.fp",	is_stackframe,		"<- a frame in pt_regs" },
	{ "ctx.sp",	is_pt_regs,		"<- where pt_regs lies" },
	{ "ctx.pc",	is_ret_from_fork,	"<- where it will start" },
};

static void add_notes(struct table *table, const struct fw_view *view)
{
	size_t i, j;

	/* They speak of what the child will do. */
	if (fw_fork_error(view->fork) < 0)
		return;

	for (i = 0; i < table->nr; i++) {
		if (table->rows[i].group == GENERAL)
			continue;
		for (j = 0; j < ARRAY_SIZE(notes); j++)
			if (!strcmp(table->rows[i].name, notes[j].row) &&
			    notes[j].is(view, table->rows[i].cell[AFTER].value))
				table->rows[i].note = notes[j].text;
	}
}

/*
 * Folding.
 */
static unsigned int relation(const struct row *row, unsigned int column)
{
	const struct cell *cell = &row->cell[column], *parent = &row->cell[PARENT];
	unsigned int mask = 0;

	if (column != PARENT && parent->seen && cell->value == parent->value)
		mask |= SAME;
	if (!cell->value)
		mask |= ZERO;
	if (column == AFTER && cell->value == row->cell[BEFORE].value)
		mask |= KEPT;
	if (column == BEFORE && row->earlier.seen && cell->value == row->earlier.value)
		mask |= EARLIER;
	/* What lay in the new stack by chance is of no interest one by one. */
	if (!mask || column == BEFORE)
		mask |= OTHER;
	return mask;
}

/* How many rows from @first say the same; what that is, per column, in @masks. */
static size_t fold(const struct table *table, size_t first, unsigned int masks[NR_COLUMNS])
{
	const struct row *row = &table->rows[first];
	unsigned int column;
	size_t i;

	for (column = 0; column < NR_COLUMNS; column++)
		masks[column] = relation(row, column);
	for (i = first + 1; i < table->nr; i++) {
		unsigned int before, after;

		before = masks[BEFORE] & relation(&table->rows[i], BEFORE);
		after = masks[AFTER] & relation(&table->rows[i], AFTER);
		if (!row->group || table->rows[i].group != row->group || row->note ||
		    table->rows[i].note || !before || !after || after == OTHER)
			break;
		masks[BEFORE] = before;
		masks[AFTER] = after;
		masks[PARENT] &= relation(&table->rows[i], PARENT);
	}
	return i - first;
}

/*
 * Cells.
 */
static const char *number(struct fw_view *view, uint64_t value)
{
	char *buf = fw_view_name(view);

	snprintf(buf, FW_VIEW_NAME_SIZE, "%lld", (long long)(int64_t)value);
	return buf;
}

static const char *pstate(struct fw_view *view, uint64_t value)
{
	char *buf = fw_view_name(view);

	return fw_pstate_name(value, buf, FW_VIEW_NAME_SIZE);
}

/* A user's pc, short enough for its column: "libc.so.6:_Fork+0x40", "_Fork+0x40", a number. */
static const char *user_code(struct fw_view *view, uint64_t value)
{
	const char *name = fw_view_user(view, value), *colon = strchr(name, ':');

	if (strlen(name) > COLUMN_WIDTH && colon)
		name = colon + 1;
	return name;
}

static struct fw_stack parent_stack(const struct fw_view *view)
{
	const struct forkwatch_fork_enter *enter = view->fork->enter;

	return enter ? (struct fw_stack){ enter->stack_low, enter->stack_top } :
		       (struct fw_stack){ 0, 0 };
}

static const char *cell_text(struct fw_view *view, const struct row *row, unsigned int column)
{
	struct fw_stack stack = column == PARENT ? parent_stack(view) : fw_view_child_stack(view);
	uint64_t value = row->cell[column].value;
	const char *name = NULL;

	if (row->kernel)
		/* Before, it is a copy of the parent's: in neither's stack as far as is known. */
		name = fw_view_kernel(view, column == BEFORE ? NULL : &stack, value);
	else if (!value && row->type != FW_REG_PSTATE)
		name = "0";
	else if (row->type == FW_REG_CODE && column != BEFORE)
		name = user_code(view, value);
	else if (row->type == FW_REG_PSTATE && column != BEFORE)
		name = pstate(view, value);
	else if (row->type == FW_REG_NUMBER && column != BEFORE)
		name = number(view, value);
	return name && strlen(name) <= COLUMN_WIDTH ? name : fw_view_hex(view, value);
}

static void put_cell(struct fw_view *view, const struct row *row, unsigned int column,
		     unsigned int mask, bool folded)
{
	size_t at = column_at[column];
	bool prefers_same = row->kernel ? column != AFTER :
			    column == AFTER ? !row->result :
			    row->cell[PARENT].value != 0;

	if (!row->cell[column].seen)
		return;
	/* What copy_thread() writes itself is shown, even if the parent has the same. */
	if (column == AFTER && row->kernel && row->note)
		mask &= ~(SAME | KEPT);
	if (mask & SAME && (prefers_same || !(mask & ZERO)))
		fw_text_at(&view->text, at, FW_DIM, "= parent");
	else if (mask & ZERO)
		fw_text_at(&view->text, at, FW_PLAIN, cell_text(view, row, column));
	else if (mask & KEPT)
		fw_text_at(&view->text, at, FW_DIM, "= before");
	else if (mask & EARLIER)
		fw_text_at(&view->text, at, FW_DIM, "= parent earlier");
	else if (folded)
		fw_text_at(&view->text, at, FW_DIM,
			   column == PARENT || row->kernel ? "." : "old stack data");
	else
		fw_text_at(&view->text, at, FW_PLAIN, cell_text(view, row, column));
}

/* "x1..x30", "ctx.x19..x28". */
static const char *run_name(struct fw_view *view, const struct row *first, const struct row *last)
{
	const char *dot = strrchr(last->name, '.');
	char *buf = fw_view_name(view);

	if (first == last)
		return first->name;
	snprintf(buf, FW_VIEW_NAME_SIZE, "%s..%s", first->name, dot ? dot + 1 : last->name);
	return buf;
}

static void put_row(struct fw_view *view, const struct table *table, size_t first, size_t nr,
		    const unsigned int masks[NR_COLUMNS])
{
	const struct row *row = &table->rows[first];
	unsigned int column;

	fw_text_row(&view->text, run_name(view, row, row + nr - 1));
	for (column = 0; column < NR_COLUMNS; column++)
		put_cell(view, row, column, masks[column], nr > 1);
	if (row->note)
		fw_text_at(&view->text, NOTE_AT, FW_PLAIN, row->note);
}

void fw_view_regs(struct fw_view *view)
{
	unsigned int masks[NR_COLUMNS];
	struct table table = { .nr = 0 };
	size_t i, nr;

	if (!view->fork->copy_thread)
		return;
	add_regs(&table, view);
	add_words(&table, view);
	add_context(&table, view);
	add_notes(&table, view);

	fw_text_end(&view->text, true);
	fw_text_at(&view->text, column_at[PARENT], FW_PLAIN, "parent");
	fw_text_at(&view->text, column_at[BEFORE], FW_PLAIN, "child before");
	fw_text_at(&view->text, column_at[AFTER], FW_PLAIN, "child after copy_thread");
	for (i = 0; i < table.nr; i += nr) {
		nr = fold(&table, i, masks);
		put_row(view, &table, i, nr, masks);
	}
	fw_text_end(&view->text, true);
}
