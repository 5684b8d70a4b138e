/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One system call with every register known before it and stored after it; in
 * A32 or T32, as the compiler is asked for (-marm, -mthumb).
 */
#include <asm/unistd.h>
#include "regs.h"

	.syntax	unified
	.arch	armv7-a
	.fpu	neon
#ifdef __thumb__
	.thumb
#else
	.arm
#endif

	/* Thread pointers: the program's own, and the one that only the kernel writes. */
	.macro	get_tpidrurw reg
	mrc	p15, 0, \reg, c13, c0, 2
	.endm

	.macro	set_tpidrurw reg
	mcr	p15, 0, \reg, c13, c0, 2
	.endm

	.macro	get_tpidruro reg
	mrc	p15, 0, \reg, c13, c0, 3
	.endm

	/* Copies the frame at sp to r0. Uses r1 to r3. */
	.macro	copy_frame
	mov	r1, #0
1:	add	r3, sp, r1
	ldr	r2, [r3]
	str	r2, [r0, r1]
	add	r1, r1, #4
	cmp	r1, #FRAME_SIZE
	bne	1b
	.endm

	.text
	.globl	regs_call
	.type	regs_call, %function
#ifdef __thumb__
	.thumb_func
#endif
regs_call:
	push	{r4-r12, lr}
	vpush	{d8-d15}
	add	r1, r0, #CALL_SAVED_SP
	mov	r2, sp
	str	r2, [r1]
	get_tpidrurw r2
	str	r2, [r1, #(CALL_SAVED_URW - CALL_SAVED_SP)]
	vmrs	r2, fpscr
	str	r2, [r1, #(CALL_SAVED_FPSCR - CALL_SAVED_SP)]

	/* From here to the stores nothing may be pushed. */
	ldr	r1, [r0, #FRAME_TPIDRURW]
	set_tpidrurw r1
	ldr	r1, [r0, #FRAME_FPSCR]
	vmsr	fpscr, r1
	add	r1, r0, #FRAME_D
	vldmia	r1!, {d0-d15}
	vldmia	r1!, {d16-d31}
	ldr	r1, [r0, #FRAME_APSR]
	msr	APSR_nzcvqg, r1
	ldr	lr, [r0, #FRAME_LR]
	ldr	sp, [r0, #FRAME_SP]
	ldm	r0, {r0-r12}
	svc	#0
	.globl	regs_svc_return
regs_svc_return:
	stm	sp, {r0-r12}
	str	lr, [sp, #FRAME_LR]
	mov	r0, sp
	str	r0, [sp, #FRAME_SP]
	mrs	r0, cpsr
	str	r0, [sp, #FRAME_APSR]
	vmrs	r0, fpscr
	str	r0, [sp, #FRAME_FPSCR]
	get_tpidrurw r0
	str	r0, [sp, #FRAME_TPIDRURW]
	get_tpidruro r0
	str	r0, [sp, #FRAME_TPIDRURO]
	add	r0, sp, #FRAME_D
	vstmia	r0!, {d0-d15}
	vstmia	r0!, {d16-d31}

	/* r0 is a result under test: ask who this is. */
	mov	r7, #__NR_gettid
	svc	#0
	ldr	r4, [sp, #LANDING_CALL]
	add	r5, r4, #CALL_SAVED_SP
	ldr	r6, [r5, #(CALL_PARENT_TID - CALL_SAVED_SP)]
	cmp	r0, r6
	bne	child

	add	r0, r4, #CALL_PARENT
	copy_frame
	ldr	r0, [r5, #(CALL_SAVED_URW - CALL_SAVED_SP)]
	set_tpidrurw r0
	ldr	r0, [r5, #(CALL_SAVED_FPSCR - CALL_SAVED_SP)]
	vmsr	fpscr, r0
	ldr	sp, [r5]
	vpop	{d8-d15}
	pop	{r4-r12, pc}

child:
	add	r0, r4, #CALL_CHILD
	copy_frame
	mov	r0, #0
	mov	r7, #__NR_exit
	svc	#0
	udf	#0
	.size	regs_call, . - regs_call

	.section .note.GNU-stack, "", %progbits
