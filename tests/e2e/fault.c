// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lets each allocation of a call fail once: the first one, then the second, and
 * so on until the call makes no more (/proc/PID/fail-nth). Whatever comes of
 * the call, the kernel must be left as it was. Needs root, and a kernel with
 * fault injection.
 *
 * usage: fault KIND
 *        fault count KIND
 *        fault load MODULE [PARAMETERS]
 *        fault unload MODULE [PARAMETERS]
 *        fault write FILE TEXT UNDO
 *        fault run N ERRORS COMMAND...
 *
 * KIND: a way to make a child; count: how many allocations that takes, at least.
 * load: the module, with faults at random; unload: each of its allocations. write:
 * TEXT into FILE, and then UNDO, which must leave no probe; "undo" has it the other
 * way around. run: COMMAND, whose Nth allocation fails, counted from its first
 * instruction; its standard error goes to ERRORS. Prints status=, fired=0|1, left=.
 */
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include "clonepath.h"

#define PROBES		"/sys/kernel/debug/kprobes/list"
#define CHILD_STATUS	7
#define MAX_FAULTS	100000U
#define SYSGOOD		0x80	/* PTRACE_O_TRACESYSGOOD: a stop at a system call */

static int fail_fd;

/*
 * The fault.
 */
static void set_fault(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(fail_fd, text, len, 0) != len)
		die("fail-nth");
}

/* 0: it has happened. */
static unsigned int faults_left(void)
{
	char text[16] = "";

	if (pread(fail_fd, text, sizeof(text) - 1, 0) <= 0)
		die("fail-nth");
	return strtoul(text, NULL, 10);
}

/* Switches it off again; was there an allocation that failed? */
static bool fault_happened(void)
{
	bool happened = !faults_left();

	set_fault(0);
	return happened;
}

static void open_fault(const char *task)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/fail-nth", task);
	fail_fd = open(path, O_RDWR | O_CLOEXEC);
	if (fail_fd < 0)
		die("%s", path);
}

/* What calls said, and how often. */
static struct {
	unsigned int succeeded, failed;
	unsigned int errors[256];
} seen;

static void count(int error)
{
	if (error)
		seen.failed++;
	else
		seen.succeeded++;
	seen.errors[error & 255] += !!error;
}

/* Allowed are those that a lack of memory explains. */
static void expect_lack(int error)
{
	switch (error) {
	case 0:
	case ENOMEM:
	case EAGAIN:	/* of threads and processes */
	case EFAULT:	/* a page of the caller's */
		return;
	}
	wrong("an error that no lack of memory explains: %s", error_name(error));
}

static void report(const char *what, unsigned int faults)
{
	int i;

	printf("# %s: faults=%u succeeded=%u failed=%u", what, faults, seen.succeeded,
	       seen.failed);
	for (i = 0; i < 256; i++)
		if (seen.errors[i])
			printf(" %s=%u", error_name(i), seen.errors[i]);
	printf("\n%s allocations of %s fail\n", test_failed ? "not ok" : "ok", what);
}

/* Everything that could fail has, and the last time nothing did. */
static void expect_end(const char *what, unsigned int nth)
{
	if (nth < 2)
		wrong("%s makes no allocation: nothing is tested", what);
	if (nth >= MAX_FAULTS)
		wrong("%s does not come to an end", what);
	report(what, nth - 1);
}

static bool is_probed(void)
{
	char line[256];
	bool probed = false;
	FILE *file = fopen(PROBES, "re");

	if (!file)
		die("%s", PROBES);
	while (fgets(line, sizeof(line), file))
		probed |= !strstr(line, "sys_ni_syscall");
	fclose(file);
	return probed;
}

/*
 * Children.
 */
/* A vfork child must not leave the function that made it. */
#define CHILD_OR(call)			\
({					\
	long pid_ = (call);		\
					\
	if (!pid_)			\
		_exit(CHILD_STATUS);	\
	pid_;				\
})

static long by_fork(void)
{
	return CHILD_OR(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static long by_vfork(void)
{
	return CHILD_OR(vfork());
}

static long by_clone3(void)
{
	static struct forkwatch_clone_args args;
	static int numbers[2];

	args = (struct forkwatch_clone_args) {
		.flags = CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_NEWPID | CLONE_NEWUTS |
			 CLONE_NEWIPC | CLONE_NEWNS,
		.pidfd = (uintptr_t)&numbers[0],
		.parent_tid = (uintptr_t)&numbers[1],
		.exit_signal = SIGCHLD,
	};
	return CHILD_OR(syscall(SYS_clone3, &args, CLONE3_SIZE));
}

static long by_1079(void)
{
	return CHILD_OR(fw_fork());
}

static long by_1071(void)
{
	return CHILD_OR(fw_vfork());
}

static long by_245(void)
{
	static struct forkwatch_clone_report report;
	struct forkwatch_clone_args args = {
		.exit_signal = SIGCHLD,
		.report = (uintptr_t)&report,
		.report_size = sizeof(report),
	};

	return CHILD_OR(syscall(FORKWATCH_NR_CLONE, &args, sizeof(args)));
}

static const struct way {
	const char *name;
	long (*call)(void);
} ways[] = {
	{ "fork", by_fork },
	{ "vfork", by_vfork },
	{ "clone3", by_clone3 },
	{ "1079", by_1079 },
	{ "1071", by_1071 },
	{ "245", by_245 },
};

/* The last descriptor that a call may have left: a pidfd. */
static void close_others(int first)
{
	syscall(SYS_close_range, first, ~0U, 0);
}

static void make_children(const struct way *way)
{
	int first_free = dup(fail_fd);
	unsigned int nth;
	bool happened;
	long pid;

	close(first_free);
	for (nth = 1; nth < MAX_FAULTS; nth++) {
		set_fault(nth);
		pid = way->call();
		if (pid > 0)
			errno = 0;
		count(errno);
		expect_lack(errno);
		happened = fault_happened();
		if (pid > 0)
			expect("the child's wait status", wait_for(pid), CHILD_STATUS << 8);
		close_others(first_free);
		expect_no_child();
		if (!happened)
			break;
	}
	expect_end(way->name, nth);
}

/* Caches make it more or less: the least of many. */
static void count_allocations(const struct way *way)
{
	unsigned int least = UINT_MAX, used, i;
	long pid;

	for (i = 0; i < 50; i++) {
		set_fault(MAX_FAULTS);
		pid = way->call();
		used = MAX_FAULTS - faults_left();
		set_fault(0);
		if (pid < 0)
			die("%s", way->name);
		wait_for(pid);
		close_others(fail_fd + 1);
		least = used < least ? used : least;
	}
	printf("allocations=%u\n", least);
}

/*
 * The module.
 */
static int load_module(int fd, const char *parameters)
{
	return syscall(SYS_finit_module, fd, parameters, 0) ? errno : 0;
}

static int unload_module(void)
{
	return syscall(SYS_delete_module, "forkwatch", O_NONBLOCK) ? errno : 0;
}

#define LOADS	40

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s", path);
	close(fd);
}

static int get(const char *path)
{
	FILE *file = fopen(path, "re");
	int value = 0;

	if (!file || fscanf(file, "%d", &value) != 1)
		die("%s", path);
	fclose(file);
	return value;
}

/* To be told that nothing fails any more must not fail. */
static void make_it_fail(const char *text)
{
	static int fd;

	if (!fd)
		fd = open("/proc/self/make-it-fail", O_WRONLY | O_CLOEXEC);
	while (pwrite(fd, text, 1, 0) != 1)
		if (errno != ENOMEM)
			die("make-it-fail");
}

/* One allocation of each kind may fail from now on, with the probability that was set. */
static void begin_random_fault(void)
{
	put("/sys/kernel/debug/failslab/times", "1");
	put("/sys/kernel/debug/fail_page_alloc/times", "1");
	make_it_fail("1");
}

static unsigned int end_random_fault(void)
{
	make_it_fail("0");
	return !get("/sys/kernel/debug/failslab/times") +
	       !get("/sys/kernel/debug/fail_page_alloc/times");
}

/*
 * Any allocation may fail, not one after the other: of what the kernel does for a
 * module, some must be spared, and only faults that happen at random can be told to.
 */
static void load_often(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int i, faults = 0;
	int error;

	if (fd < 0)
		die("%s", path);
	for (i = 0; i < LOADS && !test_failed; i++) {
		begin_random_fault();
		error = load_module(fd, parameters);
		faults += end_random_fault();
		count(error);
		expect_lack(error);
		if (!error && unload_module())
			wrong("unloading it: %s", error_name(errno));
		if (is_probed())
			wrong("round %u leaves a probe", i);
	}
	if (!faults)
		wrong("no fault happened");
	report("insmod", faults);
}

static void unload_often(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int nth;
	bool happened;
	int error;

	if (fd < 0)
		die("%s", path);
	for (nth = 1; nth < MAX_FAULTS; nth++) {
		error = load_module(fd, parameters);
		if (error)
			wrong("loading it without a fault: %s", error_name(error));
		set_fault(nth);
		error = unload_module();
		happened = fault_happened();
		count(error);
		if (error)
			wrong("unloading it: %s", error_name(error));
		if (is_probed())
			wrong("fault %u leaves a probe", nth);
		if (!happened || test_failed)
			break;
	}
	report("rmmod", nth - 1);
}

/*
 * A file, as of an event.
 */
static int write_file(int fd, const char *text)
{
	return pwrite(fd, text, strlen(text), 0) < 0 ? errno : 0;
}

static void write_and_undo(const char *path, const char *text, const char *undo, bool fault_in_undo)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	unsigned int nth;
	bool happened;
	int error;

	if (fd < 0)
		die("%s", path);
	for (nth = 1; nth < MAX_FAULTS; nth++) {
		if (!fault_in_undo)
			set_fault(nth);
		error = write_file(fd, text);
		happened = !fault_in_undo && fault_happened();
		if (!fault_in_undo) {
			count(error);
			expect_lack(error);
		} else if (error) {
			wrong("%s without a fault: %s", text, error_name(error));
		}
		if (!error && !is_probed())
			wrong("fault %u: no error, and no probe", nth);
		if (fault_in_undo)
			set_fault(nth);
		/* All events at once: those that could be enabled before the fault are. */
		error = write_file(fd, undo);
		if (fault_in_undo) {
			happened = fault_happened();
			count(error);
		}
		if (error)
			wrong("fault %u: %s: %s", nth, undo, error_name(error));
		if (is_probed())
			wrong("fault %u leaves a probe", nth);
		if (!happened || test_failed)
			break;
	}
	if (fault_in_undo)
		report("disarming", nth - 1);
	else
		expect_end("arming", nth);
}

/*
 * A program.
 */

/* So that no other system call stops for it: on a kernel that watches itself, each takes long. */
static void stop_at_mkdir(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mkdirat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = { .len = ARRAY_SIZE(code), .filter = code };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		die("seccomp");
}

noreturn static void execute(const char *errors, char **argv)
{
	int fd = open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		die("%s", errors);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		die("ptrace");
	stop_at_mkdir();
	execv(argv[0], argv);
	die("%s", argv[0]);
}

/*
 * Lets @pid run until it ends, with a fault at its Nth allocation. Not within mkdir():
 * trace_rb_cpu_prepare() warns where it has no memory for a tracing instance, and on 6.1
 * fail-nth takes no notice of what else is to be spared. Returns what is left of @nth.
 */
static unsigned int follow(pid_t pid, unsigned int nth)
{
	int status, signal = 0;
	bool held = false;

	set_fault(nth);
	for (;;) {
		if (ptrace(held ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, signal))
			die("ptrace");
		status = wait_for(pid);
		if (!WIFSTOPPED(status) || status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
			break;
		signal = 0;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
			nth = faults_left();
			set_fault(0);
			held = true;
		} else if (WSTOPSIG(status) == (SIGTRAP | SYSGOOD)) {
			set_fault(nth);
			held = false;
		} else {
			signal = WSTOPSIG(status);
		}
	}
	return held ? nth : faults_left();
}

static int run_program(unsigned int nth, const char *errors, char **argv)
{
	pid_t pid = fork();
	char text[16];
	int status;

	if (pid < 0)
		die("fork");
	if (!pid)
		execute(errors, argv);
	status = wait_for(pid);
	if (!WIFSTOPPED(status))
		die("%s did not start: %#x", argv[0], status);
	snprintf(text, sizeof(text), "%d", pid);
	open_fault(text);
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXIT |
		   PTRACE_O_EXITKILL))
		die("ptrace");
	nth = follow(pid, nth);
	if (ptrace(PTRACE_DETACH, pid, NULL, NULL))
		die("ptrace");
	status = wait_for(pid);
	printf("status=%d\nfired=%d\nleft=%u\n",
	       WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), !nth, nth);
	return 0;
}

int main(int argc, char **argv)
{
	static const char text[] = "KIND | count KIND | load|unload MODULE [PARAMETERS] | "
				   "write|undo FILE TEXT UNDO | run N ERRORS COMMAND...";
	const char *what = argc > 1 ? argv[1] : "";
	bool counts = !strcmp(what, "count") && argc > 2;
	size_t i;

	if (!strcmp(what, "run") && argc > 4)
		return run_program(parse_number(argv[2], 1, 1 << 30), argv[3], argv + 4);
	open_fault("self");
	if ((!strcmp(what, "load") || !strcmp(what, "unload")) && argc > 2) {
		(what[0] == 'l' ? load_often : unload_often)(argv[2], argc > 3 ? argv[3] : "");
		return test_failed;
	}
	if ((!strcmp(what, "write") || !strcmp(what, "undo")) && argc == 5) {
		write_and_undo(argv[2], argv[3], argv[4], what[0] == 'u');
		return test_failed;
	}
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(counts ? argv[2] : what, ways[i].name))
			continue;
		if (counts)
			count_allocations(&ways[i]);
		else
			make_children(&ways[i]);
		return test_failed;
	}
	usage(text);
}
