// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm of calls by the module's numbers: on each CPU one worker calls fork,
 * vfork and now and then forkwatch_clone for SECONDS, while MODULE is loaded and
 * removed as often as it can be. A call makes a child, which must end as it
 * should, or says ENOSYS; nothing else may come of it. Needs root.
 *
 * usage: clone_storm SECONDS [MODULE]
 */
#include <sched.h>
#include <time.h>

#include "clonepath.h"

#define MAX_CPUS	256

struct worker {
	pid_t pid;
	unsigned long children[3];
	unsigned long refused[3];
};

static struct worker *workers;

static long by_clone(void)
{
	static struct forkwatch_clone_report report;
	struct forkwatch_clone_args args = {
		.exit_signal = SIGCHLD,
		.report = (uintptr_t)&report,
		.report_size = sizeof(report),
	};
	long pid = fw_clone(&args, sizeof(args), NULL, NULL);

	if (pid > 0 && (!(report.flags & FORKWATCH_REPORT_WRITTEN) || report.pid != pid))
		wrong("a report of child %d, flags %#x, with child %ld", report.pid, report.flags,
		      pid);
	return pid;
}

static void try(struct worker *worker, unsigned int kind)
{
	int status = kind + 1;
	long pid;

	if (kind == 0)
		pid = fw_fork();
	else if (kind == 1)
		pid = fw_vfork();
	else
		pid = by_clone();
	if (!pid)
		_exit(status);
	if (pid > 0) {
		expect("a child's wait status", wait_for(pid), status << 8);
		worker->children[kind]++;
	} else if (errno == ENOSYS) {
		worker->refused[kind]++;
		usleep(200);		/* leave the CPU to whoever loads the module */
	} else {
		wrong("number %u: %s", kind, error_name(errno));
	}
}

static bool is_past(time_t end)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec >= end;
}

noreturn static void work(struct worker *worker, int cpu, time_t end)
{
	unsigned int round = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
	do {
		/* forkwatch_clone waits for the whole system: many others fit in meanwhile. */
		try(worker, round % 8 ? round % 2 : 2);
		round++;
	} while (!is_past(end) && !test_failed);
	expect_no_child();
	fflush(stdout);
	_exit(test_failed);
}

/* Calls are nearly always in flight: it takes many tries, or a moment without any. */
static unsigned long remove_module(time_t end)
{
	unsigned long busy = 0;

	while (syscall(SYS_delete_module, "forkwatch", O_NONBLOCK)) {
		if (errno != EAGAIN)
			wrong("rmmod: %s", error_name(errno));
		if (errno != EAGAIN || is_past(end))
			break;
		busy++;
		usleep(500);
	}
	return busy;
}

static void come_and_go(const char *path, time_t end)
{
	unsigned long rounds = 0, busy = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("%s", path);
	while (!is_past(end) && !test_failed) {
		if (syscall(SYS_finit_module, fd, "", 0)) {
			wrong("insmod: %s", error_name(errno));
			break;
		}
		usleep(10000 * (rounds % 8));
		busy += remove_module(end);
		rounds++;
	}
	close(fd);
	printf("rounds=%lu\nbusy=%lu\n", rounds, busy);
}

static void print_counts(int nr)
{
	static const char * const names[] = { "fork", "vfork", "clone" };
	unsigned long children, refused;
	unsigned int kind;
	int i;

	for (kind = 0; kind < ARRAY_SIZE(names); kind++) {
		children = 0;
		refused = 0;
		for (i = 0; i < nr; i++) {
			children += workers[i].children[kind];
			refused += workers[i].refused[kind];
		}
		printf("%s=%lu\n%s_refused=%lu\n", names[kind], children, names[kind], refused);
	}
}

int main(int argc, char **argv)
{
	int cpu, nr = 0, failed = 0;
	struct timespec now;
	cpu_set_t online;
	time_t end;
	pid_t pid;
	int i;

	if (argc < 2 || argc > 3)
		usage("SECONDS [MODULE]");
	clock_gettime(CLOCK_MONOTONIC, &now);
	end = now.tv_sec + parse_number(argv[1], 1, 100000);
	workers = map(MAX_CPUS * sizeof(*workers), MAP_SHARED);
	if (sched_getaffinity(0, sizeof(online), &online))
		die("sched_getaffinity");
	for (cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (!CPU_ISSET(cpu, &online))
			continue;
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid)
			work(&workers[nr], cpu, end);
		workers[nr++].pid = pid;
	}
	if (argc > 2)
		come_and_go(argv[2], end);
	for (i = 0; i < nr; i++)
		failed |= wait_for(workers[i].pid);
	print_counts(nr);
	return failed || test_failed;
}
