// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transport: copies the module's events, and some of the scheduler's own, into
 * one ring buffer, for the tasks that are watched.
 *
 * The watch set holds tids. The tool puts the first one in; a child joins when
 * its parent wakes it for the first time, which is before it can run and is
 * seen even where a probe missed the fork itself. A task leaves when it exits.
 * Where all tasks are traced, each joins with the first fork that it begins: a
 * fork that was under way when tracing began is not seen by half.
 *
 * The tracer is never traced, or its own wake-ups would make the events that
 * wake it. It looks into the ring by itself every few ms, and is woken only
 * when a good part of the ring is full or when it should read a process' maps.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "core_compat.h"
#include "forkwatch.h"
#include "stages.bpf.h"
#include "stages_count.bpf.h"
#include "transport.h"

char LICENSE[] SEC("license") = "GPL";

/* Set by the tool before it loads. */
const volatile __u8 all_tasks;		/* every task but the tracer */
const volatile __u32 tracer;		/* its tgid, and the tid of its only thread */
const volatile __u8 witness;		/* enum fw_witness */
const volatile __u64 wake_bytes;	/* wake the tracer when the ring holds that much */

/* The tracer was told to look; it takes this back when it does. */
__u32 woken;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);	/* the tool sets its own size */
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);		/* the tool sets it, by the highest tid there may be */
	__type(key, __u32);
	__type(value, struct fw_tasks);
} watched SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fw_cpu_state);
} cpus SEC(".maps");

static __always_inline struct fw_cpu_state *this_cpu(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&cpus, &zero);
}

static __always_inline __u32 current_tid(void)
{
	return bpf_get_current_pid_tgid();
}

static __always_inline __u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

/* Where it is said of @tid whether it is watched; NULL: nowhere. */
static __always_inline __u8 *task_place(__u32 tid)
{
	__u32 entry = tid / FW_TASKS_PER_ENTRY;
	struct fw_tasks *tasks = bpf_map_lookup_elem(&watched, &entry);

	return tasks ? &tasks->tasks[tid % FW_TASKS_PER_ENTRY] : NULL;
}

/* What is known of a watched task, FW_TASK_*; NULL: it is not watched. */
static __always_inline __u8 *find_task(__u32 tid)
{
	__u8 *task = task_place(tid);

	return task && *task ? task : NULL;
}

static __always_inline bool is_watched(__u32 tid)
{
	return find_task(tid);
}

/* For events that have nothing to do with a fork. */
static __always_inline bool current_is_in_view(void)
{
	return all_tasks ? current_tgid() != tracer : is_watched(current_tid());
}

/* One side of a switch. The idle tasks are every CPU's tid 0. */
static __always_inline bool side_is_watched(__u32 tid)
{
	return all_tasks ? tid && tid != tracer : is_watched(tid);
}

/* A child is not followed, since there are too many. */
static __always_inline void count_watch_full(void)
{
	struct fw_cpu_state *cpu = this_cpu();

	if (cpu)
		cpu->watch_full++;
}

/* A place among `stages` stays its own. */
static __always_inline void set_task(__u8 *task, __u8 flags)
{
	*task = (*task & FW_TASK_STAGES) | FW_TASK_WATCHED | flags;
}

/* Returns what is known of @tid from now on; NULL: the set does not reach so far. */
static __always_inline __u8 *watch(__u32 tid, __u8 flags)
{
	__u8 *task = task_place(tid);

	if (task) {
		set_task(task, flags);
		return task;
	}
	count_watch_full();
	return NULL;
}

static __always_inline void unwatch(__u32 tid)
{
	__u8 *task = task_place(tid);

	if (task)
		*task = 0;
}

/*
 * Numbers an event of @size bytes and gets room for it; NULL if there is none.
 * A gap in the numbers is a drop. @task: whose fork it belongs to, or NULL.
 *
 * Kernels whose tracepoints are guarded by tracepoint_srcu (7.3 is one) can
 * preempt us in exec and exit, and 5.10 has no atomic operation that returns a
 * value. So an event that comes within the numbering of another one of this
 * CPU gives way, and is counted.
 */
static __always_inline void *reserve(__u32 size, __u64 *seq, __u8 *task)
{
	struct fw_cpu_state *cpu = this_cpu();
	void *event = NULL;

	if (!cpu)
		return NULL;
	__sync_fetch_and_add(&cpu->busy, 1);
	if (*(volatile __u64 *)&cpu->busy == 1) {
		*seq = cpu->seq++;
		if (!task || !(*task & FW_TASK_TORN))
			event = bpf_ringbuf_reserve(&ring, size, 0);
		if (!event)
			cpu->drops++;
	} else {
		__sync_fetch_and_add(&cpu->nested, 1);
	}
	__sync_fetch_and_add(&cpu->busy, -1);
	if (!event && task)
		*task |= FW_TASK_TORN;
	return event;
}

/* @wake: now, however little the ring holds. */
static __always_inline void submit(void *event, bool wake)
{
	__u64 flags = BPF_RB_NO_WAKEUP;

	if (!woken && (wake || bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= wake_bytes)) {
		woken = 1;
		flags = BPF_RB_FORCE_WAKEUP;
	}
	bpf_ringbuf_submit(event, flags);
}

/*
 * The events of the module. Each has two programs, of which the tool loads one:
 * the plain one reads the event where it lies, as the kernel lets it if the
 * module said that the event is so long; cut_NAME gets a copy of what there is,
 * be the event longer or shorter than ours.
 */
#define MODULE_PROGRAMS(name)							\
SEC("raw_tp.w/" #name)								\
int on_##name(const volatile __u64 *ctx)					\
{										\
	return take_##name(ctx, true);						\
}										\
										\
SEC("raw_tp/" #name)								\
int cut_##name(const volatile __u64 *ctx)					\
{										\
	return take_##name(ctx, false);						\
}

/*
 * A field of the event of @type that is the first argument. That is taken from
 * @ctx each time, since a pointer to it must not be kept on the stack.
 */
#define FIELD(ctx, direct, type, field)						\
({										\
	const struct type *event_ = (const void *)*(ctx);			\
	typeof(((struct type *)0)->field) value_ = 0;				\
										\
	if (direct)								\
		value_ = *(const volatile typeof(value_) *)&event_->field;	\
	else									\
		bpf_probe_read_kernel(&value_, sizeof(value_), &event_->field);	\
	value_;									\
})

/* A loop that is unrolled: 8 bytes each, and no call. */
static __always_inline void copy_direct(__u64 *to, const volatile __u64 *from, const __u32 size)
{
	__u32 i;

#pragma unroll
	for (i = 0; i < size / sizeof(*to); i++)
		to[i] = from[i];
}

/* Returns how long the copy is. */
static __always_inline __u16 copy_event(void *to, const volatile __u64 *ctx, const __u32 size,
					const bool direct)
{
	__u16 sent = FIELD(ctx, direct, forkwatch_header, size);

	if (sent > size)
		sent = size;
	if (direct)
		copy_direct(to, (const void *)*ctx, size);
	else
		bpf_probe_read_kernel(to, sent, (const void *)*ctx);
	return sent;
}

/*
 * Hands on the event of @size bytes; of a shorter one, the tail is left as it is.
 * false: there is no room for it.
 */
static __always_inline bool forward(const volatile __u64 *ctx, const __u32 size, const bool direct,
				    __u8 *task, bool wake)
{
	struct forkwatch_header *copy;
	__u64 seq;

	copy = reserve(size, &seq, task);
	if (!copy)
		return false;
	copy->size = copy_event(copy, ctx, size, direct);
	copy->seq = seq;
	submit(copy, wake);
	return true;
}

static __always_inline int take_cpu_switch_to(const volatile __u64 *ctx, const bool direct)
{
	if (side_is_watched(FIELD(ctx, direct, forkwatch_cpu_switch_to, prev_tid)) ||
	    side_is_watched(FIELD(ctx, direct, forkwatch_cpu_switch_to, next_tid)))
		forward(ctx, sizeof(struct forkwatch_cpu_switch_to), direct, NULL, false);
	return 0;
}

MODULE_PROGRAMS(cpu_switch_to)

/* Begins an event of our own, of @type; @task as for reserve(). */
#define begin(type, event_kind, task)					\
({									\
	__u64 seq_, id_ = bpf_get_current_pid_tgid();			\
	struct type *event_ = reserve(sizeof(*event_), &seq_, task);	\
									\
	if (event_) {							\
		event_->hdr.size = sizeof(*event_);			\
		event_->hdr.kind = (event_kind);			\
		event_->hdr.cpu = bpf_get_smp_processor_id();		\
		event_->hdr.seq = seq_;					\
		event_->hdr.time = bpf_ktime_get_ns();			\
		event_->hdr.tid = id_;					\
		event_->hdr.tgid = id_ >> 32;				\
	}								\
	event_;								\
})

#include "cow.bpf.h"
#include "undone.bpf.h"
#include "stage_calls.bpf.h"

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

/*
 * Of the arguments of the kernel's own tracepoints it knows the types, and lets what they
 * point to be read by plain loads.
 */

/* sched_wakeup_new(child), in the parent */
SEC("tp_btf/sched_wakeup_new")
int on_wakeup_new(const __u64 *ctx)
{
	const struct task_struct *child = (const void *)ctx[0];
	struct forkwatch_wakeup_new *event;
	__u8 *task = find_task(current_tid());

	if (!task)
		return 0;
	watch(child->pid, *task & FW_TASK_FORKED);
	if (cow_watched && !begin_cow(child))
		count_watch_full();

	event = begin(forkwatch_wakeup_new, FORKWATCH_WAKEUP_NEW, task);
	if (!event)
		return 0;
	event->child = (__u64)child;
	event->start_time = child->start_time;
	event->child_tid = child->pid;
	event->target_cpu = task_cpu(child);
	submit(event, false);
	return 0;
}

/*
 * A thread that executes a program becomes its group's leader and takes over
 * that one's tid; it may have been watched under the one it had.
 */
static __always_inline bool exec_is_watched(__u32 tid, __u32 old_tid)
{
	if (!is_watched(tid) && !is_watched(old_tid))
		return current_is_in_view();
	if (tid != old_tid) {
		end_stages(old_tid);
		unwatch(old_tid);
	}
	watch(tid, 0);
	return true;
}

/* sched_process_exec(task, old_pid, bprm), in the task */
SEC("tp_btf/sched_process_exec")
int on_exec(const __u64 *ctx)
{
	const struct task_struct *task = (const void *)ctx[0];
	const struct linux_binprm *bprm = (const void *)ctx[2];
	__u32 old_tid = ctx[1];
	struct forkwatch_exec *event;

	if (!exec_is_watched(current_tid(), old_tid))
		return 0;
	end_cow(current_tgid(), FORKWATCH_COW_EXEC);

	event = begin(forkwatch_exec, FORKWATCH_EXEC, NULL);
	if (!event)
		return 0;
	event->task = (__u64)task;
	event->start_time = task->start_time;
	event->mm = (__u64)task->mm;
	event->old_tid = old_tid;
	event->reserved = 0;
	BPF_CORE_READ_STR_INTO(&event->comm, task, comm);
	bpf_probe_read_kernel_str(event->path, sizeof(event->path),
				  bprm->filename);
	submit(event, false);
	return 0;
}

/* Of its process' threads. */
static __always_inline bool is_last(const struct task_struct *task)
{
	return task->signal->live.counter == 0;
}

/*
 * A leader that exits before its threads stays: one of them may execute a
 * program and become the leader.
 */
static __always_inline void forget(const struct task_struct *task)
{
	__u32 tid = current_tid(), tgid = current_tgid();
	bool last = is_last(task);

	end_stages(tid);
	if (tid != tgid || last)
		unwatch(tid);
	if (last)
		unwatch(tgid);
}

#include "life.bpf.h"

/* sched_process_exit(task), in the task */
SEC("tp_btf/sched_process_exit")
int on_exit(const __u64 *ctx)
{
	const struct task_struct *task = (const void *)ctx[0];
	struct forkwatch_exit *event;

	if (!current_is_in_view())
		return 0;
	if (is_last(task))
		end_cow(current_tgid(), FORKWATCH_COW_EXIT);

	/* From 6.16 on the task still has its mm here, and is forgotten before it lets go of it. */
	if (task->vfork_done)
		send_release(task, (__u64)task->mm);
	event = begin(forkwatch_exit, FORKWATCH_EXIT, NULL);
	if (event) {
		event->task = (__u64)task;
		event->start_time = task->start_time;
		event->code = task->exit_code;
		event->reserved = 0;
		submit(event, false);
	}
	forget(task);
	return 0;
}

/* @whose: task where a lost event tears the current task's fork, NULL where it does not. */
#define FORWARD(name, whose)							\
static __always_inline int take_##name(const volatile __u64 *ctx, const bool direct) \
{										\
	__u8 *task = find_task(current_tid());					\
										\
	if (task)								\
		forward(ctx, sizeof(struct forkwatch_##name), direct, whose, false); \
	return 0;								\
}										\
										\
MODULE_PROGRAMS(name)

/* In the child, which is found by its task_struct and start time. */
FORWARD(tail_return, NULL)

static __always_inline int take_first_run(const volatile __u64 *ctx, const bool direct)
{
	__u32 tid = current_tid();

	if (!is_watched(tid))
		return 0;
	begin_tail(tid);
	forward(ctx, sizeof(struct forkwatch_first_run), direct, NULL, false);
	return 0;
}

MODULE_PROGRAMS(first_run)

/*
 * Sent ahead of @end, the event that ends the fork, and with its time: traces
 * are read in order of time. @worker: that is fork_exit.
 */
static __always_inline void on_stages(const struct forkwatch_header *end, __u8 *task, bool worker)
{
	__u32 tid = current_tid();
	const struct fw_stage_times *times = find_stages(tid);
	struct forkwatch_stages *event;

	if (!times || times->worker != worker)
		return;
	event = begin(forkwatch_stages, FORKWATCH_STAGES, task);
	if (event) {
		event->hdr.time = end->time;
		event->armed = stages_armed;
		event->absent = stages_absent;
		event->refused = stages_refused;
		event->torn = times->torn | times->open;
		if (event->torn)
			count_stages_lost();
		copy_direct(event->enter, times->enter, FW_STAGE_TIMES_BYTES);
		event->fds = -1;
		event->handlers = -1;
		if (!worker)
			count_fds(&event->fds);
		if (!worker && stages_level == FW_STAGES_ALL)
			count_handlers(&event->handlers);
		submit(event, false);
	}
	end_stages(tid);
}

/* A child was made, and nobody will hear of it: with these, all forks are counted. */
static __always_inline void count_fork_lost(void)
{
	struct fw_cpu_state *cpu = this_cpu();

	if (cpu)
		__sync_fetch_and_add(&cpu->forks_lost, 1);
}

/* In the parent, in order. @is_exit: fork_exit, which is a worker's last event. */
#define FORWARD_LAST(name, is_exit)						\
static __always_inline int take_##name(const volatile __u64 *ctx, const bool direct) \
{										\
	__u8 *task = find_task(current_tid());					\
										\
	if (!task)								\
		return 0;							\
	if (stages_level) {							\
		struct forkwatch_header end = {					\
			.time = FIELD(ctx, direct, forkwatch_header, time),	\
		};								\
										\
		if (is_exit)							\
			on_undone(end.time, FIELD(ctx, direct, forkwatch_fork_exit, result), \
				  task);					\
		on_stages(&end, task, is_exit);					\
	}									\
	if (!forward(ctx, sizeof(struct forkwatch_##name), direct, task, false) && is_exit && \
	    !FIELD(ctx, direct, forkwatch_fork_exit, result))			\
		count_fork_lost();						\
	return 0;								\
}										\
										\
MODULE_PROGRAMS(name)

FORWARD_LAST(fork_return, false)
FORWARD_LAST(fork_exit, true)
FORWARD(copy_thread, task)
FORWARD(arch_state, task)

/* The current task, about to fork; NULL if it is not to be watched. */
static __always_inline __u8 *find_parent(void)
{
	__u32 tid = current_tid();
	__u8 *task = find_task(tid);

	if (task || !all_tasks || current_tgid() == tracer)
		return task;
	return watch(tid, 0);
}

static __always_inline int take_clone_call(const volatile __u64 *ctx, const bool direct)
{
	__u8 *task = find_parent();

	if (!task)
		return 0;
	set_task(task, *task & FW_TASK_FORKED);
	forward(ctx, sizeof(struct forkwatch_clone_call), direct, task, false);
	if (*task & FW_TASK_TORN)
		*task |= FW_TASK_CALL_LOST;
	return 0;
}

MODULE_PROGRAMS(clone_call)

/* Of a fork that clone3() refuses there is nothing else; the task may not have forked before. */
static __always_inline int take_clone3_return(const volatile __u64 *ctx, const bool direct)
{
	__u8 *task = find_parent();

	if (task)
		forward(ctx, sizeof(struct forkwatch_clone3_return), direct, task, false);
	return 0;
}

MODULE_PROGRAMS(clone3_return)

/*
 * Attached last: of a fork whose beginning was seen, the rest is seen too.
 *
 * A program's first fork wakes the tracer, who reads the process' maps while
 * it is there to be asked.
 */
static __always_inline int take_fork_enter(const volatile __u64 *ctx, const bool direct)
{
	__u8 *task = find_parent();
	bool first;

	if (!task)
		return 0;
	first = !(*task & FW_TASK_FORKED);
	set_task(task, FW_TASK_FORKED | (*task & FW_TASK_CALL_LOST ? FW_TASK_TORN : 0));
	forward(ctx, sizeof(struct forkwatch_fork_enter), direct, task, first);
	if (stages_level)
		begin_stages(current_tid(), task, FIELD(ctx, direct, forkwatch_fork_enter, flags) &
			     (FORKWATCH_ENTER_IO_THREAD | FORKWATCH_ENTER_USER_WORKER));
	return 0;
}

MODULE_PROGRAMS(fork_enter)

#include "life.bpf.h"
#include "witness.bpf.h"

/* Every event of the ABI has its program: this does not compile where one is missing. */
#define HAS_PROGRAM(KIND, value, name)	extern typeof(on_##name) on_##name;
FORKWATCH_EVENTS(HAS_PROGRAM)
