#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Every workload: as many forks are seen as it says it made, nothing is lost, no rule is broken.
# Then, of all of them, how each rule was judged, and one line of sums for tables and reports.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

run=0
passed=0
rules=$(./forkwatch list rules | sed -n 's/^\([A-Z][0-9]*\) .*/\1/p')

# Where a summary has the verdicts of each rule.
places()
{
	for rule in $rules; do
		printf "rules.$rule.%s\n" PASS FAIL 'NOT OBSERVED'
	done
}

# keep: the sums of this run, for later: one line with forks, lost, and three numbers a rule
keep()
(
	IFS='
'
	# shellcheck disable=SC2046  # one argument a line
	summary "$tmp/forks" forks lost.total $(places) >>"$tmp/kept"
)

# workload NAME FORKS OPTION PROGRAM [ARG…]; FORKS: a number, or the name of what PROGRAM prints
workload()
{
	name=$1 expected=$2 option=$3 program=$4
	shift 4
	run=$((run + 1))
	# shellcheck disable=SC2086  # one or none
	fw run $option -f json -o "$tmp/forks" -- "./workload/$program" "$@"
	case $expected in
	case) expected=$(grep -c '^case=' "$tmp/out") ;;
	[a-z]*) expected=$(value "$expected" "$tmp/out") ;;
	esac
	found="$status	$(summary "$tmp/forks" forks incomplete lost.total verdicts.FAIL)"
	if [ "$found" = "0	$expected	0	0	0" ]; then
		ok "$name: $expected forks"
		passed=$((passed + 1))
	else
		not_ok "$name: $expected forks"
		echo "exit status, forks, incomplete, lost, broken: $found" | comment
		comment <"$tmp/err"
	fi
	keep
}

# How often each rule held, was broken, was not observed; then the sums. A rule was judged if
# any verdict on it was one of the first two.
report()
{
	awk -F '\t' -v rules="$rules" -v workloads="$passed/$run" '
		BEGIN { n = split(rules, id, "[ \n]") }
		{
			forks += $1
			lost += $2
			for (i = 3; i <= NF; i++)
				count[i] += $i
		}
		END {
			for (r = 1; r <= n; r++) {
				i = 3 * r
				printf "# rule %s passed=%d failed=%d not_observed=%d\n", id[r],
					count[i], count[i + 1], count[i + 2]
				judged += count[i] + count[i + 1] > 0
				failed += count[i + 1]
				unseen += count[i + 2]
			}
			printf "# sums workloads=%s forks=%d rules=%d failed=%d not_observed=%d lost=%d\n",
				workloads, forks, judged, failed, unseen, lost
		}' "$tmp/kept"
}

load forkwatch.ko
workload 'forks' forks '' forks 3 2 2
workload 'a tree' 14 '' tree 3 2
workload 'threads' 3 '' pthread 3
workload 'posix_spawn and vfork' 4 '' spawn 2
workload 'clone3' 4 '' clone3
workload 'known registers' 4 '' regs fork vfork thread clone3
workload 'much memory' 1 '' memory 20
workload 'forks that fail' case '' fail
workload 'a storm' total '' storm -n 50
workload 'with its switches' forks --switches forks 3
if [ -e /sys/kernel/btf/vmlinux ]; then
	workload 'with its stages' forks --stages=core forks 3
else
	skip 'with its stages' 'BPF programs time them, and this kernel has no BTF'
fi
report >"$tmp/report"
cat "$tmp/report"
at_least 'rules that were judged' "$(grep '^# rule ' "$tmp/report" | grep -vc ' passed=0 ')" 26
equal 'rules that were broken' "$(sed -n 's/^# sums .* failed=\([0-9]*\).*/\1/p' "$tmp/report")" 0
unload
finish
