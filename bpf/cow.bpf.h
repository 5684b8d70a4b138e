/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copy on write: what a fork costs when it is over. It leaves the pages of both
 * sides write-protected; whoever writes first gets a copy, in do_wp_page().
 *
 * What that did is seen in the page tables: the entry leads to another page
 * than before, or to the same one, which may be written to now. Whether the old
 * page was an anonymous one (shared since a fork), or was never the process'
 * own (the page cache's, the zero page), is told by its mapping.
 *
 * Counted is each mm that is the parent's or the child's of a watched fork,
 * until the child executes a program or exits. Faults of all other mms end at
 * one look into a map.
 *
 * Included by forkwatch.bpf.c, behind what it uses.
 */
#ifndef FW_COW_BPF_H
#define FW_COW_BPF_H

#include "cow.h"

/* Set by the tool before it loads. */
const volatile __u8 cow_watched;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FW_COW_PROCESSES);
	__type(key, __u64);		/* mm_struct */
	__type(value, struct fw_cow_mm);
} cow_mms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FW_COW_PROCESSES);
	__type(key, __u32);		/* tgid */
	__type(value, struct fw_cow_process);
} cow_processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);	/* faults at the same time */
	__type(key, __u32);		/* tid */
	__type(value, struct fw_cow_fault);
} cow_faults SEC(".maps");

/* How counting begins. Never written. */
static struct fw_cow_mm cow_nothing;

/* arm64's page table entries, up to 52 bits of address. */
#define ENTRY_ADDRESS		(((1ULL << 50) - 1) & ~((1ULL << 12) - 1))
#define ENTRY_VALID		(1ULL << 0)
#define ENTRY_TABLE		(1ULL << 1)	/* of a pmd: no huge page */
#define ENTRY_WRITE		(1ULL << 51)	/* PTE_WRITE, which is DBM */

#define VM_SHARED		0x8
#define VM_MAYSHARE		0x80
#define MAPPING_ANON		1ULL		/* in page->mapping */

static __always_inline struct fw_cow_mm *find_mm(__u64 mm)
{
	struct fw_cow_mm *counts = bpf_map_lookup_elem(&cow_mms, &mm);

	return counts && !counts->ended ? counts : NULL;
}

static __always_inline int enter_fault(const struct vm_fault *fault, bool huge)
{
	const struct vm_area_struct *vma = BPF_CORE_READ(fault, vma);
	struct fw_cow_fault state = { .fault = (__u64)fault };
	__u32 tid = current_tid();
	struct fw_cow_mm *counts;
	const void *entry;

	state.mm = (__u64)BPF_CORE_READ(vma, vm_mm);
	counts = find_mm(state.mm);
	/* A shared mapping's pages are written in place by all who have them. */
	if (!counts || BPF_CORE_READ(vma, vm_flags) & (VM_SHARED | VM_MAYSHARE))
		return 0;
	entry = huge ? (const void *)BPF_CORE_READ(fault, pmd) : BPF_CORE_READ(fault, pte);
	bpf_probe_read_kernel(&state.entry, sizeof(state.entry), entry);
	state.start = bpf_ktime_get_ns();
	__sync_fetch_and_add(&counts->faults[huge ? FORKWATCH_COW_HUGE : FORKWATCH_COW_FAULTS], 1);
	bpf_map_update_elem(&cow_faults, &tid, &state, BPF_ANY);
	return 0;
}

/*
 * Was the page that @fault had before of an anonymous one, which forks share? All
 * of an anonymous mapping are, but the zero page. A private mapping of a file has
 * both; there the page was freed meanwhile if it has no mapping.
 */
static __always_inline __u32 kind_of_copy(const struct vm_fault *fault)
{
	const struct page *page = BPF_CORE_READ(fault, page);
	__u64 mapping;

	if (!page)
		return FORKWATCH_COW_FIRST;
	if (!BPF_CORE_READ(fault, vma, vm_ops))
		return FORKWATCH_COW_COPIED;
	mapping = (__u64)BPF_CORE_READ(page, mapping);
	if (!mapping)
		return FORKWATCH_NR_COW;
	return mapping & MAPPING_ANON ? FORKWATCH_COW_COPIED : FORKWATCH_COW_FIRST;
}

/* FORKWATCH_NR_COW: nothing that can be told. */
static __always_inline __u32 outcome(const struct fw_cow_fault *state)
{
	const struct vm_fault *fault = (const void *)state->fault;
	__u64 entry = 0;

	bpf_probe_read_kernel(&entry, sizeof(entry), BPF_CORE_READ(fault, pte));
	if (!(entry & ENTRY_VALID))
		return FORKWATCH_NR_COW;
	if ((entry ^ state->entry) & ENTRY_ADDRESS)
		return kind_of_copy(fault);
	return entry & ENTRY_WRITE ? FORKWATCH_COW_REUSED : FORKWATCH_NR_COW;
}

/* A huge page that is shared is never copied: it is split, and then do_wp_page() goes on. */
static __always_inline __u32 huge_outcome(const struct fw_cow_fault *state)
{
	const struct vm_fault *fault = (const void *)state->fault;
	__u64 entry = 0;

	bpf_probe_read_kernel(&entry, sizeof(entry), BPF_CORE_READ(fault, pmd));
	if (!(entry & ENTRY_VALID))
		return FORKWATCH_NR_COW;
	if (entry & ENTRY_TABLE)
		return FORKWATCH_COW_HUGE_SPLIT;
	if ((entry ^ state->entry) & ENTRY_ADDRESS || !(entry & ENTRY_WRITE))
		return FORKWATCH_NR_COW;
	return FORKWATCH_COW_HUGE_REUSED;
}

static __always_inline int leave_fault(bool huge)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 kind, tid = current_tid();
	struct fw_cow_fault *state = bpf_map_lookup_elem(&cow_faults, &tid);
	struct fw_cow_mm *counts;

	if (!state)
		return 0;
	counts = find_mm(state->mm);
	if (counts) {
		kind = huge ? huge_outcome(state) : outcome(state);
		__sync_fetch_and_add(&counts->ns, now - state->start);
		if (kind < FORKWATCH_NR_COW)
			__sync_fetch_and_add(&counts->faults[kind], 1);
		if (kind == FORKWATCH_COW_COPIED) {
			counts->last = now;
			if (!counts->first)
				counts->first = now;
		}
	}
	bpf_map_delete_elem(&cow_faults, &tid);
	return 0;
}

/* The registers are a struct pt_regs, the arguments an array; both begin with the first one. */
#define COW_PROGRAMS(name, huge)					\
SEC("kprobe")								\
int kprobe_##name(const __u64 *regs)					\
{									\
	return enter_fault((const void *)regs[0], huge);		\
}									\
									\
SEC("kretprobe")							\
int kretprobe_##name(void)						\
{									\
	return leave_fault(huge);					\
}									\
									\
SEC("fentry")								\
int fentry_##name(const __u64 *args)					\
{									\
	return enter_fault((const void *)args[0], huge);		\
}									\
									\
SEC("fexit")								\
int fexit_##name(void)							\
{									\
	return leave_fault(huge);					\
}

COW_PROGRAMS(do_wp_page, false)
COW_PROGRAMS(do_huge_pmd_wp_page, true)

/*
 * The counts of the current task's mm, which begin now if nobody's fork has made
 * them begin before.
 */
static __always_inline struct fw_cow_mm *count_parent(__u64 mm, __u64 now)
{
	struct fw_cow_process process = { .mm = mm, .since = now };
	struct fw_cow_mm *counts = find_mm(mm);
	__u32 tgid = current_tgid();

	if (counts)
		return counts;
	bpf_map_update_elem(&cow_mms, &mm, &cow_nothing, BPF_ANY);
	counts = bpf_map_lookup_elem(&cow_mms, &mm);
	if (counts) {
		counts->since = now;
		bpf_map_update_elem(&cow_processes, &tgid, &process, BPF_NOEXIST);
	}
	return counts;
}

/* The current task is about to wake @child for the first time. */
static __always_inline bool begin_cow(const struct task_struct *child)
{
	const struct task_struct *parent = (const void *)bpf_get_current_task();
	__u64 now = bpf_ktime_get_ns(), mm = (__u64)BPF_CORE_READ(child, mm);
	struct fw_cow_process process = { .mm = mm, .since = now, .begin = now };
	__u32 tgid = BPF_CORE_READ(child, tgid);
	struct fw_cow_mm *counts;

	process.parent_mm = (__u64)BPF_CORE_READ(parent, mm);
	if (!mm || !process.parent_mm || mm == process.parent_mm)
		return true;
	counts = count_parent(process.parent_mm, now);
	if (!counts)
		return false;
	process.parent_since = counts->since;
	process.parent_tgid = current_tgid();
	process.child = (__u64)child;
	process.start_time = BPF_CORE_READ(child, start_time);
	__builtin_memcpy(process.faults, counts->faults, sizeof(process.faults));
	process.ns = counts->ns;
	if (bpf_map_update_elem(&cow_processes, &tgid, &process, BPF_ANY) ||
	    bpf_map_update_elem(&cow_mms, &mm, &cow_nothing, BPF_ANY)) {
		bpf_map_delete_elem(&cow_processes, &tgid);
		return false;
	}
	__sync_fetch_and_add(&counts->forks, 1);
	counts->latest = now;
	counts->first = 0;
	counts = bpf_map_lookup_elem(&cow_mms, &mm);
	if (counts)
		counts->since = now;
	return true;
}

static __always_inline void fill_parent(struct forkwatch_cow *event,
					const struct fw_cow_process *process,
					const struct fw_cow_mm *counts)
{
	int i;

	for (i = 0; i < FORKWATCH_NR_COW; i++)
		event->parent_faults[i] = counts->faults[i] - process->faults[i];
	event->parent_ns = counts->ns - process->ns;
	event->parent_first = counts->latest == process->begin ? counts->first : 0;
	event->parent_last = counts->last >= process->begin ? counts->last : 0;
	event->flags |= FORKWATCH_COW_PARENT;
}

static __always_inline void fill_child(struct forkwatch_cow *event, const struct fw_cow_mm *counts)
{
	__builtin_memcpy(event->child_faults, counts->faults, sizeof(event->child_faults));
	event->child_ns = counts->ns;
	event->child_first = counts->first;
	event->child_last = counts->last;
	event->flags |= FORKWATCH_COW_CHILD;
}

/* What came of the fork of @process, which is the current one unless tracing ends. */
static __always_inline void on_cow(__u32 tgid, const struct fw_cow_process *process, __u32 reason,
				   const struct fw_cow_mm *parent, const struct fw_cow_mm *child)
{
	struct forkwatch_cow *event = begin(forkwatch_cow, FORKWATCH_COW, NULL);

	if (!event)
		return;
	__builtin_memset((char *)event + sizeof(event->hdr), 0,
			 sizeof(*event) - sizeof(event->hdr));
	if (reason == FORKWATCH_COW_OPEN) {
		event->hdr.tid = tgid;
		event->hdr.tgid = tgid;
	}
	event->child = process->child;
	event->start_time = process->start_time;
	event->begin = process->begin;
	event->child_tid = tgid;
	event->parent_tgid = process->parent_tgid;
	event->reason = reason;
	if (parent)
		fill_parent(event, process, parent);
	if (child)
		fill_child(event, child);
	submit(event, false);
}

/* The counts of the mm at @mm, if they are still those that began at @since. */
static __always_inline struct fw_cow_mm *same_mm(const __u64 *mm, __u64 since)
{
	struct fw_cow_mm *counts = bpf_map_lookup_elem(&cow_mms, mm);

	return counts && counts->since == since ? counts : NULL;
}

/* Whoever is last, the process or the forks that it made, takes its counts away. */
static __always_inline void end_cow(__u32 tgid, __u32 reason)
{
	struct fw_cow_process *entry, process;
	struct fw_cow_mm *parent, *own;

	if (!cow_watched)
		return;
	entry = bpf_map_lookup_elem(&cow_processes, &tgid);
	if (!entry)
		return;
	process = *entry;
	/* The tool may end it at the same time as the process does. */
	if (bpf_map_delete_elem(&cow_processes, &tgid))
		return;
	own = same_mm(&process.mm, process.since);
	if (process.parent_mm) {
		parent = same_mm(&process.parent_mm, process.parent_since);
		on_cow(tgid, &process, reason, parent, own);
		if (parent) {
			__sync_fetch_and_add(&parent->forks, -1);
			if (parent->ended && !*(volatile __u32 *)&parent->forks)
				bpf_map_delete_elem(&cow_mms, &process.parent_mm);
		}
	}
	if (own) {
		own->ended = 1;
		if (!*(volatile __u32 *)&own->forks)
			bpf_map_delete_elem(&cow_mms, &process.mm);
	}
}

/* Called by the tool for each process whose fork is still counted when tracing ends. */
SEC("raw_tp")
int end_of_cow(const __u64 *args)
{
	end_cow(args[0], FORKWATCH_COW_OPEN);
	return 0;
}

#endif /* FW_COW_BPF_H */
