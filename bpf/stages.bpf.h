/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stages: how long the functions took that a fork went through. Each has a
 * probe at its entry and one at its return, of which the tool loads the kind
 * that this kernel takes. They add up in a map, by tid, and travel in one event.
 *
 * Only a watched task within a fork has an entry there, and all others are done
 * with when they find that they have none.
 */
#ifndef FW_STAGES_BPF_H
#define FW_STAGES_BPF_H

#include <linux/errno.h>

#include "core_compat.h"
#include "ring.bpf.h"
#include "stages.h"
#include "watch.bpf.h"

/* Set by the tool before it loads. */
const volatile __u8 stages_level;
const volatile __u32 stages_mask;	/* of the place's number */
const volatile __u32 stages_void;	/* 1 << FORKWATCH_STAGE_*: return nothing on this kernel */

/* Set by the tool when it has attached the probes: 1 << FORKWATCH_STAGE_*. */
__u32 stages_armed;
__u32 stages_absent;
__u32 stages_refused;

/* An array, as the verifier makes a few instructions of looking into one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FW_STAGE_PLACES);
	__type(key, __u32);
	__type(value, struct fw_stage_times);
} stages SEC(".maps");

static __always_inline struct fw_stage_times *stage_place(__u32 tid, __u32 try)
{
	__u32 place = (tid + try) & stages_mask;

	return bpf_map_lookup_elem(&stages, &place);
}

/* NULL: @tid is not within a fork, or found no place. */
static __always_inline struct fw_stage_times *find_stages(__u32 tid)
{
	const __u8 *task = find_task(tid);
	__u32 i;

	if (!task || !(*task & FW_TASK_STAGES))
		return NULL;
	for (i = 0; i < FW_STAGE_TRIES; i++) {
		struct fw_stage_times *times = stage_place(tid, i);

		if (times && times->owner == tid)
			return times;
	}
	return NULL;
}

/*
 * A new child in schedule_tail(): nothing else runs on its CPU until it is through with
 * finish_task_switch(), which every other task calls, too, whenever it gets the CPU.
 */
static __always_inline void begin_tail(__u32 tid)
{
	struct fw_cpu_state *cpu = stages_level == FW_STAGES_ALL ? this_cpu() : NULL;

	if (!cpu)
		return;
	cpu->tail_tid = tid;
	cpu->tail_enter = 0;
}

static __always_inline bool is_in_tail(const struct fw_cpu_state *cpu)
{
	return cpu && cpu->tail_tid && cpu->tail_tid == (__u32)bpf_get_current_pid_tgid();
}

static __always_inline int enter_finish(void)
{
	struct fw_cpu_state *cpu = this_cpu();

	if (is_in_tail(cpu))
		cpu->tail_enter = bpf_ktime_get_ns();
	return 0;
}

/* The current task is a new child, which left finish_task_switch(). */
static __always_inline void on_finish_switch(__u64 enter)
{
	const struct task_struct *child = (const void *)bpf_get_current_task();
	struct forkwatch_finish_switch *event;

	event = begin(forkwatch_finish_switch, FORKWATCH_FINISH_SWITCH, NULL);
	if (!event)
		return;
	event->child = (__u64)child;
	event->start_time = BPF_CORE_READ(child, start_time);
	event->enter_time = enter;
	submit(event, false);
}

static __always_inline struct fw_stage_times *leave_finish(void)
{
	struct fw_cpu_state *cpu = this_cpu();

	if (!is_in_tail(cpu))
		return NULL;
	cpu->tail_tid = 0;
	if (cpu->tail_enter)
		on_finish_switch(cpu->tail_enter);
	return NULL;
}

/* The third argument, where there is one and @stage has use for it. */
static __always_inline __u64 third_of(const __u32 stage, __u64 *args)
{
	__u64 third = 0;

	if (stage == FORKWATCH_STAGE_DUP_FD)
		bpf_get_func_arg(args, 2, &third);
	return third;
}

static __always_inline int enter_stage(const __u32 stage, const __u64 *args, __u64 third)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct fw_stage_times *times = find_stages(tid);
	__u64 now;

	if (!times)
		return 0;
	if (stage == FORKWATCH_STAGE_ARCH_DUP_TASK_STRUCT)
		times->child = args[0];
	if (stage == FORKWATCH_STAGE_DUP_FD)
		times->files_error = third;
	if (times->open & 1U << stage)
		times->torn |= 1U << stage;
	times->open |= 1U << stage;
	times->calls[stage]++;
	now = bpf_ktime_get_ns();
	if (!times->enter[stage])
		times->enter[stage] = now;
	times->since[stage] = now;
	return 0;
}

/* dup_fd() returned NULL, and why is elsewhere: in a variable of its caller. */
static __always_inline __s32 files_error(const struct fw_stage_times *times)
{
	__s32 error = 0;

	bpf_probe_read_kernel(&error, sizeof(error), (const void *)times->files_error);
	return error;
}

#define RESULT_INT(value)	((__s32)(value))
#define RESULT_PTR(value)	((__s64)(value) < 0 && (__s64)(value) >= -4095 ? (__s32)(value) : 0)
#define RESULT_NEW(value)	((value) ? RESULT_PTR(value) : -ENOMEM)
#define RESULT_FILES(value)	((value) ? RESULT_PTR(value) : files_error(times))
#define RESULT_VOID(value)	((void)(value), 0)

static __always_inline void set_result(struct fw_stage_times *times, __u64 stage, __s32 result)
{
	times->result[stage] = stages_void & 1U << stage ? 0 : result;
}

static __always_inline struct fw_stage_times *leave_stage(const __u32 stage)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 tid = bpf_get_current_pid_tgid();
	struct fw_stage_times *times = find_stages(tid);

	if (!times || !(times->open & 1U << stage))
		return NULL;
	times->open &= ~(1U << stage);
	times->total[stage] += now - times->since[stage];
	return times;
}

/* It is the child's. */
#define IS_FINISH(stage)	((stage) == FORKWATCH_STAGE_FINISH_SWITCH)
#define ENTER_STAGE(STAGE, args, third)						\
	(IS_FINISH(FORKWATCH_STAGE_##STAGE) ? enter_finish() :			\
	 enter_stage(FORKWATCH_STAGE_##STAGE, args, third))
#define LEAVE_STAGE(STAGE)							\
	(IS_FINISH(FORKWATCH_STAGE_##STAGE) ? leave_finish() :			\
	 leave_stage(FORKWATCH_STAGE_##STAGE))

/* The registers are a struct pt_regs, which begins with x0. */
#define STAGE_PROGRAMS(STAGE, name, level, returns, symbols)			\
SEC("kprobe")									\
int kprobe_##name(const __u64 *regs)						\
{										\
	return ENTER_STAGE(STAGE, regs, regs[2]);				\
}										\
										\
SEC("kretprobe")								\
int kretprobe_##name(const __u64 *regs)						\
{										\
	struct fw_stage_times *times = LEAVE_STAGE(STAGE);			\
										\
	if (times)								\
		set_result(times, FORKWATCH_STAGE_##STAGE, RESULT_##returns(regs[0])); \
	return 0;								\
}										\
										\
SEC("fentry")									\
int fentry_##name(__u64 *args)							\
{										\
	return ENTER_STAGE(STAGE, args, third_of(FORKWATCH_STAGE_##STAGE, args)); \
}										\
										\
SEC("fexit")									\
int fexit_##name(__u64 *args)							\
{										\
	struct fw_stage_times *times = LEAVE_STAGE(STAGE);			\
	__u64 value = 0;							\
										\
	if (!times)								\
		return 0;							\
	bpf_get_func_ret(args, &value);						\
	set_result(times, FORKWATCH_STAGE_##STAGE, RESULT_##returns(value));	\
	return 0;								\
}

FW_STAGE_PROBES(STAGE_PROGRAMS)

/* A return was missed, or there are more forks at a time than there is room for. */
static __always_inline void count_stages_lost(void)
{
	struct fw_cpu_state *cpu = this_cpu();

	if (cpu)
		__sync_fetch_and_add(&cpu->stages_lost, 1);
}

/*
 * Two that try the same place at once both leave it: 5.10 has no atomic operation that
 * returns a value, but who comes second sees the first one's.
 */
static __always_inline bool claim(struct fw_stage_times *times, __u32 tid)
{
	if (*(volatile __u32 *)&times->claims)
		return false;
	__sync_fetch_and_add(&times->claims, 1);
	if (*(volatile __u32 *)&times->claims != 1) {
		__sync_fetch_and_add(&times->claims, -1);
		return false;
	}
	times->owner = tid;
	return true;
}

static __always_inline struct fw_stage_times *claim_stages(__u32 tid, __u8 *task)
{
	__u32 i;

	for (i = 0; i < FW_STAGE_TRIES; i++) {
		struct fw_stage_times *times = stage_place(tid, i);

		if (!times || !claim(times, tid))
			continue;
		*task |= FW_TASK_STAGES;
		return times;
	}
	return NULL;
}

static __always_inline void clear_times(__u64 *enter)
{
	__u32 i;

#pragma unroll
	for (i = 0; i < FW_STAGE_TIMES_BYTES / sizeof(*enter); i++)
		enter[i] = 0;
}

/*
 * @tid, of which @task tells, begins a fork; @worker: by another way than kernel_clone().
 * Where the end of the one before was missed, it has a place.
 */
static __always_inline void begin_stages(__u32 tid, __u8 *task, bool worker)
{
	struct fw_stage_times *times;

	if (!stages_level)
		return;
	times = find_stages(tid);
	if (!times)
		times = claim_stages(tid, task);
	if (!times) {
		count_stages_lost();
		return;
	}
	times->open = 0;
	times->torn = 0;
	times->worker = worker;
	times->undone = 0;
	times->child = 0;
	clear_times(times->enter);
}

static __always_inline void end_undone(__u32 tid);

/* Only its owner calls this, which is done with it. */
static __always_inline void end_stages(__u32 tid)
{
	struct fw_stage_times *times = stages_level ? find_stages(tid) : NULL;
	__u8 *task = find_task(tid);

	if (!times || !task)
		return;
	if (times->undone)
		end_undone(tid);
	*task &= ~FW_TASK_STAGES;
	times->owner = 0;
	__sync_fetch_and_add(&times->claims, -1);
}

#endif /* FW_STAGES_BPF_H */
