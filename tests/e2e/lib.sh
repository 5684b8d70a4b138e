# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# For the scripts of this directory, which run as root in /forkwatch and end with `finish`:
# results as TAP, the module's life, and the tool's.

set -u

tests_done=0
tests_failed=0
tmp=$(mktemp -d)
tracing=/sys/kernel/tracing
kprobes=/sys/kernel/debug/kprobes/list
status=0

# Whatever way a script ends, the next one finds no module and no listener.
cleanup()
{
	[ ! -e $tracing/events/forkwatch ] || echo 0 >$tracing/events/forkwatch/enable
	! loaded || rmmod forkwatch
	rm -rf "$tmp"
}
trap cleanup EXIT

ok()
{
	tests_done=$((tests_done + 1))
	echo "ok $tests_done - $*"
}

not_ok()
{
	tests_done=$((tests_done + 1))
	tests_failed=$((tests_failed + 1))
	echo "not ok $tests_done - $*"
}

# skip NAME REASON
skip()
{
	tests_done=$((tests_done + 1))
	echo "ok $tests_done - $1 # SKIP $2"
}

finish()
{
	echo "1..$tests_done"
	[ "$tests_failed" -eq 0 ]
	exit
}

bail()
{
	not_ok "$*"
	finish
}

# Standard input as comments, as much of it as helps.
comment()
{
	tail -n 30 | sed 's/^/# /'
}

# equal NAME FOUND EXPECTED
equal()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		printf 'found:\n%s\nexpected:\n%s\n' "$2" "$3" | comment
	fi
}

# at_least NAME FOUND EXPECTED
at_least()
{
	if [ "$2" -ge "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		echo "found: $2, expected: at least $3" | comment
	fi
}

# has NAME FILE TEXT…: each TEXT stands in FILE
has()
{
	name=$1
	file=$2
	shift 2
	for text; do
		grep -qF -e "$text" "$file" && continue
		not_ok "$name"
		{
			echo "this is missing: $text"
			echo "from:"
			cat "$file"
		} | comment
		return
	done
	ok "$name"
}

# check NAME COMMAND…: COMMAND exits with 0
check()
{
	name=$1
	shift
	if "$@" >"$tmp/check" 2>&1; then
		ok "$name"
	else
		not_ok "$name"
		comment <"$tmp/check"
	fi
}

# within SECONDS COMMAND…: waits until COMMAND succeeds
within()
{
	tries=$(($1 * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

loaded()
{
	[ -d /sys/module/forkwatch ]
}

# load FILE: forkwatch.ko or another build of it
load()
{
	[ -f "./$1" ] || bail "$1 is not in the guest"
	insmod "./$1" || bail "insmod $1"
}

unload()
{
	rmmod forkwatch || bail "rmmod forkwatch"
}

# The functions that have probes; nobody but us sets any here.
armed()
{
	awk '{ sub(/\+.*/, "", $3); print $3 }' $kprobes | sort -u
}

# (The file's size is always 0: it has to be read.)
something_armed()
{
	grep -q . $kprobes
}

nothing_armed()
{
	! something_armed
}

# fw ARG…: runs the tool; $status, $tmp/out and $tmp/err are what came of it
fw()
{
	./forkwatch "$@" >"$tmp/out" 2>"$tmp/err"
	# shellcheck disable=SC2034  # for the scripts
	status=$?
}

# value NAME FILE: what a workload said of NAME
value()
{
	sed -n "s/^$1=//p" "$2"
}
