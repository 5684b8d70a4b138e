/* SPDX-License-Identifier: GPL-2.0-only */
/* What the BPF programs and the tool's loader share beside the events. */
#ifndef FW_TRANSPORT_H
#define FW_TRANSPORT_H

#include <linux/types.h>

/* One for each CPU. */
struct fw_cpu_state {
	__u64 seq;		/* events that passed the filter, the dropped ones too */
	__u64 drops;		/* those for which the ring had no room, and what they tore */
	__u64 watch_full;	/* children that found the watch set full */
	__u64 missed;		/* returns of functions that the witness, standing alone, missed */
	__u64 stages_lost;	/* forks of whose stages a part was missed, or all */
	__u64 forks_lost;	/* forks that made a child and whose fork_exit was dropped */
	__u64 tail_enter;	/* when it entered finish_task_switch(), 0: it has not */
	__u32 tail_tid;		/* a child in schedule_tail() that has not left that yet, 0: none */
	__u32 reserved;
};

/* What the second witness, the BPF programs' own eyes, is there for. */
enum fw_witness {
	FW_WITNESS_NONE,
	FW_WITNESS_BESIDE,	/* copies each event of the module */
	FW_WITNESS_ALONE,	/* there is no module, or it is not asked */
};

/*
 * The watch set: a byte for each tid, so that finding a task is one load. It has
 * as many as the system may have tids; a whole one, and not a bit, belongs to
 * each, since every CPU writes what its own task is about.
 */
#define FW_TASKS_PER_ENTRY	64

struct fw_tasks {
	__u8 tasks[FW_TASKS_PER_ENTRY];
};

/*
 * What is known of a task; 0 of one that is not watched.
 *
 * An event that was lost takes the later ones of the same fork with it, so that
 * what arrives from a parent is the beginning of each fork. Otherwise the start
 * of one could be taken for that of another, whose own start is missing.
 */
#define FW_TASK_FORKED		(1U << 0)	/* this program's maps have been asked for */
#define FW_TASK_TORN		(1U << 1)	/* of its latest fork an event was lost */
#define FW_TASK_CALL_LOST	(1U << 2)	/* namely clone_call, and fork_enter follows */
#define FW_TASK_WATCHED		(1U << 3)	/* set in all of them */
#define FW_TASK_STAGES		(1U << 4)	/* a place among `stages` is its own */

#endif /* FW_TRANSPORT_H */
