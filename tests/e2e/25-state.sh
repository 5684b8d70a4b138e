#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# The rest of the CPU's state: what EL0 found of it in a child, and what was recorded and judged.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# trace CASE: one case of the workload, traced
trace()
{
	fw run -f json -o "$tmp/forks" -- ./workload/state "$1"
	equal "$1: the child has what it should have" "$status" 0
	comment <"$tmp/err"
	equal "$1: nothing was lost" "$(summary "$tmp/forks" lost.total incomplete)" '0	0'
}

# absent CASE RULE: where the machine does not have it, its rule does not speak
absent()
{
	[ "$(cat "$tmp/out")" = "$1=absent" ] || return 1
	equal "$1: absent here: $2" "$(forks "$tmp/forks" "verdicts.$2.verdict" | sort -u)" N/A
}

# recorded FIELD: of the first child's state
recorded()
{
	forks "$tmp/forks" "events.arch_state.child_state.$1" | head -n1
}

# judged CASE RULE: by all forks of it
judged()
{
	equal "$1: $2" "$(forks "$tmp/forks" "verdicts.$2.verdict" | sort -u)" PASS
}

load forkwatch.ko
trace sve
judged sve S1
if ! absent sve S2; then
	judged sve S2
	equal 'sve: vector length' "$(recorded sve_vl)" "$(value sve.child_vl "$tmp/out")"
fi

trace sme
if ! absent sme S3; then
	judged sme S3
	judged sme A8
	equal 'sme: tpidr2_el0 and svcr' "$(recorded tpidr2) $(recorded svcr)" \
		"$(value sme.child_tpidr2 "$tmp/out") $(value sme.child_svcr "$tmp/out")"
	equal 'sme: ZA was on' "$(recorded svcr)" 0x2
fi

trace pac
if ! absent pac S4; then
	judged pac S4
	equal 'pac: a child signs as its parent' "$(value pac.same_after_fork "$tmp/out")" 1
	equal 'pac: a program has keys of its own' "$(value pac.same_after_exec "$tmp/out")" 0
fi

trace mte
if ! absent mte S5; then
	judged mte S5
	equal 'mte: the tag check mode' "$(value mte.child_ctrl "$tmp/out")" \
		"$(value mte.ctrl "$tmp/out")"
fi

trace fpmr
judged fpmr S1
if ! absent fpmr S10; then
	judged fpmr S10
	equal 'fpmr: recorded' "$(recorded fpmr)" "$(value fpmr.child_fpmr "$tmp/out")"
fi

trace poe
if ! absent poe S9; then
	judged poe S9
	equal 'poe: recorded' "$(recorded por)" "$(value poe.child_por "$tmp/out")"
fi

# One fork to have it in, one of the process that has it, and a thread of that one.
trace gcs
if ! absent gcs S6; then
	judged gcs S6
	equal 'gcs: gcspr_el0 of the parent, of a child, and of a thread' \
		"$(forks "$tmp/forks" events.arch_state.parent_state.gcspr \
			events.arch_state.child_state.gcspr | tail -n2)" \
		"$(value gcs.gcspr "$tmp/out")	$(value gcs.child_gcspr "$tmp/out")
$(value gcs.gcspr "$tmp/out")	$(value gcs.thread_gcspr "$tmp/out")"
fi

# The fork of a process with a breakpoint is the second one.
trace breakpoint
judged breakpoint S7
equal 'breakpoint: the parent has one, the child none' "$(forks "$tmp/forks" \
	events.arch_state.parent_state.breakpoints events.arch_state.child_state.breakpoints |
	tail -n1)" '1	0'

# EL0 cannot see it: it is the kernel's own, where it is configured.
if grep -q ' scs_release$' /proc/kallsyms; then
	judged scs S8
	forks "$tmp/forks" events.arch_state.parent_state.scs_base events.arch_state.child_state.scs_base \
		events.arch_state.child_state.scs_sp >"$tmp/scs"
	at_least 'scs: forks' "$(lines <"$tmp/scs")" 1
	equal 'scs: a child has one of its own, and its pointer at the base' \
		"$(awk '$2 ~ /^0xffff/ && $1 "" != $2 "" && $2 "" == $3 ""' "$tmp/scs")" "$(cat "$tmp/scs")"
	fw run -v -- ./workload/state breakpoint
	has 'scs: the text' "$tmp/out" "shadow call stack $(sed -n 's/^\(0xffff\).*/\1/p' "$tmp/scs" | head -n1)"
else
	equal 'scs: absent here: S8' "$(forks "$tmp/forks" verdicts.S8.verdict | sort -u)" N/A
	equal 'scs: absent here: nothing recorded' \
		"$(forks "$tmp/forks" events.arch_state.child_state.scs_base | sort -u)" 0x0
fi

# Whose state it is: that of kernel threads is no user's.
equal 'what this machine has' "$(forks "$tmp/forks" events.arch_state.has | sort -u | wc -l)" 1
unload
finish
