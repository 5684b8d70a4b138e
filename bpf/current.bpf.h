/* SPDX-License-Identifier: GPL-2.0-only */
/* The CPU and the task that a program runs on. */
#ifndef FW_CURRENT_BPF_H
#define FW_CURRENT_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "transport.h"

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

#endif /* FW_CURRENT_BPF_H */
