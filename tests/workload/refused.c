// SPDX-License-Identifier: GPL-2.0-only
/*
 * refused CASE: sets a limit of the kernel so that a fork fails, forks, and
 * takes the limit back. Prints what it set, and the errno; "signals" forks
 * under a storm of signals instead, where attempts fail that nobody sees.
 *
 *	limit=1
 *	errno=11
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "workload.h"

#define OTHER_USER	1000
#define CGROUP		"/sys/fs/cgroup/forkwatch-refused"
#define STORM_FORKS	300
#define STORM_US	250
#define LOOK_US		300000	/* until who looks at the limits has done so */
#define BIG		(256UL << 20)	/* others may give back as much, less two CHUNKs */
#define CHUNK		(32UL << 20)
#define CHUNKS_MAX	(1UL << 15)

static long read_number(const char *path)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		die("%s", path);
	close(fd);
	return atol(text);
}

static void write_number(const char *path, long number)
{
	char text[24];
	int fd = open(path, O_WRONLY);

	snprintf(text, sizeof(text), "%ld\n", number);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s: %ld", path, number);
	close(fd);
}

static pid_t child(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return pid;
}

/* Forks once, and expects @error. */
static int fails(int error)
{
	pid_t pid = child();
	int is = errno;

	if (pid > 0) {
		reap(pid);
		fprintf(stderr, "refused: the fork did not fail\n");
		return 1;
	}
	printf("errno=%d\n", is);
	return is != error;
}

static int nproc(void)
{
	const struct rlimit one = { 1, 1 };

	if (setrlimit(RLIMIT_NPROC, &one) || setresuid(OTHER_USER, OTHER_USER, OTHER_USER))
		die("setresuid");
	printf("limit=1\n");
	return fails(EAGAIN);
}

static int threads(void)
{
	const char *path = "/proc/sys/kernel/threads-max";
	long before = read_number(path);
	int bad;

	write_number(path, 20);
	bad = fails(EAGAIN);
	usleep(LOOK_US);
	write_number(path, before);
	printf("limit=20\n");
	return bad;
}

static int pids(void)
{
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		die(CGROUP);
	write_number("/sys/fs/cgroup/forkwatch-refused/pids.max", 1);
	write_number("/sys/fs/cgroup/forkwatch-refused/cgroup.procs", 0);
	printf("cgroup=/forkwatch-refused\nlimit=1\n");
	return fails(EAGAIN);
}

/* Children that nobody waits for keep their pids. */
static int pid_space(void)
{
	const char *path = "/proc/sys/kernel/pid_max";
	long before = read_number(path);
	int i, error = 0;

	write_number(path, 301);
	for (i = 0; i < 400 && !error; i++)
		error = child() < 0 ? errno : 0;
	usleep(20 * LOOK_US);	/* so many forks are looked at before */
	write_number(path, before);
	printf("limit=301\nerrno=%d\n", error);
	while (wait(NULL) > 0)
		;
	return error != EAGAIN;
}

static void print_namespace(void)
{
	struct stat ns;

	if (stat("/proc/self/ns/pid_for_children", &ns))
		die("/proc/self/ns/pid_for_children");
	printf("namespace=%lu\n", (unsigned long)ns.st_ino);
}

/* The same by the first task of a pid namespace, which may have a pid_max of its own. */
static int pid_space_inside(void)
{
	pid_t init;

	if (unshare(CLONE_NEWPID))
		die("unshare");
	init = fork();
	if (!init) {
		print_namespace();
		exit(pid_space());
	}
	if (init < 0)
		die("fork");
	reap(init);
	return 0;
}

/* Into a pid namespace whose first task has come and gone. */
static int no_init(void)
{
	if (unshare(CLONE_NEWPID))
		die("unshare");
	reap(child());
	print_namespace();
	return fails(ENOMEM);
}

static long meminfo(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long size = -1;

	while (file && size < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			size = atol(line + strlen(name));
	if (size < 0)
		die("/proc/meminfo: %s", name);
	fclose(file);
	return size;
}

static char *promise(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/*
 * Takes what may still be promised, but a CHUNK or two for others. Committed_AS does not
 * tell how much that is: 7.3 counts too little after allocations that failed in forks and
 * execs, even less than nothing, and the file stops at 0.
 */
static int promise_most(void)
{
	char *last = MAP_FAILED, *chunk = NULL;
	unsigned long i;

	for (i = 0; i < CHUNKS_MAX; i++) {
		chunk = promise(CHUNK);
		if (chunk == MAP_FAILED)
			break;
		last = chunk;
	}
	if (last != MAP_FAILED)
		munmap(last, CHUNK);
	if (chunk == MAP_FAILED)
		return 0;
	fprintf(stderr, "refused: %lu mappings, and no limit\n", i);
	return 1;
}

/* What is committed is known but roughly while it has no limit: vm_committed_as_batch. */
static int overcommit(void)
{
	int bad;

	if (promise(BIG) == MAP_FAILED)
		die("mmap");
	write_number("/proc/sys/vm/overcommit_kbytes", 8 * meminfo("MemTotal:"));
	write_number("/proc/sys/vm/overcommit_memory", 2);
	write_number("/proc/sys/vm/overcommit_kbytes",
		     meminfo("Committed_AS:") - meminfo("SwapTotal:") + (2 * CHUNK >> 10));
	bad = promise_most() || fails(ENOMEM);
	usleep(LOOK_US);
	write_number("/proc/sys/vm/overcommit_memory", 0);
	write_number("/proc/sys/vm/overcommit_ratio", 50);
	return bad;
}

static void on_alarm(int nr)
{
	(void)nr;
}

static int signals(void)
{
	const struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	const struct itimerval storm = { { 0, STORM_US }, { 0, STORM_US } };
	const struct itimerval calm = { { 0, 0 }, { 0, 0 } };
	int i;

	if (sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &storm, NULL))
		die("setitimer");
	for (i = 0; i < STORM_FORKS; i++) {
		pid_t pid = child();

		if (pid < 0)
			die("fork");
		reap(pid);
	}
	setitimer(ITIMER_REAL, &calm, NULL);
	printf("forks=%d\n", STORM_FORKS);
	return 0;
}

static const struct {
	const char *name;
	int (*attempt)(void);
} cases[] = {
	{ "nproc", nproc },
	{ "threads", threads },
	{ "pids", pids },
	{ "pid_space", pid_space },
	{ "pid_space_inside", pid_space_inside },
	{ "no_init", no_init },
	{ "overcommit", overcommit },
	{ "signals", signals },
};

int main(int argc, char **argv)
{
	unsigned int i;

	for (i = 0; argc == 2 && i < ARRAY_SIZE(cases); i++)
		if (!strcmp(argv[1], cases[i].name))
			return cases[i].attempt();
	usage("nproc | threads | pids | pid_space | pid_space_inside | no_init | overcommit | "
	      "signals");
}
