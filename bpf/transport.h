/* SPDX-License-Identifier: GPL-2.0-only */
/* What the BPF programs and the tool's loader share beside the events. */
#ifndef FW_TRANSPORT_H
#define FW_TRANSPORT_H

#include <linux/types.h>

/* One for each CPU. */
struct fw_cpu_state {
	__u64 seq;		/* events that passed the filter, the dropped ones too */
	__u64 drops;		/* those for which the ring had no room */
	__u64 nested;		/* events that came within the numbering of another one */
	__u64 watch_full;	/* children that found the watch set full */
	__u64 busy;		/* 1 while an event is being numbered */
};

/* The watch set's values: a task's program, as far as the tracer knows it. */
enum {
	FW_PROGRAM_NEW,		/* just executed */
	FW_PROGRAM_FORKED,	/* has forked, and the tracer was woken to read its maps */
};

#endif /* FW_TRANSPORT_H */
