#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: debug
# Allocations of the tool's own calls fail, in the kernel: it ends with a status that its manual
# has and says why, or it traces as if nothing had been; and nothing stays armed.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh
# shellcheck source=tests/e2e/faults.sh
. ./e2e/faults.sh

runs=${FORKWATCH_FAULT_RUNS:-24}
forks=3

# one N SOURCE: the Nth allocation of the tool fails
one()
{
	rm -f "$tmp/forks"
	timeout 300 ./e2e/fault run "$1" "$tmp/err" ./forkwatch run --source "$2" -f json \
		-o "$tmp/forks" -- ./workload/forks $forks >"$tmp/fault" 2>&1
	ended=$?
	status=$(value status "$tmp/fault")
}

# What is wrong with this end, in words; nothing if it is a good one.
fault_of()
{
	[ $ended -eq 0 ] || { echo "the tool hangs or was killed: $(cat "$tmp/fault")"; return; }
	within 30 nothing_armed || echo "probes are left: $(armed)"
	case $status in
	0)
		# What is missing is called lost.
		counts=$(summary "$tmp/forks" forks incomplete lost.total verdicts.FAIL)
		[ "$counts" = "$forks	0	0	0" ] || [ "$(summary "$tmp/forks" lost.total)" != 0 ] ||
			echo "forks, incomplete, lost, broken: $counts" ;;
	125 | 126)
		grep -q '^forkwatch: .* .*' "$tmp/err" || echo "no sentence" ;;
	*)
		echo "status $status" ;;
	esac
}

# many SOURCE: the faults are spread over all that the tool allocates
many()
{
	one 1000000000 "$1"
	total=$((1000000000 - $(value left "$tmp/fault")))
	equal "$1: without a fault" "$(fault_of)" ''
	n=0 fired=0 failed=0
	: >"$tmp/bad"
	while [ $n -lt "$runs" ]; do
		nth=$((1 + n * total / runs + n * 7 % (1 + total / runs)))
		n=$((n + 1))
		one $nth "$1"
		fired=$((fired + $(value fired "$tmp/fault")))
		[ "$status" = 0 ] || failed=$((failed + 1))
		why=$(fault_of)
		[ -z "$why" ] || { echo "allocation $nth: $why"; tail -n 3 "$tmp/err"; } >>"$tmp/bad"
	done
	echo "# source $1: allocations=$total faults=$fired failed=$failed"
	all=$((all + fired))
	equal "$1: each of $runs faults ends well" "$(cat "$tmp/bad")" ''
	at_least "$1: faults happened" $fired $((runs / 2))
	ended_by=$((ended_by + failed))
}

# Any allocation in the tool and what it starts, again and again.
at_random()
{
	times=1000
	faults_random 2 $times
	n=0
	: >"$tmp/bad"
	while [ $n -lt "$runs" ]; do
		n=$((n + 1))
		timeout 300 sh -c 'echo 1 >/proc/self/make-it-fail
			exec ./forkwatch run -o /dev/null -- ./workload/forks 3' \
			>"$tmp/out" 2>"$tmp/err"
		status=$?
		# By a fault in exec itself or in the page tables, a shell's word for a signal's death.
		case $status in
		0 | 1 | 2 | 125 | 126 | 127 | 129 | 13[0-9]) ;;
		*) echo "round $n: status $status" >>"$tmp/bad" ;;
		esac
		within 30 nothing_armed || echo "round $n: probes are left: $(armed)" >>"$tmp/bad"
	done
	faults=$(faults_seen $times)
	faults_off
	echo "# at random: runs=$n faults=$faults"
	all=$((all + faults))
	equal "faults at random: each of $runs runs ends well" "$(cat "$tmp/bad")" ''
	at_least 'faults at random: there were some' "$faults" "$runs"
}

faults_ready
# The kernel itself warns where it has no memory for an instance's buffer of one CPU.
spare trace_rb_cpu_prepare
all=0 ended_by=0
load forkwatch.ko maxactive=1
many both
many bpf
many module
at_least "some of them were the tool's end" $ended_by 1
at_random
fw run -f json -o "$tmp/forks" -- ./workload/forks $forks
equal 'after all of that it traces as ever' \
	"$(summary "$tmp/forks" forks lost.total verdicts.FAIL)" "$forks	0	0"
unload
echo "# sums tool_faults=$all"
finish
