/* SPDX-License-Identifier: GPL-2.0-only */
/* The probes on the faults that copy pages after a fork. */
#ifndef FW_COW_PROBES_H
#define FW_COW_PROBES_H

#include <stdbool.h>

#include "stage_probes.h"

struct bpf_link;
struct bpf_object;
struct bpf_program;

#define FW_COW_PROBES	4	/* entry and return of do_wp_page() and of its huge brother */

struct fw_cow_probes {
	enum fw_probe_way way;
	struct bpf_program *programs[FW_COW_PROBES];
	struct bpf_link *links[FW_COW_PROBES];
};

/*
 * Chooses the programs of @obj before it is loaded, none unless @wanted; the
 * others are not loaded.
 */
void fw_cow_probes_open(struct fw_cow_probes *probes, struct bpf_object *obj, bool wanted,
			enum fw_probe_way way);
/*
 * Returns 0, -ENOTSUP if the kernel does not attach in this way, and another may
 * do, else the -errno of why do_wp_page() cannot be probed. Huge pages are not
 * counted where there are none.
 */
int fw_cow_probes_attach(struct fw_cow_probes *probes);
void fw_cow_probes_close(struct fw_cow_probes *probes);

#endif
