// SPDX-License-Identifier: GPL-2.0-only
/*
 * libforkwatch against the loaded module, which must serve its default numbers
 * unless they are given.
 *
 * usage: clone_library [NR_FORK NR_VFORK NR_CLONE]
 */
#include "clonepath.h"

#define STACK_SIZE	(64UL << 10)
#define CHILD_STATUS	37

static volatile int shared_word;

static void expect_status(pid_t pid, int status)
{
	if (pid > 0)
		expect("the child's wait status", wait_for(pid), status << 8);
	else
		wrong("no child: %ld, %s", (long)pid, error_name(errno));
}

static void fork_returns_twice(void)
{
	pid_t parent = getpid(), pid = fw_fork();

	if (!pid)
		_exit(getppid() == parent && getpid() != parent ? CHILD_STATUS : 1);
	expect_status(pid, CHILD_STATUS);
}

/* Writes over what lies below its caller's frame, as any child does that calls functions. */
static __attribute__((noinline)) void use_stack(void)
{
	volatile char used[16 << 10];
	size_t i;

	for (i = 0; i < sizeof(used); i++)
		used[i] = 0x5a;
}

static void vfork_returns_twice(void)
{
	pid_t pid;

	shared_word = 0;
	pid = fw_vfork();
	if (!pid) {
		shared_word = CHILD_STATUS;
		use_stack();
		_exit(CHILD_STATUS);
	}
	expect("what the child wrote, as fw_vfork() returns", shared_word, CHILD_STATUS);
	expect_status(pid, CHILD_STATUS);
}

static void clone_is_a_fork(void)
{
	struct forkwatch_clone_args args = { .exit_signal = SIGCHLD };
	long pid = fw_clone(&args, sizeof(args), NULL, NULL);

	if (!pid)
		_exit(CHILD_STATUS);
	expect_status(pid, CHILD_STATUS);
}

static void clone_is_a_vfork(void)
{
	struct forkwatch_clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK,
		.exit_signal = SIGCHLD,
	};
	long pid;

	shared_word = 0;
	pid = fw_clone(&args, sizeof(args), NULL, NULL);
	if (!pid) {
		shared_word = CHILD_STATUS;
		use_stack();
		_exit(CHILD_STATUS);
	}
	expect("what the child wrote, as fw_clone() returns", shared_word, CHILD_STATUS);
	expect_status(pid, CHILD_STATUS);
}

struct seen {
	char *stack;
	char *local;
	uintptr_t sp, fp;
	int argument;
};

/* Without libc: the parent may be in it, with the same thread pointer. */
static int on_new_stack(void *arg)
{
	struct seen *seen = arg;
	char local;

	seen->local = &local;
	seen->fp = *(uintptr_t *)__builtin_frame_address(0);
	asm volatile("mov %0, sp" : "=r" (seen->sp));
	return seen->argument;
}

static void try_stack(uint64_t flags, size_t size)
{
	char *stack = map(STACK_SIZE, MAP_PRIVATE);
	struct seen *seen = map(sizeof(*seen), MAP_SHARED);
	struct forkwatch_clone_args args = {
		.flags = flags,
		.exit_signal = SIGCHLD,
		.stack = (uintptr_t)stack,
		.stack_size = size,
	};

	seen->argument = CHILD_STATUS;
	expect_status(fw_clone(&args, sizeof(args), on_new_stack, seen), CHILD_STATUS);
	if (seen->local < stack || seen->local >= stack + size)
		wrong("flags %#llx: the child's stack is at %p, not within %p and %zu bytes",
		      (unsigned long long)flags, seen->local, stack, size);
	expect("the child's sp modulo 16", seen->sp % 16, 0);
	expect("the end of the child's frames", seen->fp, 0);
	munmap(stack, STACK_SIZE);
	munmap(seen, sizeof(*seen));
}

static void clone_on_a_stack(void)
{
	try_stack(0, STACK_SIZE);
	try_stack(CLONE_VM, STACK_SIZE);
	try_stack(CLONE_VM | CLONE_VFORK, STACK_SIZE);
	try_stack(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND, STACK_SIZE);
}

static void clone_on_a_crooked_stack(void)
{
	size_t i;

	for (i = 1; i < 16; i++)
		try_stack(CLONE_VM | CLONE_VFORK, STACK_SIZE - i);
}

/* A child may ask for any x0, and still finds its function. */
static void clone_with_x0_on_a_stack(void)
{
	static const long values[] = { 42, -1, -22, -4095, 1L << 40 };
	char *stack = map(STACK_SIZE, MAP_PRIVATE);
	struct seen seen = { .argument = CHILD_STATUS };
	struct forkwatch_clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK,
		.exit_signal = SIGCHLD,
		.stack = (uintptr_t)stack,
		.stack_size = STACK_SIZE,
		.options = FORKWATCH_CLONE_CHILD_X0,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		args.child_x0 = values[i];
		expect_status(fw_clone(&args, sizeof(args), on_new_stack, &seen), CHILD_STATUS);
	}
	munmap(stack, STACK_SIZE);
}

static void clone_with_x0(void)
{
	struct forkwatch_clone_args args = {
		.exit_signal = SIGCHLD,
		.options = FORKWATCH_CLONE_CHILD_X0,
		.child_x0 = 0x123456789abcdefL,
	};
	pid_t parent = getpid();
	long ret = fw_clone(&args, sizeof(args), NULL, NULL);

	if (getpid() != parent)
		_exit(ret == 0x123456789abcdefL ? CHILD_STATUS : 1);
	expect_status(ret, CHILD_STATUS);
}

static int unreachable(void *arg)
{
	(void)arg;
	return 1;
}

static void try_invalid(const char *what, const struct forkwatch_clone_args *args,
			int (*fn)(void *arg))
{
	pid_t parent = getpid();

	errno = 0;
	expect(what, fw_clone(args, sizeof(*args), fn, NULL), -1);
	if (getpid() != parent)
		_exit(1);
	expect_error(what, errno, EINVAL);
}

static void errors_are_libcs(void)
{
	char stack[1024];
	struct forkwatch_clone_args args = { .exit_signal = SIGCHLD };

	args.exit_signal = 65;
	try_invalid("refused by the kernel", &args, NULL);
	args.exit_signal = SIGCHLD;
	try_invalid("a function without a stack", &args, unreachable);
	args.stack = (uintptr_t)stack;
	args.stack_size = sizeof(stack);
	try_invalid("a stack without a function", &args, NULL);
	args.stack = 0;
	args.stack_size = 0;
	args.flags = CLONE_VM;
	try_invalid("two tasks on one stack", &args, NULL);
}

static void wrong_numbers_are_explained(void)
{
	char why[512];

	fw_clone_set_numbers(1078, 1070, 246);
	errno = 0;
	expect("fw_fork()", fw_fork(), -1);
	expect_error("fw_fork()", errno, ENOSYS);
	fw_clone_why(ENOSYS, why, sizeof(why));
	if (!strstr(why, "1078, 1070, 246") || !strstr(why, "fw_clone_find_numbers"))
		wrong("fw_clone_why(ENOSYS): %s", why);
	expect("fw_clone_find_numbers()", fw_clone_find_numbers(), 0);
	fork_returns_twice();
}

static const struct test tests[] = {
	{ "fw_fork returns twice", fork_returns_twice },
	{ "fw_vfork returns twice, the child first", vfork_returns_twice },
	{ "fw_clone as a fork", clone_is_a_fork },
	{ "fw_clone as a vfork", clone_is_a_vfork },
	{ "fw_clone on a stack of its own", clone_on_a_stack },
	{ "fw_clone on a stack that is not aligned", clone_on_a_crooked_stack },
	{ "fw_clone with child_x0", clone_with_x0 },
	{ "fw_clone with child_x0 on a stack of its own", clone_with_x0_on_a_stack },
	{ "errors as libc gives them", errors_are_libcs },
	{ "wrong numbers are explained, and found", wrong_numbers_are_explained },
};

int main(int argc, char **argv)
{
	if (argc == 4)
		fw_clone_set_numbers(parse_number(argv[1], 0, 1 << 30),
				     parse_number(argv[2], 0, 1 << 30),
				     parse_number(argv[3], 0, 1 << 30));
	else if (argc != 1)
		usage("[NR_FORK NR_VFORK NR_CLONE]");
	return run_tests(tests, ARRAY_SIZE(tests), NULL);
}
