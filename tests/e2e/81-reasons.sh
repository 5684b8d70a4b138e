#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Forks that a limit refuses: each is shown with the limit, and with no other reason.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# refused CASE ERRNO CODE TEXT: one fork fails for that reason, which is told in one line
refused()
{
	fw run -f json -o "$tmp/forks" -- ./workload/refused "$1"
	equal "$1: exit status" "$status" 0
	comment <"$tmp/err"
	equal "$1: the workload's errno" "$(value errno "$tmp/out")" "$2"
	forks "$tmp/forks" result.error.number result.error.reason.code |
		grep -v '^-	' >"$tmp/failed"
	equal "$1: the forks that failed, and why" "$(cat "$tmp/failed")" "-$2	$3"
	forks "$tmp/forks" result.error.reason.text | grep -v '^-$' >"$tmp/why"
	has "$1: in words" "$tmp/why" "$4"
	comment <"$tmp/why"
	equal "$1: the summary counts it" "$(summary "$tmp/forks" "reasons.$3" failed)" '1	1'
	equal "$1: no rule is broken" "$(summary "$tmp/forks" verdicts.FAIL)" 0
}

load forkwatch.ko
echo +pids >/sys/fs/cgroup/cgroup.subtree_control

refused nproc 11 rlimit-nproc 'uid 1000 has 1 tasks and RLIMIT_NPROC of its process is 1'
refused threads 11 threads-max 'kernel.threads-max is 20'
refused pids 11 cgroup-pids-max 'pids.max of cgroup /forkwatch-refused is 1 and it has'
refused pid_space 11 pid-space 'kernel.pid_max is 301'
# Of pid namespaces it is said which. Since 6.14 each has a pid_max of its own.
refused pid_space_inside 11 pid-space 'no pid is free in pid namespace'
has 'pid_space_inside: which namespace' "$tmp/why" "pid namespace $(value namespace "$tmp/out"), " \
	'pids and a pid_max of 301, or in one above it'
refused no_init 12 pid-namespace 'takes no more tasks: its init is gone'
has 'no_init: which namespace' "$tmp/why" "pid namespace $(value namespace "$tmp/out") takes"
refused overcommit 12 overcommit 'vm.overcommit_memory is 2'

# By a shell, as text.
chmod 777 "$tmp"
fw run -o "$tmp/text" -- su user -c 'ulimit -u 1 2>/dev/null || ulimit -p 1; /bin/true; echo no'
has 'by a shell' "$tmp/text" '-EAGAIN' 'reason  uid 1000 has ' 'RLIMIT_NPROC of its process is 1'
has 'by a shell: the summary' "$tmp/text" 'failed  1 rlimit-nproc'
# The shell ends when it cannot fork, before anyone can ask for its cgroup.
mkdir -p /sys/fs/cgroup/full
echo 1 >/sys/fs/cgroup/full/pids.max
fw run -o "$tmp/text" -- sh -c 'echo $$ >/sys/fs/cgroup/full/cgroup.procs; /bin/true; echo no'
sed -n 's/ [0-9]* tasks$//; s/.*reason  //p' "$tmp/text" >"$tmp/run"
has 'in a full cgroup' "$tmp/text" '-EAGAIN' 'reason  pids.max of cgroup /full is 1 and it has'
fw run --stages core -o "$tmp/text" -- sh -c 'echo $$ >/sys/fs/cgroup/full/cgroup.procs; /bin/true; echo no'
has 'with stages: the one that refused' "$tmp/text" 'reason  pids.max of cgroup /full is 1' \
	refused 'cgroup_can_fork()' EAGAIN
# A recording knows the limits that the fork ran into, which are gone when it is shown.
# How many tasks were left is another matter: the shell may have ended before someone looked.
fw record -o "$tmp/trace" -- sh -c 'echo $$ >/sys/fs/cgroup/full/cgroup.procs; /bin/true; echo no'
echo max >/sys/fs/cgroup/full/pids.max
fw show "$tmp/trace" last
sed -n 's/ [0-9]* tasks$//; s/.*reason  //p' "$tmp/out" >"$tmp/show"
equal 'a recording shows the reason that run gives' "$(cat "$tmp/show")" "$(cat "$tmp/run")"
has 'a recording: the reason' "$tmp/show" 'pids.max of cgroup /full is 1 and it has'
rmdir /sys/fs/cgroup/full /sys/fs/cgroup/forkwatch-refused

# Flags: what each of them contradicts.
fw run -f json -o "$tmp/forks" -- ./workload/fail
equal 'flags, tids and permissions: the reasons' \
	"$(forks "$tmp/forks" result.error.reason.code | sort | uniq -c | sed 's/^ *//')" \
	'4 flags
1 permission
1 rlimit-nproc
1 tid-in-use'

# A signal that comes while a fork begins: one attempt, and one restart.
fw run -f json -o "$tmp/forks" -- ./workload/refused signals
equal 'signals: exit status' "$status" 0
restarts=$(forks "$tmp/forks" result.error.number | grep -c '^-513$')
at_least 'signals: attempts that were restarted' "$restarts" 1
equal 'signals: no other fails' "$(summary "$tmp/forks" failed reasons.signal)" \
	"$restarts	$restarts"
equal 'signals: the rest are the forks that the workload made' \
	"$(forks "$tmp/forks" result.error.number | grep -c '^-$')" "$(value forks "$tmp/out")"
equal 'signals: D3 of each attempt' \
	"$(forks "$tmp/forks" verdicts.D3.verdict | grep -c PASS)" "$restarts"
equal 'signals: each restart is told' \
	"$(forks "$tmp/forks" restart_of | grep -vc '^-$')" "$restarts"
equal 'signals: no rule is broken' "$(summary "$tmp/forks" verdicts.FAIL)" 0
unload
finish
