# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154  # tmp is of lib.sh
# Allocations that fail when asked to: what the scripts share that inject faults.

debugfs=/sys/kernel/debug

# faults NAME VALUE: an attribute of both kinds, of slabs and of pages
faults()
{
	for kind in failslab fail_page_alloc; do
		[ ! -e "$debugfs/$kind/$1" ] || echo "$2" >"$debugfs/$kind/$1"
	done
}

# All allocations may fail, those that can sleep too, and nothing is logged of it.
faults_ready()
{
	[ -d $debugfs/failslab ] || { skip 'faults' 'this kernel has no fault injection'; finish; }
	faults verbose 0
	faults ignore-gfp-wait N
	faults ignore-gfp-highmem N
	faults min-order 0
	faults probability 0
	faults task-filter Y
	# The kernel kills a task whose rseq area it cannot write to, for lack of a page.
	export GLIBC_TUNABLES=glibc.pthread.rseq=0
}

# With a probability of $1 per cent in tasks that are marked, $2 times at most of each kind.
faults_random()
{
	faults interval 1
	faults space 0
	faults times "$2"
	faults probability "$1"
}

# How many there have been since faults_random PERCENT $1.
faults_seen()
{
	seen=0
	for kind in failslab fail_page_alloc; do
		seen=$((seen + $1 - $(cat "$debugfs/$kind/times")))
	done
	echo $seen
}

# spare FUNCTION: what it and all that it calls allocate does not fail
spare()
{
	sort -k 1,1 /proc/kallsyms | awk -v name="$1" '
		found { print from, "0x" $1; exit }
		$3 == name { found = 1; from = "0x" $1 }' >"$tmp/range"
	read -r from to <"$tmp/range"
	faults stacktrace-depth 64
	faults reject-start "$from"
	faults reject-end "$to"
}

spare_none()
{
	faults reject-start 0
	faults reject-end 0
	faults stacktrace-depth 0
}

faults_off()
{
	faults probability 0
	faults times 1
}
