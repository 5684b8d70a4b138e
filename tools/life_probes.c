// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>

#include <bpf/libbpf.h>

#include "array.h"
#include "life_probes.h"

/*
 * Which functions there are is found out by trying. All of them take the task
 * and then the mm. One function serves both ways since mm_exit_exec_release()
 * replaced the other two.
 */
static const char *const ways[][FW_LIFE_LINKS] = {
	{ "mm_exit_exec_release" },
	{ "exec_mm_release", "exit_mm_release" },
};

void fw_life_detach(struct bpf_link *links[FW_LIFE_LINKS])
{
	int i;

	for (i = 0; i < FW_LIFE_LINKS; i++) {
		bpf_link__destroy(links[i]);
		links[i] = NULL;
	}
}

static int attach(struct bpf_program *prog, const char *const *functions,
		  struct bpf_link *links[FW_LIFE_LINKS])
{
	int i, err;

	for (i = 0; i < FW_LIFE_LINKS && functions[i]; i++) {
		links[i] = bpf_program__attach_kprobe(prog, false, functions[i]);
		if (links[i])
			continue;
		err = -errno;
		fw_life_detach(links);
		return err;
	}
	return 0;
}

int fw_life_attach(struct bpf_program *prog, struct bpf_link *links[FW_LIFE_LINKS])
{
	int err = -ENOENT;
	size_t i;

	for (i = 0; err && i < ARRAY_SIZE(ways); i++)
		err = attach(prog, ways[i], links);
	return err;
}
