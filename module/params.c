// SPDX-License-Identifier: GPL-2.0-only
/* The read-only files in /sys/module/forkwatch/parameters. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/moduleparam.h>
#include <linux/mm.h>

#include "arch.h"
#include "clone.h"
#include "forkwatch.h"
#include "probes.h"
#include "stages.h"

/* insmod hands "name=value" to set() whatever the file's mode is. */
static int refuse(const char *value, const struct kernel_param *param)
{
	pr_err("parameter %s is read-only\n", param->name);
	return -EINVAL;
}

static int abi_get(char *buffer, const struct kernel_param *param)
{
	return scnprintf(buffer, PAGE_SIZE, "%d\n", FORKWATCH_ABI_VERSION);
}

static int probes_get(char *buffer, const struct kernel_param *param)
{
	int len = fw_probes_print(buffer, PAGE_SIZE);

	return len + fw_clone_print(buffer + len, PAGE_SIZE - len);
}

static int stages_get(char *buffer, const struct kernel_param *param)
{
	return fw_stages_print(buffer, PAGE_SIZE);
}

static int arch_get(char *buffer, const struct kernel_param *param)
{
	return fw_arch_print(buffer, PAGE_SIZE);
}

static const struct kernel_param_ops abi_ops = {
	.set = refuse,
	.get = abi_get,
};
module_param_cb(abi, &abi_ops, NULL, 0444);
MODULE_PARM_DESC(abi, "version of the events (read-only)");

static const struct kernel_param_ops probes_ops = {
	.set = refuse,
	.get = probes_get,
};
module_param_cb(probes, &probes_ops, NULL, 0444);
MODULE_PARM_DESC(probes, "each event's probe: symbol, state, hits that it missed, error (read-only)");

static const struct kernel_param_ops stages_ops = {
	.set = refuse,
	.get = stages_get,
};
module_param_cb(stages, &stages_ops, NULL, 0444);
MODULE_PARM_DESC(stages, "each stage's probe: state, error (read-only)");

/* Addresses, whatever kptr_restrict says: for root alone. */
static const struct kernel_param_ops arch_ops = {
	.set = refuse,
	.get = arch_get,
};
module_param_cb(arch, &arch_ops, NULL, 0400);
MODULE_PARM_DESC(arch, "the way into this kernel, as `forkwatch arch` shows it (read-only)");
