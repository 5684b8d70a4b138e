/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stages as the module tells of them, call by call, where it has the probes.
 *
 * Included by forkwatch.bpf.c, behind what it uses.
 */
#ifndef FW_STAGE_CALLS_BPF_H
#define FW_STAGE_CALLS_BPF_H

/* Those that are taken from it: it arms all that it can. */
const volatile __u64 stages_of_module;

#define CALL(ctx, field)	FIELD(ctx, true, forkwatch_stage_core, field)

/* The verifier sees it, and the compiler does not see through it. */
#define INDEX(value, nr)		\
({					\
	__u64 index_ = (value);		\
					\
	asm volatile("" : "+r"(index_)); \
	index_ & ((nr) - 1);		\
})

_Static_assert(!(FORKWATCH_NR_STAGES & (FORKWATCH_NR_STAGES - 1)), "cannot be a mask");

static __always_inline void add_call(struct fw_stage_times *times, __u64 stage,
				     const volatile __u64 *ctx)
{
	__u64 enter = CALL(ctx, enter), leave = CALL(ctx, leave);

	stage = INDEX(stage, FORKWATCH_NR_STAGES);
	if (stage == FORKWATCH_STAGE_ARCH_DUP_TASK_STRUCT)
		times->child = CALL(ctx, subject);
	if (!times->calls[stage]++)
		times->enter[stage] = enter;
	if (leave) {
		times->total[stage] += leave - enter;
		set_result(times, stage, CALL(ctx, result));
	} else {
		times->torn |= 1U << stage;
	}
}

static __always_inline void add_undo(struct fw_stage_times *fork, __u32 tid, __u64 undo,
				     const volatile __u64 *ctx)
{
	__u64 enter = CALL(ctx, enter), leave = CALL(ctx, leave);
	struct fw_undo_times *times;

	if (UNDOS_OF_TASKS & 1U << undo && fork->child != CALL(ctx, subject))
		return;
	times = begin_undone(tid, fork);
	undo = INDEX(undo, 32);
	if (!times || undo >= FORKWATCH_NR_UNDOS)
		return;
	if (!times->calls[undo]++)
		times->enter[undo] = enter;
	if (leave)
		times->total[undo] += leave - enter;
	else
		times->torn |= 1U << undo;
}

static __always_inline int take_stage(const volatile __u64 *ctx)
{
	__u32 tid = current_tid(), stage = CALL(ctx, stage) & 63;
	struct fw_stage_times *times;

	if (!(stages_of_module >> stage & 1))
		return 0;
	times = find_stages(tid);
	if (!times)
		return 0;
	if (stage < FW_STAGE_UNDO)
		add_call(times, stage, ctx);
	else
		add_undo(times, tid, stage - FW_STAGE_UNDO, ctx);
	return 0;
}

SEC("raw_tp.w/stage_core")
int on_stage_core(const volatile __u64 *ctx)
{
	return take_stage(ctx);
}

SEC("raw_tp.w/stage_more")
int on_stage_more(const volatile __u64 *ctx)
{
	return take_stage(ctx);
}

#endif /* FW_STAGE_CALLS_BPF_H */
