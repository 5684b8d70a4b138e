/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is to say of the way into a kernel: the topics, each with two sentences for
 * learners, and the names of what the vectors are for. Only for what shows it.
 */
#ifndef FW_ARCH_TOPICS_H
#define FW_ARCH_TOPICS_H

#include "arch.h"

/* In the order in which they are shown. */
enum fw_arch_topic_id {
	FW_TOPIC_SVC,
	FW_TOPIC_ESR,
	FW_TOPIC_LEVEL,
	FW_TOPIC_KPTI,
	FW_TOPIC_VBAR,
	FW_TOPIC_VECTORS,
	FW_TOPIC_PATH,
	FW_TOPIC_SYSCALLS,
	FW_TOPIC_TASK,
	FW_TOPIC_STACK,
	FW_TOPIC_PT_REGS,
	FW_NR_ARCH_TOPICS,
};

struct fw_arch_topic {
	const char *label;	/* "svc #0" */
	const char *explain;
};

extern const struct fw_arch_topic fw_arch_topics[FW_NR_ARCH_TOPICS];

/* The vectors: so many origins of an exception, with so many kinds each, in this order. */
#define FW_NR_ARCH_KINDS	4
#define FW_NR_ARCH_ORIGINS	4

extern const char *const fw_arch_kinds[FW_NR_ARCH_KINDS];

/* Where the exceptions of the @origin-th row of the vectors come from. Returns @buf. */
#define FW_ORIGIN_LEN	64
char *fw_arch_origin(const struct fw_arch_view *view, int origin, char buf[FW_ORIGIN_LEN]);

#endif
