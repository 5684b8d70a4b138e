/* SPDX-License-Identifier: GPL-2.0-only */
/* What forkwatch_clone() is asked for, as its caller wrote it. */
#ifndef FW_CLONE_ARGS_H
#define FW_CLONE_ARGS_H

#include <linux/types.h>

#include "forkwatch.h"

/*
 * Copies the @size bytes at @from to @args, which is zeroed, and the pids that
 * those point at into @set_tid, which has room for MAX_PID_NS_LEVEL. Refuses
 * what kernel_clone() does not check by itself, with clone3()'s errno. Returns
 * 0, -EINVAL, -E2BIG or -EFAULT; @args has what was copied in any case. May sleep.
 */
int fw_clone_args_read(struct forkwatch_clone_args *args, pid_t *set_tid,
		       const void __user *from, size_t size);

#endif /* FW_CLONE_ARGS_H */
