#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Real forks, taken apart: what `make demo` shows, in the guest or on an arm64 machine.
# Runs in a directory with forkwatch, forkwatch.ko and workload/.

title()
{
	printf '\n== %s\n\n' "$*"
}

# must COMMAND…
must()
{
	"$@" || {
		echo "error: '$*' ended with status $?" >&2
		failed=1
	}
}

# show TITLE COMMAND…
show()
{
	title "$1"
	shift
	program=${1#./}
	if [ "${program%/*}" = workload ] && [ ! -x "$1" ]; then
		echo "skipped: $1 is not built"
		return
	fi
	must ./forkwatch run -- "$@"
}

failed=0
if [ ! -x ./forkwatch ] || [ ! -f forkwatch.ko ]; then
	echo "error: the tool or the module is not built: see above" >&2
	exit 1
fi
insmod ./forkwatch.ko || exit 1
title "$(uname -sr) on $(uname -m), $(grep -c ^processor /proc/cpuinfo) CPUs"
show 'a shell pipeline' sh -c 'echo one two three | tr " " "\n" | sort'
show 'a program with threads' ./workload/pthread
show 'vfork and posix_spawn' ./workload/spawn
show 'clone3' ./workload/clone3
title 'a clone that reports on itself, and a child that finds 42 where others find 0'
must ./forkwatch clone --child-x0 42 -- echo 'hello from the command'
title 'the way into this kernel'
must ./forkwatch arch
rmmod forkwatch || failed=1
exit $failed
