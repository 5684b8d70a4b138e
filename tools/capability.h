/* SPDX-License-Identifier: GPL-2.0-only */
/* What this process may do. */
#ifndef FW_CAPABILITY_H
#define FW_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

/* The effective set: bit CAP_* of it, as capabilities(7) numbers them. Returns 0 or -errno. */
int fw_capabilities(uint64_t *set);

/*
 * May kernel addresses be shown? CAP_SYSLOG may see them unless
 * kernel.kptr_restrict is 2; nobody, where that cannot be read.
 */
bool fw_addresses_allowed(void);

#endif
