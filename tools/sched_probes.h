/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF programs on the tracepoints of exec and exit: see bpf/sched.bpf.h. */
#ifndef FW_SCHED_PROBES_H
#define FW_SCHED_PROBES_H

struct bpf_link;
struct bpf_object;
struct bpf_program;

#define FW_SCHED_PROBES	2

/* Those that hold the CPU; NULL where the plain ones serve, which libbpf attaches. */
struct fw_sched_probes {
	struct bpf_program *programs[FW_SCHED_PROBES];
	struct bpf_link *links[FW_SCHED_PROBES];
};

/*
 * Chooses the programs of @obj, before it is loaded: those that hold the CPU where the
 * running kernel may preempt the others, and tracefs is mounted in its place.
 */
void fw_sched_probes_open(struct fw_sched_probes *probes, struct bpf_object *obj);
/* Returns 0 or -errno. */
int fw_sched_probes_attach(struct fw_sched_probes *probes);
void fw_sched_probes_close(struct fw_sched_probes *probes);

#endif
