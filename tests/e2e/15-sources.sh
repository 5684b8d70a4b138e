#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# The same forks by module and BPF together, by BPF without the module, and by the module without
# BPF: each source sees all of them, and less only what it says that it cannot see.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# Registers, contexts, the first switch, results: what holds for every fork that makes a user task.
rules='A1 A2 A3 A4 A5 A6 A7 A9 B1 B2 B3 B5 C1 C2 C3 C4 C5 D1 E1 E2 E3 E4 E5 E6 E7 E8 S1 W1'

# blind SOURCE KIND: the rules that it has not what to judge by. Threads ask for their TLS.
blind()
{
	case $1-$2 in
	both-*) echo ;;
	bpf-thread) echo 'C2 C3 S1 W1' ;;
	bpf-*) echo 'A7 C2 C3 S1 W1' ;;
	module-*) echo 'C5 W1' ;;
	esac
}

# Of each fork, the rules that neither passed nor were to be expected so, one line each. B1 and
# E7 may go unobserved where what they look at was overwritten meanwhile.
unexpected()
{
	# shellcheck disable=SC2046  # one argument a rule
	forks "$1" $(echo "$rules" | sed 's/[^ ]\{1,\}/verdicts.&.verdict/g') |
		awk -F '\t' -v rules="$rules" -v blind=" $2 " '
		BEGIN { split(rules, id, " ") }
		{
			line = "-"
			for (i = 1; i <= NF; i++) {
				hidden = index(blind, " " id[i] " ") > 0
				lucky = id[i] == "B1" || id[i] == "E7"
				if ($i == "PASS" && !hidden)
					continue
				if ($i == "NOT OBSERVED" && (hidden || lucky))
					continue
				if ($i == "N/A" && hidden && id[i] == "W1")
					continue
				line = line " " id[i] "=" $i
			}
			print line
		}'
}

# traced SOURCE KIND COUNT WORKLOAD ARG…
traced()
{
	source=$1 kind=$2 count=$3 workload=$4
	shift 4
	what="$source: $workload"
	fw run --source "$source" -f json -o "$tmp/forks" -- "./workload/$workload" "$@"
	equal "$what: exit status" "$status" 0
	equal "$what: says nothing" "$(cat "$tmp/err")" ''
	equal "$what: forks, failed, incomplete, lost" \
		"$(summary "$tmp/forks" forks failed incomplete lost.total)" "$count	0	0	0"
	losses "$tmp/forks"
	equal "$what: kinds" "$(forks "$tmp/forks" kind | sort | uniq -c | sed 's/^ *//')" \
		"$count $kind"
	equal "$what: the rules" \
		"$(unexpected "$tmp/forks" "$(blind "$source" "$kind")" | sort | uniq -c | sed 's/^ *//')" \
		"$count -"
}

workloads()
{
	traced "$1" fork 6 forks 3 2 2
	traced "$1" thread 3 pthread 3
	traced "$1" vfork 4 spawn 2
	traced "$1" fork 4 clone3
	traced "$1" fork 14 tree 3 2
	value fork "$tmp/out" | sort >"$tmp/expected"
	equal "$1: tree: by its own account" \
		"$(forks "$tmp/forks" parent.tid child.tid | tr '\t' : | sort)" "$(cat "$tmp/expected")"
	check "$1: no probe when the tool has ended" within 5 nothing_armed
}

# everything SOURCE: kernel threads among others, which no task that is watched makes
everything()
{
	fw run --source "$1" -a -f json -o "$tmp/forks" -- ./workload/kthread kthread 5
	equal "$1: run -a: exit status" "$status" 0
	at_least "$1: run -a: kernel threads" "$(forks "$tmp/forks" kind | grep -c '^kthread$')" 5
	equal "$1: run -a: no rule is broken" "$(summary "$tmp/forks" verdicts.FAIL)" 0
	equal "$1: run -a: nothing was lost" "$(summary "$tmp/forks" lost.total)" 0
}

# events_of PLACE: of each event of a fork, who saw it
events_of()
{
	forks "$tmp/forks" "events.fork_enter.$1" "events.copy_thread.$1" "events.fork_exit.$1" \
		"events.fork_return.$1" "events.first_run.$1" "events.tail_return.$1" \
		"events.wakeup_new.$1" | sort -u | tr '\t' ' '
}

load forkwatch.ko
workloads both
equal 'both: who saw each event' "$(events_of source)" \
	'module module module module module module bpf'
equal 'both: and the second witness' "$(events_of witness)" 'bpf bpf bpf bpf bpf bpf -'
everything both
workloads bpf
equal 'bpf: who saw each event' "$(events_of source)" 'bpf bpf bpf bpf bpf bpf bpf'
equal 'bpf: what it cannot see is not there' \
	"$(forks "$tmp/forks" events.copy_thread.parent_tpidr events.first_run.sp_el0 | sort -u)" '-	-'

everything bpf

mkdir $tracing/instances/forkwatch-4194302
workloads module
equal 'module: who saw each event' "$(events_of source)" \
	'module module module module module module tracefs'
equal 'module: no instance is left, nor one of a dead tool' "$(ls $tracing/instances)" ''
everything module
echo 1 >$tracing/events/sched/sched_process_fork/enable
at_least "module: the kernel's own trace has its usual size for who traces next" \
	"$(sed 's/ .*//' $tracing/buffer_size_kb)" 1000
echo 0 >$tracing/events/sched/sched_process_fork/enable
fw run --source module --stages core -- true
equal 'module: no stages: exit status' "$status" 125
has 'module: no stages: says so' "$tmp/err" 'stages are timed by BPF programs'
fw stat --source module -- ./workload/forks 2
equal 'module: stat: exit status' "$status" 0
equal 'module: stat: leaves stages out, and says so' "$(cat "$tmp/err")" \
	'forkwatch: source module: no stages are shown, which BPF programs time'
fw stat --source module --stages core -- true
equal 'module: stat: refuses stages that are asked for' "$status" 125
fw run --source other -- true
equal 'an unknown source: exit status' "$status" 125
has 'an unknown source: says what there is' "$tmp/err" \
	"source 'other' is none of auto, both, module, bpf"

# As it goes to disk and comes back.
fw record -q --source both -o "$tmp/trace" -- ./workload/forks 2
equal 'recorded: exit status' "$status" 0
fw check --rules W1 "$tmp/trace"
equal 'recorded: W1 holds' "$status" 0
unload

fw run --source bpf -f json -o "$tmp/forks" -- ./workload/forks 3
equal 'bpf without the module: exit status' "$status" 0
equal 'bpf without the module: forks, failed, incomplete, lost' \
	"$(summary "$tmp/forks" forks failed incomplete lost.total)" '3	0	0	0'
fw run -f json -o "$tmp/forks" -- ./workload/forks 3
equal 'auto without the module: exit status' "$status" 0
has 'auto without the module: says what it takes' "$tmp/err" 'forkwatch: source bpf: ' \
	'the module: not loaded'
equal 'auto without the module: who saw it' \
	"$(forks "$tmp/forks" events.fork_enter.source | sort -u)" bpf
for source in both module; do
	fw run --source $source -- true
	equal "$source without the module: exit status" "$status" 125
	has "$source without the module: says so" "$tmp/err" 'the module forkwatch is not loaded'
done

# A module that lies about one register.
if [ -f forkwatch-lie.ko ]; then
	load forkwatch-lie.ko
	fw run --source both -f json -o "$tmp/forks" -- ./workload/forks 3
	equal 'a lie: W1 of each fork' "$(forks "$tmp/forks" verdicts.W1.verdict | tr '\n' ' ')" \
		'FAIL FAIL FAIL '
	fw run -q --source both -- ./workload/forks 1
	has 'a lie: both values are shown' "$tmp/out" 'copy_thread.regs_after.x9: module 0x' ', BPF 0x'
	unload
else
	skip 'a lie' 'no such module was built'
fi
finish
