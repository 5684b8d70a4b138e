// SPDX-License-Identifier: GPL-2.0-only
/*
 * scarce [STEP]: forks from a cgroup with too little memory, with STEP pages more
 * each time: the more there are, the further a fork gets. What has enough of them is
 * refused by pids.max at last, as a child could not even begin. The OOM killer may kill
 * none of these tasks, so the allocation fails, of which it tells the kernel's log. Prints
 * a line for each fork, by whom, and what it failed with:
 *
 *	pages=4 parent=120 errno=12
 *
 * Exits with 1 if it was never EAGAIN, or another error.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "workload.h"

#define CGROUPS		"/sys/fs/cgroup"
#define CGROUP		CGROUPS "/forkwatch-scarce"
#define PAGES_MAX	512
#define LOOK_US		300000	/* until who asks for its cgroup has done so */

static void write_text(const char *dir, const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s: %s", path, text);
	close(fd);
}

static void limit_pages(long pages)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", pages * sysconf(_SC_PAGESIZE));
	write_text(CGROUP, "memory.max", text);
}

/*
 * The errno of a fork in the cgroup. All that this task needs there it has already, on one
 * CPU: it would not be given any more, either.
 */
static int fork_inside(void)
{
	int inside = open(CGROUP "/cgroup.procs", O_WRONLY);
	int outside = open(CGROUPS "/cgroup.procs", O_WRONLY);
	cpu_set_t here;
	int error;

	write_text("/proc/self", "oom_score_adj", "-1000");
	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof(here), &here) || mlockall(MCL_CURRENT | MCL_FUTURE))
		die("mlockall");
	if (write(inside, "0", 1) != 1)
		die(CGROUP);
	if (!syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))
		_exit(0);
	error = errno;
	if (error == EAGAIN)
		usleep(LOOK_US);
	if (write(outside, "0", 1) != 1)
		die(CGROUPS);
	return error;
}

static int fork_with(long pages)
{
	int status;
	pid_t pid;

	limit_pages(pages);
	pid = fork();
	if (!pid)
		_exit(fork_inside());
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		die("a fork with %ld pages", pages);
	printf("pages=%ld parent=%d errno=%d\n", pages, pid, WEXITSTATUS(status));
	fflush(stdout);
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	long step = argc == 2 ? parse_number(argv[1], 1, PAGES_MAX) : 1, pages;
	int error = ENOMEM;

	if (argc > 2)
		usage("[STEP]");
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		die(CGROUP);
	write_text(CGROUP, "pids.max", "1");
	for (pages = 0; error == ENOMEM && pages < PAGES_MAX; pages += step)
		error = fork_with(pages);
	return error != EAGAIN;
}
