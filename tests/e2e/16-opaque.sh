#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A module that does not tell the kernel how long its events are, as one for a kernel without
# writable tracepoints: BPF programs may not read them where they lie, and get copies instead.
# Nothing else is different.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

WRITABLE=24	# BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE

# direct SOURCE: how many of the tool's programs may read the module's events where they lie
direct()
{
	# shellcheck disable=SC2016  # expanded by the traced shell, whose parent is the tool
	fw run -q --source "$1" -o "$tmp/forks" -- sh -c 'cat /proc/$PPID/fdinfo/*'
	awk -v type=$WRITABLE '$1 == "prog_type:" { all++; n += $2 == type }
		END { print all ? n + 0 : "no program is seen" }' "$tmp/out"
}

# record_all DIR: each way to fork, seen by both witnesses
record_all()
{
	for workload in fork vfork thread clone3; do
		fw record --source both --switches -o "$tmp/$1.$workload" -- ./workload/regs $workload
		equal "$1 $workload: exit status" "$status" 0
	done
}

[ -f forkwatch-opaque.ko ] || {
	skip 'a module that does not say how long its events are' 'no such module was built'
	finish
}
load forkwatch.ko
at_least 'the module: events are read where they lie' "$(direct both)" 8
record_all module
unload

load forkwatch-opaque.ko
equal 'opaque: events are copied' "$(direct both)" 0
record_all opaque
fw run --source both -f json -o "$tmp/forks" -- ./workload/tree 2 2
equal 'opaque: exit status' "$status" 0
equal 'opaque: forks, failed, incomplete, lost, rules broken' \
	"$(summary "$tmp/forks" forks failed incomplete lost.total verdicts.FAIL)" '6	0	0	0	0'
equal 'opaque: both witnesses see the same' \
	"$(forks "$tmp/forks" verdicts.W1.verdict | sort -u)" PASS
unload

for workload in fork vfork thread clone3; do
	fw diff "$tmp/module.$workload" "$tmp/opaque.$workload"
	equal "opaque: $workload is what it is otherwise" "$status" 0
	[ "$status" -eq 0 ] || comment <"$tmp/out"
done
finish
