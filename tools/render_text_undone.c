// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text format: what a fork that failed had done, and was taken back.
 *
 * undone  free_pid                    12.0 us  takes back alloc_pid
 *         mmput                       1.21 ms  takes back copy_mm
 *         audit_free               not called  takes back audit_alloc, which left nothing to do
 *         no function of this kernel (inlined, or not there): free_signal_struct for copy_signal
 */
#include <string.h>

#include "render_text.h"
#include "undone.h"

/* Times end where those of the stages do. */
#define NAME_AT		FW_TEXT_INDENT
#define TIME_END	45
#define NOTE_AT		(TIME_END + 2)

static void put_time(struct fw_view *view, const struct fw_undo_row *row)
{
	char text[32] = FW_UNSEEN;

	if (row->how == FW_UNDO_OBSERVED)
		snprintf(text, sizeof(text), "%s%s", row->torn ? "> " : "",
			 fw_view_time(view, 0, row->total));
	else if (row->how == FW_UNDO_NOT_CALLED)
		snprintf(text, sizeof(text), "not called");
	fw_text_at(&view->text, TIME_END - strlen(text), FW_PLAIN, text);
}

static void put_row(struct fw_view *view, const struct fw_undo_row *row)
{
	char note[128];
	int len;

	fw_text_at(&view->text, NAME_AT, FW_PLAIN, row->name);
	put_time(view, row);
	len = snprintf(note, sizeof(note), "takes back %s%s", row->stage,
		       row->how == FW_UNDO_NOT_CALLED ? ", which left nothing to do" : "");
	if (row->calls > 1)
		snprintf(note + len, sizeof(note) - len, ", %u calls", row->calls);
	fw_text_at(&view->text, NOTE_AT, FW_PLAIN, note);
	if (row->torn)
		fw_text_at(&view->text, NOTE_AT, FW_LOUD, "entry or return missed");
}

static const char *next_label(bool *begun)
{
	const char *label = *begun ? "" : "undone";

	*begun = true;
	return label;
}

/* "no function of this kernel (inlined, or not there): exit_thread for copy_thread" */
static void put_unseen(struct fw_view *view, const struct fw_undone *undone, enum fw_undo_how how,
		       const char *what, bool *begun)
{
	char sentence[1024] = "";
	size_t len = 0, i;

	for (i = 0; i < undone->nr; i++) {
		const struct fw_undo_row *row = &undone->rows[i];

		if (row->how == how && len < sizeof(sentence))
			len += snprintf(sentence + len, sizeof(sentence) - len, "%s %s for %s",
					len ? "," : what, row->name, row->stage);
	}
	if (!len)
		return;
	fw_text_row(&view->text, next_label(begun));
	fw_text_words(&view->text, sentence);
}

void fw_view_undone(struct fw_view *view)
{
	struct fw_undone undone;
	bool begun = false;
	size_t i;

	if (fw_undone_build(view->fork, &undone))
		return;
	for (i = 0; i < undone.nr; i++) {
		if (undone.rows[i].how == FW_UNDO_ABSENT || undone.rows[i].how == FW_UNDO_REFUSED)
			continue;
		fw_text_row(&view->text, next_label(&begun));
		put_row(view, &undone.rows[i]);
	}
	put_unseen(view, &undone, FW_UNDO_ABSENT,
		   "no function of this kernel (inlined, or not there):", &begun);
	put_unseen(view, &undone, FW_UNDO_REFUSED, "could not be probed:", &begun);
	if (!undone.nr) {
		fw_text_row(&view->text, next_label(&begun));
		fw_text_item(&view->text, undone.watched ?
			     "nothing: no function that takes a step back was called" :
			     "nothing: no step that is taken back was seen done");
	} else if (!undone.watched) {
		fw_text_row(&view->text, "");
		fw_text_words(&view->text, "by the order of copy_process(): with --stages all "
			      "these functions are watched");
	}
}
