/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the text format share. */
#ifndef FW_RENDER_TEXT_H
#define FW_RENDER_TEXT_H

#include <stddef.h>

#include "names.h"
#include "observer.h"
#include "render.h"
#include "text.h"

#define FW_VIEW_NAMES		8
#define FW_VIEW_NAME_SIZE	256

/* One fork on its way to the screen. */
struct fw_view {
	struct fw_text text;
	const struct fw_render_options *opt;
	const struct fw_fork *fork;
	char names[FW_VIEW_NAMES][FW_VIEW_NAME_SIZE];
	unsigned int next_name;
};

/* What is printed where an event is missing. */
#define FW_UNSEEN		"not observed"

/* Is @field within what was sent of @event, and did its sender see it? */
#define FW_SENT(event, field)	FW_OBSERVED(event, field)

/* A buffer for a name; it is good until FW_VIEW_NAMES others were asked for. */
char *fw_view_name(struct fw_view *view);

/* Names in such buffers; see names.h. */
const char *fw_view_hex(struct fw_view *view, uint64_t value);
const char *fw_view_kernel(struct fw_view *view, const struct fw_stack *stack, uint64_t addr);
const char *fw_view_user(struct fw_view *view, uint64_t addr);
const char *fw_view_time(struct fw_view *view, uint64_t start, uint64_t end);
const char *fw_view_error(struct fw_view *view, long error);	/* "-EAGAIN" */

struct fw_stack fw_view_child_stack(const struct fw_view *view);

/* Did a user task ask for it? */
bool fw_view_from_user(const struct fw_view *view);
/* Is there a child that runs, so that its absence from the record is worth a word? */
bool fw_view_has_child(const struct fw_view *view);
/* The value that forkwatch_clone() was asked to return in the child, NULL: none. */
const __u64 *fw_view_asked_x0(const struct fw_view *view);

/* One row of the screen, if it applies (NULL: always). A table ends with a NULL label. */
struct fw_view_row {
	const char *label;
	bool (*applies)(const struct fw_view *view);
	void (*print)(struct fw_view *view);
};

extern const struct fw_view_row fw_view_call_rows[];
extern const struct fw_view_row fw_view_run_rows[];

/* Where the time went, if stages were watched. */
void fw_view_stages(struct fw_view *view);
/* What a fork that failed had done, and was taken back. */
void fw_view_undone(struct fw_view *view);

/* The table of registers before and after copy_thread(). */
void fw_view_regs(struct fw_view *view);

/* The row of what else of the CPU's state the child got. */
bool fw_view_has_state(const struct fw_view *view);
void fw_view_print_state(struct fw_view *view);

/* What a fork cost when it was over; and many of them, if any were watched. */
void fw_view_cow(struct fw_text *text, const struct fw_cow *cow);
void fw_view_cow_totals(struct fw_text *text, const struct fw_cow_totals *totals);
/* One side's counts as items of a row. */
void fw_view_cow_counts(struct fw_text *text, const uint64_t faults[FORKWATCH_NR_COW],
			uint64_t ns);

/* What the rules say of this fork. */
void fw_view_verdicts(struct fw_view *view);

/* Who saw which of its events, where that is no matter of course. */
void fw_view_witness(struct fw_view *view);
/* The row of a vfork: how long its parent waited, and for what. */
bool fw_view_is_vfork(const struct fw_view *view);
void fw_view_print_vfork(struct fw_view *view);

/* What a child does later, in a line of its own. */
void fw_view_life(struct fw_view *view, const struct fw_life *life,
		  const struct fw_judgement *judgement);

/* What the rules found in all forks, kept for the summary. */
struct fw_findings;
int fw_findings_open(struct fw_findings **out);
int fw_findings_add(struct fw_findings *findings, const struct fw_fork *fork);
int fw_findings_add_life(struct fw_findings *findings, const struct fw_life *life,
			 const struct fw_judgement *judgement);
void fw_findings_show(const struct fw_findings *findings, struct fw_text *text);
/* Why the rule with this index could not be judged, the first time; "" if it always could. */
const char *fw_findings_unseen(const struct fw_findings *findings, size_t rule);
void fw_findings_close(struct fw_findings *findings);

/* Its first rows, what was traced and how many forks there were; its last ones. */
void fw_view_counts(struct fw_text *text, const struct fw_summary *summary,
		    const struct fw_env *env);
void fw_view_end(struct fw_text *text, const struct fw_summary *summary);
void fw_view_summary(struct fw_text *text, const struct fw_findings *findings,
		     const struct fw_summary *summary, const struct fw_env *env);

#endif
