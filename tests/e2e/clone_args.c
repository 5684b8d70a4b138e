// SPDX-License-Identifier: GPL-2.0-only
/*
 * forkwatch_clone()'s arguments: sizes, pointers, stacks, flags, child_x0. What
 * clone3() has an opinion of is asked of clone3(). Needs root.
 *
 * usage: clone_args [TEST]
 */
#include "clonepath.h"

#define STACK_SIZE	(16UL << 10)

static struct forkwatch_clone_args plain_args(void)
{
	return (struct forkwatch_clone_args) { .exit_signal = SIGCHLD };
}

/* Makes the call; a child ends at once. Returns 0, or -errno for no child. */
static int try(const void *args, size_t size)
{
	long pid = call_clone(args, size);

	if (!pid)
		_exit(0);
	if (pid < 0)
		return pid;
	expect("the child's wait status", wait_for(pid), 0);
	return 0;
}

static int try_clone3(const void *args, size_t size)
{
	long pid = syscall(SYS_clone3, args, size);

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	expect("the child's wait status", wait_for(pid), 0);
	return 0;
}

static void expect_try(const char *what, const void *args, size_t size, int error)
{
	expect_error(what, -try(args, size), error);
}

/*
 * Sizes.
 */
static void known_size(void)
{
	struct forkwatch_clone_args args = plain_args();

	expect_try("128 bytes", &args, FORKWATCH_CLONE_ARGS_SIZE_VER0, 0);
}

static void too_small(void)
{
	struct forkwatch_clone_args args = plain_args();
	size_t size;

	for (size = 0; size < FORKWATCH_CLONE_ARGS_SIZE_VER0; size++)
		expect_try("a smaller size", &args, size, EINVAL);
}

static void longer_with_zeros(void)
{
	size_t page = sysconf(_SC_PAGESIZE), size;
	struct forkwatch_clone_args *args = map(page, MAP_PRIVATE);

	*args = plain_args();
	for (size = sizeof(*args) + 1; size < page; size += 61)
		expect_try("a longer size with a tail of zeros", args, size, 0);
	expect_try("a page", args, page, 0);
	munmap(args, page);
}

static void longer_with_more(void)
{
	size_t page = sysconf(_SC_PAGESIZE), at;
	struct forkwatch_clone_args *args = map(page, MAP_PRIVATE);
	char *bytes = (char *)args;

	*args = plain_args();
	for (at = sizeof(*args); at < page; at += at < sizeof(*args) + 64 ? 1 : 97) {
		bytes[at] = 1;
		expect_try("a byte in the tail", args, page, E2BIG);
		expect_try("a byte in the tail, the size's last", args, at + 1, E2BIG);
		expect_try("a byte behind the size", args, at, 0);
		bytes[at] = 0;
	}
	munmap(args, page);
}

static void too_large(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	const size_t sizes[] = { page + 1, 2 * page, 1UL << 31, 1UL << 32, 1UL << 63, -1UL };
	struct forkwatch_clone_args *args = map(2 * page, MAP_PRIVATE);
	size_t i;

	*args = plain_args();
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		expect_try("more than a page", args, sizes[i], E2BIG);
	munmap(args, 2 * page);
}

/*
 * Pointers: near the border of memory that can be accessed, and to what never is.
 */
static void at_the_border(void)
{
	struct forkwatch_clone_args args = plain_args();
	char *border = map_border();
	size_t page = sysconf(_SC_PAGESIZE), before;

	for (before = 0; before <= sizeof(args); before++) {
		memcpy(border - before, &args, before);
		expect_try("arguments before the border", border - before, sizeof(args),
			   before < sizeof(args) ? EFAULT : 0);
	}
	memset(border - page, 0, page);
	memcpy(border - sizeof(args), &args, sizeof(args));
	expect_try("one byte of the tail beyond the border", border - sizeof(args),
		   sizeof(args) + 1, EFAULT);
	memset(border - page, 0, page);
	memcpy(border - page, &args, sizeof(args));
	expect_try("a page before the border", border - page, page, 0);
	expect_try("a page that begins one byte later", border - page + 1, page, EFAULT);
	munmap(border - page, 2 * page);
}

static void not_aligned(void)
{
	struct forkwatch_clone_args args = plain_args();
	char bytes[sizeof(args) + 16];
	size_t i;

	for (i = 0; i < 16; i++) {
		memcpy(bytes + i, &args, sizeof(args));
		expect_try("arguments at an odd address", bytes + i, sizeof(args), 0);
	}
}

static void bad_pointers(void)
{
	struct forkwatch_clone_args args = plain_args();
	const uintptr_t pointers[] = {
		0, 1, 8, 1UL << 47, 1UL << 48, (1UL << 48) - 64, 1UL << 52, 1UL << 55, 1UL << 63,
		0xffff000000000000, 0xffff800008000000, -4096UL, -128UL, -1UL,
		(uintptr_t)&args | 1UL << 56, (uintptr_t)&args | 0xffUL << 56,
	};
	char what[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pointers); i++) {
		snprintf(what, sizeof(what), "arguments at %#lx", pointers[i]);
		expect_error(what, -try((void *)pointers[i], sizeof(args)),
			     -try_clone3((void *)pointers[i], CLONE3_SIZE));
		expect_try(what, (void *)pointers[i], sizeof(args), EFAULT);
	}
}

/*
 * Stacks: the kernel takes any, and the child finds out. (One that is not
 * aligned is found out by real CPUs only: qemu does not check.)
 */
#define ANY_STATUS	-1

/* A child that uses its stack and ends with 37, with nothing but registers. */
static long call_on_stack(long nr, const struct forkwatch_clone_args *args, size_t size)
{
	register long x8 asm("x8") = nr;
	register long x0 asm("x0") = (long)args;
	register long x1 asm("x1") = size;

	asm volatile("mov	x9, sp\n"
		     "svc	#0\n"
		     "mov	x10, sp\n"
		     "cmp	x9, x10\n"
		     "b.eq	1f\n"
		     "str	xzr, [sp, #-16]\n"
		     "mov	x0, #37\n"
		     "mov	x8, #93\n"
		     "svc	#0\n"
		     "1:"
		     : "+r" (x0), "+r" (x8) : "r" (x1) : "x9", "x10", "cc", "memory");
	return x0;
}

static void compare_stacks(const char *what, uint64_t stack, uint64_t size, int status)
{
	struct forkwatch_clone_args args = plain_args();
	long pid, pid3;
	int got, got3;

	args.stack = stack;
	args.stack_size = size;
	pid = call_on_stack(FORKWATCH_NR_CLONE, &args, sizeof(args));
	pid3 = call_on_stack(SYS_clone3, &args, CLONE3_SIZE);
	got = pid > 0 ? wait_for(pid) : pid;
	got3 = pid3 > 0 ? wait_for(pid3) : pid3;
	expect(what, got, got3);
	if (status != ANY_STATUS)
		expect(what, got, status);
}

static void stacks(void)
{
	char *stack = map(STACK_SIZE, MAP_PRIVATE);
	const uint64_t low = (uintptr_t)stack;
	char what[64];
	size_t i;

	compare_stacks("a stack", low, STACK_SIZE, 37 << 8);
	for (i = 1; i < 16; i++) {
		snprintf(what, sizeof(what), "a stack's top at %zu modulo 16", 16 - i);
		compare_stacks(what, low, STACK_SIZE - i, ANY_STATUS);
		compare_stacks(what, low - i, STACK_SIZE, ANY_STATUS);
	}
	compare_stacks("a stack where there is no memory", 1 << 16, 1 << 16, SIGSEGV);
	compare_stacks("a stack without a size", low, 0, -EINVAL);
	compare_stacks("a stack's size without a stack", 0, STACK_SIZE, -EINVAL);
	compare_stacks("a stack beyond user space", 1UL << 62, STACK_SIZE, -EINVAL);
	compare_stacks("a stack in the kernel", 0xffff800008000000, STACK_SIZE, -EINVAL);
	compare_stacks("a stack that reaches around", low, -low + 16, -EINVAL);
	compare_stacks("a stack that is everything", low, -1UL, -EINVAL);
	munmap(stack, STACK_SIZE);
}

/*
 * Refusals: the same errno as clone3() gives.
 */
static void compare_errors(const char *what, struct forkwatch_clone_args args, int error)
{
	int found = -try(&args, sizeof(args)), by_clone3 = -try_clone3(&args, CLONE3_SIZE);

	expect_error(what, found, by_clone3);
	if (error)
		expect_error(what, found, error);
}

static void refused_flags(void)
{
	static const struct {
		const char *what;
		uint64_t flags;
		int error;
	} cases[] = {
		{ "CLONE_DETACHED", CLONE_DETACHED, EINVAL },
		{ "a signal among the flags", SIGCHLD, EINVAL },
		{ "bit 38", 1ULL << 38, EINVAL },
		{ "bit 63", 1ULL << 63, EINVAL },
		{ "all flags", -1ULL, EINVAL },
		{ "CLONE_SIGHAND without CLONE_VM", CLONE_SIGHAND, EINVAL },
		{ "CLONE_SIGHAND and CLONE_CLEAR_SIGHAND",
		  CLONE_SIGHAND | CLONE_CLEAR_SIGHAND | CLONE_VM | CLONE_VFORK, EINVAL },
		{ "CLONE_THREAD without CLONE_SIGHAND", CLONE_THREAD | CLONE_VM | CLONE_VFORK,
		  EINVAL },
		{ "CLONE_THREAD and a signal",
		  CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_VFORK, EINVAL },
		{ "CLONE_PARENT and a signal", CLONE_PARENT, EINVAL },
		{ "CLONE_NEWNS and CLONE_FS", CLONE_NEWNS | CLONE_FS, EINVAL },
		{ "CLONE_NEWUSER and CLONE_FS", CLONE_NEWUSER | CLONE_FS, EINVAL },
		{ "CLONE_NEWPID and CLONE_THREAD", CLONE_NEWPID | CLONE_THREAD, EINVAL },
		{ "CLONE_NEWIPC and CLONE_SYSVSEM", CLONE_NEWIPC | CLONE_SYSVSEM, EINVAL },
		{ "CLONE_INTO_CGROUP and no cgroup", CLONE_INTO_CGROUP, EBADF },
	};
	struct forkwatch_clone_args args = plain_args();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		args.flags = cases[i].flags;
		args.cgroup = 999;
		compare_errors(cases[i].what, args, cases[i].error);
	}
}

static void refused_signals(void)
{
	static const uint64_t signals[] = { 65, 128, 255, 256, 1ULL << 31, 1ULL << 32, -1ULL };
	struct forkwatch_clone_args args = plain_args();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		args.exit_signal = signals[i];
		compare_errors("an exit signal that there is not", args, EINVAL);
	}
	for (args.exit_signal = 0; args.exit_signal <= 64; args.exit_signal++) {
		/* Of the others libc keeps two for itself. */
		if (args.exit_signal == SIGKILL || args.exit_signal == SIGSTOP ||
		    args.exit_signal == 32 || args.exit_signal == 33)
			continue;
		if (args.exit_signal && args.exit_signal != SIGCHLD)
			signal(args.exit_signal, SIG_IGN);
		compare_errors("an exit signal", args, 0);
		signal(args.exit_signal, SIG_DFL);
	}
}

static void refused_set_tid(void)
{
	char *border = map_border();
	const pid_t busy = getpid();
	struct forkwatch_clone_args args = plain_args();
	pid_t tids[40] = { 0 };
	size_t i;

	args.set_tid = (uintptr_t)tids;
	compare_errors("set_tid without a size", args, EINVAL);
	args.set_tid_size = 33;
	compare_errors("more set_tids than levels there can be", args, EINVAL);
	args.set_tid_size = -1ULL;
	compare_errors("a set_tid_size of -1", args, EINVAL);
	args.set_tid_size = 2;
	compare_errors("more set_tids than levels there are", args, EINVAL);
	args.set_tid = 0;
	compare_errors("set_tid_size without set_tid", args, EINVAL);

	args.set_tid_size = 1;
	args.set_tid = (uintptr_t)border - sizeof(pid_t) + 1;
	compare_errors("a set_tid across the border", args, EFAULT);
	args.set_tid = 0xffff800008000000;
	compare_errors("a set_tid in the kernel", args, EFAULT);
	args.set_tid = (uintptr_t)tids;
	for (i = 0; i < 3; i++) {
		tids[0] = -(int)i;
		compare_errors("a pid that cannot be", args, EINVAL);
	}
	tids[0] = 1 << 30;
	compare_errors("a pid that is too large", args, EINVAL);
	tids[0] = busy;
	compare_errors("a pid that is in use", args, EEXIST);
	munmap(border - sysconf(_SC_PAGESIZE), 2 * sysconf(_SC_PAGESIZE));
}

/* Where the kernel stores a number, an address that cannot be written is not always refused. */
static void bad_results(void)
{
	static const uint64_t pointers[] = { 0, 1, 0xffff800008000000, -1ULL };
	struct forkwatch_clone_args args = plain_args();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pointers); i++) {
		args.pidfd = pointers[i];
		args.child_tid = pointers[i];
		args.parent_tid = pointers[i];
		args.flags = CLONE_PIDFD;
		compare_errors("a pidfd that cannot be stored", args, EFAULT);
		args.flags = CLONE_PARENT_SETTID;
		compare_errors("a parent_tid that cannot be stored", args, 0);
		args.flags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
		compare_errors("a child_tid that cannot be stored", args, 0);
	}
}

/*
 * What is forkwatch_clone()'s own.
 */
static void refused_options(void)
{
	struct forkwatch_clone_args args = plain_args();
	unsigned int bit;

	for (bit = 1; bit < 64; bit++) {
		args.options = 1ULL << bit;
		expect_try("an unknown option", &args, sizeof(args), EINVAL);
		args.options |= FORKWATCH_CLONE_CHILD_X0;
		expect_try("an unknown option beside a known one", &args, sizeof(args), EINVAL);
	}
	args.options = 0;
	args.child_x0 = 1;
	expect_try("child_x0 without its option", &args, sizeof(args), EINVAL);
}

static void refused_x0(void)
{
	struct forkwatch_clone_args args = plain_args();
	long x0;

	args.options = FORKWATCH_CLONE_CHILD_X0;
	for (x0 = -516; x0 <= -512; x0++) {
		args.child_x0 = x0;
		expect_try("child_x0 that restarts a call", &args, sizeof(args), EINVAL);
	}
}

/* What the child's own eyes saw. */
static void child_sees_x0(void)
{
	static const long values[] = {
		0, 1, 2, 42, 4095, -1, -4, -38, -511, -517, -4095, -4096, 1L << 31, 1L << 32,
		1L << 62, 1L << 63, 0x7fffffffffffffff, 0x0123456789abcdef,
	};
	struct forkwatch_clone_args args = plain_args();
	pid_t parent = getpid();
	long *seen = map(sizeof(*seen), MAP_SHARED);
	long ret;
	size_t i;

	args.options = FORKWATCH_CLONE_CHILD_X0;
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		args.child_x0 = values[i];
		*seen = ~values[i];
		ret = call_on_stack(FORKWATCH_NR_CLONE, &args, sizeof(args));
		if (getpid() != parent) {
			*seen = ret;
			_exit(0);
		}
		if (ret < 0)
			wrong("child_x0 %ld: %s", values[i], error_name(-ret));
		else
			expect("the child's wait status", wait_for(ret), 0);
		expect("what the child's call returned", *seen, values[i]);
	}
	munmap(seen, sizeof(*seen));
}

/* A signal waits for the child: it is handled at once, before the call returns there. */
static long *in_handler;

static void on_signal(int sig)
{
	*in_handler = sig;
}

static void child_sees_x0_after_a_signal(void)
{
	struct forkwatch_clone_args args = plain_args();
	pid_t parent = getpid();
	long *seen = map(2 * sizeof(*seen), MAP_SHARED);
	long ret;

	in_handler = seen + 1;
	signal(SIGUSR2, on_signal);
	args.options = FORKWATCH_CLONE_CHILD_X0;
	args.child_x0 = -4;		/* EINTR, which nobody restarts */
	ret = call_on_stack(FORKWATCH_NR_CLONE, &args, sizeof(args));
	if (getpid() != parent) {
		raise(SIGUSR2);
		*seen = ret;
		_exit(0);
	}
	expect("the child's wait status", wait_for(ret), 0);
	expect("what the child's call returned", seen[0], -4);
	expect("the signal that the child handled", seen[1], SIGUSR2);
	signal(SIGUSR2, SIG_DFL);
	munmap(seen, 2 * sizeof(*seen));
}

static const struct test tests[] = {
	{ "arguments of the known size", known_size },
	{ "arguments that are too small: EINVAL", too_small },
	{ "arguments that are longer, with zeros", longer_with_zeros },
	{ "arguments that are longer, with more than zeros: E2BIG", longer_with_more },
	{ "arguments that are too large: E2BIG", too_large },
	{ "arguments at the border of a page", at_the_border },
	{ "arguments that are not aligned", not_aligned },
	{ "arguments that cannot be read: EFAULT, as of clone3", bad_pointers },
	{ "stacks, as of clone3", stacks },
	{ "flags that are refused, as of clone3", refused_flags },
	{ "exit signals, as of clone3", refused_signals },
	{ "set_tid that is refused, as of clone3", refused_set_tid },
	{ "results that cannot be stored, as of clone3", bad_results },
	{ "options that are refused: EINVAL", refused_options },
	{ "child_x0 that would restart a call: EINVAL", refused_x0 },
	{ "child_x0, seen by the child", child_sees_x0 },
	{ "child_x0, seen by a child that handles a signal", child_sees_x0_after_a_signal },
};

int main(int argc, char **argv)
{
	return run_tests(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
