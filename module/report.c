// SPDX-License-Identifier: GPL-2.0-only
/*
 * forkwatch_clone()'s view of its own fork. It takes no probe of its own: the
 * kernel's tracepoints task_newtask, at the end of copy_process(), and
 * sched_wakeup_new, in wake_up_new_task(), both run in the parent while the
 * child stands still. They are attached only while such a call is in flight.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <linux/user_namespace.h>

#include <trace/events/sched.h>
#include <trace/events/task.h>

#include "capture.h"
#include "compat.h"
#include "report.h"

static LIST_HEAD(calls);
static DEFINE_RAW_SPINLOCK(calls_lock);

static DEFINE_MUTEX(hooks_lock);
static unsigned int hooks_users;

static struct fw_call *find_call(const struct task_struct *parent)
{
	struct fw_call *call;

	list_for_each_entry(call, &calls, list)
		if (call->parent == parent)
			return call;
	return NULL;
}

/* The child is complete and cannot run: this is the last moment to look at it, or to touch it. */
static void see_child(struct fw_call *call, struct task_struct *child)
{
	call->child = child;
	if (call->set_child_x0)
		fw_set_child_x0(child, call->child_x0);
	fw_fill_report(&call->report, child);
}

static void on_task_newtask(void *data, struct task_struct *child, FW_TASK_NEWTASK_FLAGS flags)
{
	struct fw_call *call;
	unsigned long irq;

	raw_spin_lock_irqsave(&calls_lock, irq);
	call = find_call(current);
	if (call && !call->child) {
		call->report.copied = ktime_get_mono_fast_ns();
		see_child(call, child);
	}
	raw_spin_unlock_irqrestore(&calls_lock, irq);
}

static void on_wakeup_new(void *data, struct task_struct *child)
{
	struct fw_call *call;
	unsigned long irq;

	raw_spin_lock_irqsave(&calls_lock, irq);
	call = find_call(current);
	if (call && call->child == child)
		call->report.woken = ktime_get_mono_fast_ns();
	raw_spin_unlock_irqrestore(&calls_lock, irq);
}

/* The kernel exports neither tracepoint by name; every tracepoint can be found by walking them. */
static struct hook {
	const char *name;
	void *probe;
	struct tracepoint *tp;
} hooks[] = {
	{ .name = "task_newtask", .probe = on_task_newtask },
	{ .name = "sched_wakeup_new", .probe = on_wakeup_new },
};

static void match_hook(struct tracepoint *tp, void *priv)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (!strcmp(tp->name, hooks[i].name))
			hooks[i].tp = tp;
}

int fw_report_init(void)
{
	int i;

	/* The kernel's own headers say what these two are called with. */
	check_trace_callback_type_task_newtask(on_task_newtask);
	check_trace_callback_type_sched_wakeup_new(on_wakeup_new);

	for_each_kernel_tracepoint(match_hook, NULL);
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (!hooks[i].tp) {
			pr_err("this kernel has no tracepoint %s; load with clone_path=0\n",
			       hooks[i].name);
			return -ENOENT;
		}
	}
	return 0;
}

static void unhook(int count)
{
	while (count-- > 0)
		tracepoint_probe_unregister(hooks[count].tp, hooks[count].probe, NULL);
}

static int hook_all(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		err = tracepoint_probe_register(hooks[i].tp, hooks[i].probe, NULL);
		if (err) {
			unhook(i);
			return err;
		}
	}
	return 0;
}

int fw_report_begin(struct fw_call *call)
{
	int err = 0;

	mutex_lock(&hooks_lock);
	if (!hooks_users)
		err = hook_all();
	if (!err)
		hooks_users++;
	mutex_unlock(&hooks_lock);
	if (err)
		return err;

	call->parent = current;
	raw_spin_lock_irq(&calls_lock);
	list_add(&call->list, &calls);
	raw_spin_unlock_irq(&calls_lock);
	return 0;
}

void fw_report_end(struct fw_call *call)
{
	raw_spin_lock_irq(&calls_lock);
	list_del(&call->list);
	raw_spin_unlock_irq(&calls_lock);

	mutex_lock(&hooks_lock);
	if (!--hooks_users)
		unhook(ARRAY_SIZE(hooks));
	mutex_unlock(&hooks_lock);
}

/*
 * kptr_restrict is not exported, but %pK obeys it: it prints zeros to those
 * who may not see addresses, and to everyone at 2. At 0 it hashes, which says
 * nothing of the caller; CAP_SYSLOG is asked for in any case.
 */
static bool may_see_addresses(void)
{
	char shown[2 * sizeof(void *) + 3];

	if (!ns_capable_noaudit(&init_user_ns, CAP_SYSLOG))
		return false;
	snprintf(shown, sizeof(shown), "%pK", hooks);
	return strspn(shown, "0") != strlen(shown);
}

/* (sprint_symbol() and its like would write beyond @context_pc_symbol.) */
static void name_pc(struct forkwatch_clone_report *report)
{
	char *name = report->context_pc_symbol;

	snprintf(name, sizeof(report->context_pc_symbol), "%pS", (void *)report->context.pc);
	name[strcspn(name, "/")] = '\0';	/* the function's size */
}

void fw_report_redact(struct forkwatch_clone_report *report)
{
	if (report->stack_bytes)
		name_pc(report);
	if (may_see_addresses()) {
		report->flags |= FORKWATCH_REPORT_ADDRESSES;
		return;
	}
	memset(&report->context, 0, sizeof(report->context));
	report->stack_low = 0;
}
