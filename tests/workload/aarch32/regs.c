// SPDX-License-Identifier: GPL-2.0-only
/*
 * workload/regs for AArch32: fills the registers with known values, makes a
 * child, and prints what both sides found after the svc: one JSON object for
 * each way to make a child.
 *
 * usage: regs [fork|vfork|thread|clone3]...
 */
#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <time.h>

#include "regs.h"
#include "../workload.h"

#define STACK_SIZE	16384

/* One way to make a child. */
struct way {
	const char *name;
	long nr;
	uint32_t flags;			/* of clone; the signal with them */
	bool own_stack;
	bool set_tid;
	uint32_t apsr;
	uint32_t fpscr;
};

#define THREAD_FLAGS	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |	\
			 CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* apsr: N Z C V, Q, GE; fpscr: condition flags, rounding, flush to zero, default NaN. */
static const struct way ways[] = {
	{ "fork", __NR_fork, 0, false, false, 0xa8050000, 0x60400001 },
	{ "vfork", __NR_vfork, 0, false, false, 0x600a0000, 0x90800012 },
	{ "thread", __NR_clone, THREAD_FLAGS, true, false, 0xf80f0000, 0x0100009f },
	{ "clone3", __NR_clone3, CLONE_PARENT_SETTID | CLONE_SETTLS, true, true,
	  0x90010000, 0xf2c00084 },
};

#ifdef __thumb__
#define STATE	"T32"
#else
#define STATE	"A32"
#endif

/* What the child is asked to begin with. */
struct asked {
	uint32_t sp;
	uint32_t tpidruro;
	pid_t tid;			/* 0: any */
};

static uint32_t pattern(unsigned int way, const char *what, unsigned int index)
{
	return 0xa0000000U | (way + 1) << 24 | (what[0] & 0x1fU) << 16 | 0x50 << 8 | index;
}

static struct landing *new_stack(struct call *call)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	struct landing *landing;

	if (stack == MAP_FAILED)
		die("mmap of a stack");
	landing = (struct landing *)(stack + STACK_SIZE / 2);
	landing->call = call;
	return landing;
}

/* A tid that nobody has: taken from the far end, where the kernel comes last. */
static pid_t unused_tid(void)
{
	pid_t tid;

	for (tid = 32000; tid > 1000; tid--)
		if (kill(tid, 0) && errno == ESRCH)
			return tid;
	errno = EAGAIN;
	die("no unused tid");
}

static uint32_t read_tpidruro(void)
{
	return (uintptr_t)__builtin_thread_pointer();
}

static void set_arguments(struct call *call, const struct way *way, struct clone_args *args,
			  struct asked *asked)
{
	uint32_t *r = call->set.r;

	r[7] = way->nr;
	if (way->own_stack)
		asked->sp = (uintptr_t)new_stack(call);
	if (way->nr == __NR_clone) {
		r[0] = way->flags;
		r[1] = asked->sp;
		r[2] = (uintptr_t)&call->ptid;
		r[3] = asked->tpidruro;
		r[4] = (uintptr_t)&call->ctid;
	}
	if (way->nr != __NR_clone3)
		return;
	*args = (struct clone_args){
		.flags = way->flags,
		.exit_signal = SIGCHLD,
		.parent_tid = (uintptr_t)&call->ptid,
		.stack = asked->sp - STACK_SIZE / 2,
		.stack_size = STACK_SIZE / 2,
		.tls = asked->tpidruro,
	};
	if (way->set_tid) {
		asked->tid = unused_tid();
		args->set_tid = (uintptr_t)&asked->tid;
		args->set_tid_size = 1;
	}
	r[0] = (uintptr_t)args;
	r[1] = sizeof(*args);
}

static void set_registers(struct call *call, unsigned int index, struct asked *asked)
{
	const struct way *way = &ways[index];
	unsigned int i;

	for (i = 0; i < NR_R; i++)
		call->set.r[i] = pattern(index, "r", i);
	for (i = 0; i < NR_D; i++)
		call->set.d[i] = (uint64_t)~pattern(index, "d", i) << 32 | pattern(index, "d", i);
	call->set.r[13] = (uintptr_t)new_stack(call);
	call->set.apsr = way->apsr;
	call->set.fpscr = way->fpscr;
	call->set.tpidrurw = pattern(index, "w", 0);
	call->set.tpidruro = read_tpidruro();
	asked->sp = call->set.r[13];
	asked->tpidruro = way->flags & CLONE_SETTLS ? pattern(index, "o", 1) : call->set.tpidruro;
}

/* The kernel clears ctid and wakes a waiter at the end of a thread. */
static void join_thread(struct call *call)
{
	const struct timespec patience = { .tv_sec = 60 };
	uint32_t tid;

	while ((tid = __atomic_load_n(&call->ctid, __ATOMIC_ACQUIRE)))
		if (syscall(SYS_futex, &call->ctid, FUTEX_WAIT, tid, &patience, NULL, 0) &&
		    errno != EAGAIN && errno != EINTR)
			die("futex wait for thread %u", call->ptid);
}

static void print_value(const char *name, uint32_t value)
{
	printf(", \"%s\": \"%#x\"", name, value);
}

static void print_frame(const char *side, const struct frame *frame)
{
	int i;

	printf(", \"%s\": {\"x\": [", side);
	for (i = 0; i < NR_R; i++)
		printf("%s\"%#x\"", i ? ", " : "", frame->r[i]);
	printf("]");
	print_value("apsr", frame->apsr & APSR_MASK);
	print_value("fpscr", frame->fpscr);
	print_value("tpidrurw", frame->tpidrurw);
	print_value("tpidruro", frame->tpidruro);
	printf(", \"d\": [");
	for (i = 0; i < NR_D; i++)
		printf("%s\"0x%016llx\"", i ? ", " : "", (unsigned long long)frame->d[i]);
	printf("]}");
}

static int compare(const char *way, const char *side, const char *name, int index,
		   uint64_t found, uint64_t expected)
{
	char number[16] = "";

	if (found == expected)
		return 0;
	if (index >= 0)
		snprintf(number, sizeof(number), "%d", index);
	fprintf(stderr, "regs: %s: %s %s%s is %#llx, expected %#llx\n", way, side, name, number,
		(unsigned long long)found, (unsigned long long)expected);
	return 1;
}

/* Everything but r0 as before the svc; sp and the thread pointer as given. */
static int check_frame(const char *way, const char *side, const struct frame *set,
		       const struct frame *found, uint32_t r0, const struct asked *asked)
{
	int bad = 0;
	int i;

	bad += compare(way, side, "r", 0, found->r[0], r0);
	for (i = 1; i < NR_R; i++)
		bad += compare(way, side, "r", i, found->r[i], i == 13 ? asked->sp : set->r[i]);
	for (i = 0; i < NR_D; i++)
		bad += compare(way, side, "d", i, found->d[i], set->d[i]);
	bad += compare(way, side, "apsr", -1, found->apsr & APSR_MASK, set->apsr);
	bad += compare(way, side, "fpscr", -1, found->fpscr, set->fpscr);
	bad += compare(way, side, "tpidrurw", -1, found->tpidrurw, set->tpidrurw);
	bad += compare(way, side, "tpidruro", -1, found->tpidruro, asked->tpidruro);
	return bad;
}

/* Makes a child in one way. Returns how many registers were not as expected. */
static int run(unsigned int index)
{
	const struct way *way = &ways[index];
	struct clone_args args = { 0 };
	struct asked asked = { 0 };
	struct asked same;
	struct call *call;
	pid_t tid;
	int bad = 0;

	call = mmap(NULL, sizeof(*call), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (call == MAP_FAILED)
		die("mmap");
	call->parent_tid = syscall(SYS_gettid);
	call->ctid = ~0U;
	set_registers(call, index, &asked);
	set_arguments(call, way, &args, &asked);

	regs_call(call);
	tid = (pid_t)call->parent.r[0];
	if (tid < 0) {
		errno = -tid;
		die("%s", way->name);
	}
	if (way->flags & CLONE_THREAD)
		join_thread(call);
	else
		reap(tid);

	printf("{\"case\": \"%s\", \"aarch32\": \"" STATE "\"", way->name);
	printf(", \"parent_tid\": %u, \"child_tid\": %d", call->parent_tid, tid);
	print_value("svc_return", (uintptr_t)regs_svc_return);
	print_frame("set", &call->set);
	print_frame("parent", &call->parent);
	print_frame("child", &call->child);
	printf("}\n");

	same = (struct asked){ .sp = call->set.r[13], .tpidruro = call->set.tpidruro };
	bad += check_frame(way->name, "parent", &call->set, &call->parent, tid, &same);
	bad += check_frame(way->name, "child", &call->set, &call->child, 0, &asked);
	if (asked.tid)
		bad += compare(way->name, "parent", "set_tid ", -1, tid, asked.tid);
	if (way->flags & CLONE_PARENT_SETTID)
		bad += compare(way->name, "parent", "parent_tid ", -1, call->ptid, tid);
	return bad;
}

static int run_named(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(ways[i].name, name))
			return run(i);
	usage("[fork|vfork|thread|clone3]...");
}

int main(int argc, char **argv)
{
	unsigned int i;
	int bad = 0;

	if (argc < 2)
		for (i = 0; i < ARRAY_SIZE(ways); i++)
			bad += run(i);
	for (i = 1; i < (unsigned int)argc; i++)
		bad += run_named(argv[i]);
	return bad ? 1 : 0;
}
