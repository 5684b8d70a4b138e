#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Where the time of a fork went: which stages are seen, that they add up, and that nothing is left.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# adds_up NAME FILE: how the forks of FILE add up; what is wrong is a comment
adds_up()
{
	./e2e/stages "$2" >"$tmp/stages" 2>"$tmp/wrong"
	equal "$1" "$(cat "$tmp/wrong")" ''
}

# seen NAME STAGE…: each of the first fork
seen()
{
	name=$1
	shift
	missing=
	for stage; do
		grep -q "^1 $stage " "$tmp/stages" || missing="$missing $stage"
	done
	equal "$name" "$missing" ''
}

# percent STAGE: of kernel_clone, of the first fork
percent()
{
	sed -n "s/^1 $1 [0-9]* //p" "$tmp/stages"
}

load forkwatch.ko

fw run --stages off -f json -o "$tmp/json" -- ./workload/forks 1
equal 'a run without stages' "$status" 0
adds_up 'has none to add up' "$tmp/json"
equal 'and shows none' "$(cat "$tmp/stages")" ''

fw run --stages core -f json -o "$tmp/json" -- ./workload/forks 3
equal 'a run with the core stages' "$status" 0
adds_up 'their times add up' "$tmp/json"
seen 'those that all kernels have are seen' kernel_clone copy_process copy_creds dup_fd \
	copy_page_range copy_thread alloc_pid cgroup_can_fork wake_up_new_task schedule_tail
equal 'in every fork' "$(grep -c ' copy_page_range ' "$tmp/stages")" 3
equal 'others are not' "$(grep -c ' security_task_alloc ' "$tmp/stages")" 0
equal 'none is refused' "$(forks "$tmp/json" stages.refused.0 | sort -u)" -
equal 'nothing is lost' "$(summary "$tmp/json" lost.total)" 0
check 'no probe is left' nothing_armed

fw record --stages all -o "$tmp/trace" -- ./workload/memory 200
equal 'recording all stages of a fork with much memory' "$status" 0
fw show -f json -o "$tmp/json" "$tmp/trace" 1
adds_up 'the times of all stages add up' "$tmp/json"
# shellcheck disable=SC2046  # names
seen 'more stages are seen' arch_dup_task_struct sched_fork copy_fs_struct vm_area_dup anon_vma_fork \
	copy_namespaces cgroup_post_fork $(configured security_task_alloc uprobe_copy_process) \
	'wake-up to first run' schedule_tail finish_task_switch
at_least 'copying page tables takes its time' "$(percent copy_page_range)" 10
# The child may take the CPU within wake_up_new_task, and lose it within schedule_tail.
above='kernel_clone|copy_process|copy_mm|dup_mm|dup_mmap|wake_up_new_task|wake-up to first run|schedule_tail|finish_task_switch'
equal 'nothing else takes as long' "$(grep -vE " ($above) " "$tmp/stages" |
		sort -k 3nr | sed -n '1s/^1 \([a-z_]*\) .*/\1/p')" copy_page_range
fw show "$tmp/trace" 1
check 'the times of the text add up, too' ./e2e/stages -t "$tmp/out"
./e2e/stages -t "$tmp/out" >"$tmp/lines"
equal 'it has the stages that JSON has' \
	"$(sed 's/ [0-9]*$//' "$tmp/lines" | grep -v ' other$' | sort)" \
	"$(sed 's/ [0-9]* [0-9]*$//' "$tmp/stages" | sort)"
at_least 'and what none of them covers' "$(grep -c ' other ' "$tmp/lines")" 2
has 'the waterfall says what was copied' "$tmp/out" ' stages ' ' pages' ' VMAs' ' calls'
has 'and how the child goes on' "$tmp/out" ' runs the child' 'which returns to user mode next'
has 'and what is no function of its own' "$tmp/out" 'no function of this kernel'
fw show --sort time "$tmp/trace" 1
equal 'the longest first' "$(sed -n '/^  stages/{n;s/^ *\([a-z_]*\).*/\1/p;}' "$tmp/out")" \
	copy_process

fw stat --stages all -- ./workload/forks 3
has 'stat counts the child'"'"'s steps' "$tmp/out" schedule_tail finish_task_switch

fw run --stages all -f json -o "$tmp/json" -- ./workload/spawn
equal 'vforks, whose parent waits' "$status" 0
adds_up 'add up, too' "$tmp/json"
equal 'in every fork, too' "$(grep -c ' copy_process ' "$tmp/stages")" \
	"$(forks "$tmp/json" id | lines)"

fw run --stages some -- true
equal 'stages that do not exist' "$status" 125
has 'what there is' "$tmp/err" off core all

start -o /dev/null --stages core
at_least 'probes are armed while tracing' "$(armed | lines)" 4
kill -9 $tool
wait $tool 2>/dev/null
check 'kill -9 of the tool leaves none' within 30 nothing_armed
kill "$sleeper"
unload
check 'no probe after the module' nothing_probed
finish
