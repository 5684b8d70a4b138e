// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm of forks: one worker on each CPU forks, every fourth time a thread
 * instead, for SECONDS or until there have been COUNT of each worker's own.
 * The workers themselves are forks too, and counted.
 *
 * usage: storm [-s SECONDS | -n COUNT]
 */
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

#include "one.h"

#define MAX_CPUS	256

struct worker {
	pid_t pid;
	unsigned long forks;
	unsigned long threads;
};

static int is_past(const struct timespec *end)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != end->tv_sec)
		return now.tv_sec > end->tv_sec;
	return now.tv_nsec >= end->tv_nsec;
}

/* @count 0: until @end. */
static void work(struct worker *worker, int cpu, unsigned long count, const struct timespec *end)
{
	unsigned long done;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	/* EINVAL: it went offline meanwhile; then on any. */
	if (sched_setaffinity(0, sizeof(set), &set) && errno != EINVAL)
		die("sched_setaffinity to CPU %d", cpu);
	for (done = 0; count ? done < count : !is_past(end); done++) {
		if (done % 4 == 3) {
			one_thread();
			worker->threads++;
		} else {
			one_fork();
			worker->forks++;
		}
	}
}

static void parse(int argc, char **argv, unsigned long *count, struct timespec *end)
{
	long seconds = 1;
	int option;

	while ((option = getopt(argc, argv, "s:n:")) != -1) {
		if (option == 's')
			seconds = parse_number(optarg, 1, 100000);
		else if (option == 'n')
			*count = parse_number(optarg, 1, 100000000);
		else
			usage("[-s SECONDS | -n COUNT]");
	}
	if (optind < argc)
		usage("[-s SECONDS | -n COUNT]");
	clock_gettime(CLOCK_MONOTONIC, end);
	end->tv_sec += seconds;
}

int main(int argc, char **argv)
{
	unsigned long forks = 0, threads = 0, count = 0;
	struct worker *workers;
	pid_t pid;
	struct timespec end;
	cpu_set_t online;
	int cpu, used = 0;

	parse(argc, argv, &count, &end);
	workers = mmap(NULL, MAX_CPUS * sizeof(*workers), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (workers == MAP_FAILED)
		die("mmap");
	if (sched_getaffinity(0, sizeof(online), &online))
		die("sched_getaffinity");
	for (cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (!CPU_ISSET(cpu, &online))
			continue;
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid) {
			work(&workers[used], cpu, count, &end);
			_exit(0);
		}
		workers[used++].pid = pid;
	}
	for (cpu = 0; cpu < used; cpu++) {
		reap(workers[cpu].pid);
		forks += workers[cpu].forks;
		threads += workers[cpu].threads;
	}
	printf("workers=%d\nforks=%lu\nthreads=%lu\ntotal=%lu\n", used, forks, threads,
	       used + forks + threads);
	return 0;
}
