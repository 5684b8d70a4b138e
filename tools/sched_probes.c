// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "array.h"
#include "preemption.h"
#include "sched_probes.h"

static const struct event {
	const char *plain, *held;
} events[] = {
	{ "on_exec", "held_exec" },
	{ "on_exit", "held_exit" },
};

/* libbpf reads the numbers of tracepoints there, or below debugfs, which mounts it when asked. */
static bool can_read_numbers(void)
{
	return !eaccess("/sys/kernel/tracing/events/sched/sched_process_exit/id", R_OK);
}

/* Kernels before 5.11 have no such helper, nor do they preempt any program. */
static bool can_hold(void)
{
	return fw_kernel_preemption() != FW_PREEMPTS_NOT && can_read_numbers() &&
	       libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, BPF_FUNC_get_current_task_btf,
				       NULL) == 1;
}

void fw_sched_probes_choose(struct bpf_object *obj)
{
	bool held = can_hold();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		const char *other = held ? events[i].plain : events[i].held;

		bpf_program__set_autoload(bpf_object__find_program_by_name(obj, other), false);
	}
}
