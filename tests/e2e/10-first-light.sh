#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Forks of each kind: each is seen, is complete, and keeps every rule; then the module goes.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# Registers, contexts, the first switch, results: what holds for every fork that makes a user task.
rules='A1 A2 A3 A4 A5 A6 A7 A9 B1 B2 B3 B5 C1 C2 C3 C4 C5 D1 E1 E2 E3 E4 E5 E6 E7 E8'

# Those of them that passed for each fork, one line each. B1 compares with what the parent's
# cpu_context held: it may go unobserved where that was overwritten twice meanwhile; so may
# what E7 looks for in memory that a thread's end has cleared.
passed()
{
	# shellcheck disable=SC2046  # one argument a rule
	forks "$1" events.fork_enter.switches events.copy_thread.parent_switches \
		$(echo "$rules" | sed 's/[^ ]\{1,\}/verdicts.&.verdict/g') |
		awk -F '\t' -v rules="$rules" '
		BEGIN { split(rules, id, " ") }
		{
			line = ""
			for (i = 3; i <= NF; i++)
				if ($i == "PASS" || ($i == "NOT OBSERVED" &&
				    (id[i - 2] == "E7" || (id[i - 2] == "B1" && $2 - $1 > 1))))
					line = line " " id[i - 2]
			print substr(line, 2)
		}'
}

# traced KIND COUNT WORKLOAD ARG…: so many forks of that kind, and no others
traced()
{
	kind=$1 count=$2 workload=$3
	shift 3
	what="$workload ($kind)"
	fw run -f json -o "$tmp/forks" -- "./workload/$workload" "$@"
	equal "$what: exit status" "$status" 0
	equal "$what: says nothing" "$(cat "$tmp/err")" ''
	equal "$what: forks, failed, incomplete, lost" \
		"$(summary "$tmp/forks" forks failed incomplete lost.total)" "$count	0	0	0"
	equal "$what: kinds" "$(forks "$tmp/forks" kind | sort | uniq -c | sed 's/^ *//')" \
		"$count $kind"
	equal "$what: no rule is broken" "$(summary "$tmp/forks" verdicts.FAIL)" 0
	equal "$what: the rules that passed, of each fork" \
		"$(passed "$tmp/forks" | sort | uniq -c | sed 's/^ *//')" "$count $rules"
}

check 'no probe before the module' nothing_probed
load forkwatch.ko
check 'no probe that watches when loaded' nothing_armed

traced fork 6 forks 3 2 2
equal 'the workload agrees' "$(value forks "$tmp/out")" 6
traced thread 3 pthread 3
traced vfork 4 spawn 2
traced fork 4 clone3

# Who forked whom, by the workload's own account.
traced fork 14 tree 3 2
value fork "$tmp/out" | sort >"$tmp/expected"
equal 'the tree has its 14 forks' "$(lines <"$tmp/expected")" 14
equal 'the tree is the same' "$(forks "$tmp/forks" parent.tid child.tid | tr '\t' : | sort)" \
	"$(cat "$tmp/expected")"

fw run -- ./workload/forks 1
equal 'as text: exit status' "$status" 0
has 'as text' "$tmp/out" 'fork 1 ' '-> forks[' 'CLONE_CHILD_SETTID' 'svc #0' \
	'ret_from_fork' 'x0 = 0' 'summary' '0 FAIL' 'lost    0' 'forks=1'

check 'no probe when the tool has ended' nothing_armed
unload
check 'no probe after the module' nothing_probed
finish
