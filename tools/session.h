/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session: starts a command or takes a process, watches it through a source,
 * and gives what comes to a sink, as raw events and as whole forks.
 */
#ifndef FW_SESSION_H
#define FW_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "addresses.h"
#include "fork.h"
#include "life.h"
#include "source.h"
#include "symbols.h"
#include "user.h"

struct fw_session_options {
	const struct fw_source_ops *ops;
	struct fw_source_options source;
	char *const *argv;		/* a command to start and watch, NULL: none */
	int (*function)(void *ctx);	/* what its process does in place of executing @argv */
	void *function_ctx;
	struct fw_user user;		/* who executes @argv; without a name: who called us */
	struct fw_addresses addresses;	/* how those of the kernel are handed on */
	bool drop_privileges;		/* for good, once all is attached; see privilege.h */
	pid_t pid;			/* a process to watch, 0: none */
	struct fw_usyms *usyms;		/* is kept up to date with the processes; NULL: none */
};

/*
 * Who takes the results. Any callback may be NULL; a negative return ends the
 * session with it.
 */
struct fw_session_sink {
	/* Tracing has begun, and the command was executed. */
	int (*begin)(void *ctx);
	/* One event as the source sent it, but for hidden addresses. */
	int (*event)(void *ctx, const void *data, size_t size);
	/* One fork. It belongs to the callee, fw_fork_free(). */
	int (*fork)(void *ctx, struct fw_fork *fork);
	/* What a fork cost when it was over, valid during the call; see cow.h. */
	int (*cow)(void *ctx, const struct fw_cow *cow);
	/* What a child does whose fork was seen; see life.h. */
	int (*life)(void *ctx, const struct fw_life *life);
	/* No more events for the moment: show what there is. */
	int (*flush)(void *ctx);
};

struct fw_session_result {
	uint64_t events;
	struct fw_losses losses;
	bool ended;			/* the command has ended, with @status of wait(2) */
	int status;
	int exec_error;			/* the command could not be executed: its -errno */
	pid_t left;			/* interrupted: the command that still runs */
	bool sink_failed;		/* the error that was returned is the sink's */
	char error[1024];		/* what else went wrong, in words */
};

/*
 * Runs until the command or process has ended, or the user interrupts: once
 * without a command, twice with one, since the first is for the command. Takes
 * over SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE and SIGCHLD for good. Returns 0 or
 * -errno with an explanation in @result.
 */
int fw_session_run(const struct fw_session_options *opt, const struct fw_session_sink *sink,
		   void *ctx, struct fw_session_result *result);

#endif
