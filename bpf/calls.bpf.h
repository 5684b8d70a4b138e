/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls that the second witness saw begin and not yet return: a task's
 * kernel_clone() and copy_process(), or its schedule_tail(). Perf's kretprobes have as
 * many instances as CPUs, or ten (register_kretprobe()), and a call that finds none
 * free is not seen to return. Standing alone the witness counts such misses itself,
 * by what the task does next: fork, wake its child, exit.
 */
#ifndef FW_CALLS_BPF_H
#define FW_CALLS_BPF_H

#include <stdbool.h>

#include "ring.bpf.h"

/* Set by the tool before it loads. */
const volatile __u8 witness;		/* enum fw_witness */

struct witness_call {
	__u64 enter_time;
	__u64 parent_tid;
	__u64 clone_flags;
	__u64 pidfd;
	__s32 exit_signal;
	__u32 in_copy_process;		/* known where the witness stands alone */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);	/* forks in flight, vforks that wait among them */
	__type(key, __u32);
	__type(value, struct witness_call);
} witness_calls SEC(".maps");

static __always_inline void count_missed(void)
{
	struct fw_cpu_state *cpu = this_cpu();

	if (cpu)
		cpu->missed++;
}

static __always_inline struct witness_call *find_call(__u32 tid)
{
	return bpf_map_lookup_elem(&witness_calls, &tid);
}

static __always_inline void begin_call(__u32 tid, struct witness_call *call)
{
	call->enter_time = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&witness_calls, &tid, call, BPF_NOEXIST)) {
		/* The return of the one before was missed; or there is no room. */
		if (witness == FW_WITNESS_ALONE)
			count_missed();
		bpf_map_update_elem(&witness_calls, &tid, call, BPF_ANY);
	}
}

static __always_inline void end_call(__u32 tid)
{
	bpf_map_delete_elem(&witness_calls, &tid);
}

static __always_inline void set_in_copy_process(__u32 tid, bool in)
{
	struct witness_call *call = find_call(tid);

	if (call)
		call->in_copy_process = in;
}

/* The current task wakes a child: it has left copy_process(), which made that. */
static __always_inline void call_made_child(void)
{
	struct witness_call *call = witness == FW_WITNESS_ALONE ? find_call(current_tid()) : NULL;

	if (!call || !call->in_copy_process)
		return;
	call->in_copy_process = 0;
	count_missed();
	count_fork_lost();
}

/* Task @tid is no more: it has left whatever it was in. */
static __always_inline void call_is_over(__u32 tid)
{
	if (witness != FW_WITNESS_ALONE || !find_call(tid))
		return;
	end_call(tid);
	count_missed();
}

#endif /* FW_CALLS_BPF_H */
