// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fills the registers with known values, makes a child, and prints what both
 * sides found after the svc: one JSON object for each way to make a child.
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
#include "workload.h"

#define STACK_SIZE	16384
#define NR_X		31
#define NR_V		32

/* One way to make a child. */
struct way {
	const char *name;
	long nr;
	uint64_t flags;			/* of clone; the signal with them */
	bool own_stack;
	bool set_tid;
	uint64_t nzcv;
	uint64_t fpcr;
	uint64_t fpsr;
};

#define THREAD_FLAGS	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |	\
			 CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* fpcr: rounding, flush to zero, default NaN; fpsr: the sticky exceptions. */
static const struct way ways[] = {
	{ "fork", __NR_clone, SIGCHLD, false, false, 0xa0000000, 0x00400000, 0x08000001 },
	{ "vfork", __NR_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, false, false,
	  0x60000000, 0x00800000, 0x00000012 },
	{ "thread", __NR_clone, THREAD_FLAGS, true, false, 0xf0000000, 0x01000000, 0x0800009f },
	{ "clone3", __NR_clone3, CLONE_PARENT_SETTID, true, true,
	  0x90000000, 0x02c00000, 0x00000084 },
};

/* What the child is asked to begin with. */
struct asked {
	uint64_t sp;
	uint64_t tpidr;
	pid_t tid;			/* 0: any */
};

static uint64_t pattern(unsigned int way, const char *what, unsigned int index)
{
	return 0xf0a5000000000000ULL | (uint64_t)(way + 1) << 40 |
	       (uint64_t)(unsigned char)what[0] << 32 | 0x5a0000 | index << 8 | (0xff - index);
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

static void set_arguments(struct call *call, const struct way *way, struct clone_args *args,
			  struct asked *asked)
{
	uint64_t *x = call->set.x;

	x[8] = way->nr;
	if (way->own_stack)
		asked->sp = (uint64_t)new_stack(call);
	if (way->nr == __NR_clone) {
		x[0] = way->flags;
		x[1] = way->own_stack ? asked->sp : 0;
		if (way->flags & CLONE_PARENT_SETTID)
			x[2] = (uint64_t)&call->ptid;
		if (way->flags & CLONE_SETTLS)
			x[3] = asked->tpidr;
		if (way->flags & CLONE_CHILD_CLEARTID)
			x[4] = (uint64_t)&call->ctid;
		return;
	}
	*args = (struct clone_args){
		.flags = way->flags,
		.exit_signal = SIGCHLD,
		.parent_tid = (uint64_t)&call->ptid,
		.stack = asked->sp - STACK_SIZE / 2,
		.stack_size = STACK_SIZE / 2,
	};
	if (way->set_tid) {
		asked->tid = unused_tid();
		args->set_tid = (uint64_t)&asked->tid;
		args->set_tid_size = 1;
	}
	x[0] = (uint64_t)args;
	x[1] = sizeof(*args);
}

static void set_registers(struct call *call, unsigned int index, struct asked *asked)
{
	const struct way *way = &ways[index];
	unsigned int i;

	for (i = 0; i < NR_X; i++)
		call->set.x[i] = pattern(index, "x", i);
	for (i = 0; i < NR_V; i++) {
		call->set.v[i][0] = pattern(index, "v", i);
		call->set.v[i][1] = ~pattern(index, "v", i);
	}
	call->set.sp = (uint64_t)new_stack(call);
	call->set.tpidr = pattern(index, "t", 0);
	call->set.nzcv = way->nzcv;
	call->set.fpcr = way->fpcr;
	call->set.fpsr = way->fpsr;
	asked->sp = call->set.sp;
	asked->tpidr = way->flags & CLONE_SETTLS ? pattern(index, "s", 1) : call->set.tpidr;
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

static void print_value(const char *name, uint64_t value)
{
	printf(", \"%s\": \"%#lx\"", name, value);
}

static void print_frame(const char *side, const struct frame *frame)
{
	int i;

	printf(", \"%s\": {\"x\": [", side);
	for (i = 0; i < NR_X; i++)
		printf("%s\"%#lx\"", i ? ", " : "", frame->x[i]);
	printf("]");
	print_value("sp", frame->sp);
	print_value("nzcv", frame->nzcv);
	print_value("tpidr", frame->tpidr);
	print_value("fpcr", frame->fpcr);
	print_value("fpsr", frame->fpsr);
	printf(", \"v\": [");
	for (i = 0; i < NR_V; i++)
		printf("%s\"0x%016lx%016lx\"", i ? ", " : "", frame->v[i][1], frame->v[i][0]);
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
	fprintf(stderr, "regs: %s: %s %s%s is %#lx, expected %#lx\n", way, side, name, number,
		found, expected);
	return 1;
}

/* Everything but x0 as before the svc; sp and tpidr_el0 as given. */
static int check_frame(const char *way, const char *side, const struct frame *set,
		       const struct frame *found, uint64_t x0, const struct asked *asked)
{
	int bad = 0;
	int i;

	bad += compare(way, side, "x", 0, found->x[0], x0);
	for (i = 1; i < NR_X; i++)
		bad += compare(way, side, "x", i, found->x[i], set->x[i]);
	for (i = 0; i < NR_V; i++) {
		bad += compare(way, side, "low half of v", i, found->v[i][0], set->v[i][0]);
		bad += compare(way, side, "high half of v", i, found->v[i][1], set->v[i][1]);
	}
	bad += compare(way, side, "sp", -1, found->sp, asked->sp);
	bad += compare(way, side, "tpidr_el0", -1, found->tpidr, asked->tpidr);
	bad += compare(way, side, "nzcv", -1, found->nzcv, set->nzcv);
	bad += compare(way, side, "fpcr", -1, found->fpcr, set->fpcr);
	bad += compare(way, side, "fpsr", -1, found->fpsr, set->fpsr);
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
	tid = (pid_t)call->parent.x[0];
	if (tid < 0) {
		errno = -tid;
		die("%s", way->name);
	}
	if (way->flags & CLONE_THREAD)
		join_thread(call);
	else
		reap(tid);

	printf("{\"case\": \"%s\", \"parent_tid\": %u, \"child_tid\": %d", way->name,
	       call->parent_tid, tid);
	print_value("flags", way->flags);
	print_value("svc_return", (uint64_t)regs_svc_return);
	print_frame("set", &call->set);
	print_frame("parent", &call->parent);
	print_frame("child", &call->child);
	printf("}\n");

	same = (struct asked){ .sp = call->set.sp, .tpidr = call->set.tpidr };
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
