/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * FW_TRACE_EVENT(name, print): a tracepoint with an event of the ABI, or one like that, as
 * its argument. For headers that define tracepoints and are read several times, and this
 * one with them.
 */

#define FW_ASSIGN_F(type, name)		__entry->name = event->name;
#define FW_ASSIGN_A(type, name, n)	memcpy(__entry->name, event->name, sizeof(event->name));
#define FW_ASSIGN_S(type, name)		__entry->name = event->name;

#define FW_TRACE_EVENT(name, print)						\
	FW_TRACE_EVENT_FN(name, PARAMS(print), fw_##name##_arm, fw_##name##_disarm)

#define FW_PROTO(name)	TP_PROTO(const struct forkwatch_##name *event)

#define FW_ENTRY(name)								\
	TP_STRUCT__entry(							\
		__field_struct(struct forkwatch_header, hdr)			\
		FORKWATCH_FIELDS_##name(__field, __array, __field_struct)	\
	)

#define FW_ASSIGN(name)								\
	TP_fast_assign(								\
		__entry->hdr = event->hdr;					\
		FORKWATCH_FIELDS_##name(FW_ASSIGN_F, FW_ASSIGN_A, FW_ASSIGN_S)	\
	)

/*
 * The last time that this header is read, for BPF, the kernel is told how long
 * the event is. Programs of the type for writable events may then read it with
 * plain loads, a tenth of what a copy by bpf_probe_read_kernel() takes.
 */
#undef FW_TRACE_EVENT_FN
#if defined(DEFINE_EVENT_WRITABLE) && !defined(FORKWATCH_TEST_OPAQUE)
#define FW_TRACE_EVENT_FN(name, print, arm, disarm)				\
	DECLARE_EVENT_CLASS(name, PARAMS(FW_PROTO(name)), TP_ARGS(event),	\
			    PARAMS(FW_ENTRY(name)), PARAMS(FW_ASSIGN(name)), PARAMS(print)) \
	DEFINE_EVENT_WRITABLE(name, name, PARAMS(FW_PROTO(name)), TP_ARGS(event), \
			      sizeof(struct forkwatch_##name))
#else
#define FW_TRACE_EVENT_FN(name, print, arm, disarm)				\
	TRACE_EVENT_FN(name, FW_PROTO(name), TP_ARGS(event), FW_ENTRY(name), FW_ASSIGN(name), \
		       PARAMS(print), arm, disarm)
#endif
