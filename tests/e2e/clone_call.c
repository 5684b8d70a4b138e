// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes calls by their numbers and says what came of each: "1079: a child",
 * "1079: ENOSYS". A child ends at once.
 *
 * usage: clone_call [-u UID] [-c CAPABILITY] [-n] [-s] [-t] fork|vfork|clone NR...
 *	-u	as that user
 *	-c	with that capability nevertheless: perfmon, syslog or sys_admin
 *	-n	in a user namespace of its own, with all capabilities there
 *	-s	under a seccomp filter that allows everything
 *	-t	the child stays for a moment, and tells when it ends (ns, CLOCK_MONOTONIC)
 */
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

#include "clonepath.h"

static const struct capability {
	const char *name;
	int number;
} capabilities[] = {
	{ "perfmon", CAP_PERFMON },
	{ "syslog", CAP_SYSLOG },
	{ "sys_admin", CAP_SYS_ADMIN },
};

static int find_capability(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (!strcmp(capabilities[i].name, name))
			return capabilities[i].number;
	errno = EINVAL;
	die("capability %s", name);
}

/* @capability: the only one that is kept, -1 for none. */
static void become(uid_t uid, int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (prctl(PR_SET_KEEPCAPS, capability >= 0) || setresuid(uid, uid, uid))
		die("setresuid");
	if (capability < 0)
		return;
	data[CAP_TO_INDEX(capability)].permitted = CAP_TO_MASK(capability);
	data[CAP_TO_INDEX(capability)].effective = CAP_TO_MASK(capability);
	if (syscall(SYS_capset, &header, data))
		die("capset");
}

static void filter_nothing(void)
{
	struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	const struct sock_fprog program = { .len = 1, .filter = allow };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		die("prctl");
}

static long by_fork(void)
{
	return fw_fork();
}

static long by_clone(void)
{
	struct forkwatch_clone_args args = { .exit_signal = SIGCHLD };

	return fw_clone(&args, sizeof(args), NULL, NULL);
}

static void tell(long nr, long pid)
{
	if (pid < 0) {
		printf("%ld: %s\n", nr, error_name(errno));
		return;
	}
	printf("%ld: %s\n", nr, wait_for(pid) ? "a child that failed" : "a child");
}

static bool child_tells;

noreturn static void be_child(void)
{
	struct timespec time;

	if (child_tells) {
		usleep(20000);
		clock_gettime(CLOCK_MONOTONIC, &time);
		dprintf(STDOUT_FILENO, "child_end=%llu\n",
			time.tv_sec * 1000000000ULL + time.tv_nsec);
	}
	_exit(0);
}

static void call(const char *kind, long nr)
{
	long pid;

	fw_clone_set_numbers(nr, nr, nr);
	fflush(stdout);
	if (!strcmp(kind, "vfork"))
		pid = fw_vfork();
	else
		pid = !strcmp(kind, "fork") ? by_fork() : by_clone();
	if (!pid)
		be_child();
	tell(nr, pid);
}

int main(int argc, char **argv)
{
	static const char text[] = "[-u UID] [-c CAPABILITY] [-n] [-s] [-t] fork|vfork|clone NR...";
	bool seccomp = false, namespace = false;
	int option, capability = -1;
	const char *kind;
	uid_t uid = 0;

	while ((option = getopt(argc, argv, "+c:nstu:")) != -1) {
		if (option == 's')
			seccomp = true;
		else if (option == 'n')
			namespace = true;
		else if (option == 't')
			child_tells = true;
		else if (option == 'c')
			capability = find_capability(optarg);
		else if (option == 'u')
			uid = parse_number(optarg, 1, 65535);
		else
			usage(text);
	}
	if (argc - optind < 2)
		usage(text);
	if (uid)
		become(uid, capability);
	if (namespace && unshare(CLONE_NEWUSER))
		die("unshare");
	if (seccomp)
		filter_nothing();
	kind = argv[optind];
	while (argv[++optind])
		call(kind, parse_number(argv[optind], -1, 1 << 30));
	return 0;
}
