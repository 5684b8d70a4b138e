/* SPDX-License-Identifier: GPL-2.0-only */
/* The probe on what vfork children let their parents go by. */
#ifndef FW_LIFE_PROBES_H
#define FW_LIFE_PROBES_H

struct bpf_link;
struct bpf_program;

#define FW_LIFE_LINKS	2	/* one for exec, one for exit */

/*
 * Attaches @prog to the functions that this kernel has. Returns 0, or the -errno
 * of why it could not be attached for exec or exit: then mm_release does not come.
 */
int fw_life_attach(struct bpf_program *prog, struct bpf_link *links[FW_LIFE_LINKS]);
void fw_life_detach(struct bpf_link *links[FW_LIFE_LINKS]);

#endif
