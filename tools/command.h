/* SPDX-License-Identifier: GPL-2.0-only */
/* A command that exists before it runs, so that it can be watched from its first instruction. */
#ifndef FW_COMMAND_H
#define FW_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct fw_command {
	pid_t pid;
	int release_fd;		/* it waits for a byte in there */
	int error_fd;		/* and reports there why it could not be executed */
	bool ended;
	int status;		/* as from wait(2), once it has ended */
};

struct fw_user;

/*
 * Makes the process, which becomes @user unless that is NULL, and waits until it is
 * released. It has the signal dispositions of this moment. Returns 0 or -errno.
 */
int fw_command_start(struct fw_command *command, char *const *argv, const struct fw_user *user);
/* The same for a process that is to call @function, and to exit with what it returns. */
int fw_command_start_function(struct fw_command *command, int (*function)(void *ctx), void *ctx)
	__attribute__((nonnull(2)));
/* Lets it execute @argv; returns 0 once it does, or -errno if it cannot. */
int fw_command_release(struct fw_command *command);
/* Has it ended? Looks only, or waits for it if @wait. */
bool fw_command_ended(struct fw_command *command, bool wait);
/* For any state: forgets it, and ends it if it was never released. */
void fw_command_close(struct fw_command *command);

#endif
