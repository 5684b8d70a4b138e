// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capability.h"

int fw_capabilities(uint64_t *set)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return -errno;
	*set = (uint64_t)data[1].effective << 32 | data[0].effective;
	return 0;
}

bool fw_addresses_allowed(void)
{
	FILE *file = fopen("/proc/sys/kernel/kptr_restrict", "re");
	int restricted = 2;
	uint64_t set = 0;

	if (!file)
		return false;
	if (fscanf(file, "%d", &restricted) != 1)
		restricted = 2;
	fclose(file);
	return restricted < 2 && !fw_capabilities(&set) && set & 1ULL << CAP_SYSLOG;
}
