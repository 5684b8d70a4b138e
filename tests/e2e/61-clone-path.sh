#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# The clone path: fork, vfork and forkwatch_clone by their numbers, by other numbers, and not at all.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# calls NAME EXPECTED KIND NR…: what becomes of calls by these numbers
calls()
{
	name=$1 expected=$2
	shift 2
	./e2e/clone_call "$@" >"$tmp/calls" 2>&1
	equal "$name" "$(sed 's/[^:]*: //' "$tmp/calls" | sort -u)" "$expected"
}

# nobody_serves NAME: the default numbers
nobody_serves()
{
	calls "$1: no fork" ENOSYS fork 1079
	calls "$1: no vfork" ENOSYS vfork 1071
	calls "$1: no forkwatch_clone" ENOSYS clone 245
}

# refused NAME TEXT PARAMETER…: insmod fails, and the kernel's log says why
refused()
{
	what=$1 text=$2
	shift 2
	if insmod ./forkwatch.ko "$@" 2>"$tmp/err"; then
		not_ok "$what is refused"
		rmmod forkwatch
		return
	fi
	ok "$what is refused"
	dmesg | grep 'forkwatch: ' | tail -n 1 >"$tmp/log"
	has "$what is refused with a reason" "$tmp/log" "$text"
	check "$what leaves no module" test ! -e /sys/module/forkwatch
	check "$what leaves no probe" nothing_probed
}

nobody_serves 'no module'

load forkwatch.ko
equal 'probes of the dispatch' "$(probed | xargs)" '__arm64_sys_ni_syscall sys_ni_syscall'
calls 'fork' 'a child' fork 1079
calls 'vfork' 'a child' vfork 1071
calls 'forkwatch_clone' 'a child' clone 245
calls 'others in holes of the table stay free' ENOSYS fork 244 246 250 255 259
calls 'others beyond the table stay free' ENOSYS fork 1070 1072 1078 1080 500 1000 65536 -1
relay ./e2e/clone_library
unload
nobody_serves 'module gone'
check 'module gone: no probe' nothing_probed

load forkwatch.ko clone_path=0
check 'clone_path=0: no probe at all' nothing_probed
nobody_serves 'clone_path=0'
unload

load forkwatch.ko nr_fork=500 nr_vfork=246 nr_clone=2000
nobody_serves 'other numbers'
calls 'other numbers: fork' 'a child' fork 500
calls 'other numbers: vfork' 'a child' vfork 246
calls 'other numbers: forkwatch_clone' 'a child' clone 2000
relay ./e2e/clone_library 500 246 2000
unload

refused 'the number of clone' 'sys_clone; choose one' nr_fork=220
refused 'the number of clone3' 'sys_clone3; choose one' nr_clone=435
refused 'the number of read' 'sys_read; choose one' nr_vfork=63
refused 'a negative number' 'it is negative' nr_clone=-1
refused 'one number for two' 'is given to both' nr_fork=1071
load forkwatch.ko nr_fork=220 clone_path=0
ok 'without the path its numbers do not matter'
unload
finish
