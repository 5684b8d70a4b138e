// SPDX-License-Identifier: GPL-2.0-only
/* The numbers of the calls, and why they fail. */
#include <errno.h>
#include <linux/sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "forkwatch_clone.h"
#include "internal.h"

#define MODULE		"/sys/module/forkwatch"
#define PARAMETER(name)	MODULE "/parameters/" name

_Static_assert(offsetof(struct fw_numbers, fork) == NUMBER_FORK, "internal.h");
_Static_assert(offsetof(struct fw_numbers, vfork) == NUMBER_VFORK, "internal.h");
_Static_assert(offsetof(struct fw_numbers, clone) == NUMBER_CLONE, "internal.h");
_Static_assert(offsetof(struct forkwatch_clone_args, flags) == ARGS_FLAGS, "internal.h");
_Static_assert(offsetof(struct forkwatch_clone_args, stack) == ARGS_STACK, "internal.h");
_Static_assert(CLONE_VM == 1U << CLONE_VM_BIT, "internal.h");
_Static_assert(CLONE_VFORK == 1U << CLONE_VFORK_BIT, "internal.h");

struct fw_numbers fw_numbers = {
	.fork = FORKWATCH_NR_FORK,
	.vfork = FORKWATCH_NR_VFORK,
	.clone = FORKWATCH_NR_CLONE,
};

long fw_clone_fail(long result)
{
	errno = -result;
	return -1;
}

/* The numbers belong to arm64; elsewhere they may be anything, or nothing. */
#ifndef __aarch64__
pid_t fw_fork(void)
{
	return fw_clone_fail(-ENOSYS);
}

pid_t fw_vfork(void)
{
	return fw_clone_fail(-ENOSYS);
}

long fw_clone(const struct forkwatch_clone_args *args, size_t size, int (*fn)(void *arg),
	      void *arg)
{
	(void)args;
	(void)size;
	(void)fn;
	(void)arg;
	return fw_clone_fail(-ENOSYS);
}
#endif

void fw_clone_set_numbers(int nr_fork, int nr_vfork, int nr_clone)
{
	fw_numbers = (struct fw_numbers) { nr_fork, nr_vfork, nr_clone };
}

/* Reads the first line of @path that begins with @key. 0 or -1 and errno. */
static int read_line(const char *path, const char *key, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	int found = 0;

	if (!file)
		return -1;
	while (!found && fgets(line, size, file))
		found = !strncmp(line, key, strlen(key));
	fclose(file);
	if (found)
		return 0;
	errno = ENODATA;
	return -1;
}

static int read_number(const char *path, int *number)
{
	char line[32];

	if (read_line(path, "", line, sizeof(line)))
		return -1;
	if (sscanf(line, "%d", number) == 1)
		return 0;
	errno = EPROTO;
	return -1;
}

static int read_numbers(struct fw_numbers *numbers)
{
	char line[32];

	if (read_line(PARAMETER("clone_path"), "", line, sizeof(line)))
		return -1;
	if (line[0] != 'Y') {
		errno = ENOTSUP;
		return -1;
	}
	if (read_number(PARAMETER("nr_fork"), &numbers->fork) ||
	    read_number(PARAMETER("nr_vfork"), &numbers->vfork) ||
	    read_number(PARAMETER("nr_clone"), &numbers->clone))
		return -1;
	return 0;
}

int fw_clone_find_numbers(void)
{
	struct fw_numbers numbers;

	if (read_numbers(&numbers))
		return -1;
	fw_numbers = numbers;
	return 0;
}

static bool under_seccomp(void)
{
	char line[256];
	int mode = 0;

	return !read_line("/proc/thread-self/status", "Seccomp:", line, sizeof(line)) &&
	       sscanf(line, "Seccomp: %d", &mode) == 1 && mode;
}

static void why_not_served(char *buf, size_t size)
{
	const struct fw_numbers *ours = &fw_numbers;
	struct fw_numbers theirs;

#ifndef __aarch64__
	snprintf(buf, size, "only arm64 has these calls; this program is for another machine");
	return;
#endif
	if (access(MODULE, F_OK))
		snprintf(buf, size, "the module forkwatch is not loaded: sudo insmod forkwatch.ko");
	else if (read_numbers(&theirs) && errno == ENOTSUP)
		snprintf(buf, size, "the module forkwatch was loaded with clone_path=0: "
			 "sudo rmmod forkwatch, then insmod forkwatch.ko without that");
	else if (!read_numbers(&theirs) && memcmp(ours, &theirs, sizeof(theirs)))
		snprintf(buf, size, "the module forkwatch serves the numbers %d, %d, %d, and these "
			 "calls used %d, %d, %d: call fw_clone_find_numbers() first",
			 theirs.fork, theirs.vfork, theirs.clone,
			 ours->fork, ours->vfork, ours->clone);
	else if (under_seccomp())
		snprintf(buf, size, "this task is under seccomp, and no such task is served "
			 "(containers set filters: run it on the host)");
	else
		snprintf(buf, size, "the module forkwatch did not serve the call: "
			 "was it unloaded meanwhile?");
}

static const struct reason {
	int error;
	const char *text;
} reasons[] = {
	{ EPERM, "forkwatch_clone() needs CAP_PERFMON or CAP_SYS_ADMIN, and new namespaces need "
		 "what clone(2) says: run it with sudo" },
	{ EINVAL, "an argument is invalid: see struct forkwatch_clone_args in forkwatch.h for "
		  "those of forkwatch_clone(), and clone(2) for all others" },
	{ E2BIG, "this program's struct forkwatch_clone_args has fields that the loaded module "
		 "does not know: load a newer module" },
	{ EFAULT, "the arguments or the report are not in memory that can be accessed" },
	{ 0, NULL }
};

char *fw_clone_why(int error, char *buf, size_t size)
{
	const struct reason *reason;

	if (error == ENOSYS) {
		why_not_served(buf, size);
		return buf;
	}
	for (reason = reasons; reason->text && reason->error != error; reason++)
		;
	snprintf(buf, size, "%s", reason->text ? reason->text : strerror(error));
	return buf;
}
