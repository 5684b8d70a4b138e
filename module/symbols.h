/* SPDX-License-Identifier: GPL-2.0-only */
/* Names and places in the kernel, also those that it does not export. */
#ifndef FW_SYMBOLS_H
#define FW_SYMBOLS_H

#include <linux/seq_buf.h>
#include <linux/types.h>

/* The address of a function that may be probed, or an ERR_PTR. May sleep. */
void *fw_function(const char *name);

/* The address of any symbol, 0 if there is none or kallsyms does not tell. */
unsigned long fw_symbol(const char *name);

/* Ends a line with @addr, and the symbol that it lies in. */
void fw_symbol_print(struct seq_buf *s, u64 addr);

/* The table of native system calls, 0 if it was not found. */
u64 fw_syscall_table(void);

/* A64 `b` and `bl`, where one at @addr leads, and the page that `adrp` there gives. */
bool fw_insn_is_b(u32 insn);
bool fw_insn_is_bl(u32 insn);
u32 *fw_branch_target(u32 *addr, u32 insn);
u64 fw_adrp_page(const u32 *addr, u32 insn);

/* Looks for them once; says so in the log where one is not found. */
void fw_symbols_init(void);

/* The `bl cpu_switch_to` in __switch_to(), NULL if it was not found. */
u32 *fw_switch_call(void);

#endif /* FW_SYMBOLS_H */
