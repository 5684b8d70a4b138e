// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "array.h"
#include "cow_probes.h"

/* A return is attached before its entry: that would be taken for one without outcome. */
static const struct probe {
	const char *function;
	bool returns;
	bool required;
} table[FW_COW_PROBES] = {
	{ "do_wp_page", true, true },
	{ "do_wp_page", false, true },
	{ "do_huge_pmd_wp_page", true, false },
	{ "do_huge_pmd_wp_page", false, false },
};

static struct bpf_program *find_program(struct bpf_object *obj, enum fw_probe_way way, size_t i)
{
	static const char *const prefixes[FW_PROBE_PROGRAMS][2] = {
		[FW_PROBE_FENTRY] = { "fentry_", "fexit_" },
		[FW_PROBE_KPROBE] = { "kprobe_", "kretprobe_" },
	};
	char name[64];

	snprintf(name, sizeof(name), "%s%s", prefixes[way][table[i].returns], table[i].function);
	return bpf_object__find_program_by_name(obj, name);
}

/* Not every kernel describes its static functions, and a trampoline needs that. */
static bool can_be_traced(struct bpf_object *obj)
{
	size_t i;

	for (i = 0; i < FW_COW_PROBES; i++)
		if (bpf_program__set_attach_target(find_program(obj, FW_PROBE_FENTRY, i), 0,
						   table[i].function))
			return false;
	return true;
}

void fw_cow_probes_open(struct fw_cow_probes *probes, struct bpf_object *obj, bool wanted,
			enum fw_probe_way way)
{
	unsigned int each;
	size_t i;

	memset(probes, 0, sizeof(*probes));
	for (each = 0; each < FW_PROBE_PROGRAMS; each++) {
		for (i = 0; i < FW_COW_PROBES; i++) {
			bpf_program__set_autoload(find_program(obj, each, i), false);
			bpf_program__set_autoattach(find_program(obj, each, i), false);
		}
	}
	/* The module has none of them. */
	if (way == FW_PROBE_MODULE ||
	    (wanted && way == FW_PROBE_FENTRY && !can_be_traced(obj)))
		way = FW_PROBE_KPROBE;
	probes->way = way;
	for (i = 0; wanted && way < FW_PROBE_NONE && i < FW_COW_PROBES; i++) {
		probes->programs[i] = find_program(obj, way, i);
		bpf_program__set_autoload(probes->programs[i], true);
	}
}

static int attach(struct fw_cow_probes *probes, size_t i)
{
	struct bpf_program *prog = probes->programs[i];

	if (probes->way == FW_PROBE_FENTRY)
		probes->links[i] = bpf_program__attach_trace(prog);
	else
		probes->links[i] = bpf_program__attach_kprobe(prog, table[i].returns,
							      table[i].function);
	return probes->links[i] ? 0 : -errno;
}

int fw_cow_probes_attach(struct fw_cow_probes *probes)
{
	size_t i;
	int err;

	if (!probes->programs[0])
		return -ENOENT;		/* the kernel took none of them */
	for (i = 0; i < FW_COW_PROBES; i++) {
		err = attach(probes, i);
		if (!err)
			continue;
		if (probes->way == FW_PROBE_FENTRY)
			return -ENOTSUP;
		if (table[i].required)
			return err;
		break;
	}
	return 0;
}

void fw_cow_probes_close(struct fw_cow_probes *probes)
{
	size_t i;

	for (i = 0; i < FW_COW_PROBES; i++) {
		bpf_link__destroy(probes->links[i]);
		probes->links[i] = NULL;
	}
}
