// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waits until nobody has forked for a while, and prints a moment within this
 * while (ns, CLOCK_MONOTONIC) and how many forks the kernel had counted by
 * then. A fork that a trace has after the one and before another such moment
 * is one that the kernel counted between them, with no doubt at the edges.
 *
 * usage: quiet [LIMIT]		gives up after LIMIT seconds (default 60)
 */
#include <time.h>

#include "workload.h"

#define MOMENT	100000000L	/* ns of silence before and after */

static unsigned long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* The line "processes N" of /proc/stat, 0 if there is none. */
static unsigned long long count_forks(void)
{
	unsigned long long count = 0;
	char *line = NULL;
	size_t size = 0;
	FILE *file = fopen("/proc/stat", "r");

	while (file && getline(&line, &size, file) > 0)
		if (sscanf(line, "processes %llu", &count) == 1)
			break;
	free(line);
	if (file)
		fclose(file);
	return count;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { 0, MOMENT };
	long limit = argc > 1 ? parse_number(argv[1], 1, 100000) : 60;
	unsigned long long end = now() + limit * 1000000000ULL;
	unsigned long long before, moment;

	while (now() < end) {
		before = count_forks();
		nanosleep(&pause, NULL);
		moment = now();
		nanosleep(&pause, NULL);
		if (before && before == count_forks()) {
			printf("%llu %llu\n", moment, before);
			return 0;
		}
	}
	fprintf(stderr, "quiet: the system forks all the time\n");
	return 1;
}
