// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random calls of forkwatch_clone(): valid arguments with a few of their fields
 * changed, now and then nothing but noise. Each result must be that of a model
 * for what is forkwatch_clone()'s own, and clone3()'s for the rest; each child
 * must be there, see the x0 it was to see, and be gone in the end.
 *
 * A call that is in flight all the time, a vfork, spares the others to attach
 * and detach what they look at their children with. Needs root.
 *
 * usage: clone_random COUNT [SEED]
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include "clonepath.h"

#define STACK_SIZE	4096
#define CHILD_STATUS	37
#define RESTART_FIRST	(-516L)
#define RESTART_LAST	(-512L)

/* Written by the child, who knows only its registers. */
struct slot {
	uint64_t x0;
	volatile uint64_t done;
};

static size_t page;
static struct slot *slot;
static char *stack, *border, *constant;
static struct forkwatch_clone_report *report;
static pid_t free_tid, busy_tid;
static int numbers[3];			/* stored by the kernel: pidfd, child_tid, parent_tid */
static char cgroup_path[64];		/* one for each seed: several may run at a time */
static int cgroup_fd;

/* xorshift: the same numbers for the same seed, everywhere. */
static uint64_t state;

static uint64_t any(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t below(uint64_t limit)
{
	return (any() >> 8) % limit;
}

#define PICK(array)	((array)[below(ARRAY_SIZE(array))])

/* One call as it is made. */
struct attempt {
	struct forkwatch_clone_args args;
	char tail[64];			/* behind args, for a size that is larger */
	const void *pointer;
	size_t size;
	int copy_error;			/* of the arguments as a whole, or 0 */
	bool report_bad;
};

/*
 * Changes.
 */
static void change_flags(struct attempt *attempt)
{
	static const uint64_t flags[] = {
		CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, CLONE_PIDFD, CLONE_PTRACE,
		CLONE_VFORK, CLONE_PARENT, CLONE_THREAD, CLONE_NEWNS, CLONE_SYSVSEM,
		CLONE_SETTLS, CLONE_PARENT_SETTID, CLONE_CHILD_CLEARTID, CLONE_DETACHED,
		CLONE_UNTRACED, CLONE_CHILD_SETTID, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
		CLONE_NEWUSER, CLONE_NEWPID, CLONE_IO, CLONE_CLEAR_SIGHAND, CLONE_INTO_CGROUP,
		CLONE_NEWTIME,
		/* what goes together */
		CLONE_VM | CLONE_VFORK, CLONE_VM | CLONE_SIGHAND,
		CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
		CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_IO,
	};

	if (!below(40))
		attempt->args.flags = any();
	else if (!below(60))
		attempt->args.flags |= CLONE_NEWNET;	/* takes its time */
	else if (!below(20))
		attempt->args.flags |= 1ULL << below(64);
	else
		attempt->args.flags |= PICK(flags);
	attempt->args.cgroup = cgroup_fd;
	/* When a namespace's first process ends, all who share its handlers ignore SIGCHLD. */
	if (attempt->args.flags & CLONE_SIGHAND)
		attempt->args.flags &= ~CLONE_NEWPID;
}

static void change_signal(struct attempt *attempt)
{
	attempt->args.exit_signal = below(4) ? below(70) : below(2) ? 0 : any();
	/* These two reach their parent, whatever it blocks. */
	if (attempt->args.exit_signal == SIGKILL || attempt->args.exit_signal == SIGSTOP)
		attempt->args.exit_signal = 0;
}

static void change_stack(struct attempt *attempt)
{
	const uint64_t stacks[] = { (uintptr_t)stack, (uintptr_t)stack + 1, 0, 1UL << 62, any() };
	const uint64_t sizes[] = { STACK_SIZE, STACK_SIZE - 8, 0, -1UL, any() };

	attempt->args.stack = PICK(stacks);
	attempt->args.stack_size = PICK(sizes);
}

static uint64_t bad_address(void)
{
	const uint64_t addresses[] = {
		0, 1, (uintptr_t)border - 1, (uintptr_t)border, 0xffff800008000000, -1UL,
		(1UL << 47) - 8, 1UL << 56,
	};

	return PICK(addresses);
}

static void change_results(struct attempt *attempt)
{
	__u64 *const fields[] = {
		&attempt->args.pidfd, &attempt->args.child_tid, &attempt->args.parent_tid,
	};

	*PICK(fields) = bad_address();
}

static void change_set_tid(struct attempt *attempt)
{
	const uint64_t tids[] = { (uintptr_t)&free_tid, (uintptr_t)&busy_tid, bad_address() };
	static const uint64_t sizes[] = { 1, 1, 1, 0, 2, 33, -1ULL };

	attempt->args.set_tid = PICK(tids);
	attempt->args.set_tid_size = PICK(sizes);
}

static void change_cgroup(struct attempt *attempt)
{
	static const uint64_t cgroups[] = { 0, 999, 0x7fffffff, 0x80000000, -1ULL };

	attempt->args.flags |= CLONE_INTO_CGROUP;
	attempt->args.cgroup = PICK(cgroups);
}

static void change_x0(struct attempt *attempt)
{
	const uint64_t values[] = {
		0, 1, 42, (uint64_t)getpid(), RESTART_FIRST, RESTART_LAST, RESTART_FIRST - 1,
		RESTART_LAST + 1, -1ULL, any(),
	};

	attempt->args.options = below(8) ? FORKWATCH_CLONE_CHILD_X0 : below(2) ? 0 : any();
	attempt->args.child_x0 = PICK(values);
}

static void change_report(struct attempt *attempt)
{
	const uint64_t sizes[] = { sizeof(*report), sizeof(*report), page, 0, 1,
				   sizeof(*report) - 1, page + 1, any() };
	const uint64_t bad[] = { bad_address() | 1, (uintptr_t)constant,
				 (uintptr_t)border - sizeof(*report) + 1 };

	attempt->args.report_size = PICK(sizes);
	attempt->report_bad = !below(3);
	attempt->args.report = attempt->report_bad ? PICK(bad) : (uintptr_t)report;
	if (!below(10)) {
		attempt->args.report = 0;
		attempt->report_bad = false;
	}
}

static void change_size(struct attempt *attempt)
{
	if (below(2)) {
		attempt->size = below(sizeof(attempt->args));
		attempt->copy_error = -EINVAL;
	} else if (below(2)) {
		attempt->size = page + 1 + below(1ULL << below(50));
		attempt->copy_error = -E2BIG;
	} else {
		attempt->size += 1 + below(sizeof(attempt->tail));
		if (!below(2))
			return;
		attempt->tail[attempt->size - sizeof(attempt->args) - 1] = 1;
		attempt->copy_error = -E2BIG;
	}
}

static void change_pointer(struct attempt *attempt)
{
	if (attempt->copy_error)
		return;
	attempt->pointer = (void *)bad_address();
	attempt->copy_error = -EFAULT;
}

static void change_all(struct attempt *attempt)
{
	uint64_t *words = (uint64_t *)&attempt->args;
	size_t i;

	for (i = 0; i < sizeof(attempt->args) / sizeof(*words); i++)
		words[i] = any();
	attempt->report_bad = attempt->args.report;
}

static void (*const changes[])(struct attempt *attempt) = {
	change_flags, change_flags, change_flags, change_flags, change_flags, change_flags,
	change_signal, change_stack, change_results, change_set_tid, change_cgroup, change_x0,
	change_x0, change_report, change_report,
};

static void prepare(struct attempt *attempt)
{
	unsigned int nr = 1 + below(4);

	memset(attempt, 0, sizeof(*attempt));
	attempt->args.exit_signal = SIGCHLD;
	attempt->args.pidfd = (uintptr_t)&numbers[0];
	attempt->args.child_tid = (uintptr_t)&numbers[1];
	attempt->args.parent_tid = (uintptr_t)&numbers[2];
	attempt->args.tls = any();
	attempt->pointer = &attempt->args;
	attempt->size = sizeof(attempt->args);
	free_tid = 10000 + below(10000);

	while (nr--)
		PICK(changes)(attempt);
	if (!below(30))
		change_all(attempt);
	if (!below(10))
		change_size(attempt);
	if (!below(20))
		change_pointer(attempt);
}

/*
 * The call. What comes back differently from it is a child: it stores its x0,
 * says so, and ends, touching no stack and no thread pointer.
 */
static long call(long nr, const void *args, size_t size)
{
	register long x8 asm("x8") = nr;
	register long x0 asm("x0") = (long)args;
	register long x1 asm("x1") = size;
	register struct slot *x13 asm("x13") = slot;

	asm volatile("mov	x9, x8\n"
		     "mov	x10, x0\n"
		     "mov	x8, %[gettid]\n"
		     "svc	#0\n"
		     "mov	x11, x0\n"
		     "mov	x8, x9\n"
		     "mov	x0, x10\n"
		     "svc	#0\n"
		     "mov	x12, x0\n"
		     "mov	x8, %[gettid]\n"
		     "svc	#0\n"
		     "cmp	x0, x11\n"
		     "mov	x0, x12\n"
		     "b.eq	1f\n"
		     "str	x12, [x13]\n"
		     "mov	x14, #1\n"
		     "add	x13, x13, #8\n"
		     "stlr	x14, [x13]\n"
		     "mov	x0, %[status]\n"
		     "mov	x8, %[exit]\n"
		     "svc	#0\n"
		     "1:"
		     : "+r" (x0), "+r" (x8)
		     : "r" (x1), "r" (x13), [gettid] "i" (SYS_gettid), [exit] "i" (SYS_exit),
		       [status] "i" (CHILD_STATUS)
		     : "x9", "x10", "x11", "x12", "x14", "cc", "memory");
	return x0;
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

/* Until there is nothing of the child. Ours we wait for, others have other parents. */
static void see_off(pid_t pid, uint64_t flags)
{
	const struct timespec pause = { 0, 1000000 };
	int tries, status;

	if (!(flags & (CLONE_THREAD | CLONE_PARENT))) {
		if (waitpid(pid, &status, __WALL) != pid)
			wrong("waitpid(%d): %s", pid, error_name(errno));
		else
			expect("the child's wait status", status, CHILD_STATUS << 8);
		return;
	}
	for (tries = 0; !is_gone(pid) && tries < 30000; tries++)
		nanosleep(&pause, NULL);
	if (tries == 30000)
		wrong("child %d does not end", pid);
}

static long call_and_see_off(long nr, const void *pointer, size_t size, uint64_t flags)
{
	long pid;

	memset(slot, 0, sizeof(*slot));
	numbers[0] = -1;
	pid = call(nr, pointer, size);
	if (pid > 0) {
		see_off(pid, flags);
		expect("the child's last word", slot->done, 1);
	} else {
		expect("a word from a child that is not there", slot->done, 0);
	}
	/* A flag that is refused, or a child that failed, leaves none. */
	if (numbers[0] > 2)
		close(numbers[0]);
	return pid;
}

/*
 * The model: forkwatch_clone()'s own arguments. 0: it leaves the judgement to
 * clone3(). Needs nothing of the module but its manual.
 */
static int own_error(const struct attempt *attempt)
{
	const struct forkwatch_clone_args *args = &attempt->args;
	long x0 = args->child_x0;

	if (attempt->copy_error)
		return attempt->copy_error;
	if (args->options & ~FORKWATCH_CLONE_CHILD_X0)
		return -EINVAL;
	if (!args->options && x0)
		return -EINVAL;
	if (x0 >= RESTART_FIRST && x0 <= RESTART_LAST)
		return -EINVAL;
	if (!args->report)
		return args->report_size ? -EINVAL : 0;
	if (args->report_size < sizeof(struct forkwatch_clone_report))
		return -EINVAL;
	return args->report_size > page ? -E2BIG : 0;
}

static struct {
	unsigned int calls, children, refused;
} seen;

static void expect_report(const struct attempt *attempt, long pid)
{
	if (attempt->args.report != (uintptr_t)report)
		return;
	expect("the report's flag WRITTEN", report->flags & FORKWATCH_REPORT_WRITTEN,
	       FORKWATCH_REPORT_WRITTEN);
	expect("the report's pid", report->pid, pid);
	if (pid > 0)
		expect("the report's x0", report->child_regs.x[0], attempt->args.child_x0);
}

/*
 * 09e7827e7857 (and stable kernels that have it) looks at the signal when set_tid has been
 * read, others before that: where both are bad, kernels differ in which of them they say.
 */
static bool refused_twice(const struct forkwatch_clone_args *args, int error)
{
	return args->set_tid && args->exit_signal >= NSIG && args->exit_signal <= CSIGNAL &&
	       (error == EINVAL || error == EFAULT);
}

static void judge(const struct attempt *attempt, long pid)
{
	const struct forkwatch_clone_args *args = &attempt->args;
	int found = pid < 0 ? -pid : 0;
	int expected = own_error(attempt);
	long pid3;

	if (expected) {
		expect_error("an argument of its own", found, -expected);
		return;
	}
	pid3 = call_and_see_off(SYS_clone3, args, CLONE3_SIZE, args->flags);
	expected = pid3 < 0 ? -pid3 : 0;
	/* A report that cannot be written is found out before a child that cannot be made. */
	if (attempt->report_bad && found == EFAULT)
		return;
	if (attempt->report_bad && !expected)
		expected = EFAULT;
	if (refused_twice(args, found) && refused_twice(args, expected))
		return;
	expect_error("compared with clone3()", found, expected);
}

static void describe(const struct attempt *attempt, unsigned int nr)
{
	const uint64_t *words = (const uint64_t *)&attempt->args;
	size_t i;

	printf("# call %u: at %p, %zu bytes:", nr, attempt->pointer, attempt->size);
	for (i = 0; i < sizeof(attempt->args) / sizeof(*words); i++)
		printf(" %#llx", (unsigned long long)words[i]);
	putchar('\n');
}

/* Exit signals wait here; they are many in the end. */
static void drain_signals(void)
{
	const uint64_t all = ~0ULL;
	const struct timespec none = { 0, 0 };

	while (syscall(SYS_rt_sigtimedwait, &all, NULL, &none, sizeof(all)) > 0)
		;
}

static void attempt_one(unsigned int nr)
{
	struct attempt attempt;
	bool failed_before = test_failed;
	long pid;

	prepare(&attempt);
	memset(report, 0, sizeof(*report));
	test_failed = false;
	pid = call_and_see_off(FORKWATCH_NR_CLONE, attempt.pointer, attempt.size,
			       attempt.args.flags);
	if (pid > 0) {
		expect("the child's x0", slot->x0, attempt.args.child_x0);
		expect_report(&attempt, pid);
	}
	seen.calls++;
	seen.children += pid > 0;
	seen.refused += pid < 0;
	judge(&attempt, pid);
	drain_signals();
	if (test_failed)
		describe(&attempt, nr);
	test_failed |= failed_before;
}

static int count_threads(void)
{
	struct stat task;

	return stat("/proc/self/task", &task) ? -1 : (int)task.st_nlink - 2;
}

static void set_up(void)
{
	const uint64_t all = ~0ULL;

	page = sysconf(_SC_PAGESIZE);
	slot = map(page, MAP_SHARED);
	report = map(page, MAP_PRIVATE);
	stack = map(2 * STACK_SIZE, MAP_PRIVATE);
	border = map_border();
	constant = map(page, MAP_PRIVATE);
	if (mprotect(constant, page, PROT_READ))
		die("mprotect");
	busy_tid = getpid();
	mkdir(cgroup_path, 0755);
	cgroup_fd = open(cgroup_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup_fd < 0)
		die("%s", cgroup_path);
	/* All of them, and libc does not let go of two. */
	if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof(all)))
		die("rt_sigprocmask");
}

noreturn static void work(unsigned int count)
{
	unsigned int i;

	set_up();
	for (i = 0; i < count; i++)
		attempt_one(i);
	expect_no_child();
	expect("threads", count_threads(), 1);
	printf("# %u calls: %u children, %u refused\n", seen.calls, seen.children, seen.refused);
	if (seen.children < count / 10 || seen.refused < count / 10)
		wrong("too few of the one or the other to tell anything");
	fflush(stdout);
	_exit(test_failed);
}

/* A call that lasts until it is killed. */
static pid_t hold(void)
{
	struct forkwatch_clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!fw_clone(&args, sizeof(args), NULL, NULL)) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	_exit(1);
}

int main(int argc, char **argv)
{
	unsigned int count;
	pid_t worker, holder, pid;
	int status, failed = 1;

	if (argc < 2 || argc > 3)
		usage("COUNT [SEED]");
	count = parse_number(argv[1], 1, 100000000);
	state = argc > 2 ? parse_number(argv[2], 1, 1L << 62) : 1 + time(NULL);
	printf("# seed %llu\n", (unsigned long long)state);
	snprintf(cgroup_path, sizeof(cgroup_path), "/sys/fs/cgroup/clone_random.%llu",
		 (unsigned long long)state);
	fflush(stdout);
	any();

	/* The worker's siblings, from CLONE_PARENT, are ours to wait for. */
	holder = hold();
	worker = fork();
	if (!worker)
		work(count);
	if (holder < 0 || worker < 0)
		die("fork");
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (pid == holder)
			wrong("the call that was to last ended with wait status %#x", status);
		if (pid != worker)
			continue;
		failed = status;
		kill(holder, SIGKILL);
		holder = 0;
	}
	if (failed)
		printf("# the worker's wait status: %#x\n", failed);
	failed |= test_failed;
	printf("%s %u random calls of forkwatch_clone\n", failed ? "not ok" : "ok", count);
	rmdir(cgroup_path);
	return failed ? 1 : 0;
}
