/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracepoints of the stages. A system of their own: who enables all that is in
 * `forkwatch` does not mean fifty functions more.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM forkwatch_stages

#if !defined(FW_STAGE_EVENTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define FW_STAGE_EVENTS_H

#include <linux/tracepoint.h>

#include "stage_list.h"
#include "stages.h"
#include "trace_event.h"

#define FW_STAGE_PRINT								\
	TP_printk("stage=%u result=%d took=%lluns", __entry->stage, __entry->result,	\
		  __entry->leave ? __entry->leave - __entry->enter : 0)

FW_TRACE_EVENT(stage_core, FW_STAGE_PRINT);
FW_TRACE_EVENT(stage_more, FW_STAGE_PRINT);

#endif /* FW_STAGE_EVENTS_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE stage_events
#include <trace/define_trace.h>
