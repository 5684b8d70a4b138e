#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# What parent and child write to after a fork: as many copies are counted as there were.
# shellcheck disable=SC2154  # numbers sets c_* and p_*
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# cows FILE PLACE…: of each cow object, the values at these places
cows()
{
	file=$1
	shift
	./e2e/json "$file" type "$@" | sed -n 's/^cow	//p'
}

# numbers PREFIX FILE: sets c_copied, p_copied, … to the counts of child and parent
numbers()
{
	for count in faults copied reused first huge huge_split not_observed; do
		eval "c_$count=$(cows "$1" child.$count) p_$count=$(cows "$1" parent.$count)"
	done
}

# counted NAME ARG…: runs the workload cow with ARG… and fetches what was counted
counted()
{
	name=$1
	shift
	fw run --cow -f json -o "$tmp/json" -- ./workload/cow "$@"
	equal "$name: exit status" "$status" 0
	equal "$name: one fork, nothing lost" "$(summary "$tmp/json" forks cow.forks lost.total)" \
		'1	1	0'
	numbers "$tmp/json"
	first=$(value first "$tmp/out")
	both=$(value both "$tmp/out")
	written=$(($(value child "$tmp/out") + $(value parent "$tmp/out")))
}

# Beside the pages that they are told to, both sides write to a few of their stack and data: $base
# of them, a few at most. Such a page is copied by who is first, and written in place by the other
# unless the kernel holds a reference to it; see below.
load forkwatch.ko
if ! copies_are_counted; then
	fw run --cow -- true
	equal 'a kernel without do_wp_page(): exit status' "$status" 125
	has 'it says so' "$tmp/err" 'no function do_wp_page()' 'Trace without --cow'
	unload
	finish
fi
counted 'nothing to write' 100 0 0
base=$((c_copied + p_copied))
at_least 'a page or two are always written to' "$base" 1
at_least 'but not many' 4 "$base"
at_least 'each of them is copied at least once' $((2 * base)) \
	$((c_copied + c_reused + p_copied + p_reused))

# within_base NAME FOUND EXPECTED: FOUND is EXPECTED and at most what both sides write besides
within_base()
{
	most=$(($3 + 2 * base + 1))
	if [ "$2" -ge "$3" ] && [ "$2" -le $most ]; then
		ok "$1"
	else
		not_ok "$1"
		echo "found $2, expected $3 to $most" | comment
	fi
}

# Neither side writes what the other does: all are copied, whoever is first.
for order in '' -p; do
	for end in '' -x; do
		# shellcheck disable=SC2086  # options
		counted "cow $order $end 900 300 200" $order $end 900 300 200
		within_base "child's copies ($order $end)" "$c_copied" 300
		within_base "parent's copies ($order $end)" "$p_copied" 200
		within_base "all copies ($order $end)" $((c_copied + p_copied)) "$written"
		within_base "child's faults ($order $end)" "$c_faults" 300
		equal "how it ended ($order $end)" "$(cows "$tmp/json" ended)" \
			"$([ -n "$end" ] && echo exec || echo exit)"
		# But for pages of files' private mappings that the other one lets go of meanwhile.
		at_least "hardly an outcome is unknown ($order $end)" "$base" \
			$((c_not_observed + p_not_observed))
	done
done

# Both write to the same pages: the second one finds them unshared, but for those on which some
# CPU's list of pages to be put on the LRU has a reference: they are copied once more. That list
# has 15 or 31 places.
counted 'cow 400 400 400' 400 400 400
equal 'all are written to by both' "$both" 400
within_base 'the first one copies all' "$c_copied" 400
within_base 'the second one faults on all' "$p_faults" 400
at_least 'and writes most in place' "$p_reused" $((400 - 2 * 31))
within_base 'the others are copied again' $((p_copied + p_reused)) 400

# Pages that are not shared by the fork are told apart.
counted 'cow -z 7 -f 5 100 20 10' -z 7 -f 5 100 20 10
equal 'first writes are no copies' "$c_first" "$first"
within_base 'copies are others' "$c_copied" 20

if grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled; then
	skip 'huge pages are split' 'this kernel has none'
else
	counted 'cow -H 1024 3 2' -H 1024 3 2
	equal 'both split the huge page that they write to' "$c_huge_split $p_huge_split" '1 1'
	within_base 'and copy what they write to' "$c_copied" 3
fi

# Several forks, by the times and by their numbers.
fw run --cow -f json -o "$tmp/json" -- ./workload/forks 5
equal 'five forks' "$status" 0
equal 'are five counts, each of its own fork' "$(cows "$tmp/json" fork | sort -n | xargs)" '1 2 3 4 5'
equal 'of its own child' "$(cows "$tmp/json" fork child.tgid | sort)" \
	"$(forks "$tmp/json" id child.tgid | sort)"
equal 'from its wake-up on' "$(cows "$tmp/json" fork begin time first | awk '$2 >= $3' | lines)" 0

fw run --cow -f json -o "$tmp/json" -- ./workload/spawn
equal 'a vfork child has no mm to copy to' \
	"$(forks "$tmp/json" id kind | grep -c '	fork$')" "$(cows "$tmp/json" fork | lines)"

# A recording has them; show gives them with their fork, and the text says the same.
fw record --cow -o "$tmp/trace" -- ./workload/cow -x 100 20 10
equal 'recording' "$status" 0
fw report --summary "$tmp/trace"
has 'the summary of a recording' "$tmp/out" '1 fork counted' children parents
fw show "$tmp/trace" 1
has 'one fork of a recording' "$tmp/out" "until its child's exec" ' pages copied'

# Those that are still alive in the end are counted until then. This one waits for a writer.
mkfifo "$tmp/fifo"
# shellcheck disable=SC2016  # $0 is expanded by that shell
fw run --cow -f json -o "$tmp/json" -- sh -c '(read -r line <"$0") & :' "$tmp/fifo"
equal 'a child that outlives tracing' "$(cows "$tmp/json" ended | sort -u | grep -c open)" 1
: <>"$tmp/fifo"

fw run -f json -o "$tmp/json" -- ./workload/cow 100 20 10
equal 'not asked for, not counted' "$(cows "$tmp/json" fork | lines)" 0
check 'and no probe is left' nothing_armed
unload
finish
