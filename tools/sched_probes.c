// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include <bpf/libbpf.h>

#include "preemption.h"
#include "sched_probes.h"

static const struct event {
	const char *plain, *held;
	const char *number;	/* the file that has perf's number of the tracepoint */
} events[FW_SCHED_PROBES] = {
	{ "on_exec", "held_exec", "/sys/kernel/tracing/events/sched/sched_process_exec/id" },
	{ "on_exit", "held_exit", "/sys/kernel/tracing/events/sched/sched_process_exit/id" },
};

/* Kernels before 5.11 have no such helper, nor do they preempt any program. */
static bool can_hold(void)
{
	return fw_kernel_preemption() != FW_PREEMPTS_NOT && !eaccess(events[0].number, R_OK) &&
	       libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, BPF_FUNC_get_current_task_btf,
				       NULL) == 1;
}

static void leave_out(struct bpf_program *prog)
{
	bpf_program__set_autoload(prog, false);
	bpf_program__set_autoattach(prog, false);
}

void fw_sched_probes_open(struct fw_sched_probes *probes, struct bpf_object *obj)
{
	bool held = can_hold();
	size_t i;

	memset(probes, 0, sizeof(*probes));
	for (i = 0; i < FW_SCHED_PROBES; i++) {
		struct bpf_program *prog = bpf_object__find_program_by_name(obj, events[i].held);

		if (held) {
			leave_out(bpf_object__find_program_by_name(obj, events[i].plain));
			bpf_program__set_autoattach(prog, false);
			probes->programs[i] = prog;
		} else {
			leave_out(prog);
		}
	}
}

static int read_number(const char *path, __u64 *number)
{
	FILE *file = fopen(path, "re");
	unsigned long long value;
	int n;

	if (!file)
		return -errno;
	n = fscanf(file, "%llu", &value);
	fclose(file);
	if (n != 1)
		return -EINVAL;
	*number = value;
	return 0;
}

/*
 * As bpf_program__attach_tracepoint() does it, which prefers tracefs below debugfs: the
 * kernel mounts it there for whoever looks. What the event itself counts, on one CPU, is
 * never read; its programs run on all.
 */
static int attach(struct bpf_program *prog, const char *path, struct bpf_link **link)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };
	int fd, err = read_number(path, &attr.config);

	if (err)
		return err;
	fd = syscall(__NR_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	*link = bpf_program__attach_perf_event(prog, fd);
	if (*link)
		return 0;
	err = -errno;
	close(fd);
	return err;
}

int fw_sched_probes_attach(struct fw_sched_probes *probes)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < FW_SCHED_PROBES; i++)
		if (probes->programs[i])
			err = attach(probes->programs[i], events[i].number, &probes->links[i]);
	return err;
}

void fw_sched_probes_close(struct fw_sched_probes *probes)
{
	size_t i;

	for (i = 0; i < FW_SCHED_PROBES; i++) {
		bpf_link__destroy(probes->links[i]);
		probes->links[i] = NULL;
	}
}
