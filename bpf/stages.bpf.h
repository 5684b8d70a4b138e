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

#include "stages.h"
#include "transport.h"

static __always_inline struct fw_cpu_state *this_cpu(void);

/* Set by the tool before it loads. */
const volatile __u8 stages_level;

/* Set by the tool when it has attached the probes: 1 << FORKWATCH_STAGE_*. */
__u32 stages_armed;
__u32 stages_absent;
__u32 stages_refused;

/* How a fork begins. Never written. */
static struct fw_stage_times stages_none;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);	/* tasks that fork at the same time */
	__type(key, __u32);
	__type(value, struct fw_stage_times);
} stages SEC(".maps");

static __always_inline int enter_stage(const __u32 stage)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct fw_stage_times *times = bpf_map_lookup_elem(&stages, &tid);
	__u64 now;

	if (!times)
		return 0;
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

#define RESULT_INT(value)	((__s32)(value))
#define RESULT_PTR(value)	((__s64)(value) < 0 && (__s64)(value) >= -4095 ? (__s32)(value) : 0)
#define RESULT_VOID(value)	((void)(value), 0)

static __always_inline struct fw_stage_times *leave_stage(const __u32 stage)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 tid = bpf_get_current_pid_tgid();
	struct fw_stage_times *times = bpf_map_lookup_elem(&stages, &tid);

	if (!times || !(times->open & 1U << stage))
		return NULL;
	times->open &= ~(1U << stage);
	times->total[stage] += now - times->since[stage];
	return times;
}

/* The registers are a struct pt_regs, which begins with x0. */
#define STAGE_PROGRAMS(STAGE, name, level, returns, symbols)			\
SEC("kprobe")									\
int kprobe_##name(void)							\
{										\
	return enter_stage(FORKWATCH_STAGE_##STAGE);				\
}										\
										\
SEC("kretprobe")								\
int kretprobe_##name(const __u64 *regs)						\
{										\
	struct fw_stage_times *times = leave_stage(FORKWATCH_STAGE_##STAGE);	\
										\
	if (times)								\
		times->result[FORKWATCH_STAGE_##STAGE] = RESULT_##returns(regs[0]); \
	return 0;								\
}										\
										\
SEC("fentry")									\
int fentry_##name(void)							\
{										\
	return enter_stage(FORKWATCH_STAGE_##STAGE);				\
}										\
										\
SEC("fexit")									\
int fexit_##name(__u64 *args)							\
{										\
	struct fw_stage_times *times = leave_stage(FORKWATCH_STAGE_##STAGE);	\
	__u64 value = 0;							\
										\
	if (!times)								\
		return 0;							\
	bpf_get_func_ret(args, &value);						\
	times->result[FORKWATCH_STAGE_##STAGE] = RESULT_##returns(value);	\
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

/* @tid begins a fork; @worker: by another way than kernel_clone(). */
static __always_inline void begin_stages(__u32 tid, bool worker)
{
	struct fw_stage_times *times;

	if (!stages_level)
		return;
	if (bpf_map_update_elem(&stages, &tid, &stages_none, BPF_ANY))
		count_stages_lost();
	times = bpf_map_lookup_elem(&stages, &tid);
	if (times)
		times->worker = worker;
}

static __always_inline void end_stages(__u32 tid)
{
	if (stages_level)
		bpf_map_delete_elem(&stages, &tid);
}

#endif /* FW_STAGES_BPF_H */
