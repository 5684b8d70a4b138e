/* SPDX-License-Identifier: GPL-2.0-only */
/* One system call with every register known before it and stored after it. */
#include <asm/unistd.h>
#include "regs.h"

	.altmacro

	/* op a, b on [base] for the registers \kind\first .. \kind\last, \size bytes each. */
	.macro	pair op, kind, a, b, base, offset
	\op	\kind\a, \kind\b, [\base, #\offset]
	.endm

	.macro	pairs op, kind, first, last, size, base, offset
	n = \first
	.rept	(\last - \first + 1) / 2
	pair	\op, \kind, %n, %(n + 1), \base, %(\offset + (n - \first) * \size)
	n = n + 2
	.endr
	.endm

	/* The system registers of a frame, by way of x9. */
	.macro	set_system base, offset
	ldr	x9, [\base, #\offset + 0]
	msr	tpidr_el0, x9
	ldr	x9, [\base, #\offset + 8]
	msr	fpcr, x9
	ldr	x9, [\base, #\offset + 16]
	msr	fpsr, x9
	.endm

	.macro	get_system base, offset
	mrs	x9, tpidr_el0
	str	x9, [\base, #\offset + 0]
	mrs	x9, fpcr
	str	x9, [\base, #\offset + 8]
	mrs	x9, fpsr
	str	x9, [\base, #\offset + 16]
	.endm

	/* Copies the frame at sp to x10. Uses x11, x12. */
	.macro	copy_frame
	mov	x11, #0
1:	ldr	x12, [sp, x11]
	str	x12, [x10, x11]
	add	x11, x11, #8
	cmp	x11, #FRAME_SIZE
	b.ne	1b
	.endm

	.text
	.globl	regs_call
	.type	regs_call, %function
regs_call:
	add	x10, x0, #CALL_SAVED_X
	pairs	stp, x, 19, 30, 8, x10, 0
	pairs	stp, d, 8, 15, 8, x10, CALL_SAVED_D - CALL_SAVED_X
	mov	x9, sp
	str	x9, [x10, #CALL_SAVED_SP - CALL_SAVED_X]
	get_system x10, CALL_SAVED_TPIDR - CALL_SAVED_X

	/* From here to the second store nothing may be pushed, or use thread-local storage. */
	set_system x0, FRAME_TPIDR
	ldr	x9, [x0, #FRAME_NZCV]
	msr	nzcv, x9
	ldr	x9, [x0, #FRAME_SP]
	mov	sp, x9
	pairs	ldp, q, 0, 31, 16, x0, FRAME_V
	pairs	ldp, x, 2, 29, 8, x0, 2 * 8
	ldr	x30, [x0, #30 * 8]
	ldp	x0, x1, [x0, #FRAME_X]
	svc	#0
	.globl	regs_svc_return
regs_svc_return:
	pairs	stp, x, 0, 29, 8, sp, FRAME_X
	str	x30, [sp, #30 * 8]
	mov	x9, sp
	str	x9, [sp, #FRAME_SP]
	mrs	x9, nzcv
	str	x9, [sp, #FRAME_NZCV]
	get_system sp, FRAME_TPIDR
	pairs	stp, q, 0, 31, 16, sp, FRAME_V

	/* x0 is a result under test: ask who this is. */
	mov	x8, #__NR_gettid
	svc	#0
	ldr	x9, [sp, #LANDING_CALL]
	ldr	w10, [x9, #CALL_PARENT_TID]
	cmp	w0, w10
	b.ne	child

	add	x10, x9, #CALL_PARENT
	copy_frame
	add	x10, x9, #CALL_SAVED_X
	set_system x10, CALL_SAVED_TPIDR - CALL_SAVED_X
	ldr	x9, [x10, #CALL_SAVED_SP - CALL_SAVED_X]
	mov	sp, x9
	pairs	ldp, d, 8, 15, 8, x10, CALL_SAVED_D - CALL_SAVED_X
	pairs	ldp, x, 19, 30, 8, x10, 0
	ret

child:
	add	x10, x9, #CALL_CHILD
	copy_frame
	mov	x0, #0
	mov	x8, #__NR_exit
	svc	#0
	brk	#0
	.size	regs_call, . - regs_call

	.section .note.GNU-stack, "", %progbits
