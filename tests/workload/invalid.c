// SPDX-License-Identifier: GPL-2.0-only
/*
 * Forks that no kernel makes: each breaks one rule of clone3(), kernel_clone(),
 * copy_process() or what that calls, and all others are kept. One line a case,
 *
 *	case=NAME errno=NUMBER code=REASON text=PART OF THE SENTENCE
 *
 * or "case=NAME skip" where this kernel has no such rule. Each case is tried in a
 * process of its own, which a plain fork() makes. Exits with 1 if another error
 * came, or a child.
 *
 * usage: invalid	as root
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/version.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "workload.h"

#define OTHER_USER	1000
#define CGROUP		"/sys/fs/cgroup/forkwatch-invalid"
#define NOWHERE		0xdead000000000ULL	/* no address of user memory */
#define FREE_TID	299			/* the guest has no so many tasks by then */

/* Younger than the oldest headers that this builds with; <sched.h> has some of them as int. */
#define NEWTIME		0x80ULL
#define CLEAR_SIGHAND	(1ULL << 32)
#define INTO_CGROUP	(1ULL << 33)
#define AUTOREAP	(1ULL << 34)
#define NNP		(1ULL << 35)
#define PIDFD_AUTOKILL	(1ULL << 36)
#define UNKNOWN		(1ULL << 40)

#define THREAD		(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)

/* As clone3() takes it, and more than that. */
struct args {
	struct clone_args clone;
	uint64_t more[600];
};

static int32_t written;
static pid_t tids[40] = { FREE_TID };

/* What is set up before the call, of which the rest is in the table. */
static void as_other_user(struct args *args)
{
	(void)args;
	if (setresgid(OTHER_USER, OTHER_USER, OTHER_USER) ||
	    setresuid(OTHER_USER, OTHER_USER, OTHER_USER))
		die("setresuid");
}

static void with_other_pid_ns(struct args *args)
{
	(void)args;
	if (unshare(CLONE_NEWPID))
		die("unshare");
}

static void with_other_time_ns(struct args *args)
{
	(void)args;
	if (unshare(NEWTIME))
		die("unshare");
}

/* The init of a new pid namespace goes on; who made it only waits. */
static void as_init(struct args *args)
{
	pid_t pid;

	(void)args;
	if (unshare(CLONE_NEWPID))
		die("unshare");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		return;
	reap(pid);
	_exit(0);
}

static void pidfd_is_parent_tid(struct args *args)
{
	args->clone.pidfd = (uintptr_t)&written;
	args->clone.parent_tid = (uintptr_t)&written;
}

static void pidfd_nowhere(struct args *args)
{
	args->clone.pidfd = NOWHERE;
}

static void no_file_left(struct args *args)
{
	struct rlimit three = { 3, 3 };

	args->clone.pidfd = (uintptr_t)&written;
	if (setrlimit(RLIMIT_NOFILE, &three))
		die("setrlimit");
}

static void write_number(const char *path, int number)
{
	FILE *file = fopen(path, "w");

	if (!file || fprintf(file, "%d\n", number) < 0 || fclose(file))
		die("%s: %d", path, number);
}

/* The limit is put back by main(). */
static void file_beyond(struct args *args)
{
	(void)args;
	if (dup2(1, 500) < 0)
		die("dup2");
	write_number("/proc/sys/fs/nr_open", 64);
}

static void no_uts_left(struct args *args)
{
	(void)args;
	write_number("/proc/sys/user/max_uts_namespaces", 0);
}

static void in_a_chroot(struct args *args)
{
	(void)args;
	if (chroot("/tmp"))
		die("chroot");
}

static void set_tid(struct args *args)
{
	args->clone.set_tid = (uintptr_t)tids;
}

static void set_tid_nowhere(struct args *args)
{
	args->clone.set_tid = NOWHERE;
}

static void set_tid_in_use(struct args *args)
{
	tids[0] = getpid();
	set_tid(args);
}

static void set_tid_is_none(struct args *args)
{
	tids[0] = 0;
	set_tid(args);
}

static void set_tid_as_other_user(struct args *args)
{
	set_tid(args);
	as_other_user(args);
}

static void cgroup_is_none(struct args *args)
{
	args->clone.cgroup = open("/dev/null", O_RDONLY);
}

static void cgroup_is_large(struct args *args)
{
	args->clone.cgroup = 1ULL << 31;
}

static void cgroup_is_removed(struct args *args)
{
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		die(CGROUP);
	args->clone.cgroup = open(CGROUP, O_RDONLY | O_DIRECTORY);
	if (rmdir(CGROUP))
		die(CGROUP);
}

static void cgroup_of_others(struct args *args)
{
	args->clone.cgroup = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY);
	as_other_user(args);
}

static void stack_without_size(struct args *args)
{
	args->clone.stack = (uintptr_t)&args;
}

static void size_without_stack(struct args *args)
{
	args->clone.stack_size = 4096;
}

static void stack_nowhere(struct args *args)
{
	args->clone.stack = 0xffffULL << 48;
	args->clone.stack_size = 4096;
}

static void more_is_set(struct args *args)
{
	args->more[0] = 1;
}

/* Asks for little, so that it is let in beside what else runs. */
static void as_deadline(struct args *args)
{
	const struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = {
		.size = sizeof(attr),
		.policy = 6,	/* SCHED_DEADLINE */
		.runtime = 20000000,
		.deadline = 200000000,
		.period = 200000000,
	};

	(void)args;
	if (syscall(SYS_sched_setattr, 0, &attr, 0))
		die("sched_setattr");
}

#define V(major, minor)	KERNEL_VERSION(major, minor, 0)

static const struct rule {
	const char *name;
	enum { LEGACY, CLONE3, AT_NOWHERE } call;
	uint64_t flags;
	uint64_t signal;		/* the exit signal */
	size_t size;			/* of clone3()'s arguments; 0: all that there are */
	size_t set_tid_size;
	void (*prepare)(struct args *args);
	unsigned int since, until;	/* kernels that have it; 0: all */
	int error;
	const char *code, *text;
} rules[] = {
	/* copy_process() */
	{ "newns_fs", .flags = CLONE_NEWNS | CLONE_FS, .signal = SIGCHLD, .error = EINVAL,
	  .code = "flags", .text = "CLONE_NEWNS and CLONE_FS: a root directory stays" },
	{ "newuser_fs", .flags = CLONE_NEWUSER | CLONE_FS, .signal = SIGCHLD, .error = EINVAL,
	  .code = "flags", .text = "CLONE_NEWUSER and CLONE_FS: a root directory stays" },
	{ "thread_no_sighand", .flags = CLONE_THREAD | CLONE_VM, .error = EINVAL,
	  .code = "flags", .text = "CLONE_THREAD without CLONE_SIGHAND" },
	{ "sighand_no_vm", .flags = CLONE_SIGHAND, .signal = SIGCHLD, .error = EINVAL,
	  .code = "flags", .text = "CLONE_SIGHAND without CLONE_VM" },
	{ "init_has_no_siblings", .flags = CLONE_PARENT, .prepare = as_init, .error = EINVAL,
	  .code = "flags", .text = "CLONE_PARENT: init has no siblings" },
	{ "thread_newuser", .flags = THREAD | CLONE_NEWUSER, .error = EINVAL,
	  .code = "flags", .text = "CLONE_THREAD and CLONE_NEWUSER" },
	{ "thread_newpid", .flags = THREAD | CLONE_NEWPID, .error = EINVAL,
	  .code = "flags", .text = "CLONE_THREAD and CLONE_NEWPID" },
	{ "thread_other_pid_ns", .flags = THREAD, .prepare = with_other_pid_ns, .error = EINVAL,
	  .code = "flags", .text = "CLONE_THREAD: the parent's children are to be in another pid" },
	{ "thread_other_time_ns", .flags = THREAD, .prepare = with_other_time_ns,
	  .until = V(6, 2), .error = EINVAL, .code = "flags",
	  .text = "CLONE_THREAD: the parent's children are to be in another time namespace" },
	{ "vm_other_time_ns", .flags = CLONE_VM, .signal = SIGCHLD, .prepare = with_other_time_ns,
	  .until = V(6, 2), .error = EINVAL, .code = "flags",
	  .text = "CLONE_VM: the parent's children are to be in another time namespace" },
	{ "pidfd_detached", .flags = CLONE_PIDFD | CLONE_DETACHED, .signal = SIGCHLD,
	  .error = EINVAL, .code = "flags", .text = "CLONE_PIDFD and CLONE_DETACHED exclude" },
	{ "pidfd_thread", .flags = CLONE_PIDFD | THREAD, .until = V(6, 9), .error = EINVAL,
	  .code = "flags", .text = "CLONE_PIDFD and CLONE_THREAD: before 6.9" },
	{ "autoreap_thread", CLONE3, .flags = AUTOREAP | THREAD, .since = V(7, 1),
	  .error = EINVAL, .code = "flags", .text = "CLONE_AUTOREAP and CLONE_THREAD exclude" },
	{ "autoreap_parent", CLONE3, .flags = AUTOREAP | CLONE_PARENT, .since = V(7, 1),
	  .error = EINVAL, .code = "flags", .text = "CLONE_AUTOREAP and CLONE_PARENT exclude" },
	{ "autoreap_signal", CLONE3, .flags = AUTOREAP, .signal = SIGCHLD, .since = V(7, 1),
	  .error = EINVAL, .code = "flags", .text = "CLONE_AUTOREAP with an exit signal" },
	{ "nnp_thread", CLONE3, .flags = NNP | THREAD, .since = V(7, 1), .error = EINVAL,
	  .code = "flags", .text = "CLONE_NNP and CLONE_THREAD exclude each other" },
	{ "autokill_no_pidfd", CLONE3, .flags = PIDFD_AUTOKILL | AUTOREAP, .since = V(7, 1),
	  .error = EINVAL, .code = "flags", .text = "CLONE_PIDFD_AUTOKILL without CLONE_PIDFD" },
	{ "autokill_no_autoreap", CLONE3, .flags = PIDFD_AUTOKILL | CLONE_PIDFD,
	  .signal = SIGCHLD, .since = V(7, 1), .error = EINVAL, .code = "flags",
	  .text = "CLONE_PIDFD_AUTOKILL without CLONE_AUTOREAP" },
	{ "autokill_no_nnp", CLONE3, .flags = PIDFD_AUTOKILL | AUTOREAP | CLONE_PIDFD,
	  .prepare = as_other_user, .since = V(7, 1), .error = EPERM, .code = "permission",
	  .text = "CLONE_PIDFD_AUTOKILL without CLONE_NNP needs CAP_SYS_ADMIN" },
	/* what it calls before copy_thread() */
	{ "deadline", .signal = SIGCHLD, .prepare = as_deadline, .error = EAGAIN,
	  .code = "deadline", .text = "the parent is a SCHED_DEADLINE task" },
	{ "file_beyond", .signal = SIGCHLD, .prepare = file_beyond, .error = EMFILE,
	  .code = "files", .text = "a file open beyond fs.nr_open" },
	{ "newipc_sysvsem", .flags = CLONE_NEWIPC | CLONE_SYSVSEM, .signal = SIGCHLD,
	  .error = EINVAL, .code = "flags", .text = "CLONE_NEWIPC and CLONE_SYSVSEM" },
	{ "newpid_twice", .flags = CLONE_NEWPID, .signal = SIGCHLD,
	  .prepare = with_other_pid_ns, .error = EINVAL, .code = "flags",
	  .text = "CLONE_NEWPID: the parent's children are to be in a new pid namespace already" },
	{ "newuts_limit", .flags = CLONE_NEWUTS, .signal = SIGCHLD, .prepare = no_uts_left,
	  .error = ENOSPC, .code = "namespaces",
	  .text = "CLONE_NEWUTS: a limit of /proc/sys/user is reached" },
	{ "newnet_not_root", .flags = CLONE_NEWNET, .signal = SIGCHLD, .prepare = as_other_user,
	  .error = EPERM, .code = "permission", .text = "CLONE_NEWNET needs CAP_SYS_ADMIN" },
	{ "newuser_chroot", .flags = CLONE_NEWUSER, .signal = SIGCHLD, .prepare = in_a_chroot,
	  .error = EPERM, .code = "permission", .text = "CLONE_NEWUSER is not for the parent" },
	/* and after it */
	{ "set_tid_too_many", CLONE3, .signal = SIGCHLD, .set_tid_size = 3, .prepare = set_tid,
	  .error = EINVAL, .code = "arguments",
	  .text = "set_tid names 3 pids, and there are 1 pid namespaces" },
	{ "set_tid_is_none", CLONE3, .signal = SIGCHLD, .set_tid_size = 1,
	  .prepare = set_tid_is_none, .error = EINVAL, .code = "arguments",
	  .text = "set_tid names what is no pid" },
	{ "set_tid_in_use", CLONE3, .signal = SIGCHLD, .set_tid_size = 1,
	  .prepare = set_tid_in_use, .error = EEXIST, .code = "tid-in-use",
	  .text = "a pid that set_tid names is in use" },
	{ "set_tid_not_root", CLONE3, .signal = SIGCHLD, .set_tid_size = 1,
	  .prepare = set_tid_as_other_user, .error = EPERM, .code = "permission",
	  .text = "set_tid needs CAP_CHECKPOINT_RESTORE" },
	{ "pidfd_nowhere", CLONE3, .flags = CLONE_PIDFD, .signal = SIGCHLD,
	  .prepare = pidfd_nowhere, .error = EFAULT, .code = "arguments",
	  .text = "the pidfd cannot be written to 0xdead000000000" },
	{ "no_file_left", CLONE3, .flags = CLONE_PIDFD, .signal = SIGCHLD,
	  .prepare = no_file_left, .error = EMFILE, .code = "files",
	  .text = "CLONE_PIDFD: the parent has as many files open" },
	{ "cgroup_is_none", CLONE3, .flags = INTO_CGROUP, .signal = SIGCHLD,
	  .prepare = cgroup_is_none, .error = EBADF, .code = "cgroup",
	  .text = "CLONE_INTO_CGROUP: its file descriptor is none" },
	{ "cgroup_is_removed", CLONE3, .flags = INTO_CGROUP, .signal = SIGCHLD,
	  .prepare = cgroup_is_removed, .error = ENOENT, .code = "cgroup",
	  .text = "CLONE_INTO_CGROUP: that cgroup has been removed" },
	{ "cgroup_of_others", CLONE3, .flags = INTO_CGROUP, .signal = SIGCHLD,
	  .prepare = cgroup_of_others, .error = EACCES, .code = "cgroup",
	  .text = "CLONE_INTO_CGROUP: the parent may not put tasks there" },
	/* kernel_clone() */
	{ "pidfd_and_tid", .flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .signal = SIGCHLD,
	  .error = EINVAL, .code = "flags",
	  .text = "CLONE_PIDFD and CLONE_PARENT_SETTID: clone() has one address for both" },
	{ "pidfd_is_tid", CLONE3, .flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .signal = SIGCHLD,
	  .prepare = pidfd_is_parent_tid, .error = EINVAL, .code = "flags",
	  .text = "CLONE_PIDFD and CLONE_PARENT_SETTID: both would be written to 0x" },
	{ "signal_65_of_clone", .signal = 65, .since = V(7, 3), .error = EINVAL,
	  .code = "arguments", .text = "the exit signal is 65, and there are 64 signals" },
	/* clone3() */
	{ "size_63", CLONE3, .signal = SIGCHLD, .size = 63, .error = EINVAL,
	  .code = "arguments", .text = "clone3() takes no arguments of 63 bytes" },
	{ "size_too_big", CLONE3, .signal = SIGCHLD, .size = 1 << 20, .error = E2BIG,
	  .code = "arguments", .text = "arguments of 1048576 bytes are more than a page" },
	{ "more_is_set", CLONE3, .signal = SIGCHLD, .size = sizeof(struct clone_args) + 8,
	  .prepare = more_is_set, .error = E2BIG, .code = "arguments",
	  .text = "those that this kernel does not know are not 0" },
	{ "args_nowhere", AT_NOWHERE, .error = EFAULT, .code = "arguments",
	  .text = "the arguments cannot be read at 0xdead000000000" },
	{ "set_tid_nowhere", CLONE3, .signal = SIGCHLD, .set_tid_size = 1,
	  .prepare = set_tid_nowhere, .error = EFAULT, .code = "arguments",
	  .text = "set_tid cannot be read at 0xdead000000000" },
	{ "set_tid_33", CLONE3, .signal = SIGCHLD, .set_tid_size = 33, .prepare = set_tid,
	  .error = EINVAL, .code = "arguments", .text = "set_tid_size is 33" },
	{ "set_tid_missing", CLONE3, .signal = SIGCHLD, .set_tid_size = 1, .error = EINVAL,
	  .code = "arguments", .text = "set_tid_size without set_tid" },
	{ "set_tid_no_size", CLONE3, .signal = SIGCHLD, .prepare = set_tid, .error = EINVAL,
	  .code = "arguments", .text = "set_tid without set_tid_size" },
	{ "signal_65", CLONE3, .signal = 65, .error = EINVAL,
	  .code = "arguments", .text = "the exit signal is 65, and there are 64 signals" },
	{ "signal_256", CLONE3, .signal = 256, .error = EINVAL,
	  .code = "arguments", .text = "the exit signal is 256, and there are 64 signals" },
	{ "cgroup_is_large", CLONE3, .flags = INTO_CGROUP, .signal = SIGCHLD,
	  .prepare = cgroup_is_large, .error = EINVAL, .code = "arguments",
	  .text = "CLONE_INTO_CGROUP: cgroup is 2147483648, which is no file descriptor" },
	{ "cgroup_cut_off", CLONE3, .flags = INTO_CGROUP, .signal = SIGCHLD, .size = 80,
	  .error = EINVAL, .code = "arguments",
	  .text = "CLONE_INTO_CGROUP: arguments of 80 bytes end before cgroup" },
	{ "unknown", CLONE3, .flags = UNKNOWN, .signal = SIGCHLD, .error = EINVAL,
	  .code = "flags", .text = "clone3() of this kernel knows no 0x10000000000" },
	{ "autoreap_unknown", CLONE3, .flags = AUTOREAP, .until = V(7, 1), .error = EINVAL,
	  .code = "flags", .text = "clone3() of this kernel knows no CLONE_AUTOREAP" },
	{ "detached", CLONE3, .flags = CLONE_DETACHED, .signal = SIGCHLD, .error = EINVAL,
	  .code = "flags", .text = "CLONE_DETACHED is none of clone3()'s" },
	{ "signal_in_flags", CLONE3, .flags = SIGCHLD, .error = EINVAL,
	  .code = "flags", .text = "clone3() has the exit signal in a field of its own" },
	{ "clear_sighand", CLONE3, .flags = CLEAR_SIGHAND | CLONE_SIGHAND | CLONE_VM,
	  .signal = SIGCHLD, .error = EINVAL, .code = "flags",
	  .text = "CLONE_SIGHAND and CLONE_CLEAR_SIGHAND: shared" },
	{ "thread_with_signal", CLONE3, .flags = THREAD, .signal = SIGCHLD, .error = EINVAL,
	  .code = "flags", .text = "CLONE_THREAD with an exit signal" },
	{ "parent_with_signal", CLONE3, .flags = CLONE_PARENT, .signal = SIGCHLD,
	  .error = EINVAL, .code = "flags", .text = "CLONE_PARENT with an exit signal" },
	{ "stack_without_size", CLONE3, .signal = SIGCHLD, .prepare = stack_without_size,
	  .error = EINVAL, .code = "arguments", .text = "stack without stack_size" },
	{ "size_without_stack", CLONE3, .signal = SIGCHLD, .prepare = size_without_stack,
	  .error = EINVAL, .code = "arguments", .text = "stack_size without stack" },
	{ "stack_nowhere", CLONE3, .signal = SIGCHLD, .prepare = stack_nowhere,
	  .error = EINVAL, .code = "arguments",
	  .text = "the stack of 0x1000 bytes at 0xffff000000000000 is not in user memory" },
};

static long call(const struct rule *rule, struct args *args)
{
	size_t size = rule->size ? rule->size : sizeof(args->clone);

	if (rule->call == LEGACY)
		return syscall(SYS_clone, rule->flags | rule->signal, 0, &written, 0, 0);
	return syscall(SYS_clone3, rule->call == CLONE3 ? (uintptr_t)args : NOWHERE, size);
}

/* In a process of its own; its exit status tells whether all was as expected. */
static void attempt(const struct rule *rule)
{
	struct args args = {
		.clone.flags = rule->flags,
		.clone.exit_signal = rule->signal,
		.clone.set_tid_size = rule->set_tid_size,
		.clone.pidfd = rule->flags & CLONE_PIDFD ? (uintptr_t)&written : 0,
	};
	long pid;
	int error;

	if (rule->prepare)
		rule->prepare(&args);
	pid = call(rule, &args);
	error = pid < 0 ? errno : 0;
	if (!pid)
		_exit(0);
	dprintf(1, "case=%s errno=%d code=%s text=%s\n", rule->name, error, rule->code,
		rule->text);
	if (error != rule->error)
		fprintf(stderr, "invalid: %s: %s, expected: %s\n", rule->name, strerror(error),
			strerror(rule->error));
	_exit(error != rule->error);
}

static int attempt_apart(const struct rule *rule)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (!pid)
		attempt(rule);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return !!status;
}

static unsigned int kernel(void)
{
	unsigned int major, minor;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		die("uname");
	return V(major, minor);
}

/* CONFIG_TIME_NS can be left out. */
static bool is_of_this_kernel(const struct rule *rule, unsigned int running)
{
	if (rule->prepare == with_other_time_ns && access("/proc/self/ns/time", F_OK))
		return false;
	return running >= rule->since && (!rule->until || running < rule->until);
}

int main(int argc, char **argv)
{
	unsigned int running = kernel(), i, tried = 0;
	int bad = 0;

	(void)argv;
	if (argc > 1)
		usage("");
	if (geteuid()) {
		errno = EPERM;
		die("it needs root");
	}
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		if (!is_of_this_kernel(&rules[i], running)) {
			dprintf(1, "case=%s skip\n", rules[i].name);
			continue;
		}
		bad += attempt_apart(&rules[i]);
		tried++;
		if (rules[i].prepare == file_beyond)
			write_number("/proc/sys/fs/nr_open", 1 << 20);
		if (rules[i].prepare == no_uts_left)
			write_number("/proc/sys/user/max_uts_namespaces", 1 << 12);
	}
	dprintf(1, "failed=%u\n", tried);
	return bad ? 1 : 0;
}
