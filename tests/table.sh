#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# table.sh DIR PART…: what failed in DIR/PART.log, and a table of all parts. What it says of a
# guest is what the guest said: its lines "# facts" and "# sums" (tests/e2e/01-*, 12-*).
# Exit status 1 if anything failed.
set -u
dir=$1
shift

# fact LOG NAME: the value of NAME= in the lines of facts and sums
fact()
{
	grep -hE '^# (facts|sums) ' "$1" | tr ' ' '\n' | sed -n "s/^$2=//p" | head -n1
}

# counts LOG: "passed failed skipped" of all lines of TAP and all summaries of cmocka
counts()
{
	awk '
		/^ok .*# SKIP/ { skipped++; next }
		/^ok / { passed++ }
		/^not ok / { failed++ }
		/^\[  PASSED  \] [0-9]+ test/ { passed += $4 }
		/^\[  FAILED  \] [0-9]+ test/ { failed += $4 }
		/^\[  SKIPPED \] [0-9]+ test/ { skipped += $4 }
		END { print passed + 0, failed + 0, skipped + 0 }' "$1"
}

# flavour RELEASE: what Debian, or who built it, put behind the version
flavour()
{
	case $1 in
	*-rt-arm64) echo rt ;;
	*-16k) echo 16k ;;
	*-arm64) echo arm64 ;;
	*-*) echo "${1##*-}" ;;
	*) echo - ;;
	esac
}

failures()
{
	local part
	for part; do
		grep -hE '^not ok |^\[  FAILED  \] [^0-9]|^ok .* # SKIP' "$dir/$part.log" |
			sed -E "s/^ok [0-9]+ - /skipped: /; s/^/$part: /" | sort -u
	done
}

format='%-15s %-26s %-10s %-14s %6s %6s %7s  %9s %6s %9s %6s  %7s\n'
row()
{
	# shellcheck disable=SC2059  # one format for all rows
	printf "$format" "$@"
}

echo
failures "$@"
echo
row '' '' '' '' tests tests tests workloads rules not events ''
row run kernel flavour CPUs passed failed skipped passed judged observed lost seconds
all_passed=0 all_failed=0 all_skipped=0
for part; do
	log=$dir/$part.log
	read -r passed failed skipped < <(counts "$log")
	release=$(fact "$log" release)
	cpu=$(fact "$log" cpus)${release:+ }$(fact "$log" cpu)
	workloads=$(fact "$log" workloads)
	rules=$(fact "$log" rules)
	unseen=$(fact "$log" not_observed)
	lost=$(fact "$log" lost)
	seconds=$(fact "$log" seconds)
	row "$part" "${release:--}" "$(flavour "$release")" "${cpu:--}" "$passed" "$failed" "$skipped" \
		"${workloads:--}" "${rules:--}" "${unseen:--}" "${lost:--}" "${seconds:--}"
	all_passed=$((all_passed + passed))
	all_failed=$((all_failed + failed))
	all_skipped=$((all_skipped + skipped))
done
printf '\n%d passed, %d failed, %d skipped\n' $all_passed $all_failed $all_skipped
[ $all_failed -eq 0 ]
