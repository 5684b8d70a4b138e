/* SPDX-License-Identifier: GPL-2.0-only */
/* The way into this kernel: exception level, vectors, system call table, layouts. */
#ifndef FW_ARCH_H
#define FW_ARCH_H

#include <linux/types.h>

/*
 * Writes one fact a line, "name value…", as this CPU and kernel show it at this
 * moment; a fact that cannot be had is left out. Numbers are hexadecimal with
 * 0x, or decimal; text is a symbol. Returns the bytes written, less than @size.
 *
 *	el, spsel, vhe, kpti, esr_el1, sp_el0, current, sp
 *	vbar_el1 ADDR SYMBOL
 *	vector INDEX TARGET SYMBOL	where its first branch out of the table leads
 *	symbol NAME ADDR
 *	syscalls N			length of sys_call_table
 *	syscall NR ADDR SYMBOL
 *	size NAME N, offset NAME N	of structs and their fields
 *	stack LOW TOP PT_REGS		of the calling task
 */
int fw_arch_print(char *buffer, size_t size);

#endif /* FW_ARCH_H */
