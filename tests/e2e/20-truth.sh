#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# The registers as EL0 found them on both sides of its svc, and as the kernel side recorded them.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# Four moments of 31 registers, sp, pc, flags and mode; tpidr_el0 three times; the result.
values=144

load forkwatch.ko
fw run -f json -o "$tmp/forks" -- ./workload/regs fork vfork thread clone3
equal 'regs: found its registers as they should be' "$status" 0
comment <"$tmp/err"
equal 'the trace has its four forks' \
	"$(summary "$tmp/forks" forks failed incomplete lost.total)" '4	0	0	0'
for way in fork vfork thread clone3; do
	./e2e/truth "$tmp/out" "$tmp/forks" $way >"$tmp/truth"
	equal "W2: $way" "$(cat "$tmp/truth")" "$values values compared, 0 differ"
done

# The comparison itself: the fork of one way has not the registers of another.
sed 's/"case": "fork"/"case": "vfork"/' "$tmp/out" >"$tmp/wrong"
sed -i "s/\"child_tid\": $(./e2e/json "$tmp/out" child_tid | head -n1),/\"child_tid\": $(
	./e2e/json "$tmp/out" child_tid | sed -n 2p),/" "$tmp/wrong"
./e2e/truth "$tmp/wrong" "$tmp/forks" vfork >"$tmp/truth"
equal 'a wrong truth is told' $? 1
has 'and each value that differs' "$tmp/truth" 'fork_enter: x9 recorded 0x' 'first_run: x30 ' \
	'copy_thread: tp_after ' "$values values compared, 1"
unload
finish
