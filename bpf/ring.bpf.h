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
