/* SPDX-License-Identifier: GPL-2.0-only */
/* The probes of the second witness, bpf/witness.bpf.h. */
#ifndef FW_WITNESS_PROBES_H
#define FW_WITNESS_PROBES_H

#include "../bpf/transport.h"

struct bpf_object;
struct fw_witness_probes;

/*
 * Chooses the programs of @obj, before it is loaded: without a witness none of
 * them is, and the maps take no room. NULL without memory.
 */
struct fw_witness_probes *fw_witness_probes_open(struct bpf_object *obj, enum fw_witness witness);

/*
 * Attach them: those at returns before the module's probes, those at entries
 * behind. The kernel calls the latest probe of an entry first, but at a return
 * first the one that came last at the entry; so a copy is made before its event in
 * either case. Return 0, or -errno with fw_source_error() where the witness stands
 * alone; beside the module what the kernel refuses is not observed.
 */
int fw_witness_probes_attach_returns(struct fw_witness_probes *probes);
int fw_witness_probes_attach_entries(struct fw_witness_probes *probes);

void fw_witness_probes_close(struct fw_witness_probes *probes);

#endif
