// SPDX-License-Identifier: GPL-2.0-only
/* Why forks fail: what proves each reason, and what does not; and where limits are read. */
#include <errno.h>
#include <linux/sched.h>
#include <linux/version.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "array.h"
#include "check.h"
#include "fixture.h"
#include "limit.h"
#include "reason.h"

static struct fw_env env = { .kernel = KERNEL_VERSION(6, 1, 0), .release = "6.1" };

/* A failed fork, late (after copy_thread) or early. */
static struct fw_fork *failed(enum fixture_kind kind, int error)
{
	struct fw_fork *fork = fixture_fork(kind);

	fork->exit->result = error;
	fork->ret->result = error;
	fork->exit->uid = 1000;
	fork->exit->user_processes = 3;
	fork->exit->rlimit_nproc = RLIM64_INFINITY;
	fork->limits = calloc(1, sizeof(*fork->limits));
	assert_non_null(fork->limits);
	return fork;
}

/* By the module itself, before kernel_clone(). */
static void refuse(struct fw_fork *fork, int error)
{
	fork->clone_call = calloc(1, sizeof(*fork->clone_call));
	assert_non_null(fork->clone_call);
	fork->clone_call->result = -error;
	fork->clone_call->size = 4096;
}

#define EARLY	FIXTURE_FAILED_EARLY
#define LATE	FIXTURE_FAILED

#define ALL_OF_THREAD	(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)

/* What each does to the fork, which reason that is, and a part of the sentence. */
#define CASES(C)									\
	C(nproc,		EARLY, EAGAIN, RLIMIT_NPROC, "uid 1000 has 3 tasks and", \
	  e->rlimit_nproc = 3)								\
	C(nproc_is_zero,	EARLY, EAGAIN, RLIMIT_NPROC, "is 0", e->rlimit_nproc = 0)	\
	C(nproc_has_room,	EARLY, EAGAIN, NOT_OBSERVED, "before copy_thread",	\
	  e->rlimit_nproc = 4)								\
	C(nproc_of_root,	EARLY, EAGAIN, NOT_OBSERVED, "", e->rlimit_nproc = 0; e->uid = 0) \
	C(nproc_exempt,		EARLY, EAGAIN, NOT_OBSERVED, "", e->rlimit_nproc = 0;	\
	  e->flags = FORKWATCH_EXIT_NPROC_EXEMPT)					\
	C(nproc_not_sent,	EARLY, EAGAIN, NOT_OBSERVED, "", e->rlimit_nproc = 0;	\
	  e->hdr.size = offsetof(struct forkwatch_fork_exit, flags))			\
	C(nproc_was_passed,	LATE, EAGAIN, NOT_OBSERVED, "after copy_thread",	\
	  e->rlimit_nproc = 0)								\
	C(threads,		EARLY, EAGAIN, THREADS_MAX, "90 threads and kernel.threads", \
	  l->seen = FW_LIMIT_THREADS; l->threads = 90; l->threads_max = 90)		\
	C(threads_have_room,	EARLY, EAGAIN, NOT_OBSERVED, "",			\
	  l->seen = FW_LIMIT_THREADS; l->threads = 89; l->threads_max = 90)		\
	C(threads_not_seen,	EARLY, EAGAIN, NOT_OBSERVED, "", l->threads = 90)	\
	C(pids,			LATE, EAGAIN, PIDS_MAX, "cgroup /jobs is 5 and it has 5", \
	  l->seen = FW_LIMIT_PIDS | FW_LIMIT_PIDS_MAX; l->pids_refused = 1;		\
	  strcpy(l->cgroup, "/jobs"); l->pids_max = 5; l->pids_current = 5)		\
	C(pids_of_which,	LATE, EAGAIN, PIDS_MAX, "counted it",			\
	  l->seen = FW_LIMIT_PIDS; l->pids_refused = 1)					\
	C(pids_come_later,	EARLY, EAGAIN, NOT_OBSERVED, "",			\
	  l->seen = FW_LIMIT_PIDS; l->pids_refused = 1)					\
	C(no_pid,		LATE, EAGAIN, PID_SPACE, "kernel.pid_max is 400",	\
	  l->seen = FW_LIMIT_PIDS | FW_LIMIT_THREADS | FW_LIMIT_PID_MAX; l->pid_max = 400; \
	  l->threads = 34)								\
	C(pids_are_left,	LATE, EAGAIN, NOT_OBSERVED, "after copy_thread()",	\
	  l->seen = FW_LIMIT_PIDS | FW_LIMIT_THREADS | FW_LIMIT_PID_MAX; l->pid_max = 400; \
	  l->threads = 33)								\
	C(pids_are_left_inside,	LATE, EAGAIN, NOT_OBSERVED, "",				\
	  l->seen = FW_LIMIT_PIDS | FW_LIMIT_THREADS | FW_LIMIT_PID_MAX; l->pid_max = 400; \
	  e->pid_ns_level = 1; e->pid_ns_pids = 9; e->pid_ns_max = 310)			\
	C(no_pid_inside,	LATE, EAGAIN, PID_SPACE, "which has 10 pids",		\
	  l->seen = FW_LIMIT_PIDS | FW_LIMIT_THREADS | FW_LIMIT_PID_MAX; l->pid_max = 400; \
	  e->pid_ns_level = 1; e->pid_ns_pids = 10; e->pid_ns_max = 310)		\
	C(no_pid_or_pids,	LATE, EAGAIN, NOT_OBSERVED, "",				\
	  l->seen = FW_LIMIT_THREADS | FW_LIMIT_PID_MAX; l->pid_max = 400)		\
	C(overcommit,		EARLY, ENOMEM, OVERCOMMIT, "CommitLimit is 900 KiB, 800 KiB",	\
	  l->seen = FW_LIMIT_COMMIT | FW_LIMIT_PARENT; l->overcommit = 2;		\
	  l->commit_limit = 900; l->committed = 800; l->parent_data = 101)		\
	C(commit_has_room,	EARLY, ENOMEM, NOT_OBSERVED, "",			\
	  l->seen = FW_LIMIT_COMMIT | FW_LIMIT_PARENT; l->overcommit = 2;		\
	  l->commit_limit = 900; l->committed = 800; l->parent_data = 100)		\
	C(overcommit_is_free,	EARLY, ENOMEM, NOT_OBSERVED, "",			\
	  l->seen = FW_LIMIT_PARENT; l->overcommit = 1; l->parent_data = 9)		\
	C(overcommit_of_whom,	EARLY, ENOMEM, NOT_OBSERVED, "",			\
	  l->seen = FW_LIMIT_COMMIT; l->overcommit = 2; l->parent_data = 9)		\
	C(full_namespace,	LATE, EAGAIN, PID_SPACE, "namespace 44, which has 7 pids and "	\
	  "a pid_max of 310, or in one above it: the system has 80 threads and a pid_max of 400", \
	  l->seen = FW_LIMIT_THREADS | FW_LIMIT_PID_MAX | FW_LIMIT_PIDS; l->threads = 80;	\
	  l->pid_max = 400; e->pid_ns = 44; e->pid_ns_level = 1; e->pid_ns_pids = 7;	\
	  e->pid_ns_max = 310)								\
	C(thread_no_sighand,	EARLY, EINVAL, FLAGS, "CLONE_THREAD without CLONE_SIGHAND",	\
	  f->clone_flags = CLONE_THREAD | CLONE_VM)					\
	C(sighand_no_vm,	EARLY, EINVAL, FLAGS, "CLONE_SIGHAND without CLONE_VM",	\
	  f->clone_flags = CLONE_SIGHAND)						\
	C(newns_fs,		EARLY, EINVAL, FLAGS, "CLONE_NEWNS and CLONE_FS",	\
	  f->clone_flags = CLONE_NEWNS | CLONE_FS)					\
	C(newuser_fs,		EARLY, EINVAL, FLAGS, "CLONE_NEWUSER and CLONE_FS",	\
	  f->clone_flags = CLONE_NEWUSER | CLONE_FS)					\
	C(thread_newpid,	EARLY, EINVAL, FLAGS, "CLONE_THREAD and CLONE_NEWPID",	\
	  f->clone_flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWPID)	\
	C(pidfd_detached,	EARLY, EINVAL, FLAGS, "CLONE_DETACHED",			\
	  f->clone_flags = CLONE_PIDFD | CLONE_DETACHED)				\
	C(pidfd_thread,		EARLY, EINVAL, FLAGS, "before 6.9",			\
	  f->clone_flags = CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)	\
	C(autoreap_parent,	EARLY, EINVAL, FLAGS, "CLONE_AUTOREAP and CLONE_PARENT",	\
	  f->clone_flags = 1ULL << 34 | CLONE_PARENT)					\
	C(inits_sibling,	EARLY, EINVAL, FLAGS, "init has no siblings",		\
	  f->clone_flags = CLONE_PARENT; fork->parent_tgid = 1)				\
	C(good_flags,		EARLY, EINVAL, NOT_OBSERVED, "", (void)f)		\
	C(flags_were_passed,	LATE, EINVAL, NOT_OBSERVED, "",				\
	  f->clone_flags = CLONE_SIGHAND)						\
	C(init_of_a_namespace,	EARLY, EINVAL, FLAGS, "init has no siblings",		\
	  f->clone_flags = CLONE_PARENT; e->flags = FORKWATCH_EXIT_PARENT_INIT)		\
	C(a_sibling,		EARLY, EINVAL, NOT_OBSERVED, "", f->clone_flags = CLONE_PARENT)	\
	C(autoreaped_sibling,	EARLY, EINVAL, FLAGS, "the parent came by CLONE_AUTOREAP",	\
	  f->clone_flags = CLONE_PARENT; e->flags = FORKWATCH_EXIT_PARENT_AUTOREAP)	\
	C(autoreap_signal,	EARLY, EINVAL, FLAGS, "with an exit signal",		\
	  f->clone_flags = 1ULL << 34; f->exit_signal = 17)				\
	C(autoreap,		EARLY, EINVAL, NOT_OBSERVED, "",			\
	  f->clone_flags = 1ULL << 34; f->exit_signal = 0)				\
	C(thread_elsewhere,	EARLY, EINVAL, FLAGS, "another pid namespace",		\
	  f->clone_flags = ALL_OF_THREAD; e->parent_pid_ns_for_children = 9)		\
	C(thread_another_time,	EARLY, EINVAL, FLAGS, "CLONE_THREAD: the parent's children",	\
	  f->clone_flags = ALL_OF_THREAD; e->parent_time_ns_for_children = 9)		\
	C(vm_another_time,	EARLY, EINVAL, FLAGS, "CLONE_VM: the parent's children",	\
	  f->clone_flags = CLONE_VM; e->parent_time_ns_for_children = 9)		\
	C(fork_another_time,	EARLY, EINVAL, NOT_OBSERVED, "",			\
	  e->parent_time_ns_for_children = 9)						\
	C(newipc_sysvsem,	EARLY, EINVAL, FLAGS, "CLONE_NEWIPC and CLONE_SYSVSEM",	\
	  f->clone_flags = CLONE_NEWIPC | CLONE_SYSVSEM)				\
	C(newpid_twice,		EARLY, EINVAL, FLAGS, "a new pid namespace already",	\
	  f->clone_flags = CLONE_NEWPID; e->parent_pid_ns_for_children = 9)		\
	C(set_tid_too_many,	LATE, EINVAL, ARGUMENTS, "names 2 pids, and there are 1",	\
	  f->set_tid_size = 2)								\
	C(set_tid_two_levels,	LATE, EINVAL, ARGUMENTS, "names what is no pid",	\
	  f->set_tid_size = 2; e->pid_ns_level = 1)					\
	C(set_tid_new_level,	LATE, EINVAL, ARGUMENTS, "names what is no pid",	\
	  f->set_tid_size = 2; f->clone_flags = CLONE_NEWPID)				\
	C(set_tid_unknown,	LATE, EINVAL, ARGUMENTS, "more than there are",		\
	  f->set_tid_size = 2; e->hdr.size = offsetof(__typeof__(*e), pid_ns_level))	\
	C(tid_in_use,		LATE, EEXIST, TID_IN_USE, "in use", f->set_tid_size = 1)	\
	C(exists_what,		LATE, EEXIST, NOT_OBSERVED, "", (void)f)		\
	C(namespace,		EARLY, EPERM, PERMISSION, "CLONE_NEWNS needs CAP_SYS_ADMIN",	\
	  f->clone_flags = CLONE_NEWNS)							\
	C(permission_for_what,	EARLY, EPERM, NOT_OBSERVED, "", (void)f)		\
	C(autokill,		EARLY, EPERM, PERMISSION, "without CLONE_NNP",		\
	  f->clone_flags = 1ULL << 36)							\
	C(user_namespace,	EARLY, EPERM, PERMISSION, "CLONE_NEWUSER is not for",	\
	  f->clone_flags = CLONE_NEWUSER | CLONE_NEWNS)					\
	C(set_tid_permission,	LATE, EPERM, PERMISSION, "set_tid needs", f->set_tid_size = 1) \
	C(late_namespace,	LATE, EPERM, NOT_OBSERVED, "", f->clone_flags = CLONE_NEWNS)	\
	C(deadline,		EARLY, EAGAIN, DEADLINE, "SCHED_DEADLINE",		\
	  e->flags = FORKWATCH_EXIT_PARENT_DEADLINE)					\
	C(deadline_and_nproc,	EARLY, EAGAIN, RLIMIT_NPROC, "uid 1000",		\
	  e->flags = FORKWATCH_EXIT_PARENT_DEADLINE; e->rlimit_nproc = 3)		\
	C(namespaces,		EARLY, ENOSPC, NAMESPACES, "CLONE_NEWUTS: a limit of "	\
	  "/proc/sys/user is reached", f->clone_flags = CLONE_NEWUTS)			\
	C(nested_namespaces,	EARLY, ENOSPC, NAMESPACES, "nested too deep",		\
	  f->clone_flags = CLONE_NEWPID)						\
	C(no_pidfd,		LATE, EMFILE, FILES, "RLIMIT_NOFILE",				\
	  f->clone_flags = CLONE_PIDFD)							\
	C(no_file_for_what,	LATE, EMFILE, NOT_OBSERVED, "", (void)f)		\
	C(no_files,		EARLY, EMFILE, FILES, "fs.nr_open", (void)f)		\
	C(bad_pidfd,		LATE, EFAULT, ARGUMENTS, "be written to 0x77",		\
	  f->clone_flags = CLONE_PIDFD; f->pidfd = 0x77)				\
	C(bad_cgroup,		LATE, EBADF, CGROUP, "is none of a directory",		\
	  f->clone_flags = 1ULL << 33)							\
	C(gone_cgroup,		LATE, ENOENT, CGROUP, "removed", f->clone_flags = 1ULL << 33)	\
	C(others_cgroup,	LATE, EACCES, CGROUP, "may not", f->clone_flags = 1ULL << 33)	\
	C(no_cgroup,		LATE, EACCES, NOT_OBSERVED, "", (void)f)		\
	C(pid_ns_closed,	LATE, ENOMEM, PID_NAMESPACE, "pid namespace 44 takes no more",	\
	  e->flags = FORKWATCH_EXIT_PID_NS_CLOSED; e->pid_ns = 44)			\
	C(pid_ns_is_new,	LATE, ENOMEM, MEMORY, "after copy_thread()",		\
	  e->flags = FORKWATCH_EXIT_PID_NS_CLOSED; f->clone_flags = CLONE_NEWPID)	\
	C(late_memory_unknown,	LATE, ENOMEM, NOT_OBSERVED, "",				\
	  e->hdr.size = offsetof(__typeof__(*e), pid_ns_max))				\
	C(no_memory,		EARLY, ENOMEM, MEMORY, "before copy_thread()",			\
	  l->seen = FW_LIMIT_COMMIT)							\
	C(no_memory_thread,	EARLY, ENOMEM, MEMORY, "before copy_thread()",		\
	  f->clone_flags = ALL_OF_THREAD)						\
	C(restarted,		EARLY, ERESTARTNOINTR, SIGNAL, "the call is made again", (void)f) \
	C(killed,		LATE, EINTR, SIGNAL, "kills the parent", (void)f)	\
	C(copy_thread,		LATE, ENOMEM, COPY_THREAD, "copy_thread() failed with ENOMEM",	\
	  fork->copy_thread->result = -ENOMEM)						\
	C(unknown,		EARLY, ENOSPC, NOT_OBSERVED, "before copy_thread()", (void)f)	\
	C(refused_for_whom,	EARLY, EPERM, PERMISSION, "CAP_PERFMON", refuse(fork, EPERM))	\
	C(refused_arguments,	EARLY, EINVAL, ARGUMENTS, "no such", refuse(fork, EINVAL))	\
	C(refused_size,		EARLY, E2BIG, ARGUMENTS, "4096 bytes", refuse(fork, E2BIG))	\
	C(refused_pointer,	EARLY, EFAULT, ARGUMENTS, "cannot be read", refuse(fork, EFAULT)) \
	C(refused_for_memory,	EARLY, ENOMEM, NOT_OBSERVED, "", refuse(fork, ENOMEM))

#define ERESTARTNOINTR	513

#define CASE_FUNCTION(name, kind, error, code, part, mutation)			\
	static void make_##name(struct fw_fork *fork)				\
	{									\
		struct forkwatch_fork_enter *f = fork->enter;			\
		struct forkwatch_fork_exit *e = fork->exit;			\
		struct fw_limits *l = fork->limits;				\
										\
		(void)f;							\
		(void)e;							\
		(void)l;							\
		mutation;							\
	}
CASES(CASE_FUNCTION)

static const struct {
	const char *name;
	enum fixture_kind kind;
	int error;
	enum fw_reason_code code;
	const char *part;
	void (*make)(struct fw_fork *fork);
} cases[] = {
#define CASE_ROW(name, kind, error, code, part, mutation)			\
	{ #name, kind, -(error), FW_REASON_##code, part, make_##name },
	CASES(CASE_ROW)
};

static void each_reason_is_proved(void **state)
{
	bool given[FW_NR_REASONS] = { false };
	struct fw_reason reason;
	struct fw_fork *fork;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fork = failed(cases[i].kind, cases[i].error);
		cases[i].make(fork);
		assert_true(fw_reason(fork, &env, &reason));
		if (reason.code != cases[i].code || !strstr(reason.text, cases[i].part))
			fail_msg("%s: %s: \"%s\"", cases[i].name, fw_reason_name(reason.code),
				 reason.text);
		given[reason.code] = true;
		fw_fork_free(fork);
	}
	for (i = 0; i < FW_NR_REASONS; i++)
		if (!given[i])
			fail_msg("nothing gives %s", fw_reason_name(i));
}

static void forks_without_one(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);
	struct fw_reason reason;

	(void)state;
	assert_false(fw_reason(fork, &env, &reason));
	assert_non_null(fw_check(fork, &env));
	assert_null(fork->reason);
	fw_fork_free(fork);

	/* Without limits, which nobody read. */
	fork = fixture_fork(FIXTURE_FAILED);
	assert_non_null(fw_check(fork, &env));
	assert_non_null(fork->reason);
	assert_int_equal(fork->reason->code, FW_REASON_NOT_OBSERVED);
	fw_fork_free(fork);
}

static void refused_before_copy_process(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_REFUSED);
	struct forkwatch_fork_return *ret = fork->ret;
	struct fw_reason reason;

	(void)state;
	assert_true(fw_reason(fork, &env, &reason));
	assert_non_null(strstr(reason.text, "clone() has one address for both"));
	ret->regs.syscallno = 435;
	assert_true(fw_reason(fork, &env, &reason));
	assert_string_equal(reason.text, "reason not observed");
	ret->parent_tid = ret->pidfd;
	assert_true(fw_reason(fork, &env, &reason));
	assert_non_null(strstr(reason.text, "both would be written to 0x"));
	ret->exit_signal = 65;
	ret->clone_flags = 0;
	assert_true(fw_reason(fork, &env, &reason));
	assert_non_null(strstr(reason.text, "the exit signal is 65"));

	/* Of an older recording the first argument is known. */
	ret->hdr.size = offsetof(struct forkwatch_fork_return, clone_flags);
	assert_true(fw_reason(fork, &env, &reason));
	assert_int_equal(reason.code, FW_REASON_NOT_OBSERVED);
	ret->regs.syscallno = 220;
	ret->regs.x[0] = CLONE_PIDFD | CLONE_PARENT_SETTID;
	assert_true(fw_reason(fork, &env, &reason));
	assert_int_equal(reason.code, FW_REASON_FLAGS);
	fw_fork_free(fork);
}

/* What each does to the arguments of a good clone3(), a part of the sentence; NULL: no reason. */
#define CALLS(C)									\
	C(EINVAL, NULL, (void)c)							\
	C(EINVAL, "takes no arguments of 63 bytes", c->args_size = 63; c->read = 56)		\
	C(EINVAL, NULL, c->read = 56)							\
	C(EINVAL, "set_tid_size is 33", c->set_tid = 1; c->set_tid_size = 33)		\
	C(EINVAL, "set_tid_size without set_tid", c->set_tid_size = 1)			\
	C(EINVAL, "set_tid without set_tid_size", c->set_tid = 1)			\
	C(EINVAL, "the exit signal is 65", c->exit_signal = 65)				\
	C(EINVAL, NULL, c->exit_signal = 64)						\
	C(EINVAL, "no file descriptor", c->clone_flags = 1ULL << 33; c->cgroup = 1ULL << 31) \
	C(EINVAL, "end before cgroup", c->clone_flags = 1ULL << 33; c->args_size = 80)	\
	C(EINVAL, "knows no 0x4000000000", c->clone_flags = 1ULL << 38)			\
	C(EINVAL, "knows no CLONE_NNP", c->clone_flags = 1ULL << 35)			\
	C(EINVAL, "CLONE_DETACHED", c->clone_flags = CLONE_DETACHED)			\
	C(EINVAL, "not in its flags", c->clone_flags = 17)				\
	C(EINVAL, NULL, c->clone_flags = 0x80)						\
	C(EINVAL, "not cleared", c->clone_flags = 1ULL << 32 | CLONE_SIGHAND | CLONE_VM)	\
	C(EINVAL, "a thread's end sends none", c->clone_flags = ALL_OF_THREAD)		\
	C(EINVAL, "CLONE_PARENT with", c->clone_flags = CLONE_PARENT)			\
	C(EINVAL, "stack_size without stack", c->stack_size = 1)			\
	C(EINVAL, "stack without stack_size", c->stack = 1)				\
	C(EINVAL, "not in user memory", c->stack = 4096; c->stack_size = -4096ULL)	\
	C(EINVAL, NULL, c->stack = 4096; c->stack_size = 4096)				\
	C(E2BIG, "5000 bytes are more than a page", c->args_size = 5000)			\
	C(E2BIG, "are not 0", c->args_size = 96)						\
	C(EFAULT, "the arguments cannot be read at 0x66", c->read = 0; c->args = 0x66)	\
	C(EFAULT, "set_tid cannot be read at 0x77", c->set_tid = 0x77; c->set_tid_size = 1)

static void refused_by_clone3(void **state)
{
	static const struct fw_env with_page = {
		.kernel = KERNEL_VERSION(6, 1, 0), .page_size = 4096
	};
	struct fw_env newer = with_page;
	struct forkwatch_clone3_return good, *c;
	struct fw_fork *fork = fixture_fork(FIXTURE_BY_CLONE3);
	struct fw_reason reason;

	(void)state;
	c = fork->clone3;
	c->clone_flags = 0;
	good = *c;
#define TRY(error, part, mutation)						\
	*c = good;								\
	c->result = -(error);							\
	mutation;								\
	assert_true(fw_reason(fork, &with_page, &reason));			\
	if (!strstr(reason.text, (part) ? : "reason not observed"))		\
		fail_msg("%s: \"%s\"", #mutation, reason.text);
	CALLS(TRY)

	newer.kernel = KERNEL_VERSION(7, 1, 0);
	*c = good;
	c->clone_flags = 1ULL << 35;
	assert_true(fw_reason(fork, &newer, &reason));
	assert_int_equal(reason.code, FW_REASON_NOT_OBSERVED);
	fw_fork_free(fork);
}

static void flags_of_newer_kernels(void **state)
{
	struct fw_fork *fork = failed(EARLY, -EINVAL);
	struct fw_env newer = { .kernel = KERNEL_VERSION(6, 9, 0) };
	struct fw_reason reason;

	(void)state;
	fork->enter->clone_flags = CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
	assert_true(fw_reason(fork, &newer, &reason));
	assert_int_equal(reason.code, FW_REASON_NOT_OBSERVED);
	fw_fork_free(fork);
}

static void watch(struct fw_fork *fork, int stage, unsigned int start, int result)
{
	fork->stages->enter[stage] = fork->enter->hdr.time + start;
	fork->stages->total[stage] = 1;
	fork->stages->calls[stage] = 1;
	fork->stages->result[stage] = result;
}

static void assert_refused_in(const struct fw_fork *fork, const char *stage)
{
	struct fw_reason reason;

	assert_true(fw_reason(fork, &env, &reason));
	if (stage ? !strstr(reason.text, stage) : !!strstr(reason.text, "refused in"))
		fail_msg("%s: \"%s\"", stage ? : "no stage", reason.text);
}

/* Where stages were watched, the last that failed like the fork is named. */
static void the_stage_that_refused(void **state)
{
	struct fw_fork *fork = failed(EARLY, -ENOMEM);

	(void)state;
	assert_refused_in(fork, NULL);
	fork->stages = calloc(1, sizeof(*fork->stages));
	assert_non_null(fork->stages);
	watch(fork, FORKWATCH_STAGE_COPY_CREDS, 10, 0);
	assert_refused_in(fork, NULL);
	watch(fork, FORKWATCH_STAGE_COPY_CREDS, 10, -EAGAIN);
	assert_refused_in(fork, NULL);
	watch(fork, FORKWATCH_STAGE_COPY_MM, 20, -ENOMEM);
	assert_refused_in(fork, "; refused in copy_mm() with ENOMEM");
	watch(fork, FORKWATCH_STAGE_DUP_MMAP, 30, -ENOMEM);
	assert_refused_in(fork, "; refused in dup_mmap() with ENOMEM");
	fork->stages->torn = 1U << FORKWATCH_STAGE_DUP_MMAP;
	assert_refused_in(fork, "; refused in copy_mm() with ENOMEM");
	watch(fork, FORKWATCH_STAGE_COPY_IO, 40, -ENOMEM);
	assert_refused_in(fork, "; refused in copy_io() with ENOMEM");
	fw_fork_free(fork);
}

/* Memory ran out in what no probe is on: the last stage before that was done with. */
static void the_stage_before(void **state)
{
	struct fw_fork *fork = failed(EARLY, -ENOMEM);

	(void)state;
	fork->limits->seen = FW_LIMIT_COMMIT;
	assert_refused_in(fork, NULL);
	fork->stages = calloc(1, sizeof(*fork->stages));
	assert_non_null(fork->stages);
	assert_refused_in(fork, "; refused before any stage that is watched");
	watch(fork, FORKWATCH_STAGE_ARCH_DUP_TASK_STRUCT, 10, 0);
	assert_refused_in(fork, "; refused after arch_dup_task_struct(), in what is not watched");
	watch(fork, FORKWATCH_STAGE_MM_INIT, 20, 0);
	assert_refused_in(fork, "; refused after mm_init(), in what is not watched");
	watch(fork, FORKWATCH_STAGE_MM_INIT, 20, -ENOMEM);
	assert_refused_in(fork, "; refused in mm_init() with ENOMEM");
	/* What was torn may have said so. */
	fork->stages->torn = 1U << FORKWATCH_STAGE_MM_INIT;
	assert_refused_in(fork, NULL);
	fw_fork_free(fork);
}

/*
 * A tree of files that stands for /.
 */
static char root[64];

__attribute__((format(printf, 2, 3)))
static void put(const char *path, const char *format, ...)
{
	char whole[512], *slash;
	va_list args;
	FILE *file;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(whole, 0700);
		*slash = '/';
	}
	file = fopen(whole, "w");
	assert_non_null(file);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	fclose(file);
}

static void put_cgroup(const char *path, const char *max, unsigned int current,
		       unsigned int refused)
{
	char file[256];

	snprintf(file, sizeof(file), "/cg%s/pids.max", path);
	put(file, "%s\n", max);
	snprintf(file, sizeof(file), "/cg%s/pids.current", path);
	put(file, "%u\n", current);
	snprintf(file, sizeof(file), "/cg%s/pids.events", path);
	put(file, "max %u\n", refused);
}

static int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/forkwatch-test-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	put("/proc/self/mountinfo", "1 0 0:1 / / rw - ext4 /dev/vda rw\n"
	    "36 1 0:31 / /cg rw,nosuid - cgroup2 cgroup2 rw\n");
	put("/proc/loadavg", "0.20 0.18 0.12 1/80 11206\n");
	put("/proc/sys/kernel/threads-max", "7000\n");
	put("/proc/sys/kernel/pid_max", "32768\n");
	put("/proc/412/cgroup", "0::/a/b\n");
	put_cgroup("/a", "20", 20, 0);
	put_cgroup("/a/b", "max", 5, 3);
	put_cgroup("/c", "1", 1, 9);
	return 0;
}

static int remove_root(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static const struct fw_limits *look(struct fw_limits_watch *watch, struct fw_fork *fork)
{
	assert_int_equal(fw_limits_look(watch, fork), 0);
	assert_non_null(fork->limits);
	return fork->limits;
}

/* Before 6.11 the forking task's cgroup counts what one above it refuses. */
static void full_cgroup_is_found(void **state)
{
	struct fw_fork *fork = failed(LATE, -EAGAIN);
	struct fw_limits_watch *watch;
	const struct fw_limits *limits;

	(void)state;
	assert_int_equal(fw_limits_open(&watch, root), 0);
	limits = look(watch, fork);
	assert_int_equal(limits->seen, FW_LIMIT_THREADS | FW_LIMIT_PID_MAX | FW_LIMIT_PIDS);
	assert_int_equal(limits->threads, 80);
	assert_int_equal(limits->threads_max, 7000);
	assert_int_equal(limits->pid_max, 32768);
	assert_int_equal(limits->pids_refused, 0);

	put_cgroup("/a/b", "max", 5, 5);
	limits = look(watch, fork);
	assert_int_equal(limits->pids_refused, 2);
	assert_true(limits->seen & FW_LIMIT_PIDS_MAX);
	assert_string_equal(limits->cgroup, "/a");
	assert_int_equal(limits->pids_max, 20);
	assert_int_equal(limits->pids_current, 20);

	/* Each refusal explains one fork. */
	assert_int_equal(look(watch, fork)->pids_refused, 1);
	assert_int_equal(look(watch, fork)->pids_refused, 0);
	fw_limits_close(watch);
	fw_fork_free(fork);
}

/* Since then the full one counts, and all above. A new one's count begins at 0. */
static void full_cgroup_counts_itself(void **state)
{
	struct fw_fork *fork = failed(LATE, -EAGAIN);
	struct fw_limits_watch *watch;

	(void)state;
	assert_int_equal(fw_limits_open(&watch, root), 0);
	put_cgroup("/a", "20", 20, 1);
	assert_string_equal(look(watch, fork)->cgroup, "/a");
	assert_int_equal(fork->limits->pids_refused, 1);

	put_cgroup("/new", "4", 4, 1);
	put("/proc/412/cgroup", "0::/new\n");
	assert_string_equal(look(watch, fork)->cgroup, "/new");

	/* Room again by now: the only one with a limit. */
	put_cgroup("/new", "4", 2, 2);
	assert_string_equal(look(watch, fork)->cgroup, "/new");
	assert_int_equal(fork->limits->pids_current, 2);
	put_cgroup("/new/leaf", "3", 2, 1);
	put_cgroup("/new", "4", 2, 3);
	put("/proc/412/cgroup", "0::/new/leaf\n");
	assert_int_equal(look(watch, fork)->pids_refused, 1);
	assert_false(fork->limits->seen & FW_LIMIT_PIDS_MAX);
	fw_limits_close(watch);
	fw_fork_free(fork);
}

static void parent_has_ended(void **state)
{
	struct fw_fork *fork = failed(LATE, -EAGAIN);
	struct fw_limits_watch *watch;

	(void)state;
	fork->parent_tgid = 999;
	assert_int_equal(fw_limits_open(&watch, root), 0);
	assert_false(look(watch, fork)->seen & FW_LIMIT_PIDS);
	put_cgroup("/c", "1", 1, 10);
	assert_string_equal(look(watch, fork)->cgroup, "/c");
	/* Two that count, neither above the other. */
	put_cgroup("/c", "1", 1, 11);
	put_cgroup("/a/b", "max", 5, 4);
	assert_false(look(watch, fork)->seen & FW_LIMIT_PIDS);
	fw_limits_close(watch);
	fw_fork_free(fork);
}

/* In a cgroup namespace a limit may be out of sight; a task in the root has none. */
static void what_is_out_of_sight(void **state)
{
	struct fw_fork *fork = failed(LATE, -EAGAIN);
	struct fw_limits_watch *watch;

	(void)state;
	put("/proc/412/cgroup", "0::/\n");
	assert_int_equal(fw_limits_open(&watch, root), 0);
	assert_true(look(watch, fork)->seen & FW_LIMIT_PIDS);
	put("/cg/cgroup.type", "domain\n");
	assert_false(look(watch, fork)->seen & FW_LIMIT_PIDS);
	fw_limits_close(watch);
	fw_fork_free(fork);
}

static void nothing_to_read(void **state)
{
	struct fw_fork *fork = failed(LATE, -EAGAIN);
	struct fw_limits_watch *watch;

	(void)state;
	assert_int_equal(fw_limits_open(&watch, "/nonexistent"), 0);
	assert_int_equal(look(watch, fork)->seen, 0);
	fw_limits_close(watch);
	fw_fork_free(fork);
}

static void older_hierarchies(void **state)
{
	struct fw_fork *fork = failed(LATE, -EAGAIN);
	struct fw_limits_watch *watch;

	(void)state;
	put("/proc/self/mountinfo", "35 1 0:30 / /unified rw - cgroup2 cgroup2 rw\n"
	    "36 1 0:31 / /cg rw shared:5 - cgroup none rw,pids\n"
	    "37 1 0:32 / /cpu rw - cgroup none rw,cpu\n");
	put("/proc/412/cgroup", "8:cpu:/\n7:pids:/c\n0::/elsewhere\n");
	assert_int_equal(fw_limits_open(&watch, root), 0);
	put_cgroup("/c", "1", 1, 10);
	assert_string_equal(look(watch, fork)->cgroup, "/c");
	fw_limits_close(watch);
	fw_fork_free(fork);
}

static void memory_is_read(void **state)
{
	struct fw_fork *fork = failed(EARLY, -ENOMEM);
	struct fw_limits_watch *watch;
	const struct fw_limits *limits;

	(void)state;
	put("/proc/sys/vm/overcommit_memory", "2\n");
	put("/proc/meminfo", "MemTotal: 1 kB\nCommitLimit:    900 kB\nCommitted_AS:   800 kB\n");
	put("/proc/412/status", "Name:\tx\nVmData:\t  90 kB\nVmStk:\t  11 kB\n");
	assert_int_equal(fw_limits_open(&watch, root), 0);
	limits = look(watch, fork);
	assert_true(limits->seen & FW_LIMIT_COMMIT && limits->seen & FW_LIMIT_PARENT);
	assert_int_equal(limits->overcommit, 2);
	assert_int_equal(limits->commit_limit, 900);
	assert_int_equal(limits->committed, 800);
	assert_int_equal(limits->parent_data, 101);
	fw_limits_close(watch);
	fw_fork_free(fork);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reason_is_proved),
		cmocka_unit_test(forks_without_one),
		cmocka_unit_test(the_stage_that_refused),
		cmocka_unit_test(the_stage_before),
		cmocka_unit_test(refused_before_copy_process),
		cmocka_unit_test(refused_by_clone3),
		cmocka_unit_test(flags_of_newer_kernels),
		TEST(full_cgroup_is_found),
		TEST(full_cgroup_counts_itself),
		TEST(parent_has_ended),
		TEST(what_is_out_of_sight),
		TEST(nothing_to_read),
		TEST(older_hierarchies),
		TEST(memory_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
