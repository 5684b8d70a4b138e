/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF programs on the tracepoints of exec and exit: see bpf/sched.bpf.h. */
#ifndef FW_SCHED_PROBES_H
#define FW_SCHED_PROBES_H

struct bpf_object;

/*
 * Chooses the programs of @obj, before it is loaded: those that hold the CPU where the
 * running kernel may preempt the others, and lets tracepoints be reached by way of perf.
 */
void fw_sched_probes_choose(struct bpf_object *obj);

#endif
