// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of probes. A tracepoint's first listener arms its row and the last
 * one to leave disarms it: whoever dies or forgets, the kernel closes their
 * files and nothing stays in its text. The tracepoint code calls arm and disarm
 * under its mutex, which is all the locking there is. Events of one function
 * share its probe, since two in one place cost more than twice as much.
 *
 * Unloading while an event is enabled in tracefs: the module notifier disarms
 * after our exit function, so that nothing here may be torn down before it.
 * All of it is static.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "capture.h"
#include "compat.h"
#include "probes.h"
#include "state.h"
#include "step.h"
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

/* The functions that are probed, each by one probe for all its events. */
enum {
	SITE_COPY_PROCESS,
	SITE_COPY_THREAD,
	SITE_KERNEL_CLONE,
	SITE_SCHEDULE_TAIL,
	SITE_CLONE3,
	SITE_SWITCH_TO,
};

/* An event's part of a probe. */
struct probe {
	const char *event;
	unsigned int site;
	kprobe_pre_handler_t enter;		/* at each entry */
	kretprobe_handler_t enter_call;		/* at an entry whose return will be seen */
	kretprobe_handler_t leave;
	enum probe_state state;
	int error;
	unsigned long missed;			/* before it was armed the last time */
	unsigned long missed_site;		/* what the site had missed by then */
};

enum {
	PROBE_FORK_ENTER,
	PROBE_FORK_EXIT,
	PROBE_COPY_THREAD,
	PROBE_ARCH_STATE,
	PROBE_FORK_RETURN,
	PROBE_FIRST_RUN,
	PROBE_TAIL_RETURN,
	PROBE_CLONE3_RETURN,
	PROBE_CPU_SWITCH_TO,
};

static struct probe probes[] = {
	[PROBE_FORK_ENTER] = {
		.event = "fork_enter",
		.site = SITE_COPY_PROCESS,
		.enter = fw_fork_enter,
	},
	[PROBE_FORK_EXIT] = {
		.event = "fork_exit",
		.site = SITE_COPY_PROCESS,
		.leave = fw_fork_exit,
	},
	[PROBE_COPY_THREAD] = {
		.event = "copy_thread",
		.site = SITE_COPY_THREAD,
		.enter_call = fw_copy_thread_enter,
		.leave = fw_copy_thread_leave,
	},
	[PROBE_ARCH_STATE] = {
		.event = "arch_state",
		.site = SITE_COPY_THREAD,
		.enter_call = fw_arch_state_enter,
		.leave = fw_arch_state,
	},
	[PROBE_FORK_RETURN] = {
		.event = "fork_return",
		.site = SITE_KERNEL_CLONE,
		.enter_call = fw_kernel_clone_enter,
		.leave = fw_fork_return,
	},
	[PROBE_FIRST_RUN] = {
		.event = "first_run",
		.site = SITE_SCHEDULE_TAIL,
		.enter = fw_first_run,
	},
	[PROBE_TAIL_RETURN] = {
		.event = "tail_return",
		.site = SITE_SCHEDULE_TAIL,
		.enter_call = fw_schedule_tail_enter,
		.leave = fw_tail_return,
	},
	[PROBE_CLONE3_RETURN] = {
		.event = "clone3_return",
		.site = SITE_CLONE3,
		.enter_call = fw_clone3_enter,
		.leave = fw_clone3_return,
	},
	[PROBE_CPU_SWITCH_TO] = {
		.event = "cpu_switch_to",
		.site = SITE_SWITCH_TO,
		.enter = fw_cpu_switch_to,
	},
};

/*
 * A kretprobe where some event wants to know of the return, else a kprobe. @rp is filled
 * anew for each registration, since unregistering leaves its marks.
 */
struct site {
	const char *symbol;
	u32 *(*locate)(void);		/* NULL: at the start of @symbol */
	const struct probe *at_entry;	/* whom it concerns; NULL: nobody */
	const struct probe *at_return[FW_PROBE_RETURNS];
	size_t data_size;		/* 0: of no interest is when it returns */
	unsigned int armed;		/* so many of its probes */
	kprobe_pre_handler_t hook_return;	/* the kretprobe's own */
	struct kretprobe rp;
};

static struct site sites[] = {
	[SITE_COPY_PROCESS] = {
		.symbol = "copy_process",
		.at_entry = &probes[PROBE_FORK_ENTER],
		.at_return = { &probes[PROBE_FORK_EXIT] },
		.data_size = sizeof(struct fw_probe_call),
	},
	[SITE_COPY_THREAD] = {
		.symbol = "copy_thread",
		.at_return = { &probes[PROBE_COPY_THREAD], &probes[PROBE_ARCH_STATE] },
		.data_size = sizeof(struct fw_copy_thread_call),
	},
	[SITE_KERNEL_CLONE] = {
		.symbol = "kernel_clone",
		.at_return = { &probes[PROBE_FORK_RETURN] },
		.data_size = sizeof(struct fw_kernel_clone_call),
	},
	[SITE_SCHEDULE_TAIL] = {
		.symbol = "schedule_tail",
		.at_entry = &probes[PROBE_FIRST_RUN],
		.at_return = { &probes[PROBE_TAIL_RETURN] },
		.data_size = sizeof(struct fw_schedule_tail_call),
	},
	[SITE_CLONE3] = {
		.symbol = "__arm64_sys_clone3",
		.at_return = { &probes[PROBE_CLONE3_RETURN] },
		.data_size = sizeof(struct fw_clone3_call),
	},
	[SITE_SWITCH_TO] = {
		.symbol = "__switch_to",
		.locate = fw_switch_call,
		.at_entry = &probes[PROBE_CPU_SWITCH_TO],
	},
};

/*
 * The handlers of all sites.
 */
static bool is_armed(const struct probe *probe)
{
	return probe && READ_ONCE(probe->state) == PROBE_ARMED;
}
NOKPROBE_SYMBOL(is_armed);

/* Also where no return can be seen, for want of instances. */
static int on_entry(struct kprobe *kp, struct pt_regs *regs)
{
	const struct site *site = container_of(kp, struct site, rp.kp);

	if (is_armed(site->at_entry))
		site->at_entry->enter(kp, regs);
	if (site->hook_return)
		site->hook_return(kp, regs);
	return fw_step_over(kp, regs);
}
NOKPROBE_SYMBOL(on_entry);

static int on_call(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct kretprobe *rp = fw_kretprobe(ri);
	struct fw_probe_call *call = (void *)ri->data;
	const struct site *site;
	int i;

	if (!rp)
		return 1;
	site = container_of(rp, struct site, rp);
	for (i = 0; i < FW_PROBE_RETURNS; i++) {
		const struct probe *probe = site->at_return[i];

		call->armed[i] = is_armed(probe);
		if (call->armed[i] && probe->enter_call)
			probe->enter_call(ri, regs);
	}
	return 0;
}
NOKPROBE_SYMBOL(on_call);

/* An event that was armed since knows nothing of this call. */
static int on_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct kretprobe *rp = fw_kretprobe(ri);
	const struct fw_probe_call *call = (void *)ri->data;
	const struct site *site;
	int i;

	/* It is being taken away. */
	if (!rp)
		return 0;
	site = container_of(rp, struct site, rp);
	for (i = 0; i < FW_PROBE_RETURNS; i++)
		if (call->armed[i] && is_armed(site->at_return[i]))
			site->at_return[i]->leave(ri, regs);
	return 0;
}
NOKPROBE_SYMBOL(on_return);

/*
 * Arming.
 */
static unsigned long missed_of(const struct probe *probe)
{
	const struct kretprobe *rp = &sites[probe->site].rp;

	return READ_ONCE(rp->kp.nmissed) + (probe->leave ? READ_ONCE(rp->nmissed) : 0);
}

static unsigned long missed_now(const struct probe *probe)
{
	return probe->state == PROBE_ARMED ? missed_of(probe) - probe->missed_site : 0;
}

static int register_return(struct site *site)
{
	struct kretprobe *rp = &site->rp;

	rp->entry_handler = on_call;
	rp->handler = on_return;
	rp->data_size = site->data_size;
	return fw_register_kretprobe(rp, maxactive, MAXACTIVE_LIMIT, on_entry, &site->hook_return);
}

static int register_site(struct site *site)
{
	struct kprobe *kp = &site->rp.kp;

	memset(&site->rp, 0, sizeof(site->rp));
	if (site->locate) {
		kp->addr = (kprobe_opcode_t *)site->locate();
		if (!kp->addr)
			return -ENOENT;
	} else {
		kp->symbol_name = site->symbol;
	}
	if (site->data_size)
		return register_return(site);
	kp->pre_handler = on_entry;
	return register_kprobe(kp);
}

static void unregister_site(struct site *site)
{
	if (site->data_size)
		unregister_kretprobe(&site->rp);
	else
		unregister_kprobe(&site->rp.kp);
}

static int arm(struct probe *probe)
{
	struct site *site = &sites[probe->site];
	int err = site->armed ? 0 : register_site(site);

	probe->error = err;
	if (err) {
		probe->state = PROBE_REFUSED;
		pr_warn("event %s: no probe on %s: error %d\n", probe->event, site->symbol, err);
		return err;
	}
	site->armed++;
	probe->missed_site = missed_of(probe);
	WRITE_ONCE(probe->state, PROBE_ARMED);
	return 0;
}

static void disarm(struct probe *probe)
{
	struct site *site = &sites[probe->site];

	if (probe->state != PROBE_ARMED)
		return;
	WRITE_ONCE(probe->state, PROBE_IDLE);
	site->armed--;
	if (!site->armed)
		unregister_site(site);
	probe->missed += missed_of(probe) - probe->missed_site;
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
				 probes[i].event, sites[probes[i].site].symbol,
				 state_names[probes[i].state],
				 probes[i].missed + missed_now(&probes[i]), probes[i].error);
	return len;
}
