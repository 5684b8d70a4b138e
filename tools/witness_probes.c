// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "array.h"
#include "source.h"
#include "witness_probes.h"

/* In the order in which they are attached: of a fork whose beginning is seen, the rest is too. */
static const struct probe {
	const char *program;
	const char *symbol;
	bool at_return;
} table[] = {
	{ "witness_copy_thread", "copy_thread", true },
	{ "witness_fork_exit", "copy_process", true },
	{ "witness_fork_return", "kernel_clone", true },
	{ "witness_tail_return", "schedule_tail", true },
	{ "witness_clone3_return", "__arm64_sys_clone3", true },
	{ "witness_copy_thread_enter", "copy_thread", false },
	{ "witness_first_run", "schedule_tail", false },
	{ "witness_fork_return_enter", "kernel_clone", false },
	{ "witness_fork_enter", "copy_process", false },
};

struct fw_witness_probes {
	enum fw_witness witness;
	struct bpf_program *programs[ARRAY_SIZE(table)];
	struct bpf_link *links[ARRAY_SIZE(table)];
};

struct fw_witness_probes *fw_witness_probes_open(struct bpf_object *obj, enum fw_witness witness)
{
	static const char *const maps[] = { "witness_calls", "witness_copies" };
	struct fw_witness_probes *probes = calloc(1, sizeof(*probes));
	size_t i;

	if (!probes)
		return NULL;
	probes->witness = witness;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		probes->programs[i] = bpf_object__find_program_by_name(obj, table[i].program);
		bpf_program__set_autoattach(probes->programs[i], false);
		bpf_program__set_autoload(probes->programs[i], witness != FW_WITNESS_NONE);
	}
	for (i = 0; witness == FW_WITNESS_NONE && i < ARRAY_SIZE(maps); i++)
		bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, maps[i]), 1);
	return probes;
}

static int attach(struct fw_witness_probes *probes, bool at_return)
{
	struct bpf_link *link;
	size_t i;

	for (i = 0; probes->witness != FW_WITNESS_NONE && i < ARRAY_SIZE(table); i++) {
		if (table[i].at_return != at_return)
			continue;
		link = bpf_program__attach_kprobe(probes->programs[i], at_return, table[i].symbol);
		if (!link && probes->witness == FW_WITNESS_ALONE)
			return fw_source_fail(-errno,
				"the kernel refuses BPF programs on %s: %s. See "
				"/sys/kernel/debug/kprobes/enabled; with -v it says more.",
				table[i].symbol, strerror(errno));
		probes->links[i] = link;
	}
	return 0;
}

int fw_witness_probes_attach_returns(struct fw_witness_probes *probes)
{
	return attach(probes, true);
}

int fw_witness_probes_attach_entries(struct fw_witness_probes *probes)
{
	return attach(probes, false);
}

void fw_witness_probes_close(struct fw_witness_probes *probes)
{
	size_t i;

	if (!probes)
		return;
	for (i = 0; i < ARRAY_SIZE(table); i++)
		bpf_link__destroy(probes->links[i]);
	free(probes);
}
