/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Undone: what copy_process() takes back of a fork that fails, and how long that
 * takes. The functions that do it serve other purposes, too: a task that ends calls
 * most of them, and others run in interrupts. So those of a task that is within a
 * fork count, and of those that are for a task the calls for its child.
 *
 * An interrupt may come while an fentry or fexit program runs, and what it calls is then
 * skipped, which loses nothing. Whoever preempts the program is skipped as well; so what
 * saw one end of a call only marks it as torn.
 *
 * Included by forkwatch.bpf.c, behind what it uses.
 */
#ifndef FW_UNDONE_BPF_H
#define FW_UNDONE_BPF_H

/* Set by the tool when it has attached the probes: 1 << FORKWATCH_UNDO_*. */
__u32 undos_armed;
__u32 undos_absent;
__u32 undos_refused;

/* How it begins. Never written. */
static struct fw_undo_times undos_none;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);	/* forks that fail at the same time */
	__type(key, __u32);
	__type(value, struct fw_undo_times);
} undos SEC(".maps");

#define UNDO_OF_TASK	true
#define UNDO_OF_OTHER	false

/* 1 << FORKWATCH_UNDO_* */
#define UNDO_OF(UNDO, name, of, symbols)	| (UNDO_OF_##of ? 1U << FORKWATCH_UNDO_##UNDO : 0)
#define UNDOS_OF_TASKS	(0 FW_UNDO_PROBES(UNDO_OF))

/* NULL: there is no room for it. */
static __always_inline struct fw_undo_times *begin_undone(__u32 tid, struct fw_stage_times *fork)
{
	struct fw_undo_times *times;

	if (!fork->undone && !bpf_map_update_elem(&undos, &tid, &undos_none, BPF_ANY))
		fork->undone = 1;
	times = fork->undone ? bpf_map_lookup_elem(&undos, &tid) : NULL;
	if (!times)
		count_stages_lost();
	return times;
}

static __always_inline bool is_for_child(const struct fw_stage_times *fork, const bool of_task,
					 const __u64 *args)
{
	return !of_task || fork->child == args[0];
}

static __always_inline int enter_undo(const __u32 undo, const bool of_task, const __u64 *args)
{
	__u32 tid = current_tid();
	struct fw_stage_times *fork = find_stages(tid);
	struct fw_undo_times *times;

	if (!fork || !is_for_child(fork, of_task, args))
		return 0;
	times = begin_undone(tid, fork);
	if (!times)
		return 0;
	if (times->open & 1U << undo)
		times->torn |= 1U << undo;
	times->open |= 1U << undo;
	times->calls[undo]++;
	times->since[undo] = bpf_ktime_get_ns();
	if (!times->enter[undo])
		times->enter[undo] = times->since[undo];
	return 0;
}

/*
 * @args: of an fexit, which can tell that its entry was skipped. NULL: of a kretprobe, whose
 * entry was not for the child, or missed, which the kernel counts.
 */
static __always_inline int leave_undo(const __u32 undo, const bool of_task, const __u64 *args)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 tid = current_tid();
	struct fw_stage_times *fork = find_stages(tid);
	struct fw_undo_times *times;

	if (!fork || (args && !is_for_child(fork, of_task, args)))
		return 0;
	times = fork->undone ? bpf_map_lookup_elem(&undos, &tid) : NULL;
	if (times && times->open & 1U << undo) {
		times->open &= ~(1U << undo);
		times->total[undo] += now - times->since[undo];
		return 0;
	}
	times = args ? begin_undone(tid, fork) : NULL;
	if (!times)
		return 0;
	times->torn |= 1U << undo;
	if (!times->calls[undo]++)
		times->enter[undo] = now;
	return 0;
}

#define UNDO_PROGRAMS(UNDO, name, of, symbols)					\
SEC("kprobe")									\
int kprobe_##name(const __u64 *regs)						\
{										\
	return enter_undo(FORKWATCH_UNDO_##UNDO, UNDO_OF_##of, regs);		\
}										\
										\
SEC("kretprobe")								\
int kretprobe_##name(void)							\
{										\
	return leave_undo(FORKWATCH_UNDO_##UNDO, UNDO_OF_##of, NULL);		\
}										\
										\
SEC("fentry")									\
int fentry_##name(const __u64 *args)						\
{										\
	return enter_undo(FORKWATCH_UNDO_##UNDO, UNDO_OF_##of, args);		\
}										\
										\
SEC("fexit")									\
int fexit_##name(const __u64 *args)						\
{										\
	return leave_undo(FORKWATCH_UNDO_##UNDO, UNDO_OF_##of, args);		\
}

FW_UNDO_PROBES(UNDO_PROGRAMS)

static __always_inline void end_undone(__u32 tid)
{
	bpf_map_delete_elem(&undos, &tid);
}

/*
 * The current task's copy_process() ends with @result at @time. Sent ahead of
 * fork_exit, also where nothing was to take back.
 */
static __always_inline void on_undone(__u64 time, __s64 result, __u8 *task)
{
	__u32 tid = current_tid();
	const struct fw_stage_times *fork;
	const struct fw_undo_times *times;
	struct forkwatch_undone *event;

	if (stages_level != FW_STAGES_ALL || result >= 0)
		return;
	fork = find_stages(tid);
	if (!fork)
		return;
	times = fork->undone ? bpf_map_lookup_elem(&undos, &tid) : NULL;
	if (!times)
		times = &undos_none;
	event = begin(forkwatch_undone, FORKWATCH_UNDONE, task);
	if (!event)
		return;
	event->hdr.time = time;
	event->armed = undos_armed;
	event->absent = undos_absent;
	event->refused = undos_refused;
	event->torn = times->torn | times->open;
	if (event->torn)
		count_stages_lost();
	bpf_probe_read_kernel(event->enter, FW_UNDO_TIMES_BYTES, times->enter);
	submit(event, false);
}

#endif /* FW_UNDONE_BPF_H */
