// SPDX-License-Identifier: GPL-2.0-only
/* What `forkwatch arch` shows. See arch.h for the format. */
#include <linux/seq_buf.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>

#include <asm/cpufeature.h>
#include <asm/ptrace.h>
#include <asm/stacktrace.h>
#include <asm/sysreg.h>
#include <asm/virt.h>

#include "arch.h"
#include "clone.h"
#include "forkwatch.h"
#include "symbols.h"
#include "vectors.h"

/*
 * ESR_EL1 first: whatever exception this CPU takes next overwrites it. Until
 * then it holds the SVC that brought us here.
 */
static void print_registers(struct seq_buf *s)
{
	u64 esr = read_sysreg(esr_el1);

	seq_buf_printf(s, "esr_el1 %#llx\n", esr);
	seq_buf_printf(s, "el %llu\n", read_sysreg(CurrentEL) >> 2);
	seq_buf_printf(s, "spsel %llu\n", read_sysreg(SPSel) & 1);
	seq_buf_printf(s, "vhe %d\n", is_kernel_in_hyp_mode());
	seq_buf_printf(s, "kpti %d\n", cpus_have_cap(ARM64_UNMAP_KERNEL_AT_EL0));
	seq_buf_printf(s, "sp_el0 %#llx\n", read_sysreg(sp_el0));
	seq_buf_printf(s, "current %#lx\n", (unsigned long)current);
	seq_buf_printf(s, "sp %#lx\n", current_stack_pointer);
	seq_buf_printf(s, "stack %#lx %#lx %#lx\n", (unsigned long)task_stack_page(current),
		       (unsigned long)task_stack_page(current) + THREAD_SIZE,
		       (unsigned long)current_pt_regs());
}

static const char * const symbols[] = {
	"vectors", "tramp_vectors", "ret_from_fork",
	"__arm64_sys_ni_syscall", "sys_ni_syscall",
};

static void print_symbols(struct seq_buf *s)
{
	unsigned long addr;
	int i;

	for (i = 0; i < ARRAY_SIZE(symbols); i++) {
		addr = fw_symbol(symbols[i]);
		if (addr)
			seq_buf_printf(s, "symbol %s %#lx\n", symbols[i], addr);
	}
}

static void print_syscall(struct seq_buf *s, const u64 *table, int nr)
{
	u64 entry;

	if (nr < 0 || nr >= __NR_syscalls ||
	    copy_from_kernel_nofault(&entry, table + nr, sizeof(entry)))
		return;
	seq_buf_printf(s, "syscall %d", nr);
	fw_symbol_print(s, entry);
}

static const char * const call_names[] = {
	[FORKWATCH_CALL_FORK] = "fork",
	[FORKWATCH_CALL_VFORK] = "vfork",
	[FORKWATCH_CALL_CLONE] = "forkwatch_clone",
};

static void print_syscalls(struct seq_buf *s)
{
	const u64 *table = (const u64 *)fw_syscall_table();
	int i;

	seq_buf_printf(s, "syscalls %d\n", __NR_syscalls);
	for (i = 0; fw_clone_number(i) >= 0; i++)
		seq_buf_printf(s, "call %d %s\n", fw_clone_number(i), call_names[i]);
	if (!table)
		return;
	seq_buf_printf(s, "symbol sys_call_table %#llx\n", (u64)table);
	print_syscall(s, table, __NR_clone);
	print_syscall(s, table, __NR_clone3);
	for (i = 0; fw_clone_number(i) >= 0; i++)
		print_syscall(s, table, fw_clone_number(i));
}

#define SIZE(name, bytes)		{ "size " name, bytes }
#define OFFSET(type, field)		{ "offset " #type "." #field, offsetof(struct type, field) }

static const struct {
	const char *name;
	size_t value;
} layouts[] = {
	SIZE("pt_regs", sizeof(struct pt_regs)),
	SIZE("thread", THREAD_SIZE),
	SIZE("task_struct", sizeof(struct task_struct)),
	SIZE("cpu_context", sizeof(struct cpu_context)),
	OFFSET(pt_regs, regs),
	OFFSET(pt_regs, sp),
	OFFSET(pt_regs, pc),
	OFFSET(pt_regs, pstate),
	OFFSET(pt_regs, orig_x0),
	OFFSET(pt_regs, syscallno),
	OFFSET(pt_regs, stackframe),
#ifdef CONFIG_THREAD_INFO_IN_TASK
	OFFSET(task_struct, thread_info),
#endif
	OFFSET(task_struct, stack),
	OFFSET(task_struct, thread.cpu_context),
};

static void print_layouts(struct seq_buf *s)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++)
		seq_buf_printf(s, "%s %zu\n", layouts[i].name, layouts[i].value);
}

int fw_arch_print(char *buffer, size_t size)
{
	struct seq_buf s;

	seq_buf_init(&s, buffer, size);
	print_registers(&s);
	fw_vectors_print(&s);
	print_symbols(&s);
	print_syscalls(&s);
	print_layouts(&s);
	return seq_buf_used(&s);
}
