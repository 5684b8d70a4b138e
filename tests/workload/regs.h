/* SPDX-License-Identifier: GPL-2.0-only */
/* What regs.S and regs.c share: where each register of one side is kept. */
#ifndef WORKLOAD_REGS_H
#define WORKLOAD_REGS_H

#define FRAME_X		0
#define FRAME_SP	248
#define FRAME_NZCV	256
#define FRAME_TPIDR	264
#define FRAME_FPCR	272
#define FRAME_FPSR	280
#define FRAME_V		288
#define FRAME_SIZE	800

#define LANDING_CALL	FRAME_SIZE
#define LANDING_SIZE	(FRAME_SIZE + 16)

#define CALL_SET	0
#define CALL_PARENT	FRAME_SIZE
#define CALL_CHILD	(2 * FRAME_SIZE)
#define CALL_SAVED_X	(3 * FRAME_SIZE)
#define CALL_SAVED_D	(CALL_SAVED_X + 12 * 8)
#define CALL_SAVED_SP	(CALL_SAVED_D + 8 * 8)
#define CALL_SAVED_TPIDR (CALL_SAVED_SP + 8)
#define CALL_SAVED_FPCR	(CALL_SAVED_SP + 16)
#define CALL_SAVED_FPSR	(CALL_SAVED_SP + 24)
#define CALL_PARENT_TID	(CALL_SAVED_SP + 32)

#ifndef __ASSEMBLER__
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* The registers of one side at one moment. */
struct frame {
	uint64_t x[31];
	uint64_t sp;
	uint64_t nzcv;
	uint64_t tpidr;
	uint64_t fpcr;
	uint64_t fpsr;
	uint64_t v[32][2];	/* low half first */
};

/*
 * What sp points to across the svc. Every other register is under test, so
 * sp is the one base that either side can store to; what lies below it is
 * left alone, and a child that shares it (vfork) runs while the parent waits.
 */
struct landing {
	struct frame frame;
	struct call *call;
	uint64_t pad;
};

/* One system call, in memory that both sides share. */
struct call {
	struct frame set;	/* loaded just before the svc */
	struct frame parent;	/* found just after it */
	struct frame child;
	uint64_t saved_x[12];	/* the caller's x19..x30, d8..d15 and so on */
	uint64_t saved_d[8];
	uint64_t saved_sp;
	uint64_t saved_tpidr;
	uint64_t saved_fpcr;
	uint64_t saved_fpsr;
	uint32_t parent_tid;	/* tells the sides apart, whatever their x0 is */
	uint32_t ptid;		/* for CLONE_PARENT_SETTID */
	uint32_t ctid;		/* for CLONE_CHILD_CLEARTID */
};

static_assert(offsetof(struct frame, sp) == FRAME_SP, "sp");
static_assert(offsetof(struct frame, nzcv) == FRAME_NZCV, "nzcv");
static_assert(offsetof(struct frame, tpidr) == FRAME_TPIDR, "tpidr");
static_assert(offsetof(struct frame, fpcr) == FRAME_FPCR, "fpcr");
static_assert(offsetof(struct frame, fpsr) == FRAME_FPSR, "fpsr");
static_assert(offsetof(struct frame, v) == FRAME_V, "v");
static_assert(sizeof(struct frame) == FRAME_SIZE, "frame");
static_assert(offsetof(struct landing, call) == LANDING_CALL, "landing.call");
static_assert(sizeof(struct landing) == LANDING_SIZE, "landing");
static_assert(offsetof(struct call, parent) == CALL_PARENT, "parent");
static_assert(offsetof(struct call, child) == CALL_CHILD, "child");
static_assert(offsetof(struct call, saved_x) == CALL_SAVED_X, "saved_x");
static_assert(offsetof(struct call, saved_d) == CALL_SAVED_D, "saved_d");
static_assert(offsetof(struct call, saved_sp) == CALL_SAVED_SP, "saved_sp");
static_assert(offsetof(struct call, saved_tpidr) == CALL_SAVED_TPIDR, "saved_tpidr");
static_assert(offsetof(struct call, saved_fpcr) == CALL_SAVED_FPCR, "saved_fpcr");
static_assert(offsetof(struct call, saved_fpsr) == CALL_SAVED_FPSR, "saved_fpsr");
static_assert(offsetof(struct call, parent_tid) == CALL_PARENT_TID, "parent_tid");

/*
 * Loads call->set, makes the system call and stores what each side finds.
 * Returns in the parent alone, with its own registers back; the child exits
 * with status 0. call->set.sp, and the stack that the call itself asks for,
 * must point to a struct landing whose call is @call.
 */
void regs_call(struct call *call);

extern const char regs_svc_return[];	/* the address after the svc */
#endif

#endif
