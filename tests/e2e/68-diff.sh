#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Two recordings of the same are the same, each time; of something else they are not.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# again ROUNDS WORKLOAD [ARG…]: recorded once more, it is what the first recording was
again()
{
	rounds=$1
	shift
	name=$*
	program=./workload/$1
	shift
	rm -rf "$tmp/first"
	fw record --stages=all -o "$tmp/first" -- "$program" "$@"
	round=0
	different=0
	while [ $round -lt "$rounds" ]; do
		round=$((round + 1))
		fw record --stages=all --force -o "$tmp/again" -- "$program" "$@"
		fw diff "$tmp/first" "$tmp/again"
		[ "$status" -eq 0 ] || {
			different=$((different + 1))
			sed "s/^/# $name, round $round: /" "$tmp/out"
		}
	done
	equal "$name: $rounds recordings are the same as the first" "$different" 0
}

load forkwatch.ko

again 20 tree 2 2
again 3 pthread 2
again 3 spawn 2
again 3 fail
again 3 clone3

fw record --force -o "$tmp/again" -- ./workload/forks 3
fw record --force -o "$tmp/first" -- ./workload/forks 2
fw diff "$tmp/first" "$tmp/again"
equal 'one fork more: exit status' "$status" 1
has 'one fork more: the words' "$tmp/out" 'a fork more' 'forks/fork#3'
fw convert --to golden -o "$tmp/golden" "$tmp/first"
fw diff "$tmp/golden" "$tmp/first"
equal 'the golden file of a trace is the same as it' "$status" 0
fw diff "$tmp/golden" "$tmp/nothing"
equal 'no such trace: exit status' "$status" 2

finish
