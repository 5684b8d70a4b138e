// SPDX-License-Identifier: GPL-2.0-only
/* The text format, above the registers: the call, and what it made. */
#include <linux/sched.h>
#include <stddef.h>
#include <string.h>

#include "array.h"
#include "clone_flags.h"
#include "objects.h"
#include "reason.h"
#include "regs.h"
#include "render_text.h"

/* The supervisor call as A64, A32 and T32 write it. */
#define INSN_SVC_A64	0xd4000001U
#define INSN_SVC_A32	0xef000000U
#define INSN_SVC_T32	0xdf00U

/*
 * call    clone(CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD)   child_tid 0xffff8d2fa810
 */
static const struct arg {
	const char *name;
	uint64_t flags;		/* it means something with any of these; 0: if it is not 0 */
	size_t offset;
} args[] = {
#define ARG(name, flags, field) { name, flags, offsetof(struct forkwatch_fork_enter, field) }
	ARG("stack top", 0, stack),
	ARG("stack size", 0, stack_size),
	ARG("tls", CLONE_SETTLS, tls),
	ARG("pidfd", CLONE_PIDFD, pidfd),
	ARG("parent_tid", CLONE_PARENT_SETTID, parent_tid),
	ARG("child_tid", CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, child_tid),
#undef ARG
};

static void put_args(struct fw_view *view)
{
	const struct forkwatch_fork_enter *enter = view->fork->enter;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(args); i++) {
		uint64_t value;

		memcpy(&value, (const char *)enter + args[i].offset, sizeof(value));
		if (args[i].flags ? enter->clone_flags & args[i].flags : value)
			fw_text_item(&view->text, "%s %s", args[i].name, fw_view_hex(view, value));
	}
	if (enter->set_tid_size)
		fw_text_item(&view->text, "set_tid for %u pid namespace%s", enter->set_tid_size,
			     enter->set_tid_size > 1 ? "s" : "");
}

/* "name(A|B|C)", wrapped behind a '|'. */
static void put_flags(struct fw_view *view, const char *name, uint64_t clone_flags,
		      int exit_signal)
{
	char flags[FW_CLONE_FLAGS_LEN], *flag = flags, *end;

	fw_clone_flags(clone_flags, exit_signal, flags, sizeof(flags));
	end = strchrnul(flag, '|');
	fw_text_item(&view->text, "%s(%.*s%s", name, (int)(end - flag), flag, *end ? "|" : ")");
	while (*end) {
		flag = end + 1;
		end = strchrnul(flag, '|');
		fw_text_more(&view->text, "%.*s%s", (int)(end - flag), flag, *end ? "|" : ")");
	}
}

static void put_own_call(struct fw_view *view)
{
	const struct forkwatch_clone_call *call = view->fork->clone_call;

	if (!call || call->call != FORKWATCH_CALL_CLONE)
		return;
	fw_text_item(&view->text, "cookie %s", fw_view_hex(view, call->cookie));
	if (fw_view_asked_x0(view))
		fw_text_item(&view->text, "child_x0 %s", fw_view_hex(view, call->child_x0));
	if (call->result)
		fw_text_styled(&view->text, FW_LOUD, "refused: %s",
			       fw_view_error(view, call->result));
}

static const char *call_name(struct fw_view *view)
{
	const struct forkwatch_regs *regs = fw_caller_regs(view->fork);
	const char *name = fw_name_call(view->fork);
	char *buf;

	if (name || !regs)
		return name;
	buf = fw_view_name(view);
	snprintf(buf, FW_VIEW_NAME_SIZE, "system call %d", regs->syscallno);
	return buf;
}

static void print_call(struct fw_view *view)
{
	const struct forkwatch_fork_enter *enter = view->fork->enter;
	uint64_t flags, exit_signal;

	if (!enter && call_name(view) && fw_fork_asked(view->fork, &flags, &exit_signal)) {
		put_flags(view, call_name(view), flags, exit_signal);
	} else if (!enter && !call_name(view)) {
		fw_text_item(&view->text, FW_UNSEEN);
	} else if (!enter) {
		fw_text_item(&view->text, "%s, its flags " FW_UNSEEN, call_name(view));
	} else if (fw_fork_is_user(view->fork)) {
		put_flags(view, call_name(view), enter->clone_flags, enter->exit_signal);
		put_args(view);
	} else {
		put_flags(view, "copy_process", enter->clone_flags, enter->exit_signal);
	}
	put_own_call(view);
	if (enter && enter->fn)
		fw_text_item(&view->text, "fn %s   argument %s",
			     fw_view_kernel(view, NULL, enter->fn),
			     fw_view_kernel(view, NULL, enter->fn_arg));
}

/*
 * EL0     svc #0 at libc.so.6:_Fork+0x3c   x8 = 220 clone   x0 = 0x1200011
 */
static unsigned int svc_size(const struct forkwatch_fork_enter *enter)
{
	if (!(enter->flags & FORKWATCH_ENTER_COMPAT))
		return enter->insn == INSN_SVC_A64 ? 4 : 0;
	if (enter->insn >> 16 == INSN_SVC_T32)
		return 2;
	return enter->insn == INSN_SVC_A32 ? 4 : 0;
}

static void put_place(struct fw_view *view, uint64_t pc)
{
	const struct forkwatch_fork_enter *enter = view->fork->enter;

	if (!enter || !(enter->flags & FORKWATCH_ENTER_INSN))
		fw_text_item(&view->text, "pc %s, the instruction before it " FW_UNSEEN,
			     fw_view_user(view, pc));
	else if (svc_size(enter))
		fw_text_item(&view->text, "svc #0 at %s",
			     fw_view_user(view, pc - svc_size(enter)));
	else
		fw_text_item(&view->text, "pc %s behind %08x, which is no svc #0",
			     fw_view_user(view, pc), enter->insn);
}

static void print_el0(struct fw_view *view)
{
	const struct forkwatch_regs *regs = fw_caller_regs(view->fork);
	bool compat = fw_caller_is_compat(view->fork);
	unsigned int number = compat ? 7 : 8;
	const char *name = fw_fork_call_name((int)regs->x[number], compat);
	char x = compat ? 'r' : 'x';

	if (compat)
		fw_text_item(&view->text, "AArch32, %s", fw_regs_instructions(regs));
	put_place(view, regs->pc);
	fw_text_item(&view->text, "%c%u = %lld%s%s", x, number, (long long)regs->x[number],
		     name ? " " : "", name ? name : "");
	fw_text_item(&view->text, "%c0 = %s", x, fw_view_hex(view, regs->x[0]));
	if (name && !strcmp(name, "clone3"))
		fw_text_item(&view->text, "%c1 = %s", x, fw_view_hex(view, regs->x[1]));
}

/*
 * EL1     pt_regs 0xffff80000828beb0 = stack top - 0x150   cpu 1   task 0xffff00000d2c0000
 */
static bool has_enter(const struct fw_view *view)
{
	return view->fork->enter;
}

static void print_el1(struct fw_view *view)
{
	const struct forkwatch_fork_enter *enter = view->fork->enter;
	struct fw_stack stack = { enter->stack_low, enter->stack_top };

	fw_text_item(&view->text, "pt_regs %s = %s", fw_view_hex(view, enter->pt_regs),
		     fw_view_kernel(view, &stack, enter->pt_regs));
	fw_text_item(&view->text, "cpu %u", enter->hdr.cpu);
	fw_text_item(&view->text, "task %s", fw_view_hex(view, enter->task));
}

/*
 * time    copy_process 1.62 ms   copy_thread 12.0 us   kernel_clone 1.84 ms
 */
static void put_time(struct fw_view *view, const char *name, bool seen, uint64_t start,
		     uint64_t end)
{
	fw_text_item(&view->text, "%s %s", name,
		     seen ? fw_view_time(view, start, end) : FW_UNSEEN);
}

static bool has_time(const struct fw_view *view)
{
	return !fw_fork_is_refused(view->fork);
}

static void print_time(struct fw_view *view)
{
	const struct fw_fork *fork = view->fork;
	const struct forkwatch_copy_thread *copy = fork->copy_thread;
	const struct forkwatch_fork_return *ret = fork->ret;
	bool both = fork->enter && fork->exit;

	if (fork->enter || fork->exit || fw_view_has_child(view))
		put_time(view, "copy_process", both, both ? fork->enter->hdr.time : 0,
			 both ? fork->exit->hdr.time : 0);
	if (copy || fw_view_has_child(view))
		put_time(view, "copy_thread", copy, copy ? copy->enter_time : 0,
			 copy ? copy->hdr.time : 0);
	if (!fw_fork_returns(fork))
		return;
	put_time(view, "kernel_clone", ret, ret ? ret->enter_time : 0, ret ? ret->hdr.time : 0);
}

/*
 * reason  pids.max of cgroup /jobs is 20 and it has 20 tasks
 */
static bool has_reason(const struct fw_view *view)
{
	return view->fork->reason;
}

static void print_reason(struct fw_view *view)
{
	const struct fw_reason *reason = view->fork->reason;
	char plain[FW_REASON_LEN];

	fw_name_plain(reason->text, strlen(reason->text), plain, sizeof(plain));
	fw_text_words(&view->text, plain);
}

/*
 * child   task 0xffff...   stack 0xffff..., 16 KiB   pt_regs stack top - 0x150
 */
static bool has_copy_thread(const struct fw_view *view)
{
	return view->fork->copy_thread || fw_view_has_child(view);
}

static void print_child(struct fw_view *view)
{
	const struct forkwatch_copy_thread *copy = view->fork->copy_thread;
	struct fw_stack stack = fw_view_child_stack(view);

	if (!copy) {
		fw_text_item(&view->text, "registers before and after copy_thread "
			     FW_UNSEEN);
		return;
	}
	fw_text_item(&view->text, "task %s", fw_view_hex(view, copy->child));
	fw_text_item(&view->text, "stack %s, %llu KiB", fw_view_hex(view, stack.low),
		     (unsigned long long)(stack.top - stack.low) >> 10);
	fw_text_item(&view->text, "pt_regs %s", fw_view_kernel(view, &stack, copy->pt_regs));
	if (copy->result)
		fw_text_styled(&view->text, FW_LOUD, "copy_thread failed: %s",
			       fw_view_error(view, copy->result));
}

/*
 * objects shared nsproxy   copied mm files fs sighand cred   new pgd signal   none io sysvsem
 *         27 of 28 VMAs   214 pages
 */
static bool has_objects(const struct fw_view *view)
{
	return fw_objects_seen(view->fork) || fw_view_has_child(view);
}

static void put_objects(struct fw_view *view, enum fw_object_how how)
{
	bool first = true;
	unsigned int i;

	for (i = 0; i < FORKWATCH_NR_SHARE; i++) {
		if (fw_object_how(view->fork, i) != how)
			continue;
		if (first)
			fw_text_item(&view->text, "%s", fw_object_how_name(how));
		fw_text_more(&view->text, " %s", fw_object_name(i));
		first = false;
	}
}

static unsigned long long resident(const __u64 *pages)
{
	return pages[FORKWATCH_PAGES_FILE] + pages[FORKWATCH_PAGES_ANON] +
	       pages[FORKWATCH_PAGES_SHMEM];
}

static void print_objects(struct fw_view *view)
{
	const struct forkwatch_fork_exit *exit = view->fork->exit;
	enum fw_object_how how;

	if (!fw_objects_seen(view->fork)) {
		fw_text_item(&view->text, FW_UNSEEN);
		return;
	}
	for (how = 0; how < FW_NR_OBJECT_HOW; how++)
		put_objects(view, how);
	if (fw_object_how(view->fork, FORKWATCH_SHARE_MM) != FW_OBJECT_COPIED ||
	    !FW_SENT(exit, child_vmas))
		return;
	fw_text_item(&view->text, "%u of %u VMAs", exit->child_vmas, exit->parent_vmas);
	/* The parent's count is not exact: each of its threads keeps some to itself for a while. */
	if (FW_SENT(exit, child_pages))
		fw_text_item(&view->text, "%llu pages", resident(exit->child_pages));
}

const struct fw_view_row fw_view_call_rows[] = {
	{ "call", NULL, print_call },
	{ "EL0", fw_view_from_user, print_el0 },
	{ "EL1", has_enter, print_el1 },
	{ "time", has_time, print_time },
	{ "reason", has_reason, print_reason },
	{ "child", has_copy_thread, print_child },
	{ "objects", has_objects, print_objects },
	{ NULL }
};
