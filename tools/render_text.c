// SPDX-License-Identifier: GPL-2.0-only
/* The text format: one fork on a screen. */
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "clone_flags.h"
#include "render_text.h"

char *fw_view_name(struct fw_view *view)
{
	return view->names[view->next_name++ % FW_VIEW_NAMES];
}

const char *fw_view_hex(struct fw_view *view, uint64_t value)
{
	return fw_name_hex(value, fw_view_name(view), FW_VIEW_NAME_SIZE);
}

const char *fw_view_kernel(struct fw_view *view, const struct fw_stack *stack, uint64_t addr)
{
	return fw_name_kernel(view->opt->env, stack, addr, fw_view_name(view), FW_VIEW_NAME_SIZE);
}

const char *fw_view_user(struct fw_view *view, uint64_t addr)
{
	return fw_name_user(view->fork, view->opt->usyms, addr, fw_view_name(view),
			    FW_VIEW_NAME_SIZE);
}

const char *fw_view_time(struct fw_view *view, uint64_t start, uint64_t end)
{
	return fw_name_duration(start, end, fw_view_name(view), FW_VIEW_NAME_SIZE);
}

const char *fw_view_error(struct fw_view *view, long error)
{
	const char *name = fw_error_name(error);
	char *buf = fw_view_name(view);

	if (name)
		snprintf(buf, FW_VIEW_NAME_SIZE, "-%s", name);
	else
		snprintf(buf, FW_VIEW_NAME_SIZE, "%ld", error);
	return buf;
}

struct fw_stack fw_view_child_stack(const struct fw_view *view)
{
	const struct fw_fork *fork = view->fork;

	if (fork->copy_thread)
		return (struct fw_stack){ fork->copy_thread->stack_low,
					  fork->copy_thread->stack_top };
	if (fork->first_run)
		return (struct fw_stack){ fork->first_run->stack_low, fork->first_run->stack_top };
	return (struct fw_stack){ 0, 0 };
}

bool fw_view_from_user(const struct fw_view *view)
{
	return fw_caller_regs(view->fork);
}

bool fw_view_has_child(const struct fw_view *view)
{
	return fw_fork_error(view->fork) >= 0 && !fw_fork_is_idle(view->fork);
}

const __u64 *fw_view_asked_x0(const struct fw_view *view)
{
	const struct forkwatch_clone_call *call = view->fork->clone_call;

	return call && call->options & FORKWATCH_CLONE_CHILD_X0 ? &call->child_x0 : NULL;
}

/*
 * fork 7   sh[412] -> sh[413]   fork by clone   1.84 ms   21 pass
 */
static void put_counts(struct fw_view *view)
{
	const struct fw_judgement *judgements = view->fork->verdicts;
	unsigned int counts[FW_NR_VERDICTS] = { 0 };
	struct fw_text *text = &view->text;
	size_t i;

	if (!judgements)
		return;
	for (i = 0; i < fw_nr_rules; i++)
		counts[judgements[i].verdict]++;
	fw_text_styled(text, FW_BOLD, "%u pass", counts[FW_PASS]);
	if (counts[FW_FAIL])
		fw_text_styled(text, FW_LOUD, "%u FAIL", counts[FW_FAIL]);
	if (counts[FW_NOT_OBSERVED])
		fw_text_item(text, "%u not observed", counts[FW_NOT_OBSERVED]);
}

static const char *child_or_error(struct fw_view *view)
{
	int error = fw_fork_error(view->fork);
	char *buf;

	if (error < 0)
		return fw_view_error(view, error);
	buf = fw_view_name(view);
	fw_name_child(view->fork, buf, FW_VIEW_NAME_SIZE);
	return *buf ? buf : "child " FW_UNSEEN;
}

static void put_header(struct fw_view *view)
{
	const struct fw_fork *fork = view->fork;
	const char *kind = fw_fork_kind_name(fw_fork_kind(fork)), *call = fw_name_call(fork);
	struct fw_text *text = &view->text;
	char parent[FW_NAME_TASK_LEN];

	text->indent = 4;
	fw_text_at(text, 0, FW_BOLD, "fork");
	fw_text_at(text, 5, FW_BOLD, fw_name_count(fork->id, fw_view_name(view),
						   FW_VIEW_NAME_SIZE));
	fw_text_styled(text, FW_BOLD, "%s -> %s",
		       fw_name_parent(fork, parent, sizeof(parent)), child_or_error(view));
	if (!call || !strcmp(call, kind))
		fw_text_styled(text, FW_BOLD, "%s", kind);
	else
		fw_text_styled(text, FW_BOLD, "%s by %s", kind, call);
	if (fork->restart_of)
		fw_text_styled(text, FW_BOLD, "restart of fork %llu",
			       (unsigned long long)fork->restart_of);
	if (fork->ret)
		fw_text_styled(text, FW_BOLD, "%s",
			       fw_view_time(view, fork->ret->enter_time, fork->ret->hdr.time));
	put_counts(view);
	if (!fork->complete)
		fw_text_styled(text, FW_LOUD, "INCOMPLETE");
	fw_text_end(text, true);
}

static void print_rows(struct fw_view *view, const struct fw_view_row *row)
{
	for (; row->label; row++) {
		if (row->applies && !row->applies(view))
			continue;
		fw_text_row(&view->text, row->label);
		row->print(view);
	}
}

static void print_fork(struct fw_view *view)
{
	put_header(view);
	print_rows(view, fw_view_call_rows);
	fw_view_stages(view);
	fw_view_undone(view);
	fw_view_regs(view);
	print_rows(view, fw_view_run_rows);
	fw_view_verdicts(view);
	fw_view_witness(view);
	fw_text_end(&view->text, true);
}

/*
 * The format.
 */
static int write_text(struct fw_render *render, struct fw_text *text)
{
	int err = fw_text_finish(text);

	return err ? err : fw_render_write(render, text->data, text->size);
}

static int show_fork(struct fw_render *render, const struct fw_fork *fork)
{
	struct fw_view view = { .opt = &render->opt, .fork = fork };
	int err;

	err = fw_findings_add(render->state, fork);
	if (err || (render->opt.quiet && !fw_render_has_failed(fork)))
		return err;
	err = fw_text_open(&view.text, render->opt.color);
	if (err)
		return err;
	print_fork(&view);
	err = write_text(render, &view.text);
	fw_text_close(&view.text);
	return err;
}

static int show_cow(struct fw_render *render, const struct fw_cow *cow)
{
	struct fw_text text;
	int err;

	if (render->opt.quiet)
		return 0;
	err = fw_text_open(&text, render->opt.color);
	if (err)
		return err;
	fw_view_cow(&text, cow);
	err = write_text(render, &text);
	fw_text_close(&text);
	return err;
}

static int show_life(struct fw_render *render, const struct fw_life *life,
		     const struct fw_judgement *judgement)
{
	struct fw_view view = { .opt = &render->opt };
	int err;

	err = fw_findings_add_life(render->state, life, judgement);
	if (err || (render->opt.quiet && judgement->verdict != FW_FAIL))
		return err;
	err = fw_text_open(&view.text, render->opt.color);
	if (err)
		return err;
	fw_view_life(&view, life, judgement);
	err = write_text(render, &view.text);
	fw_text_close(&view.text);
	return err;
}

static int show_summary(struct fw_render *render, const struct fw_summary *summary)
{
	struct fw_text text;
	int err;

	err = fw_text_open(&text, render->opt.color);
	if (err)
		return err;
	fw_view_summary(&text, render->state, summary, render->opt.env);
	err = write_text(render, &text);
	fw_text_close(&text);
	return err;
}

static int open_text(struct fw_render *render)
{
	struct fw_findings *findings = NULL;
	int err = fw_findings_open(&findings);

	render->state = findings;
	return err;
}

static void close_text(struct fw_render *render)
{
	fw_findings_close(render->state);
	render->state = NULL;
}

const struct fw_render_ops fw_render_text = {
	.name = "text",
	.open = open_text,
	.fork = show_fork,
	.cow = show_cow,
	.life = show_life,
	.end = show_summary,
	.close = close_text,
};
