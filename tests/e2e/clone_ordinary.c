// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rest of the kernel sees an ordinary clone: a debugger, limits and
 * counters, and signals that come in between. Needs root.
 *
 * usage: clone_ordinary [TEST]
 */
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "clonepath.h"

#define OTHER_USER	1000

static struct forkwatch_clone_args clone_args = { .exit_signal = SIGCHLD };

static pid_t clone_as_fork(void)
{
	return fw_clone(&clone_args, sizeof(clone_args), NULL, NULL);
}

/* Calls that make the same child, by the kernel's own number and by ours. */
static const struct way {
	const char *name;
	pid_t (*libc)(void);
	pid_t (*ours)(void);
} ways[] = {
	{ "fork", fork, fw_fork },
	{ "vfork", vfork, fw_vfork },
	{ "forkwatch_clone", fork, clone_as_fork },
};

/* In a process of its own: makes a child, which ends with 1, and ends with errno or 0. */
noreturn static void make_child(pid_t (*call)(void))
{
	pid_t pid = call();

	if (!pid)
		_exit(1);
	_exit(pid < 0 ? errno : wait_for(pid) != 1 << 8);
}

/*
 * A debugger that follows forks: what it is told, as text, of the process that
 * forks and of its child.
 */
static void trace(pid_t pid, pid_t parent, char *told, size_t size)
{
	size_t len = strlen(told);
	unsigned long message;
	int status;

	if (waitpid(pid, &status, __WALL) != pid)
		die("waitpid");
	while (!WIFEXITED(status) && !WIFSIGNALED(status)) {
		len += snprintf(told + len, size - len, "%s %#x; ",
				pid == parent ? "parent" : "child", status >> 8);
		if (status >> 16) {
			ptrace(PTRACE_GETEVENTMSG, pid, NULL, &message);
			ptrace(PTRACE_CONT, pid, NULL, NULL);
			/* A vfork's second event comes when its child has ended. */
			if (status >> 16 != PTRACE_EVENT_VFORK_DONE)
				trace(message, parent, told, size);
			len = strlen(told);
		} else {
			ptrace(PTRACE_CONT, pid, NULL, NULL);
		}
		if (waitpid(pid, &status, __WALL) != pid)
			die("waitpid");
	}
	snprintf(told + len, size - len, "%s ends %#x; ", pid == parent ? "parent" : "child",
		 status);
}

static void follow(pid_t (*call)(void), char *told, size_t size)
{
	const long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEVFORKDONE | PTRACE_O_EXITKILL;
	int status;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		make_child(call);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		die("PTRACE_TRACEME");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, options) ||
	    ptrace(PTRACE_CONT, pid, NULL, NULL))
		die("ptrace");
	told[0] = 0;
	trace(pid, pid, told, size);
}

static void debuggers(void)
{
	char libc[512], ours[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		follow(ways[i].libc, libc, sizeof(libc));
		follow(ways[i].ours, ours, sizeof(ours));
		if (strcmp(libc, ours))
			wrong("%s: a debugger is told \"%s\", of libc's: \"%s\"", ways[i].name,
			      ours, libc);
		if (!strstr(ours, "child"))
			wrong("%s: a debugger is told of no child: \"%s\"", ways[i].name, ours);
	}
}

/*
 * Limits.
 */
static int in_process(pid_t (*call)(void), void (*prepare)(void))
{
	pid_t pid = fork();

	if (!pid) {
		prepare();
		make_child(call);
	}
	return WEXITSTATUS(wait_for(pid));
}

static void few_processes(void)
{
	const struct rlimit one = { 1, 1 };

	if (setrlimit(RLIMIT_NPROC, &one) || setresuid(OTHER_USER, OTHER_USER, OTHER_USER))
		die("setrlimit");
}

static void process_limit(void)
{
	size_t i;

	/* (The last one needs a capability, with which there is no limit.) */
	for (i = 0; i < 2; i++)
		expect_error(ways[i].name, in_process(ways[i].ours, few_processes), EAGAIN);
}

#define CGROUP	"/sys/fs/cgroup/clone_ordinary"

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s", path);
	close(fd);
}

static void enter_cgroup(void)
{
	write_file(CGROUP "/cgroup.procs", "0");
}

static void cgroup_limit(void)
{
	size_t i;

	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+pids");
	if (mkdir(CGROUP, 0755))
		die(CGROUP);
	write_file(CGROUP "/pids.max", "1");
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		expect_error(ways[i].name, in_process(ways[i].ours, enter_cgroup), EAGAIN);
	write_file(CGROUP "/pids.max", "2");
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		expect_error(ways[i].name, in_process(ways[i].ours, enter_cgroup), 0);
	rmdir(CGROUP);
}

/* Does the kernel count it as a fork? Others fork meanwhile, but not hundreds of times. */
static unsigned long long count_forks(void)
{
	unsigned long long count = 0;
	char line[4096];
	FILE *file = fopen("/proc/stat", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "processes %llu", &count) == 1)
			break;
	if (file)
		fclose(file);
	return count;
}

static void is_counted(void)
{
	unsigned long long before = count_forks(), forks;
	int i;

	for (i = 0; i < 300; i++) {
		pid_t pid = fw_fork();

		if (!pid)
			_exit(0);
		wait_for(pid);
	}
	forks = count_forks() - before;
	if (forks < 300 || forks > 400)
		wrong("the kernel counted %llu forks, there were 300", forks);
}

/*
 * A signal that comes before the child is there restarts the call, unseen.
 */
static volatile unsigned long alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void are_restarted(void)
{
	struct itimerval once = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	int failed = 0, i;
	pid_t pid;

	sigaction(SIGALRM, &action, NULL);
	for (i = 0; i < 300; i++) {
		/* One for each call: if they came faster than a fork, there would be none. */
		once.it_value.tv_usec = 1 + i * 37 % 6000;
		setitimer(ITIMER_REAL, &once, NULL);
		pid = ways[i % ARRAY_SIZE(ways)].ours();
		if (!pid)
			_exit(0);
		if (pid > 0)
			wait_for(pid);
		else
			failed = errno;
	}
	once.it_value.tv_usec = 0;
	setitimer(ITIMER_REAL, &once, NULL);
	signal(SIGALRM, SIG_DFL);
	expect_error("calls among signals", failed, 0);
	if (alarms < 50)
		wrong("only %lu signals came", alarms);
}

static const struct test tests[] = {
	{ "a debugger is told the same of our calls as of libc's", debuggers },
	{ "RLIMIT_NPROC holds for our calls", process_limit },
	{ "pids.max of a cgroup holds for our calls", cgroup_limit },
	{ "the kernel counts our calls as forks", is_counted },
	{ "signals restart our calls", are_restarted },
};

int main(int argc, char **argv)
{
	return run_tests(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
