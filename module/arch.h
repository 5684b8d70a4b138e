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
 *	vector INDEX TARGET SYMBOL	the handler that entry of the table leads to
 *	hop INDEX ADDR SYMBOL		the entry of `vectors` that it goes there by
 *	el0_vbar ADDR			with KPTI: VBAR_EL1 of this CPU in EL0
 *	trampoline SLOT ADDR HOP SYMBOL	such a table, and where its entry 8 goes on to
 *	symbol NAME ADDR
 *	syscalls N			length of sys_call_table
 *	call NR NAME			a number that the module serves
 *	syscall NR ADDR SYMBOL
 *	size NAME N, offset NAME N	of structs and their fields
 *	stack LOW TOP PT_REGS		of the calling task
 */
int fw_arch_print(char *buffer, size_t size);

#endif /* FW_ARCH_H */
