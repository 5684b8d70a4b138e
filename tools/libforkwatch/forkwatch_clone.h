/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libforkwatch: fork(), vfork() and forkwatch_clone() by the numbers that the
 * module forkwatch serves. See libforkwatch(3).
 *
 * All of them return like libc's: the child's pid in the parent, 0 in the
 * child, -1 and errno on failure. ENOSYS: nobody serves the number for this
 * task; fw_clone_why() finds out why.
 *
 * The kernel is asked and nobody else: what libc does around its own fork
 * (pthread_atfork(), locks, the cached tid) is left out, as with _Fork(3).
 */
#ifndef FORKWATCH_CLONE_H
#define FORKWATCH_CLONE_H

#include <stddef.h>
#include <sys/types.h>

#include "forkwatch.h"

#ifdef __cplusplus
extern "C" {
#endif

pid_t fw_fork(void);

/* The parent waits for its child's exec or _exit, and its memory is the child's until then. */
pid_t fw_vfork(void) __attribute__((returns_twice));

/*
 * @args is of @size bytes, sizeof(*args). With a stack and @fn, the child calls
 * fn(arg) on that stack and ends with what it returns; it never comes back
 * from here. Without either, both come back, the child with 0, or what
 * FORKWATCH_CLONE_CHILD_X0 asked for. EINVAL: one without the other; or neither
 * of them, and CLONE_VM without CLONE_VFORK: both would run on one stack at the
 * same time.
 */
long fw_clone(const struct forkwatch_clone_args *args, size_t size, int (*fn)(void *arg),
	      void *arg) __attribute__((returns_twice));

/* The numbers to call by, where the module was given others than forkwatch.h says. */
void fw_clone_set_numbers(int nr_fork, int nr_vfork, int nr_clone);

/*
 * Sets them to those that the loaded module serves. Returns 0, or -1 and errno:
 * ENOENT, the module is not loaded; ENOTSUP, it was told not to serve any.
 */
int fw_clone_find_numbers(void);

/*
 * Writes what errno @error of a call from here means and what to do next, as
 * one line without its end. Returns @buf.
 */
char *fw_clone_why(int error, char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* FORKWATCH_CLONE_H */
