/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the events of the module are handed on. Each has two programs, of which the
 * tool loads one: the plain one reads the event where it lies, as the kernel lets
 * it if the module said that the event is so long; cut_NAME gets a copy of what
 * there is, be the event longer or shorter than ours.
 */
#ifndef FW_FORWARD_BPF_H
#define FW_FORWARD_BPF_H

#include "ring.bpf.h"

#define MODULE_PROGRAMS(name)							\
SEC("raw_tp.w/" #name)								\
int on_##name(const volatile __u64 *ctx)					\
{										\
	return take_##name(ctx, true);						\
}										\
										\
SEC("raw_tp/" #name)								\
int cut_##name(const volatile __u64 *ctx)					\
{										\
	return take_##name(ctx, false);						\
}

/*
 * A field of the event of @type that is the first argument. That is taken from
 * @ctx each time, since a pointer to it must not be kept on the stack.
 */
#define FIELD(ctx, direct, type, field)						\
({										\
	const struct type *event_ = (const void *)*(ctx);			\
	typeof(((struct type *)0)->field) value_ = 0;				\
										\
	if (direct)								\
		value_ = *(const volatile typeof(value_) *)&event_->field;	\
	else									\
		bpf_probe_read_kernel(&value_, sizeof(value_), &event_->field);	\
	value_;									\
})

/* A loop that is unrolled: 8 bytes each, and no call. */
static __always_inline void copy_direct(__u64 *to, const volatile __u64 *from, const __u32 size)
{
	__u32 i;

#pragma unroll
	for (i = 0; i < size / sizeof(*to); i++)
		to[i] = from[i];
}

/* Returns how long the copy is. */
static __always_inline __u16 copy_event(void *to, const volatile __u64 *ctx, const __u32 size,
					const bool direct)
{
	__u16 sent = FIELD(ctx, direct, forkwatch_header, size);

	if (sent > size)
		sent = size;
	if (direct)
		copy_direct(to, (const void *)*ctx, size);
	else
		bpf_probe_read_kernel(to, sent, (const void *)*ctx);
	return sent;
}

/*
 * Hands on the event of @size bytes; of a shorter one, the tail is left as it is.
 * false: there is no room for it.
 */
static __always_inline bool forward(const volatile __u64 *ctx, const __u32 size, const bool direct,
				    __u8 *task, bool wake)
{
	struct forkwatch_header *copy;
	__u64 seq;

	copy = reserve(size, &seq, task);
	if (!copy)
		return false;
	copy->size = copy_event(copy, ctx, size, direct);
	copy->seq = seq;
	submit(copy, wake);
	return true;
}

#endif /* FW_FORWARD_BPF_H */
