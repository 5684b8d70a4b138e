// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "recursion.h"

int fw_recursion_misses(const struct bpf_program *prog, uint64_t *misses)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return -errno;
	*misses = info.recursion_misses;
	return 0;
}
