// SPDX-License-Identifier: GPL-2.0-only
/*
 * THREADS threads of one process that fork at the same time: one after the other
 * copies the memory, and the rest waits for it within dup_mmap().
 *
 * usage: crowd THREADS
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "workload.h"

#define MEMORY	(64UL << 20)

static pthread_barrier_t barrier;

/* Not fork(): the library lets one thread at a time through. */
static void *fork_once(void *arg)
{
	pid_t pid;

	pthread_barrier_wait(&barrier);
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid)
		_exit(0);
	if (pid < 0)
		die("clone");
	reap(pid);
	return arg;
}

int main(int argc, char **argv)
{
	long i, threads;
	pthread_t *ids;
	char *memory;

	if (argc != 2)
		usage("THREADS");
	threads = parse_number(argv[1], 1, 1000);
	ids = calloc(threads, sizeof(*ids));
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!ids || memory == MAP_FAILED)
		die("memory");
	memset(memory, 1, MEMORY);
	pthread_barrier_init(&barrier, NULL, threads);
	for (i = 0; i < threads; i++) {
		errno = pthread_create(&ids[i], NULL, fork_once, NULL);
		if (errno)
			die("pthread_create");
	}
	for (i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	printf("forks=%ld\n", threads);
	free(ids);
	return 0;
}
