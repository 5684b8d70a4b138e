#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: debug
# Each allocation of a fork, of insmod and of arming a probe fails once: forks fail as the kernel
# lets them, with us as without us, and the module leaves nothing behind.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh
# shellcheck source=tests/e2e/faults.sh
. ./e2e/faults.sh

events=$tracing/events/forkwatch
all=0

# inject ARG…: e2e/fault, whose faults are counted in $faults and $all
inject()
{
	relay ./e2e/fault "$@"
	faults=$(sed -n 's/.* faults=\([0-9]*\) .*/\1/p' "$tmp/relay")
	all=$((all + ${faults:-0}))
}

# forks KIND…: no fault may leave a child, or another error than one of memory
forks()
{
	for kind; do
		inject "$kind"
	done
}

# What forks take of slabs at least. How many pages they need depends on what others left, and
# one process in ten needs a slab more for each of its forks.
allocations()
{
	sum=0
	echo 20 >$debugfs/fail_page_alloc/min-order
	for kind in fork vfork clone3; do
		for try in 1 2 3 4; do
			./e2e/fault count $kind >"$tmp/count.$try"
		done
		cat "$tmp"/count.? >"$tmp/count"
		sum=$((sum + $(value allocations "$tmp/count" | sort -n | head -n 1)))
	done
	echo 0 >$debugfs/fail_page_alloc/min-order
	echo $sum
}

faults_ready
# The kernel warns by itself where it cannot attach what records names for tracefs.
echo 0 >$tracing/options/record-cmd
forks fork vfork clone3
untraced=$(allocations)

# Few instances of kretprobes, each of which is an allocation.
# The kernel itself warns where it cannot make the directories of a module's tracepoints.
spare event_create_dir
faults_random 1 0
inject load ./forkwatch.ko maxactive=1
faults_off
spare_none
inject unload ./forkwatch.ko maxactive=1
check 'no probe is left' nothing_probed

load forkwatch.ko maxactive=1
forks 1079 1071 245
for event in fork_enter copy_thread arch_state fork_exit fork_return first_run tail_return \
	cpu_switch_to; do
	inject write $events/$event/enable 1 0
done
inject undo $events/fork_exit/enable 1 0
inject undo $events/enable 1 0
check 'no probe that watches is left' nothing_armed
unload

load forkwatch.ko
start -a -f json -o "$tmp/forks"
traced=$(allocations)
echo "# allocations of three forks: untraced=$untraced traced=$traced"
at_least 'tracing adds no allocation to a fork' "$untraced" "$traced"
forks fork vfork clone3 1079 1071 245
kill "$sleeper"
wait "$tool"
equal 'the tool ends with its command' $? 143
equal 'nothing was lost' "$(summary "$tmp/forks" lost.total)" 0
equal 'no rule is broken' "$(summary "$tmp/forks" verdicts.FAIL)" 0
at_least 'forks that failed were seen' "$(summary "$tmp/forks" failed)" 100
check 'no probe that watches is left' nothing_armed
unload
echo 1 >$tracing/options/record-cmd
echo "# sums faults=$all"
finish
