// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stages of a fork, for kernels where BPF has no fentry: a kprobe and a kretprobe with a
 * BPF program each take twice what one kretprobe here does. They tell of every call; who
 * listens adds up those of a fork.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "stage_events.h"
#include "stages.h"
#include "step.h"

static unsigned int stage_calls = 256;
module_param(stage_calls, uint, 0444);
MODULE_PARM_DESC(stage_calls, "calls of one stage that can be followed at once (default 256, at most 4096)");

#define STAGE_CALLS_LIMIT	4096U
#define SYMBOL_BYTES		64

/* How a result tells an error: see FW_STAGE_PROBES. */
enum returns {
	RETURNS_INT,
	RETURNS_PTR,
	RETURNS_NEW,
	RETURNS_FILES,
	RETURNS_VOID,
};

enum level {
	LEVEL_CORE,
	LEVEL_ALL,
};

struct stage {
	const char *name;
	u32 id;
	enum level level;
	enum returns returns;
	const char *symbols;
	bool armed;
	int error;
	char symbol[SYMBOL_BYTES];		/* the one that was found */
	kprobe_pre_handler_t hook_return;	/* the kretprobe's own */
	struct kretprobe rp;
};

static struct stage stages[] = {
#define STAGE(STAGE, function, depth, result, names)				\
	{									\
		.name = #function, .id = FORKWATCH_STAGE_##STAGE,		\
		.level = LEVEL_##depth, .returns = RETURNS_##result, .symbols = (names), \
	},
	FW_STAGE_PROBES(STAGE)
#undef STAGE
#define UNDO(UNDO, function, of, names)						\
	{									\
		.name = #function, .id = FW_STAGE_UNDO | FORKWATCH_UNDO_##UNDO,	\
		.level = LEVEL_ALL, .returns = RETURNS_VOID, .symbols = (names),	\
	},
	FW_UNDO_PROBES(UNDO)
#undef UNDO
};

static bool is_ours(const struct stage *stage)
{
	return !(FW_STAGES_OF_BPF >> stage->id & 1);
}

/* What a kretprobe keeps between entry and return. */
struct stage_call {
	u64 enter;
	u64 subject;
	u64 error_at;
};

/* The kretprobe had an instance for the call at hand. */
static DEFINE_PER_CPU(bool, followed);

/* dup_fd() returned NULL, and why is elsewhere: in a variable of its caller. */
static s32 files_error(u64 at)
{
	s32 error = 0;

	copy_from_kernel_nofault(&error, (const void *)at, sizeof(error));
	return error;
}
NOKPROBE_SYMBOL(files_error);

static s32 result_of(const struct stage *stage, u64 value, const struct stage_call *call)
{
	switch (stage->returns) {
	case RETURNS_INT:
		return value;
	case RETURNS_NEW:
		if (!value)
			return -ENOMEM;
		break;
	case RETURNS_FILES:
		if (!value)
			return files_error(call->error_at);
		break;
	case RETURNS_PTR:
		break;
	case RETURNS_VOID:
		return 0;
	}
	return IS_ERR_VALUE(value) ? value : 0;
}
NOKPROBE_SYMBOL(result_of);

static void send(const struct stage *stage, const struct stage_call *call, u64 leave, s32 result)
{
	const struct forkwatch_stage_core event = {
		.hdr = {
			.size = sizeof(event),
			.cpu = raw_smp_processor_id(),
			.time = leave,
			.tid = current->pid,
			.tgid = current->tgid,
		},
		.stage = stage->id,
		.result = result,
		.subject = call->subject,
		.enter = call->enter,
		.leave = leave,
	};

	if (stage->level == LEVEL_CORE)
		FW_TRACE(stage_core, &event);
	else
		FW_TRACE(stage_more, (const struct forkwatch_stage_more *)&event);
}
NOKPROBE_SYMBOL(send);

/*
 * What takes something back of a fork serves other purposes, too: tasks that end call it,
 * and interrupts. There copy_process() has no kretprobe that waits for its return.
 */
static bool may_take_back(void)
{
	return !hardirq_count() && !in_serving_softirq() && fw_has_kretprobes(current);
}
NOKPROBE_SYMBOL(may_take_back);

static void fill_call(struct stage_call *call, const struct pt_regs *regs)
{
	call->enter = ktime_get_mono_fast_ns();
	call->subject = regs->regs[0];
	call->error_at = regs->regs[2];
}
NOKPROBE_SYMBOL(fill_call);

/* Returns 1 where nobody wants to know of the return. */
static int on_stage_call(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct kretprobe *rp = fw_kretprobe(ri);
	const struct stage *stage;

	__this_cpu_write(followed, true);
	if (!rp)
		return 1;
	stage = container_of(rp, struct stage, rp);
	if (stage->id >= FW_STAGE_UNDO && !may_take_back())
		return 1;
	fill_call((void *)ri->data, regs);
	return 0;
}
NOKPROBE_SYMBOL(on_stage_call);

static int on_stage_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct kretprobe *rp = fw_kretprobe(ri);
	const struct stage_call *call = (void *)ri->data;
	u64 now = ktime_get_mono_fast_ns();
	const struct stage *stage;

	/* It is being taken away. */
	if (!rp)
		return 0;
	stage = container_of(rp, struct stage, rp);
	send(stage, call, now, result_of(stage, regs_return_value(regs), call));
	return 0;
}
NOKPROBE_SYMBOL(on_stage_return);

static int on_stage(struct kprobe *kp, struct pt_regs *regs)
{
	const struct stage *stage = container_of(kp, struct stage, rp.kp);
	kprobe_pre_handler_t hook_return = READ_ONCE(stage->hook_return);
	struct stage_call call;

	/* It is being armed, and this CPU does not see all of that yet. */
	if (!hook_return)
		return 0;
	__this_cpu_write(followed, false);
	hook_return(kp, regs);
	if (!__this_cpu_read(followed)) {
		fill_call(&call, regs);
		send(stage, &call, 0, 0);
	}
	return fw_step_over(kp, regs);
}
NOKPROBE_SYMBOL(on_stage);

/*
 * Arming.
 */
static int register_symbol(struct stage *stage)
{
	struct kretprobe *rp = &stage->rp;

	memset(rp, 0, sizeof(*rp));
	rp->kp.symbol_name = stage->symbol;
	rp->entry_handler = on_stage_call;
	rp->handler = on_stage_return;
	rp->data_size = sizeof(struct stage_call);
	return fw_register_kretprobe(rp, stage_calls, STAGE_CALLS_LIMIT, on_stage,
				     &stage->hook_return);
}

/* The function has the @len bytes of @name, and what the compiler may have put behind them. */
static int register_variant(struct stage *stage, const char *name, int len)
{
	static const char * const suffixes[] = {
		"", ".isra.0", ".constprop.0", ".isra.0.constprop.0", ".constprop.0.isra.0",
	};
	int i, err = -ENOENT;

	for (i = 0; err == -ENOENT && i < ARRAY_SIZE(suffixes); i++) {
		scnprintf(stage->symbol, sizeof(stage->symbol), "%.*s%s", len, name, suffixes[i]);
		err = register_symbol(stage);
	}
	return err;
}

static int register_stage(struct stage *stage)
{
	const char *name = stage->symbols;
	int len, err = -ENOENT;

	for (; err == -ENOENT && *name; name += len + strspn(name + len, " ")) {
		len = strcspn(name, " ");
		err = register_variant(stage, name, len);
	}
	return err;
}

static int arm(enum level level)
{
	int i, err = -ENOENT, armed = 0;

	for (i = 0; i < ARRAY_SIZE(stages); i++) {
		if (stages[i].level != level || !is_ours(&stages[i]))
			continue;
		stages[i].error = register_stage(&stages[i]);
		stages[i].armed = !stages[i].error;
		armed += stages[i].armed;
		err = stages[i].error;
	}
	return armed ? 0 : err;
}

/* All at once: the kernel waits until no CPU can be in them. */
static void disarm(enum level level)
{
	static struct kretprobe *probes[ARRAY_SIZE(stages)];
	int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(stages); i++) {
		if (stages[i].level != level || !stages[i].armed)
			continue;
		probes[nr++] = &stages[i].rp;
		stages[i].armed = false;
	}
	unregister_kretprobes(probes, nr);
}

int fw_stage_core_arm(void)
{
	return arm(LEVEL_CORE);
}

void fw_stage_core_disarm(void)
{
	disarm(LEVEL_CORE);
}

int fw_stage_more_arm(void)
{
	return arm(LEVEL_ALL);
}

void fw_stage_more_disarm(void)
{
	disarm(LEVEL_ALL);
}

static const char *state_of(const struct stage *stage)
{
	if (stage->armed)
		return "armed";
	if (!stage->error)
		return "idle";
	return stage->error == -ENOENT ? "absent" : "refused";
}

int fw_stages_print(char *buffer, size_t size)
{
	int len, i;

	len = scnprintf(buffer, size, "# stage state error\n");
	for (i = 0; i < ARRAY_SIZE(stages); i++)
		if (is_ours(&stages[i]))
			len += scnprintf(buffer + len, size - len, "%s %s %d\n", stages[i].name,
					 state_of(&stages[i]), stages[i].error);
	return len;
}
