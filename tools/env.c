// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/version.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "env.h"
#include "message.h"
#include "symbols.h"

int fw_env_open(struct fw_env *env, int *ksyms_error)
{
	struct fw_ksyms *ksyms = NULL;
	unsigned int major, minor;
	struct utsname name;

	if (uname(&name))
		return -errno;
	if (sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return -EINVAL;

	*env = (struct fw_env){
		.kernel = KERNEL_VERSION(major, minor, 0),
		.cpus = sysconf(_SC_NPROCESSORS_CONF),
		.page_size = sysconf(_SC_PAGESIZE),
	};
	snprintf(env->release, sizeof(env->release), "%s", name.release);
	snprintf(env->machine, sizeof(env->machine), "%.*s", (int)sizeof(env->machine) - 1,
		 name.machine);
	*ksyms_error = fw_ksyms_open(&ksyms, NULL);
	env->ksyms = ksyms;
	return 0;
}

void fw_env_warn(int ksyms_error)
{
	if (ksyms_error)
		fw_message("/proc/kallsyms: %s: kernel addresses have no names (they take "
			   "CAP_SYSLOG and sysctl kernel.kptr_restrict below 2)",
			   strerror(-ksyms_error));
}

void fw_env_hide(struct fw_env *env, const struct fw_addresses *addresses)
{
	if (env->ksyms)
		fw_ksyms_hide((struct fw_ksyms *)env->ksyms, addresses);
}

void fw_env_close(struct fw_env *env)
{
	fw_ksyms_close((struct fw_ksyms *)env->ksyms);
	env->ksyms = NULL;
}
