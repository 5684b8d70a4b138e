/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls themselves. None has a frame: two tasks come back from each, and
 * after fw_vfork() the child may have overwritten all that lay on the stack
 * before its parent comes back. Where to return to is in x30, which the kernel
 * keeps for both. So none has anything to sign, either.
 */
#ifdef __aarch64__

#include <asm/errno.h>
#include <asm/unistd.h>

#include "internal.h"

#define BTI_C		hint #34	/* also for assemblers that do not know its name */
#define ERROR_MAX	4095

	.macro	function name
	.globl	\name
	.type	\name, %function
	.p2align 4
\name:
	.cfi_startproc
	BTI_C
	.endm

	.macro	end name
	.cfi_endproc
	.size	\name, . - \name
	.endm

	.macro	load_number number
	adrp	x8, fw_numbers
	add	x8, x8, :lo12:fw_numbers
	ldr	w8, [x8, #\number]
	.endm

	/* As libc does: -1 and errno for an error. */
	.macro	return_result
	cmn	x0, #ERROR_MAX
	b.hs	1f
	ret
1:	b	fw_clone_fail
	.endm

	.text

function fw_fork
	load_number NUMBER_FORK
	svc	#0
	return_result
end fw_fork

function fw_vfork
	load_number NUMBER_VFORK
	svc	#0
	return_result
end fw_vfork

/* x0: args, x1: their size, x2: fn, x3: its argument. The kernel changes x0 only. */
function fw_clone
	ldr	x9, [x0, #ARGS_STACK]
	cmp	x9, #0
	cset	w9, ne
	cmp	x2, #0
	cset	w10, ne
	cmp	w9, w10
	b.ne	.Linvalid
	cbnz	x2, .Lcall

	ldr	x9, [x0, #ARGS_FLAGS]
	tbz	x9, #CLONE_VM_BIT, .Lcall
	tbz	x9, #CLONE_VFORK_BIT, .Linvalid

.Lcall:
	load_number NUMBER_CLONE
	mov	x9, sp
	svc	#0
	/* x0 may be anything in a child that asked for it; its stack tells it from the parent. */
	cbz	x2, .Lboth
	mov	x10, sp
	cmp	x10, x9
	b.ne	.Lchild
.Lboth:
	return_result
.Linvalid:
	mov	x0, #-EINVAL
	b	fw_clone_fail

.Lchild:
	.cfi_undefined x30
	and	sp, x10, #-16
	mov	x29, #0
	mov	x30, #0
	mov	x0, x3
	blr	x2
	mov	x8, #__NR_exit
	svc	#0
end fw_clone

	.section .note.GNU-stack, "", %progbits

	/* Branch targets are marked, and no return address is ever in memory. */
	.section .note.gnu.property, "a"
	.p2align 3
	.word	4			/* the name's size */
	.word	16			/* the description's */
	.word	5			/* NT_GNU_PROPERTY_TYPE_0 */
	.asciz	"GNU"
	.word	0xc0000000		/* GNU_PROPERTY_AARCH64_FEATURE_1_AND */
	.word	4
	.word	3			/* BTI, PAC */
	.word	0

#endif
