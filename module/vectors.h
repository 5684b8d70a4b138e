/* SPDX-License-Identifier: GPL-2.0-only */
/* Exception vectors, followed through their instructions. */
#ifndef FW_VECTORS_H
#define FW_VECTORS_H

#include <linux/seq_buf.h>

/* The lines `vbar_el1`, `vector`, `hop`, `el0_vbar` and `trampoline` of arch.h. */
void fw_vectors_print(struct seq_buf *s);

#endif /* FW_VECTORS_H */
