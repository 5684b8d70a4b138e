// SPDX-License-Identifier: GPL-2.0-only
/* The text format: how long a vfork parent waited, and what became of children later. */
#include <string.h>
#include <sys/wait.h>

#include "clone_flags.h"
#include "life.h"
#include "render_text.h"

static const char *plain(struct fw_view *view, const char *text, size_t max)
{
	char *buf = fw_view_name(view);

	return fw_name_plain(text, max, buf, FW_VIEW_NAME_SIZE);
}

/* "exit 3", "SIGKILL": as wait(2) has it. */
static const char *fate(struct fw_view *view, int32_t code)
{
	char *buf = fw_view_name(view), signal[24];

	if (WIFSIGNALED(code))
		snprintf(buf, FW_VIEW_NAME_SIZE, "%s",
			 fw_signal_name(WTERMSIG(code), signal, sizeof(signal)));
	else
		snprintf(buf, FW_VIEW_NAME_SIZE, "exit %d", WEXITSTATUS(code));
	return buf;
}

/*
 * vfork   parent blocked 12.3 ms, until child's execve of /bin/true   back 41.0 us after that
 */
bool fw_view_is_vfork(const struct fw_view *view)
{
	return fw_fork_kind(view->fork) == FW_VFORK && fw_view_has_child(view);
}

static void put_until(struct fw_view *view)
{
	const struct fw_fork *fork = view->fork;

	if (fork->parent_killed)
		fw_text_more(&view->text, ", until it was killed");
	else if (!fork->release)
		fw_text_item(&view->text, "until child's execve or exit " FW_UNSEEN);
	else if (fork->exec)
		fw_text_more(&view->text, ", until child's execve of %s",
			     plain(view, fork->exec->path, sizeof(fork->exec->path)));
	else if (fork->end)
		fw_text_more(&view->text, ", until child's end: %s", fate(view, fork->end->code));
	else
		fw_text_more(&view->text, ", until child's %s",
			     fork->release->reason == FORKWATCH_RELEASE_EXEC ? "execve" : "exit");
}

void fw_view_print_vfork(struct fw_view *view)
{
	const struct fw_fork *fork = view->fork;

	if (fork->wakeup && fork->ret)
		fw_text_item(&view->text, "parent blocked %s",
			     fw_view_time(view, fork->wakeup->hdr.time, fork->ret->hdr.time));
	else
		fw_text_item(&view->text, "parent blocked, how long " FW_UNSEEN);
	put_until(view);
	if (fork->release && fork->ret && fork->release->hdr.time <= fork->ret->hdr.time)
		fw_text_item(&view->text, "back %s after that",
			     fw_view_time(view, fork->release->hdr.time, fork->ret->hdr.time));
	else if (fork->release && fork->ret)
		fw_text_styled(&view->text, FW_LOUD, "back %s BEFORE that",
			       fw_view_time(view, fork->ret->hdr.time, fork->release->hdr.time));
}

/*
 * exec 7   sh[413]   /bin/true   2.10 ms after its fork   same task, tid and start time, new mm
 * exit 7   true[413]   exit 0   4.20 ms after its fork
 */
static void put_exec(struct fw_view *view, const struct fw_life *life,
		     const struct fw_judgement *judgement)
{
	/* Without FAIL, the same address may be another mm by now: fw_check_life(). */
	const char *mm = life->exec->mm == life->mm ? "a new mm " FW_UNSEEN : "new mm";
	struct fw_text *text = &view->text;

	fw_text_item(text, "%s", plain(view, life->exec->path, sizeof(life->exec->path)));
	fw_text_item(text, "%s after its fork",
		     fw_view_time(view, life->since, life->exec->hdr.time));
	if (judgement->verdict == FW_FAIL)
		fw_text_styled(text, FW_LOUD, "X1 FAIL: %s", judgement->why.text);
	else if (life->tid != life->exec->hdr.tid)
		fw_text_item(text, "same task, its leader's tid, %s", mm);
	else
		fw_text_item(text, "same task, tid and start time, %s", mm);
}

void fw_view_life(struct fw_view *view, const struct fw_life *life,
		  const struct fw_judgement *judgement)
{
	struct fw_text *text = &view->text;
	char name[FW_NAME_TASK_LEN];

	text->indent = 4;
	fw_text_at(text, 0, FW_BOLD, life->exec ? "exec" : "exit");
	fw_text_at(text, 5, FW_BOLD, fw_name_count(life->fork, fw_view_name(view),
						   FW_VIEW_NAME_SIZE));
	fw_text_item(text, "%s", fw_name_task(life->comm, life->tid, life->tgid, name,
					      sizeof(name)));
	if (life->exec) {
		put_exec(view, life, judgement);
	} else {
		fw_text_item(text, "%s", fate(view, life->exit->code));
		fw_text_item(text, "%s after its fork",
			     fw_view_time(view, life->since, life->exit->hdr.time));
	}
	fw_text_end(text, true);
}
