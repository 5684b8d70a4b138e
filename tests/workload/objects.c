// SPDX-License-Identifier: GPL-2.0-only
/*
 * A child for each flag that decides what it shares with its parent: one line a child with
 * what must become of each object, in the order of objects[]. What kcmp() and /proc say of
 * it, while both are there, is compared with that: exits with 1 if they differ.
 *
 *	files: copied new shared …
 */
#include <linux/ioprio.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/stat.h>

#include "workload.h"

#define CLEAR_SIGHAND	(1ULL << 32)	/* only clone3() takes it */
#define NAMESPACES	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP | CLONE_NEWNET)
#define THREAD		(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)

/* Its flag shares it; without that the child's is @own. kcmp() knows it by @type. */
static const struct {
	const char *name;
	unsigned long shared_by;
	const char *own;
	int type;
} objects[] = {
	{ "mm", CLONE_VM, "copied", KCMP_VM },
	{ "pgd", CLONE_VM, "new", -1 },
	{ "files", CLONE_FILES, "copied", KCMP_FILES },
	{ "fs", CLONE_FS, "copied", KCMP_FS },
	{ "sighand", CLONE_SIGHAND, "copied", KCMP_SIGHAND },
	{ "signal", CLONE_THREAD, "new", -1 },
	{ "io", CLONE_IO, "new", KCMP_IO },
	{ "sysvsem", CLONE_SYSVSEM, "none", KCMP_SYSVSEM },
	{ "cred", CLONE_THREAD, "copied", -1 },
};

static const struct {
	const char *name;
	uint64_t flags;
} cases[] = {
	{ "nothing", 0 },
	{ "vm", CLONE_VM },
	{ "files", CLONE_FILES },
	{ "fs", CLONE_FS },
	{ "sighand", CLONE_VM | CLONE_SIGHAND },
	{ "clear_sighand", CLEAR_SIGHAND },
	{ "io", CLONE_IO },
	{ "sysvsem", CLONE_SYSVSEM },
	{ "thread", THREAD },
	{ "pthread", THREAD | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM },
	{ "everything", THREAD | CLONE_FS | CLONE_FILES | CLONE_IO | CLONE_SYSVSEM },
	{ "newuts", CLONE_NEWUTS },
	{ "namespaces", NAMESPACES },
};

static char stack[64 << 10] __attribute__((aligned(16)));
static int wake[2];
static int has_rest;		/* an I/O context, and semaphores to undo */
static int bad;

/* Ends this task alone, and not before the parent has looked at it. */
static int wait_and_end(void *arg)
{
	char byte;

	(void)arg;
	syscall(SYS_read, wake[0], &byte, 1);
	syscall(SYS_exit, 0);
	return 0;
}

static pid_t start(uint64_t flags)
{
	struct clone_args {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	} args = { .flags = flags, .exit_signal = SIGCHLD };
	pid_t pid;

	if (!(flags & CLEAR_SIGHAND))
		return clone(wait_and_end, stack + sizeof(stack),
			     flags | (flags & CLONE_THREAD ? 0 : SIGCHLD), NULL);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (!pid)
		wait_and_end(NULL);
	return pid;
}

static const char *expected(size_t i, uint64_t flags)
{
	if (objects[i].type == KCMP_IO && !has_rest)
		return "none";
	if (objects[i].type == KCMP_SIGHAND && flags & CLEAR_SIGHAND)
		return "new";
	return flags & objects[i].shared_by ? "shared" : objects[i].own;
}

static ino_t namespace_of(pid_t tid)
{
	char path[64];
	struct stat ns;

	snprintf(path, sizeof(path), "/proc/%d/ns/uts", tid);
	if (stat(path, &ns))
		die("%s", path);
	return ns.st_ino;
}

static void differs(const char *name, const char *object)
{
	fprintf(stderr, "objects: %s: it is not so with %s\n", name, object);
	bad = 1;
}

/* What neither has is the same to kcmp(). I/O contexts and semaphores are last in its order. */
static void look(pid_t tid, const char *name, uint64_t flags)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		int shared = !strcmp(expected(i, flags), "shared"), differ;

		if (objects[i].type < 0 || (objects[i].type >= KCMP_IO && !has_rest))
			continue;
		differ = syscall(SYS_kcmp, getpid(), tid, objects[i].type, 0, 0);
		if (differ < 0)
			die("kcmp");
		if (shared == !!differ)
			differs(name, objects[i].name);
	}
	if (!(flags & CLONE_NEWUTS) != (namespace_of(getpid()) == namespace_of(tid)))
		differs(name, "the namespace");
}

static void try(const char *name, uint64_t flags)
{
	pid_t tid = start(flags);
	size_t i;

	if (tid < 0)
		die("clone: %s", name);
	look(tid, name, flags);
	if (write(wake[1], "", 1) != 1)
		die("write");
	if (!(flags & CLONE_THREAD))
		reap(tid);
	while (!syscall(SYS_tgkill, getpid(), tid, 0))
		usleep(1000);
	printf("%s:", name);
	for (i = 0; i < ARRAY_SIZE(objects); i++)
		printf(" %s", expected(i, flags));
	printf(" %s\n", flags & NAMESPACES ? "new" : "shared");
}

/* What a task has only if it asks for it. */
static void get_the_rest(void)
{
	struct sembuf up = { .sem_op = 1, .sem_flg = SEM_UNDO };
	int set = semget(IPC_PRIVATE, 1, 0600);

	if (set < 0 || semop(set, &up, 1) || semctl(set, 0, IPC_RMID))
		die("semop");
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		    IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 3)))
		die("ioprio_set");
	has_rest = 1;
}

int main(int argc, char **argv)
{
	size_t i;

	(void)argv;
	if (argc > 1)
		usage("");
	if (pipe(wake))
		die("pipe");
	try("no_io", 0);
	try("no_io_to_share", CLONE_IO);
	get_the_rest();
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		try(cases[i].name, cases[i].flags);
	return bad;
}
