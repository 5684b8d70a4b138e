/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's tracepoints. Each has one argument, the event of the ABI; the
 * record that ftrace and perf keep of it has the same fields at the same
 * distances, generated from the same list. Attaching the first listener arms
 * the event's probe, detaching the last one disarms it (probes.c).
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM forkwatch

#if !defined(FW_EVENTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define FW_EVENTS_H

#include <linux/tracepoint.h>

#include "forkwatch.h"
#include "probes.h"
#include "trace_event.h"

FW_TRACE_EVENT(fork_enter,
	TP_printk("comm=%s clone_flags=%#llx stack=%#llx tls=%#llx fn=%pS syscall=%d pc=%#llx",
		  __entry->comm, __entry->clone_flags, __entry->stack, __entry->tls,
		  (void *)(uintptr_t)__entry->fn, __entry->regs.syscallno, __entry->regs.pc));

FW_TRACE_EVENT(copy_thread,
	TP_printk("result=%d x0=%#llx sp=%#llx pc=%#llx tp=%#llx context.pc=%pS context.sp=stack_top-%#llx",
		  __entry->result, __entry->regs_after.x[0], __entry->regs_after.sp,
		  __entry->regs_after.pc, __entry->tp_after,
		  (void *)(uintptr_t)__entry->context_after.pc,
		  __entry->stack_top - __entry->context_after.sp));

FW_TRACE_EVENT(fork_exit,
	TP_printk("result=%lld child_tid=%u child_tgid=%u exit_signal=%d",
		  __entry->result, __entry->child_tid, __entry->child_tgid,
		  __entry->exit_signal));

FW_TRACE_EVENT(fork_return,
	TP_printk("result=%lld took=%lluns", __entry->result,
		  __entry->hdr.time - __entry->enter_time));

FW_TRACE_EVENT(first_run,
	TP_printk("comm=%s lr=%pS x19=%#llx sp=stack_top-%#llx x0=%#llx prev_comm=%s prev_tid=%u prev_pc=%pS",
		  __entry->comm, (void *)(uintptr_t)__entry->lr, __entry->live.saved[0],
		  __entry->stack_top - __entry->live.sp, __entry->regs.x[0],
		  __entry->prev_comm, __entry->prev_tid,
		  (void *)(uintptr_t)__entry->prev_context.pc));

FW_TRACE_EVENT(tail_return,
	TP_printk("took=%lluns vpid=%u set_child_tid=%#llx tid_there=%d",
		  __entry->hdr.time - __entry->enter_time, __entry->vpid,
		  __entry->set_child_tid, __entry->tid_there));

FW_TRACE_EVENT(arch_state,
	TP_printk("has=%#x same=%#x tpidr2=%#llx->%#llx por=%#llx->%#llx svcr=%#llx->%#llx sve_vl=%u->%u flags=%#x->%#x",
		  __entry->has, __entry->same,
		  __entry->parent_state.tpidr2, __entry->child_state.tpidr2,
		  __entry->parent_state.por, __entry->child_state.por,
		  __entry->parent_state.svcr, __entry->child_state.svcr,
		  __entry->parent_state.sve_vl, __entry->child_state.sve_vl,
		  __entry->parent_state.flags, __entry->child_state.flags));

FW_TRACE_EVENT(clone3_return,
	TP_printk("comm=%s result=%d args=%#llx size=%llu read=%u clone_flags=%#llx exit_signal=%llu",
		  __entry->comm, __entry->result, __entry->args, __entry->args_size, __entry->read,
		  __entry->clone_flags, __entry->exit_signal));

FW_TRACE_EVENT(cpu_switch_to,
	TP_printk("prev_comm=%s prev_tid=%u next_comm=%s next_tid=%u next_pc=%pS",
		  __entry->prev_comm, __entry->prev_tid, __entry->next_comm, __entry->next_tid,
		  (void *)(uintptr_t)__entry->next_context.pc));

/* Sent by the clone path itself: there is nothing to arm. */
FW_TRACE_EVENT_FN(clone_call,
	TP_printk("call=%s nr=%d result=%d clone_flags=%#llx options=%#llx cookie=%#llx child_x0=%#llx",
		  __print_symbolic(__entry->call,
				   { FORKWATCH_CALL_FORK, "fork" },
				   { FORKWATCH_CALL_VFORK, "vfork" },
				   { FORKWATCH_CALL_CLONE, "forkwatch_clone" }),
		  __entry->nr, __entry->result, __entry->clone_flags, __entry->options,
		  __entry->cookie, __entry->child_x0),
	NULL, NULL);

#endif /* FW_EVENTS_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE events
#include <trace/define_trace.h>
