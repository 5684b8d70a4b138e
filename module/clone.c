// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clone path. No kernel lets a module add a syscall, and no table is
 * patched here: a call by an unassigned number ends in __arm64_sys_ni_syscall()
 * (a hole of the table) or sys_ni_syscall() (past its end), whose only work is
 * to say ENOSYS. A kprobe on each sends the numbers below, and only those, to a
 * handler by changing the pc. It runs as any syscall does, in its caller, and
 * ends in the kernel's own kernel_clone(), which accounting, ptrace, cgroups
 * and LSMs see as an ordinary clone.
 *
 * A call in flight, which a vfork child can keep there for hours, holds a
 * reference on the module. What a task still executes after dropping it is
 * waited for by fw_clone_exit().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seccomp.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include <asm/syscall.h>

#include "capture.h"
#include "clone.h"
#include "clone_args.h"
#include "compat.h"
#include "events.h"
#include "report.h"
#include "symbols.h"

static bool clone_path = true;
module_param(clone_path, bool, 0444);
MODULE_PARM_DESC(clone_path, "serve fork, vfork and forkwatch_clone on unassigned numbers (default Y)");

static int nr_fork = FORKWATCH_NR_FORK;
module_param(nr_fork, int, 0444);
MODULE_PARM_DESC(nr_fork, "number of fork() (default 1079)");

static int nr_vfork = FORKWATCH_NR_VFORK;
module_param(nr_vfork, int, 0444);
MODULE_PARM_DESC(nr_vfork, "number of vfork() (default 1071)");

static int nr_clone = FORKWATCH_NR_CLONE;
module_param(nr_clone, int, 0444);
MODULE_PARM_DESC(nr_clone, "number of forkwatch_clone() (default 245)");

/* Who has which number, from the list that the kernel's own sys_call_table is made of. */
#undef __SYSCALL
#undef __SYSCALL_WITH_COMPAT
#define __SYSCALL(nr, call)				[nr] = #call,
#define __SYSCALL_WITH_COMPAT(nr, native, compat)	[nr] = #native,
static const char * const assigned[__NR_syscalls] __initconst = {
#if FW_HAVE_SYSCALL_TABLE_HEADER
#include <asm/syscall_table_64.h>
#else
#include <asm/unistd.h>
#endif
};

static pid_t (*clone_in_kernel)(struct kernel_clone_args *args);

/*
 * Nothing here runs in a probe: the caller may be moved to another CPU at any
 * time, but not between taking one's number and sending the event there.
 */
static void send_call(struct forkwatch_clone_call *event)
{
	event->nr = syscall_get_nr(current, current_pt_regs());
	preempt_disable();
	fw_fill_header(&event->hdr, FORKWATCH_CLONE_CALL, sizeof(*event));
	trace_clone_call(event);
	preempt_enable();
}

static pid_t fork_call(struct kernel_clone_args *args)
{
	struct forkwatch_clone_call event = {
		.call = args->flags & CLONE_VFORK ? FORKWATCH_CALL_VFORK : FORKWATCH_CALL_FORK,
		.clone_flags = args->flags,
	};

	send_call(&event);
	return clone_in_kernel(args);
}

static long serve_fork(void)
{
	struct kernel_clone_args args = { .exit_signal = SIGCHLD };

	return fork_call(&args);
}

static long serve_vfork(void)
{
	struct kernel_clone_args args = {
		.flags = CLONE_VFORK | CLONE_VM,
		.exit_signal = SIGCHLD,
	};

	return fork_call(&args);
}

static void trace_call(const struct forkwatch_clone_args *args, size_t size, int result)
{
	struct forkwatch_clone_call event = {
		.call = FORKWATCH_CALL_CLONE,
		.result = result,
		.size = size,
		.clone_flags = args->flags,
		.options = args->options,
		.cookie = args->cookie,
		.child_x0 = args->child_x0,
	};

	send_call(&event);
}

/* The stack grows down: copy_thread() wants its top, as clone3_stack_valid() gives it. */
static pid_t clone_as_asked(const struct forkwatch_clone_args *args, pid_t *set_tid)
{
	struct kernel_clone_args kargs = {
		.flags = args->flags,
		.pidfd = u64_to_user_ptr(args->pidfd),
		.child_tid = u64_to_user_ptr(args->child_tid),
		.parent_tid = u64_to_user_ptr(args->parent_tid),
		.exit_signal = args->exit_signal,
		.stack = args->stack + args->stack_size,
		.stack_size = args->stack_size,
		.tls = args->tls,
		.set_tid = set_tid,
		.set_tid_size = args->set_tid_size,
		.cgroup = args->cgroup,
	};

	return clone_in_kernel(&kargs);
}

/*
 * The child exists, so nothing may fail any more. @flags goes last: a caller
 * who does not find FORKWATCH_REPORT_WRITTEN there has no report.
 */
static void write_report(struct forkwatch_clone_report *report,
			 const struct forkwatch_clone_args *args)
{
	struct forkwatch_clone_report __user *to = u64_to_user_ptr(args->report);
	u32 flags;

	fw_report_redact(report);
	flags = report->flags | FORKWATCH_REPORT_WRITTEN;
	report->flags = 0;
	report->size = sizeof(*report);
	if (!copy_to_user(to, report, min_t(u64, args->report_size, sizeof(*report))))
		put_user(flags, &to->flags);
}

static pid_t clone_and_report(const struct forkwatch_clone_args *args, struct fw_call *call,
			      pid_t *set_tid)
{
	struct forkwatch_clone_report *report = &call->report;
	pid_t pid;
	int err;

	call->set_child_x0 = args->options & FORKWATCH_CLONE_CHILD_X0;
	call->child_x0 = args->child_x0;
	report->cookie = args->cookie;
	report->called = ktime_get_mono_fast_ns();
	err = fw_report_begin(call);
	if (err)
		return err;
	pid = clone_as_asked(args, set_tid);
	fw_report_end(call);

	report->returned = ktime_get_mono_fast_ns();
	report->pid = pid;
	if (args->report)
		write_report(report, args);
	return pid;
}

static int prepare(struct forkwatch_clone_args *args, const void __user *from, size_t size,
		   pid_t *set_tid)
{
	int err;

	if (!perfmon_capable())
		return -EPERM;
	err = fw_clone_args_read(args, set_tid, from, size);
	if (!err && args->report && clear_user(u64_to_user_ptr(args->report), args->report_size))
		err = -EFAULT;
	return err;
}

static long serve_clone(void)
{
	struct forkwatch_clone_args args = {};
	pid_t set_tid[MAX_PID_NS_LEVEL];
	unsigned long user[6];
	struct fw_call *call;
	long ret;

	syscall_get_arguments(current, current_pt_regs(), user);
	ret = prepare(&args, (const void __user *)user[0], user[1], set_tid);
	trace_call(&args, user[1], ret);
	if (ret)
		return ret;

	call = kzalloc(sizeof(*call), GFP_KERNEL);
	if (!call)
		return -ENOMEM;
	ret = clone_and_report(&args, call, set_tid);
	kfree(call);
	return ret;
}

static struct call {
	const char *name;
	int *nr;
	long (*serve)(void);
} calls[] = {
	{ "fork", &nr_fork, serve_fork },
	{ "vfork", &nr_vfork, serve_vfork },
	{ "forkwatch_clone", &nr_clone, serve_clone },
};

static const struct call *find_call(int nr)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (*calls[i].nr == nr)
			return &calls[i];
	return NULL;
}
NOKPROBE_SYMBOL(find_call);

/*
 * Where redirected calls go on. After module_put() rmmod may begin; what is
 * left to execute here is covered by synchronize_rcu_tasks().
 */
static asmlinkage long serve(void)
{
	long ret = find_call(syscall_get_nr(current, current_pt_regs()))->serve();

	module_put(THIS_MODULE);
	return ret;
}

/*
 * A number that the author of a seccomp filter never knew must not become a
 * way around it, and AArch32 has its own numbers: both stay with ENOSYS.
 */
static bool is_served(struct task_struct *task)
{
	return !is_compat_task() && seccomp_mode(&task->seccomp) == SECCOMP_MODE_DISABLED;
}
NOKPROBE_SYMBOL(is_served);

/* All probes are there: from then on the module stays, and calls may be in its text. */
static bool serving;

static int dispatch(struct kprobe *kp, struct pt_regs *regs)
{
	if (!READ_ONCE(serving))
		return 0;
	if (!find_call(syscall_get_nr(current, current_pt_regs())) || !is_served(current))
		return 0;
	if (!try_module_get(THIS_MODULE))
		return 0;
	instruction_pointer_set(regs, (unsigned long)serve);
	return 1;	/* the pc is ours: do not step the probed instruction */
}
NOKPROBE_SYMBOL(dispatch);

static struct kprobe probes[] = {
	{ .symbol_name = "__arm64_sys_ni_syscall", .pre_handler = dispatch },
	{ .symbol_name = "sys_ni_syscall", .pre_handler = dispatch },
};

int fw_clone_number(int i)
{
	return serving && i < ARRAY_SIZE(calls) ? *calls[i].nr : -1;
}

int fw_clone_print(char *buffer, size_t size)
{
	int i, len = 0;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		len += scnprintf(buffer + len, size - len, "clone_call %s %s %lu 0\n",
				 probes[i].symbol_name, serving ? "armed" : "idle",
				 READ_ONCE(probes[i].nmissed));
	return len;
}

static bool __init is_assigned(int nr)
{
	return nr < __NR_syscalls && assigned[nr] && strcmp(assigned[nr], "sys_ni_syscall");
}

static int __init check_number(const struct call *call)
{
	int nr = *call->nr;

	if (nr < 0) {
		pr_err("number %d cannot be %s(): it is negative\n", nr, call->name);
		return -EINVAL;
	}
	if (is_assigned(nr)) {
		pr_err("number %d cannot be %s(): it is this kernel's %s; choose one from a hole of its table, or above %d\n",
		       nr, call->name, assigned[nr], __NR_syscalls - 1);
		return -EINVAL;
	}
	if (find_call(nr) != call) {
		pr_err("number %d is given to both %s() and %s()\n",
		       nr, find_call(nr)->name, call->name);
		return -EINVAL;
	}
	return 0;
}

static int __init check_numbers(void)
{
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(calls) && !err; i++)
		err = check_number(&calls[i]);
	return err;
}

static void unregister_probes(int count)
{
	while (count-- > 0)
		unregister_kprobe(&probes[count]);
}

static int __init register_probes(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		err = register_kprobe(&probes[i]);
		if (err) {
			pr_err("no probe on %s (%d); load with clone_path=0\n",
			       probes[i].symbol_name, err);
			unregister_probes(i);
			return err;
		}
	}
	return 0;
}

int __init fw_clone_init(void)
{
	int err;

	if (!clone_path)
		return 0;
	err = check_numbers();
	if (err)
		return err;
	clone_in_kernel = fw_function("kernel_clone");
	if (IS_ERR(clone_in_kernel)) {
		pr_err("kernel_clone() was not found (%ld); load with clone_path=0\n",
		       PTR_ERR(clone_in_kernel));
		return PTR_ERR(clone_in_kernel);
	}
	err = fw_report_init();
	if (!err)
		err = register_probes();
	WRITE_ONCE(serving, !err);
	return err;
}

void fw_clone_exit(void)
{
	if (!serving)
		return;
	unregister_probes(ARRAY_SIZE(probes));
	/* Tasks that were preempted in serve(), after their module_put(). */
	synchronize_rcu_tasks();
	/* And in the hooks of report.c, which are detached but may still run. */
	tracepoint_synchronize_unregister();
}
