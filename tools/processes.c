// SPDX-License-Identifier: GPL-2.0-only
/* See processes.h. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "observer.h"
#include "processes.h"

void fw_processes_init(struct fw_processes *processes, struct fw_usyms *usyms, pid_t command)
{
	memset(processes, 0, sizeof(*processes));
	processes->usyms = usyms;
	processes->command = command;
}

void fw_processes_free(struct fw_processes *processes)
{
	free(processes->ended[0].tgids);
	free(processes->ended[1].tgids);
}

/*
 * A process' maps are read at its first fork that we hear of, which is a little late:
 * it may have gone on to another program by then, and the new one's maps would give
 * wrong names to the old one's addresses.
 */
static bool is_same_program(const struct forkwatch_fork_enter *enter)
{
	char path[64], comm[FORKWATCH_COMM_LEN + 1] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/task/%u/comm", enter->hdr.tgid, enter->hdr.tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fgets(comm, sizeof(comm), file))
		comm[strcspn(comm, "\n")] = 0;
	fclose(file);
	return !strncmp(comm, enter->comm, FORKWATCH_COMM_LEN);
}

static void begins_fork(struct fw_processes *processes, const void *event)
{
	const struct forkwatch_fork_enter *enter = event;

	if (!(enter->flags & FORKWATCH_ENTER_PARENT_KTHREAD) &&
	    !fw_usyms_learnt(processes->usyms, enter->hdr.tgid) && is_same_program(enter))
		fw_usyms_learn(processes->usyms, enter->hdr.tgid);
}

static void forked(struct fw_processes *processes, const void *event)
{
	const struct forkwatch_fork_exit *exit = event;

	if (!exit->result && exit->child_tgid != exit->hdr.tgid)
		fw_usyms_fork(processes->usyms, exit->hdr.tgid, exit->child_tgid);
}

static void ended(struct fw_processes *processes, const void *event)
{
	const struct forkwatch_header *hdr = event;
	struct fw_tgids *list = &processes->ended[0];
	size_t room = list->room ? 2 * list->room : 64;
	pid_t *tgids;

	if (hdr->tid != hdr->tgid)
		return;
	if (list->nr == list->room) {
		tgids = reallocarray(list->tgids, room, sizeof(*tgids));
		if (!tgids) {
			fw_usyms_exit(processes->usyms, hdr->tgid);
			return;
		}
		list->tgids = tgids;
		list->room = room;
	}
	list->tgids[list->nr++] = hdr->tgid;
}

/* A leader exited, but a thread of its process has executed a program and took its place. */
static void not_ended(struct fw_processes *processes, pid_t tgid)
{
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(processes->ended); i++)
		for (j = 0; j < processes->ended[i].nr; j++)
			if (processes->ended[i].tgids[j] == tgid)
				processes->ended[i].tgids[j] = 0;
}

/*
 * The command's own exec may come by a path that is relative to our directory.
 * @path has room for PATH_MAX bytes.
 */
static const char *program_path(struct fw_processes *processes, const struct forkwatch_exec *exec,
				char *path)
{
	bool command = exec->hdr.tgid == (uint32_t)processes->command;
	bool first = command && !processes->command_runs;

	processes->command_runs |= command;
	if (!memchr(exec->path, '\0', sizeof(exec->path) - 1))
		return "";	/* it was cut */
	return first && exec->path[0] != '/' && realpath(exec->path, path) ? path : exec->path;
}

static void executed(struct fw_processes *processes, const void *event)
{
	const struct forkwatch_exec *exec = event;
	char path[PATH_MAX];

	if (exec->old_tid != exec->hdr.tid)
		not_ended(processes, exec->hdr.tgid);
	fw_usyms_exec(processes->usyms, exec->hdr.tgid, program_path(processes, exec, path));
}

void fw_processes_event(struct fw_processes *processes, const struct forkwatch_header *event)
{
	static void (*const by_kind[])(struct fw_processes *processes, const void *event) = {
		[FORKWATCH_FORK_ENTER] = begins_fork,
		[FORKWATCH_FORK_EXIT] = forked,
		[FORKWATCH_EXEC] = executed,
		[FORKWATCH_EXIT] = ended,
	};
	unsigned int kind = fw_kind(event);

	if (processes->usyms && kind < ARRAY_SIZE(by_kind) && by_kind[kind] &&
	    !fw_is_witness(event))
		by_kind[kind](processes, event);
}

void fw_processes_batch(struct fw_processes *processes)
{
	struct fw_tgids oldest = processes->ended[1];
	size_t i;

	for (i = 0; i < oldest.nr; i++)
		if (oldest.tgids[i])
			fw_usyms_exit(processes->usyms, oldest.tgids[i]);
	oldest.nr = 0;
	processes->ended[1] = processes->ended[0];
	processes->ended[0] = oldest;
}
