/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types as far as the BPF programs read them. Only the names of
 * the fields matter here: libbpf puts each kernel's own offsets in at load
 * time. Every difference between kernels is here, with the commit that made it.
 */
#ifndef FW_CORE_COMPAT_H
#define FW_CORE_COMPAT_H

#include <linux/types.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct completion;
struct mm_struct;

struct signal_struct {
	atomic_t live;
};

struct thread_info {
	__u32 cpu;
};

struct task_struct {
	struct thread_info thread_info;
	int pid;
	int tgid;
	int exit_code;
	unsigned int flags;
	__u64 start_time;
	struct completion *vfork_done;
	struct mm_struct *mm;
	struct signal_struct *signal;
	char comm[16];
};

struct task_struct___cpu {
	__u32 cpu;
};

struct vm_area_struct {
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	const struct vm_operations_struct *vm_ops;	/* none: an anonymous mapping */
};

struct address_space;

struct page {
	struct address_space *mapping;
};

typedef struct {
	__u64 pte;
} pte_t;

typedef struct {
	__u64 pmd;
} pmd_t;

struct vm_fault {
	struct vm_area_struct *vma;
	pmd_t *pmd;
	struct page *page;
	pte_t *pte;
};

struct linux_binprm {
	const char *filename;
};

struct trace_event_raw_sched_process_exec {
	__u32 __data_loc_filename;
	int old_pid;
};

#pragma clang attribute pop

/*
 * v5.16: bcf9033e5449 ("sched: move CPU field back into thread_info if
 * THREAD_INFO_IN_TASK=y")
 */
static __always_inline __u32 task_cpu(const struct task_struct *task)
{
	if (bpf_core_field_exists(task->thread_info.cpu))
		return task->thread_info.cpu;
	return ((const struct task_struct___cpu *)task)->cpu;
}

/*
 * The current task, whose type the kernel knows; NULL before v5.11: 3ca1032ab7ab ("bpf:
 * Implement get_current_task_btf and RET_PTR_TO_BTF_ID").
 */
static __always_inline void *current_task_btf(void)
{
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return NULL;
	return bpf_get_current_task_btf();
}

#endif /* FW_CORE_COMPAT_H */
