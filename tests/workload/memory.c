// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process with much memory forks: MIB mebibytes are written to, in small
 * pages, before it makes a child, which ends at once.
 *
 * usage: memory MIB
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workload.h"

int main(int argc, char **argv)
{
	long page = sysconf(_SC_PAGESIZE);
	size_t size;
	char *memory;
	pid_t pid;

	if (argc != 2)
		usage("MIB");
	size = parse_number(argv[1], 1, 100000) << 20;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		die("mmap");
	madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 1, size);

	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		_exit(0);
	reap(pid);
	printf("forks=1\npages=%zu\n", size / page);
	return 0;
}
