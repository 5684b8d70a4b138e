/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the programs that try the clone path: tables of tests, each of which
 * prints "ok NAME" or "not ok NAME", with what went wrong as comments before
 * it; and what it takes to call by number.
 */
#ifndef CLONEPATH_H
#define CLONEPATH_H

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#include "forkwatch_clone.h"
#include "workload.h"

struct test {
	const char *name;
	void (*run)(void);
};

static bool test_failed;

/* Says what is wrong with the test that runs. */
__printf(1, 2) static inline void wrong(const char *format, ...)
{
	va_list args;

	test_failed = true;
	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* An error or 0 in words: "EINVAL". */
static inline const char *error_name(int error)
{
	const char *name = error ? strerrorname_np(error) : "success";

	return name ? name : "an unknown error";
}

static inline void expect_error(const char *what, int found, int expected)
{
	if (found != expected)
		wrong("%s: %s, expected: %s", what, error_name(found), error_name(expected));
}

static inline void expect(const char *what, long found, long expected)
{
	if (found != expected)
		wrong("%s: %ld (%#lx), expected: %ld (%#lx)", what, found, found, expected,
		      expected);
}

/* No test may leave a child, dead or alive, that nobody knew of. */
static inline void expect_no_child(void)
{
	siginfo_t info = { .si_pid = 0 };

	if (!waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL))
		wrong("a child was left (pid %d)", info.si_pid);
}

/* Runs those whose name contains @only, all without it. Returns the exit status. */
static inline int run_tests(const struct test *tests, size_t nr, const char *only)
{
	int failed = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (only && !strstr(tests[i].name, only))
			continue;
		test_failed = false;
		fflush(stdout);
		tests[i].run();
		expect_no_child();
		printf("%s %s\n", test_failed ? "not ok" : "ok", tests[i].name);
		failed += test_failed;
	}
	fflush(stdout);
	return failed ? 1 : 0;
}

/*
 * The arguments begin as clone3()'s do, so that one call can be made by both
 * numbers. Returns the pid or -errno; in a child, what the kernel gave it.
 */
#define CLONE3_SIZE	offsetof(struct forkwatch_clone_args, options)

static inline long call_clone(const void *args, size_t size)
{
	long ret = syscall(FORKWATCH_NR_CLONE, args, size);

	return ret < 0 ? -errno : ret;
}

static inline long call_clone3(const void *args)
{
	long ret = syscall(SYS_clone3, args, CLONE3_SIZE);

	return ret < 0 ? -errno : ret;
}

static inline void *map(size_t size, int flags)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	return memory;
}

/* A page that can be accessed, followed by one that cannot. Returns the border. */
static inline char *map_border(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *pages = map(2 * page, MAP_PRIVATE);

	if (mprotect(pages + page, page, PROT_NONE))
		die("mprotect");
	return pages + page;
}

/* Waits for @pid, whatever its exit signal; returns its wait status. */
static inline int wait_for(pid_t pid)
{
	int status;
	pid_t got;

	do {
		got = waitpid(pid, &status, __WALL);
	} while (got < 0 && errno == EINTR);
	if (got != pid)
		die("waitpid(%d)", pid);
	return status;
}

#endif
