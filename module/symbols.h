/* SPDX-License-Identifier: GPL-2.0-only */
/* Places in the kernel's text that have no name of their own. */
#ifndef FW_SYMBOLS_H
#define FW_SYMBOLS_H

#include <linux/types.h>

/* The address of a function that may be probed, or an ERR_PTR. May sleep. */
void *fw_function(const char *name);

/* Looks for them once; says so in the log where one is not found. */
void fw_symbols_init(void);

/* The `bl cpu_switch_to` in __switch_to(), NULL if it was not found. */
u32 *fw_switch_call(void);

#endif /* FW_SYMBOLS_H */
