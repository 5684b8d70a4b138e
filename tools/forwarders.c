// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <stdio.h>

#include <bpf/libbpf.h>

#include "array.h"
#include "forkwatch.h"
#include "forwarders.h"

static const struct event {
	unsigned int kind;
	const char *name;
} events[] = {
#define EVENT(KIND, value, name)	{ FORKWATCH_##KIND, #name },
	FORKWATCH_EVENTS(EVENT)
#undef EVENT
};

static void load(struct bpf_object *obj, const char *prefix, const char *name, bool on)
{
	struct bpf_program *prog;
	char full[64];

	snprintf(full, sizeof(full), "%s_%s", prefix, name);
	prog = bpf_object__find_program_by_name(obj, full);
	if (prog)
		bpf_program__set_autoload(prog, on);
}

void fw_forwarders_choose(struct bpf_object *obj, enum fw_forwarders which, bool switches)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		bool on = switches || events[i].kind != FORKWATCH_CPU_SWITCH_TO;

		if (events[i].kind >= FORKWATCH_KIND_BPF)
			continue;
		load(obj, "on", events[i].name, on && which == FW_FORWARD_DIRECT);
		load(obj, "cut", events[i].name, on && which == FW_FORWARD_CUT);
	}
}
