#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Forks of each kind: each is seen, is complete, and keeps every rule; then the module goes.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# What is judged of a fork of a user task that makes a user task.
user_rules='A1 A2 A3 A4 A5 A6 A7 A9 B1 B2 B3 B5 C1 C2 C3 C4 C5 D1'

# The rules that passed for each fork, one line each.
passed()
{
	# shellcheck disable=SC2046  # one argument a rule
	forks "$1" $(./forkwatch list rules -f json | sed -n 's/.*"id": "\(.*\)".*/verdicts.\1.verdict/p') |
		awk -v rules="$(./forkwatch list rules -f json | sed -n 's/.*"id": "\(.*\)".*/\1/p')" '
		BEGIN { split(rules, id, "\n") }
		{
			line = ""
			for (i = 1; i <= NF; i++)
				if ($i == "PASS")
					line = line " " id[i]
			print substr(line, 2)
		}' FS='\t'
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
	equal "$what: FAIL and NOT OBSERVED" \
		"$(summary "$tmp/forks" verdicts.FAIL 'verdicts.NOT OBSERVED')" '0	0'
	equal "$what: the rules that passed, of each fork" \
		"$(passed "$tmp/forks" | sort | uniq -c | sed 's/^ *//')" "$count $user_rules"
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
	'ret_from_fork' 'x0 = 0' 'summary' '0 FAIL' '0 NOT OBSERVED' 'lost    0' 'forks=1'

check 'no probe when the tool has ended' nothing_armed
unload
check 'no probe after the module' nothing_probed
finish
