// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gives a process some of the CPU's state that is not in its general registers,
 * forks it, and looks what the child has of it. Prints "CASE=absent" where this
 * CPU or this kernel does not have it.
 *
 * usage: state [CASE]...
 */
#include <elf.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <asm/hwcap.h>
#include <asm/ptrace.h>

#include "workload.h"

/* Bits of AT_HWCAP2 that older headers do not name. */
#ifndef HWCAP2_MTE
#define HWCAP2_MTE	(1UL << 18)
#endif
#ifndef HWCAP2_SME
#define HWCAP2_SME	(1UL << 23)
#endif
#ifndef HWCAP2_FPMR
#define HWCAP2_FPMR	(1UL << 48)
#endif
#ifndef HWCAP2_POE
#define HWCAP2_POE	(1UL << 63)
#endif
#ifndef HWCAP_GCS
#define HWCAP_GCS	(1UL << 32)
#endif

/* Likewise of prctl(). */
#ifndef PR_SET_SHADOW_STACK_STATUS
#define PR_SET_SHADOW_STACK_STATUS	75
#define PR_SHADOW_STACK_ENABLE		(1UL << 0)
#endif

static bool failed;

static void expect(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "state: %s\n", what);
	failed = true;
}

/* What a child leaves for its parent. */
static struct found {
	uint64_t values[16];
} *found;

/* Runs @look in a child, and waits for it. */
static void fork_and(void (*look)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		look();
		_exit(0);
	}
	reap(pid);
}

/*
 * SVE: the vector length, and a register's bits beyond those it shares with v0.
 */
static bool has_sve(void)
{
	return getauxval(AT_HWCAP) & HWCAP_SVE;
}

static uint64_t sve_register[32] __attribute__((aligned(16)));

/* No C between the load and the store but the call: a compiler may use z0 as v0. */
static void sve_in_child(void)
{
	found->values[0] = prctl(PR_SVE_GET_VL) & PR_SVE_VL_LEN_MASK;
}

static void sve_fork(void)
{
	register long nr asm("x8") = SYS_clone;
	register long flags asm("x0") = SIGCHLD;
	register long stack asm("x1") = 0;
	register long ptid asm("x2") = 0;
	register long tls asm("x3") = 0;
	register long ctid asm("x4") = 0;

	asm volatile(".arch_extension sve\n\t"
		     "ldr z0, [%[reg]]\n\t"
		     "svc #0\n\t"
		     "cbnz x0, 1f\n\t"
		     "str z0, [%[found]]\n\t"
		     "mov x8, #93\n\t"		/* exit */
		     "svc #0\n\t"
		     "1:\n\t"
		     ".arch_extension nosve"
		     : "+r"(flags)
		     : "r"(nr), "r"(stack), "r"(ptid), "r"(tls), "r"(ctid),
		       [reg] "r"(sve_register), [found] "r"(found->values)
		     : "memory", "v0");
	if (flags < 0)
		die("clone");
	reap(flags);
}

static void sve(void)
{
	int vl = prctl(PR_SVE_GET_VL) & PR_SVE_VL_LEN_MASK;
	size_t i;

	/* Another length than the default, so that it is seen to be inherited. */
	if (prctl(PR_SVE_SET_VL, vl > 32 ? 32 : 16) < 0)
		die("PR_SVE_SET_VL");
	vl = prctl(PR_SVE_GET_VL) & PR_SVE_VL_LEN_MASK;
	fork_and(sve_in_child);
	printf("sve.vl=%d\n", vl);
	printf("sve.child_vl=%d\n", (int)found->values[0]);
	expect((int)found->values[0] == vl, "the child's SVE vector length is another");

	for (i = 0; i < ARRAY_SIZE(sve_register); i++)
		sve_register[i] = 0x1111111111111111ULL * (i % 15 + 1);
	memset(found, 0xff, sizeof(*found));
	sve_fork();
	expect(!memcmp(found->values, sve_register, 16), "the child's z0 is not the parent's v0");
	for (i = 2; i < (size_t)vl / 8; i++)
		expect(!found->values[i], "the child's z0 is not 0 beyond v0");
}

/*
 * SME: ZA, streaming mode and tpidr2_el0.
 */
static bool has_sme(void)
{
	return getauxval(AT_HWCAP2) & HWCAP2_SME;
}

#define TPIDR2		"S3_3_C13_C0_5"
#define SVCR		"S3_3_C4_C2_2"
#define SMSTART_ZA	".inst 0xd503457f"
#define SMSTOP_ZA	".inst 0xd503447f"

static void sme_look(uint64_t *tpidr2, uint64_t *svcr)
{
	asm volatile("mrs %0, " TPIDR2 : "=r"(*tpidr2));
	asm volatile("mrs %0, " SVCR : "=r"(*svcr));
}

static void sme_in_child(void)
{
	sme_look(&found->values[0], &found->values[1]);
}

static void sme(void)
{
	uint64_t tpidr2, svcr;

	asm volatile("msr " TPIDR2 ", %0" :: "r"(0x7212UL));
	asm volatile(SMSTART_ZA ::: "memory");
	sme_look(&tpidr2, &svcr);
	fork_and(sme_in_child);
	asm volatile(SMSTOP_ZA ::: "memory");
	asm volatile("msr " TPIDR2 ", xzr");
	printf("sme.tpidr2=%#llx\n", (unsigned long long)tpidr2);
	printf("sme.svcr=%#llx\n", (unsigned long long)svcr);
	printf("sme.child_tpidr2=%#llx\n", (unsigned long long)found->values[0]);
	printf("sme.child_svcr=%#llx\n", (unsigned long long)found->values[1]);
	expect(found->values[0] == tpidr2, "a forked child's tpidr2_el0 is not the parent's");
	expect(found->values[1] == svcr, "a forked child's svcr is not the parent's");
}

/*
 * Pointer authentication: what a key makes of some pointers.
 */
#define NR_POINTERS	8

static bool has_pac(void)
{
	return getauxval(AT_HWCAP) & HWCAP_PACA;
}

static void sign(uint64_t *out)
{
	unsigned int i;

	for (i = 0; i < NR_POINTERS; i++) {
		uint64_t pointer = 0xaaaa00000000ULL + i * 0x1000;

		asm volatile(".arch_extension pauth\n\tpacia %0, %1"
			     : "+r"(pointer) : "r"(0x5a5aULL + i));
		out[i] = pointer;
	}
}

static void pac_in_child(void)
{
	sign(found->values);
}

static void pac_after_exec(void)
{
	execl("/proc/self/exe", "state", "--sign", NULL);
	_exit(127);
}

/* A program of its own. One pointer in a hundred is signed the same by another key; not all. */
static void compare_signed(const char *before)
{
	uint64_t after[NR_POINTERS];
	int same = 0, i;
	char *end;

	sign(after);
	for (i = 0; i < NR_POINTERS; i++, before = *end ? end + 1 : end)
		same += strtoull(before, &end, 16) == after[i];
	printf("pac.same_after_exec=%d\n", same == NR_POINTERS);
	exit(0);
}

static void tell_signed(const uint64_t *mine)
{
	char text[NR_POINTERS * 17 + 1], *at = text;
	int i;

	for (i = 0; i < NR_POINTERS; i++)
		at += sprintf(at, "%s%016llx", i ? "," : "", (unsigned long long)mine[i]);
	if (setenv("STATE_SIGNED", text, 1))
		die("setenv");
}

static void pac(void)
{
	uint64_t mine[NR_POINTERS];

	sign(mine);
	fork_and(pac_in_child);
	expect(!memcmp(mine, found->values, sizeof(mine)), "the child signs as with other keys");
	printf("pac.same_after_fork=%d\n", !memcmp(mine, found->values, sizeof(mine)));
	tell_signed(mine);
	fork_and(pac_after_exec);
}

/*
 * The tag check mode.
 */
#define TAG_MODE	(PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_SYNC | 0xfff0UL << PR_MTE_TAG_SHIFT)

static bool has_mte(void)
{
	return getauxval(AT_HWCAP2) & HWCAP2_MTE;
}

static void mte_in_child(void)
{
	found->values[0] = prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0);
}

static void mte(void)
{
	if (prctl(PR_SET_TAGGED_ADDR_CTRL, TAG_MODE, 0, 0, 0))
		die("PR_SET_TAGGED_ADDR_CTRL");
	fork_and(mte_in_child);
	printf("mte.ctrl=%#lx\n", (unsigned long)TAG_MODE);
	printf("mte.child_ctrl=%#llx\n", (unsigned long long)found->values[0]);
	expect(found->values[0] == TAG_MODE, "the child's tag check mode is another");
}

/*
 * FPMR: how numbers of eight bits are read.
 */
#define FPMR		"S3_3_C4_C4_2"
#define FPMR_E4M3	0x49UL		/* in both operands and the result */

static bool has_fpmr(void)
{
	return getauxval(AT_HWCAP2) & HWCAP2_FPMR;
}

static void fpmr_in_child(void)
{
	asm volatile("mrs %0, " FPMR : "=r"(found->values[0]));
}

static void fpmr(void)
{
	asm volatile("msr " FPMR ", %0" :: "r"(FPMR_E4M3));
	fork_and(fpmr_in_child);
	asm volatile("msr " FPMR ", xzr");
	printf("fpmr.child_fpmr=%#llx\n", (unsigned long long)found->values[0]);
	expect(found->values[0] == FPMR_E4M3, "the child's fpmr is not the parent's");
}

/*
 * The permission overlay: what pages with a protection key may be used for, four
 * bits a key. All of this program's have key 0, whose bits stay as they are.
 */
#define POR		"S3_3_C10_C2_4"
#define POR_KEY1_RW	(5UL << 4)

static bool has_poe(void)
{
	return getauxval(AT_HWCAP2) & HWCAP2_POE;
}

static void poe_in_child(void)
{
	asm volatile("mrs %0, " POR : "=r"(found->values[0]));
}

static void poe(void)
{
	unsigned long before, por;

	asm volatile("mrs %0, " POR : "=r"(before));
	por = (before & 0xf) | POR_KEY1_RW;
	asm volatile("msr " POR ", %0" :: "r"(por));
	fork_and(poe_in_child);
	asm volatile("msr " POR ", %0" :: "r"(before));
	printf("poe.child_por=%#llx\n", (unsigned long long)found->values[0]);
	expect(found->values[0] == por, "the child's por_el0 is not the parent's");
}

/*
 * The guarded control stack, to which calls push their return address, and from
 * which returns have to find it. Where it is switched on, nothing may return to what
 * was called before.
 */
#define GCSPR		"S3_3_C2_C5_1"
#define GCS_STACK_SIZE	16384

#define inline_always	static inline __attribute__((always_inline))

static bool has_gcs(void)
{
	return getauxval(AT_HWCAP) & HWCAP_GCS;
}

inline_always uint64_t read_gcspr(void)
{
	uint64_t gcspr;

	asm volatile("mrs %0, " GCSPR : "=r"(gcspr));
	return gcspr;
}

inline_always long switch_gcs_on(void)
{
	register long nr asm("x8") = SYS_prctl;
	register long option asm("x0") = PR_SET_SHADOW_STACK_STATUS;
	register long status asm("x1") = PR_SHADOW_STACK_ENABLE;
	register long x2 asm("x2") = 0;
	register long x3 asm("x3") = 0;
	register long x4 asm("x4") = 0;

	asm volatile("svc #0" : "+r"(option) : "r"(nr), "r"(status), "r"(x2), "r"(x3), "r"(x4)
		     : "memory");
	return option;
}

/* The child keeps its gcspr_el0 in @into, and ends. */
inline_always pid_t gcs_clone(unsigned long clone_flags, char *new_stack, uint64_t *into)
{
	register long nr asm("x8") = SYS_clone;
	register long flags asm("x0") = clone_flags;
	register char *stack asm("x1") = new_stack;
	register long ptid asm("x2") = 0;
	register long tls asm("x3") = 0;
	register long ctid asm("x4") = 0;

	asm volatile("svc #0\n\t"
		     "cbnz x0, 1f\n\t"
		     "mrs x9, " GCSPR "\n\t"
		     "str x9, [%[into]]\n\t"
		     "mov x8, #93\n\t"		/* exit */
		     "svc #0\n\t"
		     "1:"
		     : "+r"(flags)
		     : "r"(nr), "r"(stack), "r"(ptid), "r"(tls), "r"(ctid), [into] "r"(into)
		     : "memory", "x9");
	return flags;
}

static char gcs_stack[GCS_STACK_SIZE] __attribute__((aligned(16)));

/* Who has one: its child by fork has the same, a thread one of its own. */
noreturn static void with_gcs(void)
{
	if (switch_gcs_on())
		_exit(WORKLOAD_TROUBLE);
	found->values[0] = read_gcspr();
	found->values[3] = gcs_clone(SIGCHLD, NULL, &found->values[1]);
	reap(found->values[3]);
	found->values[4] = gcs_clone(CLONE_VM | SIGCHLD, gcs_stack + GCS_STACK_SIZE,
				     &found->values[2]);
	reap(found->values[4]);
	_exit(0);
}

static void gcs(void)
{
	fork_and(with_gcs);
	printf("gcs.gcspr=%#llx\n", (unsigned long long)found->values[0]);
	printf("gcs.child_gcspr=%#llx\n", (unsigned long long)found->values[1]);
	printf("gcs.thread_gcspr=%#llx\n", (unsigned long long)found->values[2]);
	expect(found->values[0] && found->values[1] == found->values[0],
	       "a forked child's gcspr_el0 is not the parent's");
	expect(found->values[2] && found->values[2] != found->values[0],
	       "a thread has no guarded control stack of its own");
}

/*
 * A hardware breakpoint that a debugger set.
 */
static bool always(void)
{
	return true;
}

__attribute__((noinline)) static void breakpoint_here(void)
{
	asm volatile("");
}

/* Untraced, as a debugger that does not follow forks leaves it: a trap would kill it. */
static void breakpoint_in_child(void)
{
	breakpoint_here();
	found->values[0] = 1;
}

static void set_breakpoint(pid_t pid)
{
	/* E, PMC = EL0, BAS = all four bytes: DBGBCR<n>_EL1 */
	struct user_hwdebug_state state = {
		.dbg_regs[0] = {
			.addr = (uintptr_t)breakpoint_here,
			.ctrl = 1 | 2 << 1 | 0xf << 5,
		},
	};
	struct iovec iov = {
		.iov_base = &state,
		.iov_len = offsetof(struct user_hwdebug_state, dbg_regs[1]),
	};

	if (ptrace(PTRACE_SETREGSET, pid, NT_ARM_HW_BREAK, &iov))
		die("NT_ARM_HW_BREAK");
}

static void resume(pid_t pid, int *status)
{
	if (ptrace(PTRACE_CONT, pid, 0, 0) || waitpid(pid, status, 0) != pid)
		die("PTRACE_CONT");
}

static void breakpoint(void)
{
	int status;
	pid_t pid;

	found->values[0] = 0;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		pid = fork();
		if (!pid) {
			breakpoint_in_child();
			_exit(0);
		}
		reap(pid);
		breakpoint_here();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		die("PTRACE_TRACEME");
	set_breakpoint(pid);
	/* Its own visit comes last, past the end of its child, of which it is told first. */
	do {
		resume(pid, &status);
	} while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGCHLD);
	/* Told, not demanded: qemu 7.2 misses a breakpoint now and then. */
	printf("breakpoint.parent_stopped=%d\n",
	       WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	expect(found->values[0], "the child did not get past its parent's breakpoint");
	printf("breakpoint.child_passed=%d\n", (int)found->values[0]);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static const struct {
	const char *name;
	bool (*has)(void);
	void (*run)(void);
} cases[] = {
	{ "sve", has_sve, sve },
	{ "sme", has_sme, sme },
	{ "pac", has_pac, pac },
	{ "mte", has_mte, mte },
	{ "fpmr", has_fpmr, fpmr },
	{ "poe", has_poe, poe },
	{ "gcs", has_gcs, gcs },
	{ "breakpoint", always, breakpoint },
};

/* A child all the same, of which nothing can be said. */
static void nothing(void)
{
}

static void run_case(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (strcmp(name, cases[i].name))
			continue;
		if (cases[i].has()) {
			cases[i].run();
			return;
		}
		printf("%s=absent\n", name);
		fork_and(nothing);
		return;
	}
	usage("[sve|sme|pac|mte|fpmr|poe|gcs|breakpoint]...");
}

int main(int argc, char **argv)
{
	const char *before = getenv("STATE_SIGNED");
	size_t i;

	if (argc == 2 && !strcmp(argv[1], "--sign") && before)
		compare_signed(before);
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (found == MAP_FAILED)
		die("mmap");
	for (i = 1; i < (size_t)argc; i++)
		run_case(argv[i]);
	for (i = 0; argc == 1 && i < ARRAY_SIZE(cases); i++)
		run_case(cases[i].name);
	return failed;
}
