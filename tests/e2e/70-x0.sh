#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A kernel whose copy_thread() leaves 7 in the child's x0 is caught. A module does it here, by a
# write into childregs->regs[0] when copy_thread() has returned.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# Nothing but regs may fork while this is traced: whoever gets 7 takes itself for the parent.
broken()
{
	load forkwatch-x0.ko
	fw run -f json -o "$tmp/forks" -- ./workload/regs fork vfork thread clone3
	equal 'x0 = 7: regs notices' "$status" 1
	has 'x0 = 7: regs says so' "$tmp/err" 'regs: fork: child x0 is 0x7, expected 0'
	equal 'x0 = 7: A1 of each fork' "$(forks "$tmp/forks" verdicts.A1.verdict | tr '\n' ' ')" \
		'FAIL FAIL FAIL FAIL '
	equal 'x0 = 7: no other rule' "$(summary "$tmp/forks" rules.A1.FAIL verdicts.FAIL)" '4	4'
	equal 'x0 = 7: the result that is shown' \
		"$(forks "$tmp/forks" result.child_x0 | sort -u)" 0x7

	fw run -- ./workload/regs fork
	has 'x0 = 7: the text' "$tmp/out" 'A1' 'FAIL' 'x0: child 0x7, expected 0x0' '1 FAIL'
	fw run -q -- ./workload/regs fork
	has 'x0 = 7: the text, when asked for failures only' "$tmp/out" 'A1' \
		'x0: child 0x7, expected 0x0' '1 FAIL'
	unload
}

good()
{
	load forkwatch.ko
	fw run -f json -o "$tmp/forks" -- ./workload/regs fork vfork thread clone3
	equal 'x0 = 0: exit status' "$status" 0
	equal 'x0 = 0: A1 of each fork' "$(forks "$tmp/forks" verdicts.A1.verdict | tr '\n' ' ')" \
		'PASS PASS PASS PASS '
	equal 'x0 = 0: no rule is broken' "$(summary "$tmp/forks" verdicts.FAIL)" 0
	unload
}

broken
good
finish
