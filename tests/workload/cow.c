// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process forks, and both sides write to the pages that they then share: the
 * child to the first CHILD of PAGES pages, the parent to the last PARENT, one
 * after the other. So there are as many copies as pages were written to, but for
 * those that both write to: who is second finds nobody else there.
 *
 *	-p	the parent writes first
 *	-x	the child executes a program when all is written; else it exits
 *	-z N	the child writes to N more pages that were only read before: zero pages
 *	-f N	and to N that are a file's
 *	-H	the pages are parts of huge ones
 *
 * Between the fork and its end neither side calls a function that writes anywhere
 * but to its stack.
 *
 * usage: cow [-p] [-x] [-z N] [-f N] [-H] PAGES CHILD PARENT
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

#include "workload.h"

#define USAGE	"[-p] [-x] [-z N] [-f N] [-H] PAGES CHILD PARENT"
#define HUGE	(2UL << 20)

static struct options {
	int parent_first, exec, huge;
	long zero, file;
	long pages, child, parent;
} opt;

/* Shared by both, whatever the fork does. */
static struct steps {
	int first_wrote, second_wrote;
} *steps;

static size_t page;
static volatile char *memory, *zeroes, *file;

static void *map(size_t size, int flags, int fd)
{
	void *at;

	at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (at == MAP_FAILED)
		die("mmap of %zu bytes", size);
	return at;
}

static volatile char *map_pages(void)
{
	size_t size = opt.pages * page + HUGE;
	char *at = map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (opt.huge)
		at = (char *)(((uintptr_t)at + HUGE - 1) & ~(HUGE - 1));
	madvise(at, size - HUGE, opt.huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	memset(at, 1, opt.pages * page);
	return at;
}

/*
 * @pages that are read only, and one behind them that is written to: a mapping
 * without a page of its own is not copied, but found empty by the child.
 */
static volatile char *map_read(long pages, int flags, int fd)
{
	volatile char *at;
	long i;

	if (!pages)
		return NULL;
	at = map((pages + 1) * page, flags, fd);
	for (i = 0; i < pages; i++)
		(void)at[i * page];
	at[i * page] = 1;
	return at;
}

static void write_each(volatile char *at, long pages)
{
	for (; pages > 0; pages--, at += page)
		*at = 2;
}

static void set(int *step)
{
	__atomic_store_n(step, 1, __ATOMIC_SEQ_CST);
}

static void wait_for(int *step)
{
	while (!__atomic_load_n(step, __ATOMIC_SEQ_CST))
		sched_yield();
}

static void child_writes(void)
{
	write_each(memory, opt.child);
	write_each(zeroes, opt.zero);
	write_each(file, opt.file);
}

static void parent_writes(void)
{
	write_each(memory + (opt.pages - opt.parent) * page, opt.parent);
}

static void take_turns(void (*write_mine)(void), int first)
{
	if (!first)
		wait_for(&steps->first_wrote);
	write_mine();
	set(first ? &steps->first_wrote : &steps->second_wrote);
	wait_for(&steps->second_wrote);
}

/* The program that is executed then. */
#define THE_END	"--end"

static void run_child(char *name)
{
	char *const argv[] = { name, THE_END, NULL };

	take_turns(child_writes, !opt.parent_first);
	if (opt.exec)
		execv("/proc/self/exe", argv);
	_exit(opt.exec ? WORKLOAD_TROUBLE : 0);
}

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "pxz:f:H")) != -1) {
		if (option == 'p')
			opt.parent_first = 1;
		else if (option == 'x')
			opt.exec = 1;
		else if (option == 'H')
			opt.huge = 1;
		else if (option == 'z')
			opt.zero = parse_number(optarg, 0, 100000);
		else if (option == 'f')
			opt.file = parse_number(optarg, 0, 100);
		else
			usage(USAGE);
	}
	if (argc - optind != 3)
		usage(USAGE);
	opt.pages = parse_number(argv[optind], 1, 10000000);
	opt.child = parse_number(argv[optind + 1], 0, opt.pages);
	opt.parent = parse_number(argv[optind + 2], 0, opt.pages);
}

int main(int argc, char **argv)
{
	long both;
	pid_t pid;

	if (argc == 2 && !strcmp(argv[1], THE_END))
		return 0;
	parse(argc, argv);
	page = sysconf(_SC_PAGESIZE);
	steps = map(sizeof(*steps), MAP_SHARED | MAP_ANONYMOUS, -1);
	memory = map_pages();
	zeroes = map_read(opt.zero, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	file = map_read(opt.file, MAP_PRIVATE, open("/proc/self/exe", O_RDONLY | O_CLOEXEC));

	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		die("clone");
	if (!pid)
		run_child(argv[0]);
	take_turns(parent_writes, opt.parent_first);
	reap(pid);
	both = opt.child + opt.parent - opt.pages;
	printf("forks=1\npages=%ld\nchild=%ld\nparent=%ld\nboth=%ld\nfirst=%ld\n", opt.pages,
	       opt.child, opt.parent, both > 0 ? both : 0, opt.zero + opt.file);
	return 0;
}
