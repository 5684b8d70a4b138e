/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF programs that forward the module's events. Each event has two: on_NAME
 * reads it where it lies, cut_NAME gets a copy of it, at the price of time, and
 * takes one that is shorter than the program knows.
 */
#ifndef FW_FORWARDERS_H
#define FW_FORWARDERS_H

#include <stdbool.h>

struct bpf_object;

enum fw_forwarders {
	FW_FORWARD_DIRECT,
	FW_FORWARD_CUT,
	FW_FORWARD_NONE,	/* the module is not asked */
};

/* Before they are loaded. Without @switches, that event has none. */
void fw_forwarders_choose(struct bpf_object *obj, enum fw_forwarders which, bool switches);

#endif
