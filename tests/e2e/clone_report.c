// SPDX-License-Identifier: GPL-2.0-only
/*
 * forkwatch_clone()'s report against what its caller knows by itself, and
 * reports that cannot be written. Needs root.
 *
 * usage: clone_report [TEST]
 */
#include <linux/capability.h>
#include <pthread.h>
#include <time.h>

#include "clonepath.h"

#define STACK_SIZE	(64UL << 10)

static struct forkwatch_clone_report report;

static struct forkwatch_clone_args reporting_args(uint64_t flags)
{
	memset(&report, 0x5a, sizeof(report));
	return (struct forkwatch_clone_args) {
		.flags = flags,
		.exit_signal = SIGCHLD,
		.report = (uintptr_t)&report,
		.report_size = sizeof(report),
	};
}

/* Makes the call; a child ends at once. Returns its pid, or -errno. */
static int try(const struct forkwatch_clone_args *args)
{
	long pid = call_clone(args, sizeof(*args));

	if (!pid)
		_exit(0);
	if (pid > 0)
		expect("the child's wait status", wait_for(pid), 0);
	return pid;
}

static void expect_written(void)
{
	expect("the report's flag WRITTEN", report.flags & FORKWATCH_REPORT_WRITTEN,
	       FORKWATCH_REPORT_WRITTEN);
	expect("the report's size", report.size, sizeof(report));
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static void who_and_when(void)
{
	struct forkwatch_clone_args args = reporting_args(0);
	const uint64_t before = now();
	uint64_t after;
	int pid;

	args.cookie = 0xfeedfacecafebeef;
	pid = try(&args);
	after = now();
	expect_written();
	expect("the pid", report.pid, pid);
	expect("the cookie", report.cookie, args.cookie);
	if (before > report.called || report.called > report.copied ||
	    report.copied > report.woken || report.woken > report.returned ||
	    report.returned > after)
		wrong("times: before %llu, called %llu, copied %llu, woken %llu, returned %llu, "
		      "after %llu", (unsigned long long)before, (unsigned long long)report.called,
		      (unsigned long long)report.copied, (unsigned long long)report.woken,
		      (unsigned long long)report.returned, (unsigned long long)after);
}

/*
 * Makes the call with known values in x9..x28, and stores the sp and the address
 * after the svc.
 */
#define FIRST_KNOWN	9
#define LAST_KNOWN	28
/* A mitigation's state, which a switch may rewrite. */
#define PSTATE_SSBS	(1UL << 12)
#define KNOWN(nr)	(0xabcd000000000000UL | (nr) << 32 | (nr))

static __attribute__((noinline)) long call_with_known(const struct forkwatch_clone_args *args,
						      uint64_t *sp, uint64_t *pc)
{
	register long x8 asm("x8") = FORKWATCH_NR_CLONE;
	register long x0 asm("x0") = (long)args;
	register long x1 asm("x1") = sizeof(*args);
	register uint64_t *x2 asm("x2") = sp;
	register uint64_t *x3 asm("x3") = pc;

	asm volatile("mov	x4, sp\n"
		     "str	x4, [x2]\n"
		     "adr	x4, 1f\n"
		     "str	x4, [x3]\n"
		     ".irp	n, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, "
		     "		25, 26, 27, 28\n"
		     "movz	x\\n, #\\n\n"
		     "movk	x\\n, #\\n, lsl #32\n"
		     "movk	x\\n, #0xabcd, lsl #48\n"
		     ".endr\n"
		     "svc	#0\n"
		     "1:"
		     : "+r" (x0) : "r" (x1), "r" (x8), "r" (x2), "r" (x3)
		     : "x4", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18",
		       "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28",
		       "cc", "memory");
	return x0;
}

static void registers(void)
{
	struct forkwatch_clone_args args = reporting_args(0);
	const struct forkwatch_regs *parent = &report.parent_regs, *child = &report.child_regs;
	uint64_t sp, pc, tp, i;
	long pid;

	pid = call_with_known(&args, &sp, &pc);
	if (!pid)
		_exit(0);
	if (pid < 0) {
		wrong("no child: %s", error_name(-pid));
		return;
	}
	wait_for(pid);
	expect_written();
	expect("the parent's x0", parent->x[0], (uintptr_t)&args);
	expect("the parent's x1", parent->x[1], sizeof(args));
	expect("the parent's x8", parent->x[8], FORKWATCH_NR_CLONE);
	for (i = FIRST_KNOWN; i <= LAST_KNOWN; i++)
		expect("one of the parent's x9..x28", parent->x[i], KNOWN(i));
	expect("the parent's sp", parent->sp, sp);
	expect("the parent's pc", parent->pc, pc);
	expect("the parent's orig_x0", parent->orig_x0, (uintptr_t)&args);
	expect("the parent's syscallno", parent->syscallno, FORKWATCH_NR_CLONE);
	expect("the parent's mode", parent->pstate & 0x1f, 0);

	expect("the child's x0", child->x[0], 0);
	for (i = 1; i < FORKWATCH_NR_X; i++)
		expect("one of the child's x1..x30", child->x[i], parent->x[i]);
	expect("the child's sp", child->sp, sp);
	expect("the child's pc", child->pc, pc);
	expect("the child's pstate", child->pstate & ~PSTATE_SSBS, parent->pstate & ~PSTATE_SSBS);
	expect("the child's orig_x0", child->orig_x0, (uintptr_t)&args);
	expect("the child's syscallno", child->syscallno, FORKWATCH_NR_CLONE);
	asm("mrs %0, tpidr_el0" : "=r" (tp));
	expect("the child's tls", report.tls, tp);
	expect("the parent's tls", report.parent_tls, tp);
}

static int end(void *arg)
{
	(void)arg;
	return 0;
}

static void stack_and_tls(void)
{
	char *stack = map(STACK_SIZE, MAP_PRIVATE);
	struct forkwatch_clone_args args = reporting_args(CLONE_VM | CLONE_VFORK | CLONE_SETTLS);

	args.stack = (uintptr_t)stack;
	args.stack_size = STACK_SIZE;
	args.tls = (uintptr_t)stack + STACK_SIZE / 2;
	args.options = FORKWATCH_CLONE_CHILD_X0;
	args.child_x0 = 42;
	expect("the child's wait status",
	       wait_for(fw_clone(&args, sizeof(args), end, NULL)), 0);
	expect_written();
	expect("the child's x0", report.child_regs.x[0], 42);
	expect("the child's sp", report.child_regs.sp, args.stack + args.stack_size);
	expect("the child's tls", report.tls, args.tls);
	munmap(stack, STACK_SIZE);
}

/* What any arm64 kernel must say of the child's kernel side. */
static void expect_kernel_side(void)
{
	expect("the kernel stack, in whole pages", report.stack_bytes % sysconf(_SC_PAGESIZE), 0);
	if (report.stack_bytes < 16384)
		wrong("the kernel stack has %u bytes", report.stack_bytes);
	if (report.pt_regs_bytes < sizeof(report.child_regs) - 8 || report.pt_regs_bytes > 512)
		wrong("struct pt_regs has %u bytes", report.pt_regs_bytes);
	expect("where pt_regs lies", report.pt_regs_below_top, report.pt_regs_bytes);
	expect("where the child starts: its sp", report.context_sp_below_top,
	       report.pt_regs_below_top);
	if (strncmp(report.context_pc_symbol, "ret_from_fork+0x0",
		    sizeof(report.context_pc_symbol)))
		wrong("where the child starts: its pc is %.64s", report.context_pc_symbol);
	expect("reserved", report.reserved, 0);
}

static void kernel_side(void)
{
	struct forkwatch_clone_args args = reporting_args(0);

	try(&args);
	expect_written();
	expect_kernel_side();
}

#define MM	(1U << FORKWATCH_SHARE_MM)
#define FILES	(1U << FORKWATCH_SHARE_FILES)
#define FS	(1U << FORKWATCH_SHARE_FS)
#define SIGHAND	(1U << FORKWATCH_SHARE_SIGHAND)
#define SIGNAL	(1U << FORKWATCH_SHARE_SIGNAL)
#define NSPROXY	(1U << FORKWATCH_SHARE_NSPROXY)

static void what_is_shared(void)
{
	static const struct {
		uint64_t flags;
		unsigned int shared;
	} cases[] = {
		{ 0, NSPROXY },
		{ CLONE_FILES, FILES | NSPROXY },
		{ CLONE_FS, FS | NSPROXY },
		{ CLONE_VM | CLONE_VFORK, MM | NSPROXY },
		{ CLONE_VM | CLONE_VFORK | CLONE_SIGHAND, MM | SIGHAND | NSPROXY },
		{ CLONE_NEWUTS, 0 },
	};
	const unsigned int known = MM | FILES | FS | SIGHAND | SIGNAL | NSPROXY;
	struct forkwatch_clone_args args;
	long pid;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		args = reporting_args(cases[i].flags);
		pid = fw_clone(&args, sizeof(args), NULL, NULL);
		if (!pid)
			_exit(0);
		expect("the child's wait status", wait_for(pid), 0);
		expect_written();
		expect("what is shared", report.shared & known, cases[i].shared);
	}
}

/*
 * Kernel addresses, for those who may see them.
 */
static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s", path);
	close(fd);
}

static void without(unsigned int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		die("capget");
	data[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
	data[CAP_TO_INDEX(capability)].permitted &= ~CAP_TO_MASK(capability);
	if (syscall(SYS_capset, &header, data))
		die("capset");
}

static bool context_is_zero(void)
{
	static const struct forkwatch_context zero;

	return !memcmp(&report.context, &zero, sizeof(zero)) && !report.stack_low;
}

static void expect_addresses(bool expected)
{
	struct forkwatch_clone_args args = reporting_args(0);

	try(&args);
	expect_written();
	expect_kernel_side();
	expect("the report's flag ADDRESSES", report.flags & FORKWATCH_REPORT_ADDRESSES,
	       expected ? FORKWATCH_REPORT_ADDRESSES : 0);
	expect("no address is there", context_is_zero(), !expected);
	if (!expected)
		return;
	expect("sp, as a distance", report.stack_low + report.stack_bytes - report.context.sp,
	       report.context_sp_below_top);
	if (report.context.pc >> 48 != 0xffff)
		wrong("the context's pc is %#llx", (unsigned long long)report.context.pc);
}

static const char kptr_restrict[] = "/proc/sys/kernel/kptr_restrict";
static char kptr_before[16];

static void remember_kptr_restrict(void)
{
	int fd = open(kptr_restrict, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, kptr_before, sizeof(kptr_before) - 1) <= 0)
		die("%s", kptr_restrict);
	close(fd);
}

static void addresses(void)
{
	write_file(kptr_restrict, "0");
	expect_addresses(true);
	write_file(kptr_restrict, "1");
	expect_addresses(true);
	write_file(kptr_restrict, "2");
	expect_addresses(false);
	write_file(kptr_restrict, kptr_before);
}

/* In a process of its own: a capability that is gone does not come back. */
static void no_capability(void)
{
	pid_t pid = fork();
	int level;

	if (!pid) {
		test_failed = false;
		for (level = 0; level <= 2; level++) {
			write_file(kptr_restrict, (const char[]) { '0' + level, 0 });
			if (!level)
				without(CAP_SYSLOG);
			expect_addresses(false);
		}
		write_file(kptr_restrict, kptr_before);
		fflush(stdout);
		_exit(test_failed);
	}
	expect("without CAP_SYSLOG", wait_for(pid), 0);
}

/*
 * Reports that are not possible: no child.
 */
static void expect_refused(const char *what, uint64_t address, uint64_t size, int error)
{
	struct forkwatch_clone_args args = reporting_args(0);

	args.report = address;
	args.report_size = size;
	expect_error(what, -try(&args), error);
	expect_no_child();
}

static void bad_sizes(void)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);
	const uint64_t here = (uintptr_t)&report;
	uint64_t size;

	for (size = 0; size < sizeof(report); size += size + 17 < sizeof(report) ? 17 : 1)
		expect_refused("a report that is too small", here, size, EINVAL);
	expect_refused("a size without a report", 0, sizeof(report), EINVAL);
	expect_refused("a report above a page", here, page + 1, E2BIG);
	expect_refused("a report of 4 GiB", here, 1ULL << 32, E2BIG);
	expect_refused("a report of all memory", here, -1ULL, E2BIG);
}

static void bad_addresses(void)
{
	static const uint64_t addresses[] = {
		1, 4096, 1UL << 48, 1UL << 55, 0xffff800008000000, -4096UL, -1UL,
	};
	const size_t page = sysconf(_SC_PAGESIZE);
	char *border = map_border();
	char *constant = map(page, MAP_PRIVATE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(addresses); i++)
		expect_refused("a report where nothing is", addresses[i], sizeof(report), EFAULT);
	for (i = 0; i < sizeof(report); i += i + 13 < sizeof(report) ? 13 : 1)
		expect_refused("a report across the border", (uintptr_t)border - i,
			       sizeof(report), EFAULT);
	expect_refused("a longer report across the border",
		       (uintptr_t)border - sizeof(report), sizeof(report) + 1, EFAULT);
	if (mprotect(constant, page, PROT_READ))
		die("mprotect");
	expect_refused("a report in memory that is read-only", (uintptr_t)constant,
		       sizeof(report), EFAULT);
	munmap(border - page, 2 * page);
	munmap(constant, page);
}

static void longer_report(void)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	char *bytes = map(page, MAP_PRIVATE);
	struct forkwatch_clone_args args = reporting_args(0);
	size_t i;

	memset(bytes, 0x5a, page);
	args.report = (uintptr_t)bytes;
	args.report_size = page;
	try(&args);
	memcpy(&report, bytes, sizeof(report));
	expect_written();
	for (i = sizeof(report); i < page && !bytes[i]; i++)
		;
	expect("zeros behind what the kernel knows, up to byte", i, page);
	munmap(bytes, page);
}

/* At the very end of what can be written, and at odd addresses. */
static void places(void)
{
	char *border = map_border();
	struct forkwatch_clone_args args;
	int i;

	for (i = 0; i < 9; i++) {
		args = reporting_args(0);
		args.report = (uintptr_t)border - sizeof(report) - i;
		if (try(&args) <= 0)
			wrong("a report %d bytes before the border: no child", i);
		memcpy(&report, border - sizeof(report) - i, sizeof(report));
		expect_written();
		expect_kernel_side();
	}
	munmap(border - sysconf(_SC_PAGESIZE), 2 * sysconf(_SC_PAGESIZE));
}

/* The report of a call that the kernel refuses later on: -errno, and a child that never was. */
static void failed_call(void)
{
	struct forkwatch_clone_args args = reporting_args(CLONE_NEWNS | CLONE_FS);

	expect_error("CLONE_NEWNS | CLONE_FS", -try(&args), EINVAL);
	expect_written();
	expect("the pid", report.pid, -EINVAL);
	expect("the child's stack", report.stack_bytes, 0);
	expect("the moment when it was woken", report.woken, 0);
	expect("the symbol", report.context_pc_symbol[0], 0);
}

/*
 * A child that takes away the report while its parent waits in the call: the
 * parent gets its pid, and no report.
 */
static void taken_away(void)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	struct forkwatch_clone_report *gone = map(page, MAP_PRIVATE);
	struct forkwatch_clone_args args = reporting_args(CLONE_VM | CLONE_VFORK);
	long pid;

	args.report = (uintptr_t)gone;
	pid = fw_clone(&args, sizeof(args), NULL, NULL);
	if (!pid) {
		mprotect(gone, page, PROT_READ);
		_exit(0);
	}
	if (pid <= 0) {
		wrong("no child: %s", error_name(errno));
		return;
	}
	expect("the child's wait status", wait_for(pid), 0);
	expect("the report's flags", gone->flags, 0);

	mprotect(gone, page, PROT_READ | PROT_WRITE);
	pid = fw_clone(&args, sizeof(args), NULL, NULL);
	if (!pid) {
		munmap(gone, page);
		_exit(0);
	}
	if (pid > 0)
		expect("the child's wait status", wait_for(pid), 0);
	else
		wrong("no child: %s", error_name(errno));
}

/* A thread that takes it away and gives it back, at any moment. */
static char *flickering;
static bool flicker_ends;

static void *flicker(void *arg)
{
	const size_t page = sysconf(_SC_PAGESIZE);

	(void)arg;
	while (!__atomic_load_n(&flicker_ends, __ATOMIC_RELAXED)) {
		mprotect(flickering, page, PROT_READ);
		mprotect(flickering, page, PROT_READ | PROT_WRITE);
	}
	return NULL;
}

static void flickering_report(void)
{
	struct forkwatch_clone_args args = reporting_args(0);
	const size_t page = sysconf(_SC_PAGESIZE);
	int i, pid, refused = 0, lost = 0;
	pthread_t thread;

	flickering = map(page, MAP_PRIVATE);
	args.report = (uintptr_t)flickering;
	errno = pthread_create(&thread, NULL, flicker, NULL);
	if (errno)
		die("pthread_create");
	for (i = 0; i < 100; i++) {
		pid = try(&args);
		memcpy(&report, flickering, sizeof(report));
		if (pid == -EFAULT) {
			refused++;
		} else if (pid < 0) {
			wrong("%s", error_name(-pid));
		} else if (!(report.flags & FORKWATCH_REPORT_WRITTEN)) {
			lost++;
		} else {
			expect_written();
			expect("the pid", report.pid, pid);
		}
		expect_no_child();
	}
	__atomic_store_n(&flicker_ends, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	printf("# of %d calls %d were refused, %d could not write their report\n", i, refused,
	       lost);
	munmap(flickering, page);
}

static const struct test tests[] = {
	{ "report: pid, cookie and times", who_and_when },
	{ "report: registers", registers },
	{ "report: stack, tls and child_x0", stack_and_tls },
	{ "report: the child's kernel side", kernel_side },
	{ "report: what is shared", what_is_shared },
	{ "report: addresses, by kptr_restrict", addresses },
	{ "report: no addresses without CAP_SYSLOG", no_capability },
	{ "report: sizes that are refused", bad_sizes },
	{ "report: places that cannot be written: EFAULT and no child", bad_addresses },
	{ "report: a larger one than the kernel knows", longer_report },
	{ "report: before the border of a page", places },
	{ "report: of a call that failed", failed_call },
	{ "report: taken away during the call", taken_away },
	{ "report: a place that comes and goes", flickering_report },
};

int main(int argc, char **argv)
{
	remember_kptr_restrict();
	return run_tests(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
