// SPDX-License-Identifier: GPL-2.0-only
/* What is refused before copy_process(): by clone3(), and by kernel_clone() itself. */
#include <errno.h>
#include <limits.h>
#include <stddef.h>

#include "array.h"
#include "because.h"
#include "clone_flags.h"
#include "observer.h"

#define NR_CLONE		220
#define SIGNALS			64	/* _NSIG of arm64 */
#define PID_NS_DEPTH		32	/* MAX_PID_NS_LEVEL */
#define SIZE_VER0		64U	/* CLONE_ARGS_SIZE_VER0: up to tls */
#define SIZE_VER2		88U	/* CLONE_ARGS_SIZE_VER2: up to cgroup */
#define ADDRESS_BITS		52	/* no user address of arm64 has more */

#define FLAGS_OF_5_10		(0xffffffffULL | FW_CLONE_CLEAR_SIGHAND | FW_CLONE_INTO_CGROUP)
#define FLAGS_OF_7_1		(FW_CLONE_AUTOREAP | FW_CLONE_NNP | FW_CLONE_PIDFD_AUTOKILL | \
				 FW_CLONE_EMPTY_MNTNS)
#define FLAGS_RESERVED		(CSIGNAL & ~FW_CLONE_NEWTIME)

static uint64_t unknown_flags(const struct forkwatch_clone3_return *call,
			      const struct fw_env *env)
{
	uint64_t known = FLAGS_OF_5_10;

	if (!env->kernel || env->kernel >= KERNEL_VERSION(7, 1, 0))
		known |= FLAGS_OF_7_1;
	return call->clone_flags & ~known;
}

static bool is_user_memory(uint64_t address)
{
	return !(address >> ADDRESS_BITS);
}

static bool refused_size(const struct forkwatch_clone3_return *call,
			 struct fw_reason *reason)
{
	if (call->args_size >= SIZE_VER0)
		return false;
	return fw_because(reason, FW_REASON_ARGUMENTS, "clone3() takes no arguments of %llu bytes: "
			  "%u are the least", (unsigned long long)call->args_size, SIZE_VER0);
}

static bool refused_set_tid(const struct forkwatch_clone3_return *call,
			    struct fw_reason *reason)
{
	if (call->set_tid_size > PID_NS_DEPTH)
		return fw_because(reason, FW_REASON_ARGUMENTS, "set_tid_size is %llu, and pid "
				  "namespaces nest %d deep", (unsigned long long)call->set_tid_size,
				  PID_NS_DEPTH);
	if (!call->set_tid && call->set_tid_size)
		return fw_because(reason, FW_REASON_ARGUMENTS,
				  "set_tid_size without set_tid: they come together");
	if (call->set_tid && !call->set_tid_size)
		return fw_because(reason, FW_REASON_ARGUMENTS,
				  "set_tid without set_tid_size: they come together");
	return false;
}

static bool refused_signal(uint64_t signal, struct fw_reason *reason)
{
	if (signal <= SIGNALS)
		return false;
	return fw_because(reason, FW_REASON_ARGUMENTS, "the exit signal is %llu, and there are %d "
			  "signals", (unsigned long long)signal, SIGNALS);
}

static bool refused_cgroup(const struct forkwatch_clone3_return *call,
			   struct fw_reason *reason)
{
	if (!(call->clone_flags & FW_CLONE_INTO_CGROUP))
		return false;
	if (call->cgroup > INT_MAX)
		return fw_because(reason, FW_REASON_ARGUMENTS, "CLONE_INTO_CGROUP: cgroup is "
				  "%llu, which is no file descriptor",
				  (unsigned long long)call->cgroup);
	if (call->args_size < SIZE_VER2)
		return fw_because(reason, FW_REASON_ARGUMENTS, "CLONE_INTO_CGROUP: arguments of "
				  "%llu bytes end before cgroup",
				  (unsigned long long)call->args_size);
	return false;
}

/* clone3_args_valid() */
static bool refused_flags(const struct forkwatch_clone3_return *call,
			  const struct fw_env *env, struct fw_reason *reason)
{
	const uint64_t flags = call->clone_flags, unknown = unknown_flags(call, env);
	char names[FW_CLONE_FLAGS_LEN];

	if (unknown)
		return fw_because(reason, FW_REASON_FLAGS, "clone3() of this kernel knows no %s",
				  fw_clone_flags(unknown, 0, names, sizeof(names)));
	if (flags & CLONE_DETACHED)
		return fw_because(reason, FW_REASON_FLAGS, "CLONE_DETACHED is none of clone3()'s");
	if (flags & FLAGS_RESERVED)
		return fw_because(reason, FW_REASON_FLAGS, "clone3() has the exit signal in a "
				  "field of its own, not in its flags");
	if (flags & CLONE_SIGHAND && flags & FW_CLONE_CLEAR_SIGHAND)
		return fw_because(reason, FW_REASON_FLAGS, "CLONE_SIGHAND and CLONE_CLEAR_SIGHAND: "
				  "shared signal handlers are not cleared");
	if (flags & CLONE_THREAD && call->exit_signal)
		return fw_because(reason, FW_REASON_FLAGS,
				  "CLONE_THREAD with an exit signal: a thread's end sends none");
	if (flags & CLONE_PARENT && call->exit_signal)
		return fw_because(reason, FW_REASON_FLAGS, "CLONE_PARENT with an exit signal: it "
				  "is the one that the parent's own end sends");
	return false;
}

static bool refused_stack(const struct forkwatch_clone3_return *call,
			  struct fw_reason *reason)
{
	if (!call->stack && call->stack_size)
		return fw_because(reason, FW_REASON_ARGUMENTS,
				  "stack_size without stack: they come together");
	if (call->stack && !call->stack_size)
		return fw_because(reason, FW_REASON_ARGUMENTS,
				  "stack without stack_size: they come together");
	if (is_user_memory(call->stack) && is_user_memory(call->stack_size) &&
	    is_user_memory(call->stack + call->stack_size))
		return false;
	return fw_because(reason, FW_REASON_ARGUMENTS, "the stack of 0x%llx bytes at 0x%llx is not "
			  "in user memory", (unsigned long long)call->stack_size,
			  (unsigned long long)call->stack);
}

static bool invalid(const struct forkwatch_clone3_return *call,
		    const struct fw_env *env, struct fw_reason *reason)
{
	if (refused_size(call, reason))
		return true;
	if (call->read < SIZE_VER0)
		return false;
	return refused_set_tid(call, reason) || refused_signal(call->exit_signal, reason) ||
	       refused_cgroup(call, reason) || refused_flags(call, env, reason) ||
	       refused_stack(call, reason);
}

static bool too_big(const struct forkwatch_clone3_return *call,
		    const struct fw_env *env, struct fw_reason *reason)
{
	if (env->page_size && call->args_size > env->page_size)
		return fw_because(reason, FW_REASON_ARGUMENTS, "arguments of %llu bytes are more "
				  "than a page", (unsigned long long)call->args_size);
	return fw_because(reason, FW_REASON_ARGUMENTS, "of its %llu bytes of arguments those that "
			  "this kernel does not know are not 0",
			  (unsigned long long)call->args_size);
}

static bool fault(const struct forkwatch_clone3_return *call,
		  struct fw_reason *reason)
{
	if (call->read >= SIZE_VER0 && call->set_tid)
		return fw_because(reason, FW_REASON_ARGUMENTS, "set_tid cannot be read at 0x%llx",
				  (unsigned long long)call->set_tid);
	return fw_because(reason, FW_REASON_ARGUMENTS, "the arguments cannot be read at 0x%llx",
			  (unsigned long long)call->args);
}

bool fw_reason_clone3(const struct forkwatch_clone3_return *call, const struct fw_env *env,
		      struct fw_reason *reason)
{
	switch (call->result) {
	case -EINVAL:
		return invalid(call, env, reason);
	case -E2BIG:
		return too_big(call, env, reason);
	case -EFAULT:
		return fault(call, reason);
	}
	return false;
}

/* What fork_return did not say before it grew, an argument register may. */
static bool legacy_pidfd(const struct forkwatch_fork_return *ret)
{
	uint64_t flags = FW_OBSERVED(ret, clone_flags) ? ret->clone_flags : ret->regs.x[0];

	return ret->regs.syscallno == NR_CLONE && flags & CLONE_PIDFD &&
	       flags & CLONE_PARENT_SETTID;
}

bool fw_reason_kernel_clone(const struct forkwatch_fork_return *ret, struct fw_reason *reason)
{
	if (ret->result != -EINVAL)
		return false;
	if (legacy_pidfd(ret))
		return fw_because(reason, FW_REASON_FLAGS, "CLONE_PIDFD and CLONE_PARENT_SETTID: "
				  "clone() has one address for both");
	if (!FW_OBSERVED(ret, exit_signal))
		return false;
	if (ret->clone_flags & CLONE_PIDFD && ret->clone_flags & CLONE_PARENT_SETTID &&
	    ret->pidfd == ret->parent_tid)
		return fw_because(reason, FW_REASON_FLAGS, "CLONE_PIDFD and CLONE_PARENT_SETTID: "
				  "both would be written to 0x%llx",
				  (unsigned long long)ret->pidfd);
	return refused_signal((uint32_t)ret->exit_signal, reason);
}
