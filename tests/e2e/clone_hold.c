// SPDX-License-Identifier: GPL-2.0-only
/*
 * A call in flight: a vfork child sleeps, and the module can not go meanwhile,
 * however often one tries; nor may it be held when the call is over, in
 * whatever way that came about. Needs root.
 *
 * usage: clone_hold [TRIES]		to remove the module, default 1000
 */
#include <sys/prctl.h>
#include <time.h>

#include "clonepath.h"

static long tries = 1000;

struct stage {
	volatile int started;
	volatile int go;
};

static struct stage *stage;

static void nap(void)
{
	const struct timespec pause = { 0, 1000000 };

	nanosleep(&pause, NULL);
}

noreturn static void be_child(void)
{
	stage->started = 1;
	while (!stage->go)
		nap();
	_exit(3);
}

static void hold_by_vfork(void)
{
	pid_t pid = fw_vfork();

	if (!pid)
		be_child();
	_exit(pid < 0 || wait_for(pid) != 3 << 8);
}

static void hold_by_clone(void)
{
	struct forkwatch_clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK,
		.exit_signal = SIGCHLD,
	};
	long pid = fw_clone(&args, sizeof(args), NULL, NULL);

	if (!pid)
		be_child();
	_exit(pid < 0 || wait_for(pid) != 3 << 8);
}

static int references(void)
{
	FILE *file = fopen("/sys/module/forkwatch/refcnt", "re");
	int count = -1;

	if (!file || fscanf(file, "%d", &count) != 1)
		wrong("/sys/module/forkwatch/refcnt: %s", error_name(errno));
	if (file)
		fclose(file);
	return count;
}

static pid_t start(void (*hold)(void))
{
	pid_t pid;

	memset(stage, 0, sizeof(*stage));
	pid = fork();
	if (!pid)
		hold();
	while (!stage->started)
		nap();
	expect("references on the module during the call", references(), 1);
	return pid;
}

static void try_to_remove(void)
{
	long i;

	for (i = 0; i < tries; i++) {
		if (!syscall(SYS_delete_module, "forkwatch", O_NONBLOCK)) {
			wrong("the module was removed under a call, try %ld", i);
			return;
		}
		if (errno != EAGAIN) {
			wrong("rmmod: %s, try %ld", error_name(errno), i);
			return;
		}
	}
}

static void hold_and_remove(void (*hold)(void))
{
	pid_t pid = start(hold);

	try_to_remove();
	stage->go = 1;
	expect("the parent's wait status", wait_for(pid), 0);
	expect("references on the module after the call", references(), 0);
}

static void vfork_holds(void)
{
	hold_and_remove(hold_by_vfork);
}

static void clone_holds(void)
{
	hold_and_remove(hold_by_clone);
}

/* The parent is killed in the call; the child goes on, and needs no module. */
static void killed(void (*hold)(void))
{
	pid_t pid = start(hold), child = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%d", &child) != 1)
		wrong("%s: %s", path, error_name(errno));
	if (file)
		fclose(file);

	kill(pid, SIGKILL);
	expect("the parent's wait status", wait_for(pid), SIGKILL);
	expect("references on the module after the call", references(), 0);
	expect("the child is alive, kill()", kill(child, 0), 0);
	stage->go = 1;
	expect("the child's wait status", wait_for(child), 3 << 8);
}

static void vfork_is_killed(void)
{
	killed(hold_by_vfork);
}

static void clone_is_killed(void)
{
	killed(hold_by_clone);
}

static const struct test tests[] = {
	{ "a vfork in flight holds the module", vfork_holds },
	{ "a forkwatch_clone in flight holds the module", clone_holds },
	{ "a vfork whose parent is killed lets go of it", vfork_is_killed },
	{ "a forkwatch_clone whose parent is killed lets go of it", clone_is_killed },
};

int main(int argc, char **argv)
{
	if (argc > 2)
		usage("[TRIES]");
	if (argc > 1)
		tries = parse_number(argv[1], 1, 1000000);
	/* The killed one's child becomes ours. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	stage = map(sizeof(*stage), MAP_SHARED);
	return run_tests(tests, ARRAY_SIZE(tests), NULL);
}
