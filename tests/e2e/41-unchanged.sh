#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Forks come to the same with and without us: each program that knows what a kernel has to do says
# the same when nothing is loaded, when the module is, and in the midst of each way to trace.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

programs='workload/clone3
workload/fail
workload/forks 20 3 4
workload/pthread 20
workload/regs
workload/spawn 10
workload/state
workload/tree 3 3
e2e/sleepers 16'

# say PROGRAM…: what it prints and how it ends, less pids and addresses; a fork that hangs is an end
say()
{
	program=./$1
	shift
	timeout 120 "$program" "$@" >"$tmp/says" 2>&1
	echo "status=$?" >>"$tmp/says"
	# Whether an emulated CPU stops at a breakpoint differs from run to run, without us too.
	sed -E '/^breakpoint.parent_stopped=/d; s/0x[0-9a-f]+/ADDRESS/g; s/[0-9]{3,}/NUMBER/g' \
		"$tmp/says"
}

# all_say WHEN: one file for each program
all_say()
{
	n=0
	echo "$programs" | while read -r program; do
		n=$((n + 1))
		# shellcheck disable=SC2086  # its arguments
		say $program >"$tmp/$1.$n"
	done
}

# same WHEN: as without us
same()
{
	n=0
	for file in "$tmp/untraced".*; do
		n=$((n + 1))
		program=$(echo "$programs" | sed -n "${file##*.}p")
		if diff "$file" "$tmp/$1.${file##*.}" >"$tmp/differs"; then
			continue
		fi
		not_ok "$1: $program comes to the same"
		comment <"$tmp/differs"
		n=-1000
	done
	[ $n -le 0 ] || ok "$1: $n programs come to the same"
}

# traced WHEN ARG…
traced()
{
	when=$1
	shift
	start -a -f json -o "$tmp/forks" "$@"
	all_say "$when"
	kill "$sleeper"
	wait "$tool"
	same "$when"
	at_least "$when: they were seen" "$(summary "$tmp/forks" forks)" 100
}

all_say untraced
all_say again
same again
equal 'they know what has to be' "$(cat "$tmp"/untraced.* | grep -c '^status=0$')" \
	"$(echo "$programs" | lines)"
load forkwatch.ko
all_say loaded
same loaded
cow=
! copies_are_counted || cow=--cow
# shellcheck disable=SC2086  # one word or none
traced both --source both --stages core $cow
traced switches --source module --switches
traced bpf --source bpf --stages all
unload
all_say unloaded
same unloaded
finish
