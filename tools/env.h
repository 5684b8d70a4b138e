/* SPDX-License-Identifier: GPL-2.0-only */
/* What this machine is: the struct fw_env of a live trace. */
#ifndef FW_ENV_H
#define FW_ENV_H

#include "addresses.h"
#include "fork.h"

/*
 * Fills @env. Kernel symbols are left out where the kernel hides them; their
 * error (-errno, 0 if they are there) goes to @ksyms_error. Returns 0 or -errno.
 */
int fw_env_open(struct fw_env *env, int *ksyms_error);
/* Says on stderr why kernel addresses have no names; nothing if @ksyms_error is 0. */
void fw_env_warn(int ksyms_error);
/* Its symbols are those of what @addresses shows. */
void fw_env_hide(struct fw_env *env, const struct fw_addresses *addresses);
void fw_env_close(struct fw_env *env);

#endif
