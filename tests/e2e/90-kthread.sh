#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Kernel threads: their function and its argument in x19 and x20, and rule B4.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

count=3

# all_equal NAME PLACE VALUE: for each of the forks at hand
all_equal()
{
	equal "$1" "$(forks "$tmp/chosen" "$2" | sort | uniq -c | sed 's/^ *//')" "$count $3"
}

# kthreads WORKLOAD KIND FN: $count forks of KIND whose function is FN
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
	if [ "$1" = kthread ]; then
		at_least "$1: forks that start $3" "$(lines <"$tmp/chosen")" "$count"
		count=$(lines <"$tmp/chosen")
	else
		equal "$1: forks that start $3" "$(lines <"$tmp/chosen")" "$count"
	fi
	[ -s "$tmp/chosen" ] || return

	all_equal "$1: kind" kind "$2"
	all_equal "$1: the symbol of the function" "symbols.0x$address" "$3"
	all_equal "$1: x19 in cpu_context" events.copy_thread.context_after.saved.0 "0x$address"
	all_equal "$1: x19 when it first runs" events.first_run.live.saved.0 "0x$address"
	for rule in B2 B4 B5 C1 C2 C3 C4 C5; do
		all_equal "$1: $rule" verdicts.$rule.verdict PASS
	done
	equal "$1: x20 is the argument" \
		"$(forks "$tmp/chosen" events.copy_thread.context_after.saved.1)" \
		"$(forks "$tmp/chosen" events.fork_enter.fn_arg)"
	equal "$1: no rule is broken" "$(summary "$tmp/forks" verdicts.FAIL)" 0
	count=3
}

load forkwatch.ko
kthreads kthread kthread kthread
kthreads helper kthread call_usermodehelper_exec_async
if grep -q ' create_io_thread$' /proc/kallsyms; then
	kthreads io io-thread io_sq_thread
else
	skip 'io: a thread of io_uring' 'kthreadd makes it on this kernel'
fi

fw run -a -- ./workload/kthread kthread
has 'the text' "$tmp/out" 'kthreadd[2] ->' 'fn kthread' 'x19 = kthread' '0 FAIL'
unload
finish
