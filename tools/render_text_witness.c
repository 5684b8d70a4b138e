// SPDX-License-Identifier: GPL-2.0-only
/* Who saw which event. */
#include "event.h"
#include "observer.h"
#include "render_text.h"
#include "witness.h"

/* Was an event seen by others than usual, or by two? */
static bool is_worth_a_line(const struct fw_fork *fork)
{
	unsigned int i;

	for (i = 0; i < FW_NR_WITNESSED; i++) {
		const struct forkwatch_header *event = fw_witnessed_event(fork, &fw_witnessed[i]);

		if (event && (fork->witness[i] || event->kind != fw_kind(event)))
			return true;
	}
	return fork->wakeup && fork->wakeup->hdr.kind != FORKWATCH_WAKEUP_NEW;
}

static void put_event(struct fw_view *view, const struct forkwatch_header *event,
		      const struct forkwatch_header *copy)
{
	fw_text_styled(&view->text, FW_DIM, "%s %s%s%s", fw_event_type(event->kind)->name,
		       fw_observer_name(event->kind), copy ? "+" : "",
		       copy ? fw_observer_name(copy->kind) : "");
}

/* "seen    fork_enter module+bpf   copy_thread module+bpf   wakeup_new bpf" */
void fw_view_witness(struct fw_view *view)
{
	const struct fw_fork *fork = view->fork;
	unsigned int i;

	if (!is_worth_a_line(fork))
		return;
	fw_text_row(&view->text, "seen");
	for (i = 0; i < FW_NR_WITNESSED; i++) {
		const struct forkwatch_header *event = fw_witnessed_event(fork, &fw_witnessed[i]);

		if (event)
			put_event(view, event, fork->witness[i]);
	}
	if (fork->wakeup)
		put_event(view, &fork->wakeup->hdr, NULL);
}
