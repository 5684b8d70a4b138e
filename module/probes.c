// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of probes. A tracepoint's first listener arms its row and the last
 * one to leave disarms it: whoever dies or forgets, the kernel closes their
 * files and nothing stays in its text. The tracepoint code calls arm and disarm
 * under its mutex, which is all the locking there is.
 *
 * Unloading while an event is enabled in tracefs: the module notifier disarms
 * after our exit function, so that nothing here may be torn down before it.
 * All of it is static.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "capture.h"
#include "probes.h"
#include "state.h"
#include "symbols.h"

/*
 * copy_process() and kernel_clone() sleep, the latter for as long as a vfork
 * child runs; each sleeper holds an instance of the kretprobe.
 */
static unsigned int maxactive = 1024;
module_param(maxactive, uint, 0444);
MODULE_PARM_DESC(maxactive, "forks in flight that can be followed at once (default 1024, at most 65536)");

#define MAXACTIVE_LIMIT	65536U

enum probe_state {
	PROBE_IDLE,
	PROBE_ARMED,
	PROBE_REFUSED,
};

static const char * const state_names[] = {
	[PROBE_IDLE] = "idle",
	[PROBE_ARMED] = "armed",
	[PROBE_REFUSED] = "refused",
};

/*
 * One probe. A row with @leave is a kretprobe, with @enter_call at the entry;
 * one without is a kprobe. @rp is filled anew for each registration, since
 * unregistering leaves its marks; @missed keeps the sum of those before.
 */
struct probe {
	const char *event;
	const char *symbol;
	kprobe_pre_handler_t enter;
	kretprobe_handler_t enter_call;
	kretprobe_handler_t leave;
	size_t data_size;
	u32 *(*locate)(void);		/* NULL: at the start of @symbol */
	enum probe_state state;
	int error;
	unsigned long missed;
	struct kretprobe rp;
};

enum {
	PROBE_FORK_ENTER,
	PROBE_COPY_THREAD,
	PROBE_FORK_EXIT,
	PROBE_FORK_RETURN,
	PROBE_FIRST_RUN,
	PROBE_TAIL_RETURN,
	PROBE_ARCH_STATE,
	PROBE_CLONE3_RETURN,
	PROBE_CPU_SWITCH_TO,
};

static struct probe probes[] = {
	[PROBE_FORK_ENTER] = {
		.event = "fork_enter",
		.symbol = "copy_process",
		.enter = fw_fork_enter,
	},
	[PROBE_COPY_THREAD] = {
		.event = "copy_thread",
		.symbol = "copy_thread",
		.enter_call = fw_copy_thread_enter,
		.leave = fw_copy_thread_leave,
		.data_size = sizeof(struct fw_copy_thread_call),
	},
	[PROBE_FORK_EXIT] = {
		.event = "fork_exit",
		.symbol = "copy_process",
		.leave = fw_fork_exit,
	},
	[PROBE_FORK_RETURN] = {
		.event = "fork_return",
		.symbol = "kernel_clone",
		.enter_call = fw_kernel_clone_enter,
		.leave = fw_fork_return,
		.data_size = sizeof(struct fw_kernel_clone_call),
	},
	[PROBE_FIRST_RUN] = {
		.event = "first_run",
		.symbol = "schedule_tail",
		.enter = fw_first_run,
	},
	[PROBE_TAIL_RETURN] = {
		.event = "tail_return",
		.symbol = "schedule_tail",
		.enter_call = fw_schedule_tail_enter,
		.leave = fw_tail_return,
		.data_size = sizeof(struct fw_schedule_tail_call),
	},
	[PROBE_ARCH_STATE] = {
		.event = "arch_state",
		.symbol = "copy_thread",
		.enter_call = fw_arch_state_enter,
		.leave = fw_arch_state,
		.data_size = sizeof(struct fw_arch_state_call),
	},
	[PROBE_CLONE3_RETURN] = {
		.event = "clone3_return",
		.symbol = "__arm64_sys_clone3",
		.enter_call = fw_clone3_enter,
		.leave = fw_clone3_return,
		.data_size = sizeof(struct fw_clone3_call),
	},
	[PROBE_CPU_SWITCH_TO] = {
		.event = "cpu_switch_to",
		.symbol = "__switch_to",
		.locate = fw_switch_call,
		.enter = fw_cpu_switch_to,
	},
};

static unsigned long missed_now(const struct probe *probe)
{
	if (probe->state != PROBE_ARMED)
		return 0;
	return READ_ONCE(probe->rp.kp.nmissed) + READ_ONCE(probe->rp.nmissed);
}

static int register_probe(struct probe *probe)
{
	struct kretprobe *rp = &probe->rp;

	memset(rp, 0, sizeof(*rp));
	if (probe->locate) {
		rp->kp.addr = (kprobe_opcode_t *)probe->locate();
		if (!rp->kp.addr)
			return -ENOENT;
	} else {
		rp->kp.symbol_name = probe->symbol;
	}

	if (!probe->leave) {
		rp->kp.pre_handler = probe->enter;
		return register_kprobe(&rp->kp);
	}
	rp->entry_handler = probe->enter_call;
	rp->handler = probe->leave;
	rp->data_size = probe->data_size;
	rp->maxactive = clamp(maxactive, 2 * num_possible_cpus(), MAXACTIVE_LIMIT);
	return register_kretprobe(rp);
}

static int arm(struct probe *probe)
{
	int err = register_probe(probe);

	probe->error = err;
	probe->state = err ? PROBE_REFUSED : PROBE_ARMED;
	if (err)
		pr_warn("event %s: no probe on %s: error %d\n",
			probe->event, probe->symbol, err);
	return err;
}

static void disarm(struct probe *probe)
{
	if (probe->state != PROBE_ARMED)
		return;
	if (probe->leave)
		unregister_kretprobe(&probe->rp);
	else
		unregister_kprobe(&probe->rp.kp);
	probe->missed += missed_now(probe);
	probe->state = PROBE_IDLE;
}

#define FW_PROBE_DEFINE(name, index)		\
	int fw_##name##_arm(void)		\
	{					\
		return arm(&probes[index]);	\
	}					\
						\
	void fw_##name##_disarm(void)		\
	{					\
		disarm(&probes[index]);		\
	}

FW_PROBE_DEFINE(fork_enter, PROBE_FORK_ENTER)
FW_PROBE_DEFINE(copy_thread, PROBE_COPY_THREAD)
FW_PROBE_DEFINE(fork_exit, PROBE_FORK_EXIT)
FW_PROBE_DEFINE(fork_return, PROBE_FORK_RETURN)
FW_PROBE_DEFINE(first_run, PROBE_FIRST_RUN)
FW_PROBE_DEFINE(tail_return, PROBE_TAIL_RETURN)
FW_PROBE_DEFINE(arch_state, PROBE_ARCH_STATE)
FW_PROBE_DEFINE(clone3_return, PROBE_CLONE3_RETURN)
FW_PROBE_DEFINE(cpu_switch_to, PROBE_CPU_SWITCH_TO)

int fw_probes_print(char *buffer, size_t size)
{
	int len, i;

	len = scnprintf(buffer, size, "# event symbol state missed error\n");
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		len += scnprintf(buffer + len, size - len, "%s %s %s %lu %d\n",
				 probes[i].event, probes[i].symbol,
				 state_names[probes[i].state],
				 probes[i].missed + missed_now(&probes[i]), probes[i].error);
	return len;
}
