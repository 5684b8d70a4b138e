// SPDX-License-Identifier: GPL-2.0-only
/*
 * Children by the module's numbers against children by libc and clone3(): what
 * /proc and kcmp() tell of them, and what they and their parents find out, must
 * be the same. Needs root.
 *
 * usage: clone_view [TEST]
 */
#include <dirent.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <time.h>

#include "clonepath.h"

#define STACK_SIZE	(64UL << 10)
#define CHILD_STATUS	7

/* One way to make a child: by a call without arguments, or by clone3's. */
struct method {
	pid_t (*call)(void);
	struct forkwatch_clone_args args;
	size_t size;
	bool new_pid;			/* choose the child's pid */
	bool into_cgroup;
};

/* What the three processes (we, the parent, its child) tell each other. */
struct stage {
	/* by the parent */
	volatile pid_t returned;	/* what the call gave it, or -errno */
	volatile uint64_t parent_back;
	volatile pid_t parent_tid;
	volatile int pidfd;
	int pidfd_works, sigchld, code, status;
	/* by the child */
	volatile pid_t child_tid;	/* CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID */
	volatile int started;
	pid_t tid_found;		/* child_tid when it started */
	unsigned long tls;
	volatile uint64_t child_end;
	/* by us */
	volatile int go;
};

static struct stage *stage;
static char *stack, *tls;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static void nap(void)
{
	const struct timespec pause = { 0, 1000000 };

	nanosleep(&pause, NULL);
}

/* In the child, on whatever stack and thread pointer. */
static int be_child(void *arg)
{
	(void)arg;
	stage->tid_found = stage->child_tid;
	asm volatile("mrs %0, tpidr_el0" : "=r" (stage->tls));
	stage->started = 1;
	while (!stage->go)
		nap();
	stage->child_end = now();
	syscall(SYS_exit, CHILD_STATUS);
	return 0;
}

/* In the parent: makes the child. Nothing here may lie on the stack after the call. */
static __attribute__((noinline)) long make_child(const struct method *method)
{
	long pid;

	if (method->call)
		pid = method->call();
	else if (method->args.stack)
		pid = fw_clone(&method->args, method->size, be_child, NULL);
	else
		pid = fw_clone(&method->args, method->size, NULL, NULL);
	if (!pid)
		be_child(NULL);
	return pid < 0 ? -errno : pid;
}

static void wait_in_parent(pid_t pid, uint64_t flags)
{
	siginfo_t info = { .si_pid = 0 };
	sigset_t pending;

	/* A thread is nobody's to wait for, and the other one's parent is ours. */
	if (flags & (CLONE_THREAD | CLONE_PARENT)) {
		while (!stage->child_end || (flags & CLONE_THREAD && !kill(pid, 0)))
			nap();
		return;
	}
	if (stage->pidfd >= 0)
		stage->pidfd_works = !waitid(P_PIDFD, stage->pidfd, &info,
					     WEXITED | WNOWAIT | __WALL);
	if (waitid(P_PID, pid, &info, WEXITED)) {
		stage->code = -errno;
		waitid(P_PID, pid, &info, WEXITED | __WALL);
	} else {
		stage->code = info.si_code;
	}
	stage->status = info.si_status;
	sigpending(&pending);
	stage->sigchld = sigismember(&pending, SIGCHLD);
}

static void on_signal(int sig)
{
	(void)sig;
}

noreturn static void be_parent(const struct method *method)
{
	struct sembuf undo = { 0, 1, SEM_UNDO };
	sigset_t chld;
	int sem;

	/* Something to share or to reset: a handler, an alternate stack, a list of undos. */
	signal(SIGUSR1, on_signal);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	sem = semget(IPC_PRIVATE, 1, 0600);
	if (sem < 0 || semop(sem, &undo, 1))
		die("semget");
	semctl(sem, 0, IPC_RMID);

	stage->returned = make_child(method);
	stage->parent_back = now();
	if (stage->returned > 0)
		wait_in_parent(stage->returned, method->args.flags);
	_exit(0);
}

/*
 * The view: text, with the pids that differ each time replaced.
 */
struct view {
	char *text;
	size_t size;
	FILE *out;
	pid_t child, parent;
};

static void put_pid(struct view *view, const char *word)
{
	long number = strtol(word, NULL, 10);

	if (number == view->child)
		fputs(" CHILD", view->out);
	else if (number == view->parent)
		fputs(" PARENT", view->out);
	else if (number == getpid())
		fputs(" US", view->out);
	else
		fprintf(view->out, " %s", word);
}

/* "Pid:", "NStgid:" */
static bool holds_pids(const char *line)
{
	return !strncmp(line, "NS", 2) || strstr(line, "id:\t") == line + strcspn(line, "i");
}

static void put_pids(struct view *view, char *line)
{
	char *word;

	while ((word = strsep(&line, " \t\n")))
		if (*word)
			put_pid(view, word);
	fputc('\n', view->out);
}

static FILE *open_proc(pid_t pid, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "re");
}

/* Memory in use and switches depend on time. */
static bool is_steady(const char *line)
{
	static const char * const unsteady[] = {
		"VmHWM:", "VmRSS:", "Rss", "VmPTE:", "voluntary_ctxt_switches:",
		"nonvoluntary_ctxt_switches:", "State:",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unsteady); i++)
		if (!strncmp(line, unsteady[i], strlen(unsteady[i])))
			return false;
	return true;
}

static void put_file(struct view *view, const char *name)
{
	FILE *file = open_proc(view->child, name);
	char line[4096];

	if (!file) {
		fprintf(view->out, "%s: %s\n", name, error_name(errno));
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		if (!is_steady(line))
			continue;
		fprintf(view->out, "%s:", name);
		if (!strcmp(name, "status") && holds_pids(line))
			put_pids(view, line);
		else
			fprintf(view->out, " %s", line);
	}
	fclose(file);
}

#define STAT_LAST_PID	8
#define STAT_FLAGS	9
/* Before v6.1 a task that sleeps may have it for a while. */
#define FREEZER_SKIP	0x40000000UL

/* Fields of /proc/PID/stat that do not depend on time, numbered as in proc(5). */
static void put_stat(struct view *view)
{
	static const unsigned char fields[] = {
		4, 5, 6, 7, 8, 9, 18, 19, 20, 23, 25, 26, 27, 28, 31, 32, 33, 34, 38, 40, 41,
		45, 46, 47, 48, 49, 50, 51
	};
	FILE *file = open_proc(view->child, "stat");
	char line[1024], *words, *word;
	unsigned int nr = 2;

	if (!file || !fgets(line, sizeof(line), file)) {
		fprintf(view->out, "stat: %s\n", error_name(errno));
		return;
	}
	fclose(file);
	words = strrchr(line, ')') + 1;
	while ((word = strsep(&words, "\n "))) {
		if (*word && memchr(fields, ++nr, sizeof(fields))) {
			fprintf(view->out, "stat %u:", nr);
			if (nr <= STAT_LAST_PID)
				put_pid(view, word);
			else if (nr == STAT_FLAGS)
				fprintf(view->out, " %#lx",
					strtoul(word, NULL, 10) & ~FREEZER_SKIP);
			else
				fprintf(view->out, " %s", word);
			fputc('\n', view->out);
		}
	}
}

static void put_link(struct view *view, const char *name)
{
	char path[64], target[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/%s", view->child, name);
	len = readlink(path, target, sizeof(target) - 1);
	target[len < 0 ? 0 : len] = 0;
	fprintf(view->out, "%s: %s\n", name, target);
}

static void put_fds(struct view *view)
{
	char path[64], name[300];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", view->child);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "fd/%s", entry->d_name);
		put_link(view, name);
	}
	if (dir)
		closedir(dir);
}

/* The same namespace as the parent's, or one of its own? */
static void put_namespaces(struct view *view)
{
	static const char * const names[] = {
		"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts",
	};
	char path[64], of_child[64], of_parent[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		memset(of_child, 0, sizeof(of_child));
		memset(of_parent, 0, sizeof(of_parent));
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", view->child, names[i]);
		if (readlink(path, of_child, sizeof(of_child) - 1) < 0)
			snprintf(of_child, sizeof(of_child), "%s", error_name(errno));
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", view->parent, names[i]);
		if (readlink(path, of_parent, sizeof(of_parent) - 1) < 0)
			snprintf(of_parent, sizeof(of_parent), "%s", error_name(errno));
		fprintf(view->out, "ns %s: %s\n", names[i],
			strcmp(of_child, of_parent) ? "its own" : "the parent's");
	}
}

static void put_shared(struct view *view)
{
	static const struct {
		const char *name;
		int type;
	} kinds[] = {
		{ "vm", KCMP_VM }, { "files", KCMP_FILES }, { "fs", KCMP_FS },
		{ "sighand", KCMP_SIGHAND }, { "io", KCMP_IO }, { "sysvsem", KCMP_SYSVSEM },
	};
	size_t i;
	long ret;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ret = syscall(SYS_kcmp, view->parent, view->child, kinds[i].type, 0, 0);
		fprintf(view->out, "kcmp %s: %s\n", kinds[i].name,
			ret < 0 ? error_name(errno) : ret ? "its own" : "the parent's");
	}
}

static void put_proc(struct view *view)
{
	static const char * const files[] = {
		"status", "maps", "limits", "cgroup", "comm", "cmdline", "oom_score_adj",
		"personality", "timerslack_ns", "loginuid", "sessionid", "coredump_filter",
	};
	static const char * const links[] = { "cwd", "root", "exe" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		put_file(view, files[i]);
	put_stat(view);
	for (i = 0; i < ARRAY_SIZE(links); i++)
		put_link(view, links[i]);
	put_fds(view);
	put_namespaces(view);
	put_shared(view);
}

static void put_stage(struct view *view, const struct method *method)
{
	unsigned long tp;

	asm volatile("mrs %0, tpidr_el0" : "=r" (tp));
	fprintf(view->out, "returned: %s\n",
		stage->returned > 0 ? "a pid" : error_name(-stage->returned));
	fprintf(view->out, "pidfd: %d, works: %d\n", stage->pidfd >= 0, stage->pidfd_works);
	fprintf(view->out, "wait: code %d, status %d, SIGCHLD %d\n", stage->code, stage->status,
		stage->sigchld);
	fprintf(view->out, "parent_tid: %s\n", stage->parent_tid == stage->returned ? "set" :
		stage->parent_tid == -1 ? "untouched" : "wrong");
	fprintf(view->out, "child_tid, at its start: %s\n", stage->tid_found == -1 ? "untouched" :
		stage->tid_found == stage->returned || stage->tid_found == 1 ? "set" : "wrong");
	fprintf(view->out, "child_tid, in the end: %s\n", stage->child_tid == -1 ? "untouched" :
		stage->child_tid ? "set" : "cleared");
	fprintf(view->out, "tls: %s\n", stage->tls == tp ? "the parent's" :
		stage->tls == method->args.tls ? "as asked for" : "wrong");
	fprintf(view->out, "the parent came back %s its child's end\n",
		stage->parent_back < stage->child_end ? "before" : "after");
	if (method->new_pid)
		fprintf(view->out, "pid: %d\n", stage->returned);
}

/* The only child of the parent, which may be waiting for it. 0: not yet. */
static pid_t find_child(pid_t parent)
{
	FILE *file;
	char name[64];
	int pid = 0;

	if (stage->returned)
		return stage->returned;
	snprintf(name, sizeof(name), "task/%d/children", parent);
	file = open_proc(parent, name);
	if (!file)
		return 0;
	if (fscanf(file, "%d", &pid) != 1)
		pid = 0;
	fclose(file);
	return stage->started ? pid : 0;
}

static void reset_stage(void)
{
	memset(stage, 0, sizeof(*stage));
	stage->pidfd = -1;
	stage->parent_tid = -1;
	stage->child_tid = -1;
	memset(tls, 0, STACK_SIZE);
}

static bool is_vfork(const struct method *method)
{
	return method->call == vfork || method->call == fw_vfork ||
	       method->args.flags & CLONE_VFORK;
}

/* Makes a parent that makes a child, and looks. The text is from malloc. */
static char *view(struct method method)
{
	struct view view = { .text = NULL };
	int status;

	reset_stage();
	view.out = open_memstream(&view.text, &view.size);
	fflush(stdout);
	view.parent = fork();
	if (view.parent < 0 || !view.out)
		die("fork");
	if (!view.parent)
		be_parent(&method);

	while (!(view.child = find_child(view.parent)))
		nap();
	if (view.child > 0) {
		while (!stage->started)
			nap();
		put_proc(&view);
	}
	/* A parent that is slow is not one that waits for its child. */
	while (!is_vfork(&method) && !stage->parent_back)
		nap();
	stage->go = 1;
	status = wait_for(view.parent);
	if (status)
		fprintf(view.out, "the parent's wait status: %#x\n", status);
	if (method.args.flags & CLONE_PARENT && view.child > 0)
		fprintf(view.out, "our wait status: %#x\n", wait_for(view.child));
	put_stage(&view, &method);
	fclose(view.out);
	return view.text;
}

static void print_difference(const char *a, const char *b)
{
	size_t len_a, len_b;
	int left = 20;

	while ((*a || *b) && left) {
		len_a = strcspn(a, "\n");
		len_b = strcspn(b, "\n");
		if (len_a != len_b || strncmp(a, b, len_a)) {
			printf("#   expected: %.*s\n#   found:    %.*s\n", (int)len_a, a,
			       (int)len_b, b);
			left--;
		}
		a += len_a + !!a[len_a];
		b += len_b + !!b[len_b];
	}
}

/* Both texts are freed. */
static void expect_same(const char *what, char *expected, char *found)
{
	if (getenv("CLONE_VIEW"))
		printf("%s\n", expected);
	if (strcmp(expected, found)) {
		wrong("%s: the children differ", what);
		print_difference(expected, found);
	}
	free(expected);
	free(found);
}

static void fork_is_libcs(void)
{
	expect_same("fork", view((struct method) { .call = fork }),
		    view((struct method) { .call = fw_fork }));
}

/* The names of both differ by their callers' frames only. */
static void vfork_is_libcs(void)
{
	char *expected = view((struct method) { .call = vfork });

	if (!strstr(expected, "came back after its child's end"))
		wrong("vfork() itself came back early");
	expect_same("vfork", expected, view((struct method) { .call = fw_vfork }));
}

/* While a vfork child lives, its parent does not run. */
static void vfork_parent_waits(void)
{
	struct method method = { .call = fw_vfork };
	pid_t parent;
	char state = '?';
	FILE *file;

	reset_stage();
	fflush(stdout);
	parent = fork();
	if (!parent)
		be_parent(&method);
	while (!stage->started)
		nap();
	usleep(100000);
	file = open_proc(parent, "stat");
	if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		wrong("/proc/%d/stat: %s", parent, error_name(errno));
	if (file)
		fclose(file);
	expect("the parent's state (D: it waits for its child)", state, 'D');
	expect("what the call returned meanwhile", stage->returned, 0);
	stage->go = 1;
	expect("the parent's wait status", wait_for(parent), 0);
	if (stage->parent_back < stage->child_end)
		wrong("the parent came back %llu ns before its child's end",
		      (unsigned long long)(stage->child_end - stage->parent_back));
}

/*
 * The same arguments by clone3() and by forkwatch_clone().
 */
static const struct clone_case {
	const char *name;
	uint64_t flags;
	bool stack, new_pid, no_signal;
} clone_cases[] = {
	{ .name = "nothing", .flags = 0 },
	{ .name = "CLONE_VM", .flags = CLONE_VM, .stack = true },
	{ .name = "CLONE_VM | CLONE_VFORK", .flags = CLONE_VM | CLONE_VFORK },
	{ .name = "CLONE_VFORK", .flags = CLONE_VFORK },
	{ .name = "CLONE_FS", .flags = CLONE_FS },
	{ .name = "CLONE_FILES", .flags = CLONE_FILES },
	{ .name = "CLONE_SIGHAND", .flags = CLONE_VM | CLONE_SIGHAND, .stack = true },
	{ .name = "CLONE_PIDFD", .flags = CLONE_PIDFD },
	{ .name = "CLONE_PTRACE", .flags = CLONE_PTRACE },
	{ .name = "CLONE_PARENT", .flags = CLONE_PARENT, .no_signal = true },
	{ .name = "CLONE_THREAD", .flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, .stack = true,
	  .no_signal = true },
	{ .name = "CLONE_NEWNS", .flags = CLONE_NEWNS },
	{ .name = "CLONE_SYSVSEM", .flags = CLONE_SYSVSEM },
	{ .name = "CLONE_SETTLS", .flags = CLONE_SETTLS },
	{ .name = "CLONE_PARENT_SETTID", .flags = CLONE_PARENT_SETTID },
	{ .name = "CLONE_CHILD_SETTID", .flags = CLONE_CHILD_SETTID },
	{ .name = "CLONE_CHILD_CLEARTID",
	  .flags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_VM, .stack = true },
	{ .name = "CLONE_UNTRACED", .flags = CLONE_UNTRACED },
	{ .name = "CLONE_NEWCGROUP", .flags = CLONE_NEWCGROUP },
	{ .name = "CLONE_NEWUTS", .flags = CLONE_NEWUTS },
	{ .name = "CLONE_NEWIPC", .flags = CLONE_NEWIPC },
	{ .name = "CLONE_NEWUSER", .flags = CLONE_NEWUSER },
	{ .name = "CLONE_NEWPID", .flags = CLONE_NEWPID | CLONE_CHILD_SETTID },
	{ .name = "CLONE_NEWNET", .flags = CLONE_NEWNET },
	{ .name = "CLONE_NEWTIME", .flags = CLONE_NEWTIME },
	{ .name = "CLONE_IO", .flags = CLONE_IO },
	{ .name = "CLONE_CLEAR_SIGHAND", .flags = CLONE_CLEAR_SIGHAND },
	{ .name = "CLONE_INTO_CGROUP", .flags = CLONE_INTO_CGROUP },
	{ .name = "set_tid", .new_pid = true },
	{ .name = "exit_signal 0", .no_signal = true },
	{ .name = "a stack", .stack = true },
	/* v7.1; refused where they are not known */
	{ .name = "CLONE_AUTOREAP", .flags = 1ULL << 34, .no_signal = true },
	{ .name = "CLONE_NNP", .flags = 1ULL << 35 },
	{ .name = "CLONE_PIDFD_AUTOKILL", .flags = 1ULL << 36 | 1ULL << 34 | CLONE_PIDFD,
	  .no_signal = true },
	{ .name = "CLONE_EMPTY_MNTNS", .flags = 1ULL << 37 | CLONE_NEWNS },
};

static int cgroup_fd = -1;
static pid_t wanted_pid = 30000;

static void open_cgroup(void)
{
	static const char path[] = "/sys/fs/cgroup/clone_view";

	mkdir(path, 0755);
	cgroup_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup_fd < 0)
		die("%s", path);
}

static struct method clone_method(const struct clone_case *the_case)
{
	struct method method = {
		.args = {
			.flags = the_case->flags,
			.exit_signal = the_case->no_signal ? 0 : SIGCHLD,
			.pidfd = (uintptr_t)&stage->pidfd,
			.parent_tid = (uintptr_t)&stage->parent_tid,
			.child_tid = (uintptr_t)&stage->child_tid,
			.tls = (uintptr_t)tls + STACK_SIZE / 2,
		},
		.new_pid = the_case->new_pid,
	};

	if (the_case->stack) {
		method.args.stack = (uintptr_t)stack;
		method.args.stack_size = STACK_SIZE;
	}
	if (the_case->new_pid) {
		method.args.set_tid = (uintptr_t)&wanted_pid;
		method.args.set_tid_size = 1;
	}
	if (the_case->flags & CLONE_INTO_CGROUP)
		method.args.cgroup = cgroup_fd;
	return method;
}

static char *view_by(struct method method, int nr, size_t size)
{
	method.size = size;
	fw_clone_set_numbers(FORKWATCH_NR_FORK, FORKWATCH_NR_VFORK, nr);
	return view(method);
}

static const struct clone_case *the_case;

static void clone_is_clone3(void)
{
	struct method method = clone_method(the_case);

	expect_same(the_case->name, view_by(method, SYS_clone3, CLONE3_SIZE),
		    view_by(method, FORKWATCH_NR_CLONE, sizeof(method.args)));
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "fork at 1079 is libc's fork()", fork_is_libcs },
		{ "vfork at 1071 is libc's vfork()", vfork_is_libcs },
		{ "vfork at 1071: the parent waits", vfork_parent_waits },
	};
	const char *only = argc > 1 ? argv[1] : NULL;
	struct test test = { .run = clone_is_clone3 };
	char name[100];
	int failed;
	size_t i;

	stage = map(sizeof(*stage), MAP_SHARED);
	stack = map(STACK_SIZE, MAP_SHARED);
	tls = map(STACK_SIZE, MAP_SHARED);
	open_cgroup();
	failed = run_tests(tests, ARRAY_SIZE(tests), only);
	test.name = name;
	for (i = 0; i < ARRAY_SIZE(clone_cases); i++) {
		the_case = &clone_cases[i];
		snprintf(name, sizeof(name), "forkwatch_clone is clone3: %s", the_case->name);
		failed |= run_tests(&test, 1, only);
	}
	rmdir("/sys/fs/cgroup/clone_view");
	return failed;
}
