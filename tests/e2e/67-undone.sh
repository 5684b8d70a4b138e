#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Forks that fail: what copy_process() had done before is seen to be taken back.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# undone CASE ERRNO STAGE: one fork is refused there; $tmp/undone is what was taken back
undone()
{
	fw run --stages all -f json -o "$tmp/forks" -- ./workload/refused "$1"
	equal "$1: exit status" "$status" 0
	comment <"$tmp/err"
	equal "$1: the fork that failed" \
		"$(forks "$tmp/forks" result.error.number | grep -v '^-$')" "-$2"
	forks "$tmp/forks" result.error.reason.text | grep -v '^-$' >"$tmp/why"
	[ -z "$3" ] || has "$1: the stage that refused it" "$tmp/why" "; refused in $3() with"
	check "$1: what was taken back has its time" ./e2e/stages -u "$tmp/forks"
	./e2e/stages -u "$tmp/forks" >"$tmp/undone"
	equal "$1: and so have the stages of all forks" \
		"$(./e2e/stages "$tmp/forks" 2>&1 >/dev/null)" ''
	equal "$1: nothing is lost" "$(summary "$tmp/forks" lost.total)" 0
	equal "$1: only forks that failed have any of it" \
		"$(forks "$tmp/forks" result.error.number undone.watched | grep -v '^-	-$')" \
		"-$2	true"
}

# observed NAME…: these were called, each for the stage that it takes back
observed()
{
	missing=
	for name; do
		grep -q "^[0-9]* $name [a-z_]* observed [1-9]" "$tmp/undone" || missing="$missing $name"
	done
	equal "$case: what was called" "$missing" ''
}

# untouched NAME…: these were not, and there is no word of them
untouched()
{
	found=
	for name; do
		! grep -q "^[0-9]* $name " "$tmp/undone" || found="$found $name"
	done
	equal "$case: what was not" "$found" ''
}

load forkwatch.ko
echo +pids >/sys/fs/cgroup/cgroup.subtree_control
early="$(configured security_task_free) exit_sem exit_files exit_fs __cleanup_sighand"
late='mmput exit_task_namespaces free_pid'

case=pids
undone pids 11 cgroup_can_fork
# shellcheck disable=SC2086  # lists
observed put_task_stack exit_creds $early $late
untouched cgroup_cancel_fork

# The new mm is let go of within what copies it.
case=overcommit
undone overcommit 12 ''
# shellcheck disable=SC2086
observed put_task_stack exit_creds $early mmput
untouched exit_task_namespaces free_pid cgroup_cancel_fork

# Before 5.14 the limit was looked at before copy_creds().
case=nproc
undone nproc 11 ''
observed put_task_stack
# shellcheck disable=SC2086
untouched $early $late cgroup_cancel_fork
grep -q copy_creds "$tmp/undone" && observed exit_creds

# The flags contradict each other, or limits forbid it: nothing was done yet.
fw run --stages all -- ./workload/fail
has 'nothing may be to undo' "$tmp/out" '  undone  nothing: no function that takes a step back was called'

mkdir -p /sys/fs/cgroup/full
echo 1 >/sys/fs/cgroup/full/pids.max
# shellcheck disable=SC2016  # the shell that forks
set -- sh -c 'echo $$ >/sys/fs/cgroup/full/cgroup.procs; /bin/true; echo no'
fw run --stages all -o "$tmp/text" -- "$@"
has 'as text: in the order of this kernel' "$tmp/text" '  undone  free_pid ' \
	'takes back alloc_pid' 'takes back copy_mm' 'takes back dup_fd' 'takes back copy_creds'
fw run --stages core -o "$tmp/text" -- "$@"
has 'core stages: by the order of copy_process()' "$tmp/text" '  undone  free_pid ' \
	'not observed  takes back alloc_pid' 'by the order of copy_process()'
fw run --stages core -f json -o "$tmp/forks" -- "$@"
equal 'core stages: none is said to be observed' \
	"$(forks "$tmp/forks" undone.watched) $(./e2e/stages -u "$tmp/forks" | cut -d ' ' -f 4 | sort -u)" \
	'false not-watched'
fw run --stages off -o "$tmp/text" -- "$@"
equal 'without stages there is no word of it' "$(grep -c '  undone  ' "$tmp/text")" 0
unload

# Where there is BTF, the programs stand alone as well.
if [ -e /sys/kernel/btf/vmlinux ]; then
	case=alone
	fw run --source bpf --stages all -f json -o "$tmp/forks" -- "$@"
	./e2e/stages -u "$tmp/forks" >"$tmp/undone"
	# shellcheck disable=SC2086
	observed put_task_stack exit_creds $early $late
fi
rmdir /sys/fs/cgroup/full
finish
