// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text format's waterfall: where the time of a fork went.
 *
 * stages  kernel_clone                   1.84 ms  100%  ########################
 *           copy_process                 1.62 ms   88%  #########################
 *             copy_creds                   31 us    2%  #
 *             dup_mmap                   1.21 ms   66%   ###################         27 VMAs
 *               copy_page_range         0.98 ms    53%   ###############             214 pages
 *               other                    230 us   13%
 */
#include <linux/sched.h>
#include <stddef.h>
#include <string.h>

#include "array.h"
#include "render_text.h"
#include "stages.h"

/* Where the columns begin; names are indented by depth within theirs. */
#define NAME_AT		FW_TEXT_INDENT
#define TIME_AT		37
#define SHARE_AT	46
#define BAR_AT		53
#define BAR_WIDTH	24
#define NOTE_AT		(BAR_AT + BAR_WIDTH + 2)

#define FIELD_END(type, field)	(offsetof(type, field) + sizeof(((type *)NULL)->field))

/* What all is measured against. */
struct scale {
	uint64_t start, total;
};

static void put_time(struct fw_view *view, const struct fw_stage_row *row)
{
	char text[32];
	size_t len;

	snprintf(text, sizeof(text), "%s%s", row->torn ? "> " : "",
		 fw_view_time(view, 0, row->total));
	len = strlen(text);
	fw_text_at(&view->text, TIME_AT + (len < 8 ? 8 - len : 0), FW_PLAIN, text);
}

static void put_share(struct fw_view *view, const struct fw_stage_row *row,
		      const struct scale *scale)
{
	double percent = scale->total ? 100.0 * row->total / scale->total : 0;
	char text[16];

	if (percent < 0.5)
		snprintf(text, sizeof(text), "%5s", row->total ? "<1%" : "0%");
	else
		snprintf(text, sizeof(text), "%4.0f%%", percent);
	fw_text_at(&view->text, SHARE_AT, FW_PLAIN, text);
}

/* From where it began; a stage of several calls is drawn as if it had been one. */
static void put_bar(struct fw_view *view, const struct fw_stage_row *row,
		    const struct scale *scale)
{
	char bar[BAR_WIDTH + 1];
	uint64_t late = row->start > scale->start ? row->start - scale->start : 0;
	size_t begin, len;

	if (row->stage == FW_STAGE_OTHER || !scale->total || late > scale->total)
		return;
	begin = (double)late * BAR_WIDTH / scale->total;
	len = (double)row->total * BAR_WIDTH / scale->total + 0.5;
	if (begin >= BAR_WIDTH)
		begin = BAR_WIDTH - 1;
	if (!len)
		len = 1;
	if (len > BAR_WIDTH - begin)
		len = BAR_WIDTH - begin;
	memset(bar, '#', len);
	bar[len] = '\0';
	fw_text_at(&view->text, BAR_AT + begin, FW_PLAIN, bar);
}

/* What explains the time, as it was counted when the fork ended. */
static const struct forkwatch_fork_exit *counted_exit(const struct fw_fork *fork)
{
	const struct forkwatch_fork_exit *exit = fork->exit;

	return exit && !exit->result &&
	       exit->hdr.size >= FIELD_END(struct forkwatch_fork_exit, child_pages) ? exit : NULL;
}

static const char *plural(unsigned long long count)
{
	return count == 1 ? "" : "s";
}

static void count_vmas(const struct fw_fork *fork, char *buf, size_t size)
{
	const struct forkwatch_fork_exit *exit = counted_exit(fork);

	if (exit)
		snprintf(buf, size, "%u VMA%s", exit->child_vmas, plural(exit->child_vmas));
}

static void count_pages(const struct fw_fork *fork, char *buf, size_t size)
{
	const struct forkwatch_fork_exit *exit = counted_exit(fork);
	unsigned long long pages = 0;
	size_t i;

	if (!exit)
		return;
	for (i = 0; i < FORKWATCH_NR_PAGES; i++)
		pages += exit->child_pages[i];
	snprintf(buf, size, "%llu page%s", pages, plural(pages));
}

static void count_fds(const struct fw_fork *fork, char *buf, size_t size)
{
	const struct forkwatch_stages *stages = fork->stages;

	if (stages->hdr.size >= FIELD_END(struct forkwatch_stages, fds) && stages->fds >= 0)
		snprintf(buf, size, "%d file%s open", stages->fds, plural(stages->fds));
}

/* "3 threads, 12 signals handled": what the group has, and a process copies. */
static void count_group(const struct fw_fork *fork, char *buf, size_t size)
{
	const struct forkwatch_stages *stages = fork->stages;
	const struct forkwatch_fork_exit *exit = counted_exit(fork);
	unsigned int threads = exit ? exit->parent_threads : 0;
	int handlers = -1;

	if (stages->hdr.size >= FIELD_END(struct forkwatch_stages, handlers) &&
	    fork->enter && !(fork->enter->clone_flags & CLONE_SIGHAND))
		handlers = stages->handlers;
	if (threads > 1 && handlers > 0)
		snprintf(buf, size, "%u threads, %d signal%s handled", threads, handlers,
			 plural(handlers));
	else if (threads > 1)
		snprintf(buf, size, "%u threads", threads);
	else if (handlers > 0)
		snprintf(buf, size, "%d signal%s handled", handlers, plural(handlers));
}

static const struct count {
	int stage;
	void (*write)(const struct fw_fork *fork, char *buf, size_t size);
} counts[] = {
	{ FORKWATCH_STAGE_COPY_PROCESS, count_group },
	{ FORKWATCH_STAGE_DUP_FD, count_fds },
	{ FORKWATCH_STAGE_COPY_MM, count_vmas },
	{ FORKWATCH_STAGE_DUP_MM, count_vmas },
	{ FORKWATCH_STAGE_DUP_MMAP, count_vmas },
	{ FORKWATCH_STAGE_COPY_PAGE_RANGE, count_pages },
};

/* Where wait_for_vfork_done() is inlined, what kernel_clone() itself did is mostly that. */
static bool has_waited(const struct fw_fork *fork, const struct fw_stage_row *row,
		       const struct fw_stage_row *above)
{
	return row->stage == FW_STAGE_OTHER && above->stage == FORKWATCH_STAGE_KERNEL_CLONE &&
	       fork->enter && fork->enter->clone_flags & CLONE_VFORK && !fork->exit->result &&
	       !fork->stages->calls[FORKWATCH_STAGE_WAIT_VFORK];
}

static void put_note(struct fw_view *view, const struct fw_stages *stages,
		     const struct fw_stage_row *row)
{
	const struct forkwatch_fork_exit *exit = counted_exit(view->fork);
	char calls[24] = "", count[64] = "", note[96];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++)
		if (counts[i].stage == row->stage && row->result >= 0)
			counts[i].write(view->fork, count, sizeof(count));
	if (row->calls > 1)
		snprintf(calls, sizeof(calls), "%u calls", row->calls);
	snprintf(note, sizeof(note), "%s%s%s", calls, *calls && *count ? ", " : "", count);
	if (row->parent >= 0 && exit && has_waited(view->fork, row, &stages->rows[row->parent]))
		snprintf(note, sizeof(note), "waits for the child");
	fw_text_at(&view->text, NOTE_AT, FW_PLAIN, note);
	if (row->result < 0)
		fw_text_at(&view->text, NOTE_AT, FW_LOUD, fw_view_error(view, row->result));
	if (row->torn && row->stage != FW_STAGE_OTHER)
		fw_text_at(&view->text, NOTE_AT, FW_LOUD, "return missed");
	if (row->exceeds)
		fw_text_at(&view->text, NOTE_AT, FW_LOUD, "LESS than its stages");
}

/* What the child does is no part of what the parent's call took. */
static bool in_child(const struct fw_stages *stages, const struct fw_stage_row *row)
{
	while (row->parent >= 0)
		row = &stages->rows[row->parent];
	return row->stage == FW_STAGE_WAKE || row->stage == FORKWATCH_STAGE_SCHEDULE_TAIL ||
	       row->stage == FORKWATCH_STAGE_FINISH_SWITCH;
}

static void put_child_note(struct fw_view *view, const struct fw_stage_row *row)
{
	const char *next = fw_fork_is_user(view->fork) ? "returns to user mode" :
							 "calls its function";
	char note[64] = "";

	if (row->stage == FW_STAGE_WAKE)
		snprintf(note, sizeof(note), "until CPU %u runs the child",
			 view->fork->first_run->hdr.cpu);
	else if (row->stage == FORKWATCH_STAGE_SCHEDULE_TAIL)
		snprintf(note, sizeof(note), "in the child, which %s next", next);
	fw_text_at(&view->text, SHARE_AT + 1, FW_PLAIN, note);
}

static void put_row(struct fw_view *view, const struct fw_stages *stages,
		    const struct fw_stage_row *row, const struct scale *scale)
{
	fw_text_at(&view->text, NAME_AT + 2UL * row->depth,
		   row->stage == FW_STAGE_OTHER ? FW_DIM : FW_PLAIN, row->name);
	put_time(view, row);
	if (in_child(stages, row)) {
		put_child_note(view, row);
		return;
	}
	put_share(view, row, scale);
	put_bar(view, row, scale);
	put_note(view, stages, row);
}

/* "inlined, or not in this kernel: copy_mm, dup_mm" */
static void put_set(struct fw_view *view, const char *what, uint32_t set)
{
	char sentence[1024];
	size_t len;
	int stage;

	if (!set)
		return;
	len = snprintf(sentence, sizeof(sentence), "%s", what);
	for (stage = 0; stage < FORKWATCH_NR_STAGES; stage++) {
		const char *name = set & 1U << stage ? fw_stage_name(stage) : NULL;

		if (name && len < sizeof(sentence))
			len += snprintf(sentence + len, sizeof(sentence) - len, " %s", name);
	}
	fw_text_row(&view->text, "");
	fw_text_words(&view->text, sentence);
}

void fw_view_stages(struct fw_view *view)
{
	struct fw_stages stages;
	struct scale scale;
	size_t i;

	if (fw_stages_build(view->fork, view->opt->stage_order, &stages) || !stages.nr)
		return;
	scale = (struct scale){ stages.rows[0].start, stages.rows[0].total };
	for (i = 0; i < stages.nr; i++) {
		fw_text_row(&view->text, i ? "" : "stages");
		put_row(view, &stages, &stages.rows[i], &scale);
	}
	put_set(view, "no function of this kernel (inlined, or not there):", stages.absent);
	put_set(view, "could not be probed:", stages.refused);
}
