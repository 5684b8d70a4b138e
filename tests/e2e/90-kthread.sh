#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Kernel threads and workers of io_uring and vhost: who asked for them, what kind they are, their
# function and its argument in x19 and x20, and the rules for what never was in user mode.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

count=3

# all_equal NAME PLACE VALUE: for each of the forks at hand
all_equal()
{
	equal "$1" "$(forks "$tmp/chosen" "$2" | sort | uniq -c | sed 's/^ *//')" "$count $3"
}

# FORKWATCH_ENTER_USER_WORKER: set with _KTHREAD, _IO_THREAD and _INSN by kernels that have it.
# v6.4, 54e6842d0775 ("fork/vm: Move common PF_IO_WORKER behavior to new flag").
user_worker=$(uname -r | awk -F '[.-]' '{ print ($1 > 6 || $1 == 6 && $2 >= 4) ? 4 : 0 }')

# The modules are unpacked beside those that the guest itself needs.
load_vhost()
{
	[ ! -e /dev/vhost-net ] || return 0
	[ -f /modules/vhost.order ] || return 1
	while read -r module; do
		insmod "/modules/$module" || return 1
	done </modules/vhost.order
}

# kthreads WORKLOAD KIND FN COMM: $count forks of KIND whose function is FN, by COMM or COMM/…
kthreads()
{
	fw run -a -f json -o "$tmp/forks" -- ./workload/kthread "$1" "$count"
	equal "$1: exit status" "$status" 0
	comment <"$tmp/err"
	equal "$1: lost" "$(summary "$tmp/forks" lost.total)" 0
	address=$(awk -v name="$3" '$3 == name { print $1; exit }' /proc/kallsyms)
	[ -n "$address" ] || bail "/proc/kallsyms has no $3"
	# Others may start kernel threads, too: these are the ones with this function.
	grep -F "\"fn\":\"0x$address\"" "$tmp/forks" >"$tmp/chosen"
	if [ "$3" = kthread ]; then
		at_least "$1: forks that start $3" "$(lines <"$tmp/chosen")" "$count"
		count=$(lines <"$tmp/chosen")
	else
		equal "$1: forks that start $3" "$(lines <"$tmp/chosen")" "$count"
	fi
	[ -s "$tmp/chosen" ] || return

	all_equal "$1: kind" kind "$2"
	equal "$1: who asked for it" \
		"$(forks "$tmp/chosen" parent.comm | sed 's,/.*,,' | sort | uniq -c | sed 's/^ *//')" \
		"$count $4"
	all_equal "$1: the symbol of the function" "symbols.0x$address" "$3"
	all_equal "$1: x19 in cpu_context" events.copy_thread.context_after.saved.0 "0x$address"
	all_equal "$1: x19 when it first runs" events.first_run.live.saved.0 "0x$address"
	for rule in B2 B4 B5 C1 C2 C3 C4 C5; do
		all_equal "$1: $rule" verdicts.$rule.verdict PASS
	done
	# There is no user mode to come from or to return to.
	for rule in A1 A2 A3 A4 A5 A6 A7 A9 B3; do
		all_equal "$1: $rule" verdicts.$rule.verdict N/A
	done
	equal "$1: x20 is the argument" \
		"$(forks "$tmp/chosen" events.copy_thread.context_after.saved.1)" \
		"$(forks "$tmp/chosen" events.fork_enter.fn_arg)"
	equal "$1: no rule is broken" "$(summary "$tmp/forks" verdicts.FAIL)" 0
	count=3
}

# worker WORKLOAD KIND COMM FUNCTION…: kthreads with the first of the functions that this kernel has
worker()
{
	wanted_kind=$2 asker=$3 workload=$1
	shift 3
	for function; do
		grep -q " $function\$" /proc/kallsyms || continue
		kthreads "$workload" "$wanted_kind" "$function" "$asker"
		return
	done
	bail "$workload: this kernel has none of $*"
}

load forkwatch.ko
kthreads kthread kthread kthread kthreadd
kthreads helper kthread call_usermodehelper_exec_async kworker
if grep -q ' create_io_thread$' /proc/kallsyms; then
	kthreads io io-thread io_sq_thread kthread
	worker worker io-thread kthread io_wq_worker io_wqe_worker
	# A worker is a thread of its process, whose flags say so.
	forks "$tmp/chosen" parent.tgid child.tgid | awk '{ print $1 == $2 }' >"$tmp/same"
	equal 'worker: they are threads of who asked' "$(sort -u "$tmp/same")" 1
	all_equal 'worker: and are asked for as such' events.fork_enter.flags \
		"$((1 | 2 | user_worker | 16))"
	fw run -a -- ./workload/kthread worker
	has 'worker: the text' "$tmp/out" 'io-thread' 'fn io_wq' 'CLONE_THREAD'
else
	skip 'io: a thread of io_uring' 'kthreadd makes it on this kernel'
	skip 'worker: a thread of io_uring' 'kthreadd makes it on this kernel'
fi
if ! load_vhost; then
	skip 'vhost: a worker of vhost' 'the guest has no module vhost_net'
elif grep -q ' vhost_task_create$' /proc/kallsyms; then
	kthreads vhost user-worker vhost_task_fn kthread
else
	kthreads vhost kthread kthread kthreadd
fi

fw run -a -- ./workload/kthread kthread
has 'the text' "$tmp/out" 'kthreadd[2] ->' 'fn kthread' 'x19 = kthread' '0 FAIL'
unload
finish
