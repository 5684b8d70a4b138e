// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "message.h"
#include "user.h"

/* The tracer went away, or could not start to trace, before the command ran. */
#define STATUS_NOT_RELEASED	125

/* What the process does when it is released. */
struct task {
	char *const *argv;		/* to execute, unless there is a function */
	int (*function)(void *ctx);
	void *ctx;
	const struct fw_user *user;	/* to become before that, NULL: it stays who it is */
};

/* Whatever became of that half way is not to be executed as. */
static void become(const struct fw_user *user)
{
	int err = fw_user_become(user);

	if (!err)
		return;
	fw_message("cannot become user %s: %s; -u needs root, or the capabilities CAP_SETUID and "
		   "CAP_SETGID", user->name, strerror(-err));
	_exit(STATUS_NOT_RELEASED);
}

static void __attribute__((noreturn)) child(int release_fd, int error_fd, const struct task *task)
{
	ssize_t len;
	char byte;
	int err;

	if (task->user)
		become(task->user);
	do {
		len = read(release_fd, &byte, 1);
	} while (len < 0 && errno == EINTR);
	if (len != 1)
		_exit(STATUS_NOT_RELEASED);

	if (task->function) {
		close(error_fd);
		_exit(task->function(task->ctx));
	}
	execvp(task->argv[0], task->argv);
	err = errno;
	len = write(error_fd, &err, sizeof(err));
	_exit(len == sizeof(err) ? STATUS_NOT_RELEASED : 126);
}

static void close_pair(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static int start(struct fw_command *command, const struct task *task)
{
	int release[2], error[2];
	int err;

	*command = (struct fw_command){ .release_fd = -1, .error_fd = -1 };
	if (pipe2(release, O_CLOEXEC))
		return -errno;
	if (pipe2(error, O_CLOEXEC)) {
		err = -errno;
		goto close_release;
	}
	command->pid = fork();
	if (command->pid < 0) {
		err = -errno;
		command->pid = 0;
		goto close_error;
	}
	if (!command->pid) {
		close(release[1]);
		close(error[0]);
		child(release[0], error[1], task);
	}
	close(release[0]);
	close(error[1]);
	command->release_fd = release[1];
	command->error_fd = error[0];
	return 0;

close_error:
	close_pair(error);
close_release:
	close_pair(release);
	return err;
}

int fw_command_start(struct fw_command *command, char *const *argv, const struct fw_user *user)
{
	return start(command, &(struct task) { .argv = argv, .user = user });
}

int fw_command_start_function(struct fw_command *command, int (*function)(void *ctx), void *ctx)
{
	return start(command, &(struct task) { .function = function, .ctx = ctx });
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int fw_command_release(struct fw_command *command)
{
	ssize_t len;
	int err = 0;

	/* It may have been killed while it waited: that is no failure of ours. */
	len = write(command->release_fd, "", 1);
	if (len != 1 && errno != EPIPE)
		return -errno;
	close_fd(&command->release_fd);
	/* A successful exec closes the other end. */
	do {
		len = read(command->error_fd, &err, sizeof(err));
	} while (len < 0 && errno == EINTR);
	close_fd(&command->error_fd);
	return len == sizeof(err) ? -err : 0;
}

bool fw_command_ended(struct fw_command *command, bool wait)
{
	pid_t pid;

	if (command->ended)
		return true;
	pid = waitpid(command->pid, &command->status, wait ? 0 : WNOHANG);
	command->ended = pid == command->pid;
	return command->ended;
}

void fw_command_close(struct fw_command *command)
{
	bool waits = command->release_fd >= 0;

	close_fd(&command->release_fd);
	close_fd(&command->error_fd);
	if (waits && command->pid)
		waitpid(command->pid, NULL, 0);
}
