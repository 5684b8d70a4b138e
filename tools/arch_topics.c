// SPDX-License-Identifier: GPL-2.0-only
/* See arch_topics.h. What is said of older kernels was read in their sources. */
#include <inttypes.h>
#include <stdio.h>

#include "arch_topics.h"

const struct fw_arch_topic fw_arch_topics[FW_NR_ARCH_TOPICS] = {
	[FW_TOPIC_SVC] = { "svc #0",
	  "A system call is an exception that a program asks for: the CPU saves pc and PSTATE "
	  "in ELR_EL1 and SPSR_EL1, and goes on in the kernel's vectors with no general register "
	  "changed. It has been so since the first arm64 kernels; an AArch32 task has its "
	  "number in r7." },
	[FW_TOPIC_ESR] = { "ESR_EL1",
	  "Why the exception was taken, as the CPU wrote it for the read(2) that fetched this: "
	  "the class EC, the instruction's length IL, and in ISS the immediate of the svc. "
	  "3.10 compared EC in assembly, a branch for each class; in 5.10 el0_sync_handler() does "
	  "it in C, which 6.1 calls el0t_64_sync_handler()." },
	[FW_TOPIC_LEVEL] = { "level",
	  "The kernel runs at EL1, or with VHE at EL2 where it reaches EL2's registers by the "
	  "names of EL1's; SPSel 1 gives each level an sp of its own and leaves SP_EL0 to the "
	  "user while EL0 runs. In 3.10 SP_EL0 had no other use in the kernel; later ones keep "
	  "current in it." },
	[FW_TOPIC_KPTI] = { "KPTI",
	  "With page table isolation EL0 runs on tables that map next to nothing of the kernel: an "
	  "exception comes to a trampoline at a fixed address, which maps the kernel, writes the "
	  "full vectors to VBAR_EL1 and goes on there. It came with 4.16; the kernels before "
	  "left themselves mapped, protected by the page permissions alone." },
	[FW_TOPIC_VBAR] = { "VBAR",
	  "Where the CPU looks for the handler: a table by origin and kind of the exception, each "
	  "entry 0x80 bytes of code that makes room for pt_regs, looks whether the stack "
	  "overflowed, and branches. In 3.10 an entry was one branch, and the system call's led "
	  "to el0_sync, a name that became el0t_64_sync in 5.14." },
	[FW_TOPIC_VECTORS] = { "vectors",
	  "The first row is for exceptions taken with SP_EL0 selected, which no kernel from "
	  "5.10 to 7.3 does, the second for those in the kernel, the others for EL0 in its two states. "
	  "Up to 5.13 the unexpected ones had handlers called *_invalid; since then all have "
	  "one of the same form, written by one macro." },
	[FW_TOPIC_PATH] = { "path",
	  "What stood on this tool's own kernel stack during a system call, from the handler to "
	  "the call (/proc/self/stack). 3.10 had no C before the call itself: el0_svc, in "
	  "assembly, fetched the entry from the table and branched to it; 4.19 calls "
	  "el0_svc_handler() there." },
	[FW_TOPIC_SYSCALLS] = { "calls",
	  "x8 is an index of this table of functions, whose entries take a pt_regs and hand its "
	  "x0..x5 on as arguments; without one the answer is ENOSYS. 3.10 called them with the "
	  "arguments in registers, and clone() ended in do_fork(); that became _do_fork() in 4.2 "
	  "and kernel_clone() in 5.10." },
	[FW_TOPIC_TASK] = { "task",
	  "While the kernel runs SP_EL0 holds current, so that finding the task takes one "
	  "instruction and no memory, and thread_info is the first thing in it. 3.10 found "
	  "thread_info by masking sp with ~(THREAD_SIZE - 1), at the bottom of the stack, and the "
	  "task through it; 4.10 moved it into task_struct." },
	[FW_TOPIC_STACK] = { "stack",
	  "A user task enters the kernel with an empty kernel stack, so that its pt_regs always "
	  "lies right below the top and task_pt_regs() needs no pointer: copy_thread() puts the "
	  "child's there, and its sp. In 3.10 it ended 16 bytes below the top (THREAD_START_SP)." },
	[FW_TOPIC_PT_REGS] = { "pt_regs",
	  "The user's registers as the entry code saved them: copy_thread() copies all of it to "
	  "the child and writes 0 to its x0. In 4.12 it took the child's TLS from x3 in here; "
	  "copy_thread_tls() got it as an argument, 5.9 called that copy_thread() again, and 5.19 "
	  "passes it in kernel_clone_args." },
};

const char *const fw_arch_kinds[FW_NR_ARCH_KINDS] = { "sync", "irq", "fiq", "serror" };

/* The number is the kernel's own level. */
static const char *const origins[FW_NR_ARCH_ORIGINS] = {
	"EL%" PRIu64 ", SP_EL0", "EL%" PRIu64 ", SP_EL%" PRIu64, "EL0, AArch64", "EL0, AArch32",
};

char *fw_arch_origin(const struct fw_arch_view *view, int origin, char buf[FW_ORIGIN_LEN])
{
	uint64_t el = view->arch->el.seen ? view->arch->el.value : 1;

	snprintf(buf, FW_ORIGIN_LEN, origins[origin], el, el);
	return buf;
}
