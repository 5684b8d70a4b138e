/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ring buffer that all events go through. The tracer looks into it by itself
 * every few ms, and is woken only when a good part of it is full or when it should
 * read a process' maps.
 */
#ifndef FW_RING_BPF_H
#define FW_RING_BPF_H

#include <stdbool.h>

#include "current.bpf.h"
#include "forkwatch.h"

/* Set by the tool before it loads. */
const volatile __u64 wake_bytes;	/* wake the tracer when the ring holds that much */

/* The tracer was told to look; it takes this back when it does. */
__u32 woken;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);	/* the tool sets its own size */
} ring SEC(".maps");

/*
 * Programs on tracepoints can be preempted where tracepoint_srcu guards these (7.3), as
 * those on kprobes cannot. Such kernels have what 6.10 brought; the others do without.
 */
void bpf_preempt_disable(void) __weak __ksym;
void bpf_preempt_enable(void) __weak __ksym;

static __always_inline void hold_cpu(void)
{
	if ((const void *)bpf_preempt_disable)
		bpf_preempt_disable();
}

static __always_inline void release_cpu(void)
{
	if ((const void *)bpf_preempt_enable)
		bpf_preempt_enable();
}

/*
 * Numbers an event of @size bytes and gets room for it; NULL if there is none.
 * A gap in the numbers is a drop. @task: whose fork it belongs to, or NULL.
 *
 * Whoever else runs on this CPU meanwhile would number its own, wherefore
 * nobody may.
 */
static __always_inline void *reserve(__u32 size, __u64 *seq, __u8 *task)
{
	struct fw_cpu_state *cpu = this_cpu();
	void *event = NULL;

	if (!cpu)
		return NULL;
	hold_cpu();
	*seq = cpu->seq++;
	if (!task || !(*task & FW_TASK_TORN))
		event = bpf_ringbuf_reserve(&ring, size, 0);
	release_cpu();
	if (!event) {
		__sync_fetch_and_add(&cpu->drops, 1);
		if (task)
			*task |= FW_TASK_TORN;
	}
	return event;
}

/* A child was made, and nobody will hear of it: with these, all forks are counted. */
static __always_inline void count_fork_lost(void)
{
	struct fw_cpu_state *cpu = this_cpu();

	if (cpu)
		__sync_fetch_and_add(&cpu->forks_lost, 1);
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

#endif /* FW_RING_BPF_H */
