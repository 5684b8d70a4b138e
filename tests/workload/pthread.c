// SPDX-License-Identifier: GPL-2.0-only
/*
 * COUNT threads by pthread_create(), all alive at the same time.
 *
 * usage: pthread [COUNT]
 */
#include <pthread.h>

#include "workload.h"

#define MAX_THREADS	1000

static pthread_barrier_t barrier;

static void *meet(void *arg)
{
	pthread_barrier_wait(arg);
	return arg;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? parse_number(argv[1], 1, MAX_THREADS) : 3;
	pthread_t threads[MAX_THREADS];
	void *result;
	long i;

	if (argc > 2)
		usage("[COUNT]");
	errno = pthread_barrier_init(&barrier, NULL, count + 1);
	if (errno)
		die("pthread_barrier_init");
	for (i = 0; i < count; i++) {
		errno = pthread_create(&threads[i], NULL, meet, &barrier);
		if (errno)
			die("pthread_create");
	}
	pthread_barrier_wait(&barrier);
	for (i = 0; i < count; i++) {
		errno = pthread_join(threads[i], &result);
		if (errno || result != &barrier)
			die("pthread_join");
	}
	printf("threads=%ld\n", count);
	return 0;
}
