/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What explains the time of some stages: how many files the current task has
 * open, and how many signals it handles. Includers need no type of these.
 */
#ifndef FW_STAGES_COUNT_BPF_H
#define FW_STAGES_COUNT_BPF_H

#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "core_compat.h"

#define BITS_PER_WORD	64
#define FD_WORDS	128	/* nobody counts the files where there may be more than 8192 */
#define SIGNALS		64

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct fdtable___counted {
	unsigned int max_fds;
	unsigned long *open_fds;
};

struct files_struct___counted {
	struct fdtable___counted *fdt;
};

/* The handler comes first. */
struct k_sigaction___counted {
	struct {
	} sa;
};

struct sighand_struct___counted {
	struct k_sigaction___counted action[SIGNALS];
};

struct task_struct___counted {
	struct files_struct___counted *files;
	struct sighand_struct___counted *sighand;
};

#pragma clang attribute pop

/* There is no instruction for it, and no library. */
static __always_inline __u32 count_bits(__u64 word)
{
	word -= word >> 1 & 0x5555555555555555;
	word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return word * 0x0101010101010101 >> 56;
}

/*
 * Both count in memory: of a number in a register the verifier knows how far it
 * may have got, and would go through what follows again for each turn of the loop.
 */

/* -1: there are too many to count. */
static __always_inline void count_fds(__s32 *count)
{
	struct task_struct___counted *task = (void *)bpf_get_current_task();
	struct fdtable___counted *table = BPF_CORE_READ(task, files, fdt);
	__u32 i, words = BPF_CORE_READ(table, max_fds) / BITS_PER_WORD;
	unsigned long *open = BPF_CORE_READ(table, open_fds), word;

	*count = words > FD_WORDS ? -1 : 0;
	if (words > FD_WORDS)
		return;
	for (i = 0; i < FD_WORDS; i++) {
		if (i >= words)
			break;
		if (!bpf_probe_read_kernel(&word, sizeof(word), open + i))
			*(volatile __s32 *)count += count_bits(word);
	}
}

/* SIG_DFL is 0, SIG_IGN 1. Without a branch, of which 64 would be too many. */
static __always_inline __s32 is_handler(__u64 handler)
{
	__u64 rest = handler >> 1;

	return (rest | -rest) >> 63;
}

static __always_inline __s32 count_direct(const struct sighand_struct___counted *sighand)
{
	const char *action = (const char *)sighand->action;
	__u32 i, size = bpf_core_type_size(struct k_sigaction___counted);
	__s32 count = 0;

	for (i = 0; i < SIGNALS; i++, action += size)
		count += is_handler(*(const volatile __u64 *)action);
	return count;
}

static __always_inline void count_probed(const struct task_struct___counted *task, __s32 *count)
{
	struct sighand_struct___counted *sighand = BPF_CORE_READ(task, sighand);
	__u64 action = (__u64)sighand +
		       bpf_core_field_offset(struct sighand_struct___counted, action);
	__u32 i, size = bpf_core_type_size(struct k_sigaction___counted);
	__u64 handler;

	*count = 0;
	for (i = 0; i < SIGNALS; i++, action += size) {
		if (!bpf_probe_read_kernel(&handler, sizeof(handler), (void *)action))
			*(volatile __s32 *)count += is_handler(handler);
	}
}

static __always_inline void count_handlers(__s32 *count)
{
	const struct task_struct___counted *task = current_task_btf();

	if (task)
		*count = count_direct(task->sighand);
	else
		count_probed((const void *)bpf_get_current_task(), count);
}

#endif /* FW_STAGES_COUNT_BPF_H */
