/* SPDX-License-Identifier: GPL-2.0-only */
/* What regs.S and regs.c share: where each register of one side is kept. */
#ifndef WORKLOAD_AARCH32_REGS_H
#define WORKLOAD_AARCH32_REGS_H

#define FRAME_R		0
#define FRAME_SP	52
#define FRAME_LR	56
#define FRAME_APSR	60
#define FRAME_FPSCR	64
#define FRAME_TPIDRURW	68
#define FRAME_TPIDRURO	72
#define FRAME_D		80
#define FRAME_SIZE	336

#define LANDING_CALL	FRAME_SIZE
#define LANDING_SIZE	(FRAME_SIZE + 16)

#define CALL_SET	0
#define CALL_PARENT	FRAME_SIZE
#define CALL_CHILD	(2 * FRAME_SIZE)
#define CALL_SAVED_SP	(3 * FRAME_SIZE)
#define CALL_SAVED_URW	(CALL_SAVED_SP + 4)
#define CALL_SAVED_FPSCR (CALL_SAVED_SP + 8)
#define CALL_PARENT_TID	(CALL_SAVED_SP + 12)

/* What a program can see of the CPSR: N Z C V Q, GE. */
#define APSR_MASK	0xf80f0000

#ifndef __ASSEMBLER__
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define NR_R	15		/* r13 is sp, r14 is lr */
#define NR_D	32

/* The registers of one side at one moment. */
struct frame {
	uint32_t r[NR_R];
	uint32_t apsr;
	uint32_t fpscr;
	uint32_t tpidrurw;	/* tpidr_el0: the program's own */
	uint32_t tpidruro;	/* tpidrro_el0: where set_tls() and CLONE_SETTLS go */
	uint32_t pad;
	uint64_t d[NR_D];
};

/*
 * What sp points to across the svc. Every other register is under test, so
 * sp is the one base that either side can store to; what lies below it is
 * left alone, and a child that shares it (vfork) runs while the parent waits.
 */
struct landing {
	struct frame frame;
	struct call *call;
	uint32_t pad[3];
};

/* One system call, in memory that both sides share. */
struct call {
	struct frame set;	/* loaded just before the svc */
	struct frame parent;	/* found just after it */
	struct frame child;
	uint32_t saved_sp;	/* the caller's */
	uint32_t saved_tpidrurw;
	uint32_t saved_fpscr;
	uint32_t parent_tid;	/* tells the sides apart, whatever their r0 is */
	uint32_t ptid;		/* for CLONE_PARENT_SETTID */
	uint32_t ctid;		/* for CLONE_CHILD_CLEARTID */
};

static_assert(offsetof(struct frame, r[13]) == FRAME_SP, "sp");
static_assert(offsetof(struct frame, r[14]) == FRAME_LR, "lr");
static_assert(offsetof(struct frame, apsr) == FRAME_APSR, "apsr");
static_assert(offsetof(struct frame, fpscr) == FRAME_FPSCR, "fpscr");
static_assert(offsetof(struct frame, tpidrurw) == FRAME_TPIDRURW, "tpidrurw");
static_assert(offsetof(struct frame, tpidruro) == FRAME_TPIDRURO, "tpidruro");
static_assert(offsetof(struct frame, d) == FRAME_D, "d");
static_assert(sizeof(struct frame) == FRAME_SIZE, "frame");
static_assert(offsetof(struct landing, call) == LANDING_CALL, "landing.call");
static_assert(sizeof(struct landing) == LANDING_SIZE, "landing");
static_assert(offsetof(struct call, parent) == CALL_PARENT, "parent");
static_assert(offsetof(struct call, child) == CALL_CHILD, "child");
static_assert(offsetof(struct call, saved_sp) == CALL_SAVED_SP, "saved_sp");
static_assert(offsetof(struct call, saved_tpidrurw) == CALL_SAVED_URW, "saved_tpidrurw");
static_assert(offsetof(struct call, saved_fpscr) == CALL_SAVED_FPSCR, "saved_fpscr");
static_assert(offsetof(struct call, parent_tid) == CALL_PARENT_TID, "parent_tid");

/*
 * Loads call->set, makes the system call and stores what each side finds.
 * Returns in the parent alone, with its own registers back; the child exits
 * with status 0. call->set's sp, and the stack that the call itself asks for,
 * must point to a struct landing whose call is @call.
 */
void regs_call(struct call *call);

extern const char regs_svc_return[];	/* the address after the svc */
#endif

#endif
