#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Traces on disk: whole, whatever ends the recording, and the same forks as the workload's own.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# judged NAME DIR STATUS TEXT…: check exits so, and says these things
judged()
{
	what=$1 dir=$2 expected=$3
	shift 3
	fw check "$dir"
	equal "$what: check's answer" "$status" "$expected"
	[ $# -eq 0 ] || has "$what: check's words" "$tmp/out" "$@"
}

# record_background ARG…: sets $tool once the trace has begun
record_background()
{
	./forkwatch record "$@" >"$tmp/out" 2>"$tmp/err" &
	tool=$!
	background="$background $tool"
	within 60 test -s "$tmp/trace/metadata" || bail "record $* did not begin: $(cat "$tmp/err")"
}

# A trace of its own for each test.
fresh()
{
	rm -rf "$tmp/trace"
}

load forkwatch.ko

fw record -o "$tmp/trace" -- ./workload/tree 3 2
equal 'tree: exit status' "$status" 0
has 'tree: what was recorded' "$tmp/err" "$tmp/trace: 14 forks"
value fork "$tmp/out" | sort >"$tmp/expected"
judged tree "$tmp/trace" 0 '14 pass' holds
fw report -f json "$tmp/trace"
equal 'tree: the forks are those of the workload' \
	"$(forks "$tmp/out" parent.tid child.tid | tr '\t' : | sort)" "$(cat "$tmp/expected")"
equal 'tree: nothing was lost' "$(summary "$tmp/out" forks incomplete lost.total)" '14	0	0'
fw show "$tmp/trace" last
has 'tree: the last fork' "$tmp/out" 'fork 14 ' 'ret_from_fork'
check 'no probe is left' nothing_armed

fw record -o "$tmp/trace" -- true
equal 'a trace is there: refused' "$status" 125
has 'a trace is there: the words' "$tmp/err" 'is not empty' '--force'
fw record --force -o "$tmp/trace" -- ./workload/forks 2
equal 'a trace is there: replaced' "$status" 0
judged 'the new trace' "$tmp/trace" 0 '2 pass'

fresh
fw record -q -o "$tmp/trace" -- sh -c 'exit 3'
equal "the command's status is passed on" "$status" 3
equal 'quiet' "$(cat "$tmp/err")" ''
fresh
fw record -o "$tmp/trace" -- sh -c 'kill -9 $$'
equal 'so is a signal' "$status" 137
has 'a signal: the report' "$tmp/err" '0 forks'
fresh
fw record -o "$tmp/trace" -- /does/not/exist
equal 'no such command' "$status" 127
check 'no such command: no trace' test ! -e "$tmp/trace"
mkdir "$tmp/elsewhere"
ln -s "$tmp/elsewhere" "$tmp/trace"
fw record -o "$tmp/trace" -- true
equal 'a link is not followed' "$status" 125
has 'a link: the words' "$tmp/err" 'symbolic links are not followed'
fresh

# What ends a recording of everything. (SIGINT, a shell's background jobs ignore.)
for signal in TERM HUP; do
	fresh
	record_background -a -o "$tmp/trace"
	./workload/forks 2 >/dev/null
	kill -$signal $tool
	wait $tool
	equal "SIG$signal: exit status" $? 0
	judged "SIG$signal" "$tmp/trace" 0 holds
done

fresh
sleep 1000 &
sleeper=$!
background="$background $sleeper"
record_background -p $sleeper -o "$tmp/trace"
kill $sleeper
wait $tool
equal 'a process: exit status' $? 0
fw report --summary "$tmp/trace"
equal 'a process: report' "$status" 0

fresh
record_background -o "$tmp/trace" -- ./workload/storm -s 1000
within 60 test -s "$tmp/trace/cpu0"
kill -9 $tool
wait $tool 2>/dev/null
killall storm
judged 'killed' "$tmp/trace" 3 'cut before its end' incomplete
at_least 'killed: forks that are there' "$(sed -n 's/^check.* \([0-9]*\) forks$/\1/p' "$tmp/out")" 1
fw report "$tmp/trace"
has 'killed: the report says so' "$tmp/out" 'cut before its end'
within 60 nothing_armed
check 'killed: no probe is left' nothing_armed

# A disk that is full is told of, and ends no command.
fresh
mkdir "$tmp/small"
mount -t tmpfs -o size=128k none "$tmp/small" || bail 'cannot mount a tmpfs'
fw record -o "$tmp/small/trace" -- ./workload/storm -n 200
equal 'full disk: exit status' "$status" 125
has 'full disk: the words' "$tmp/err" 'No space left on device' "$tmp/small/trace"
has 'full disk: the command came to its end' "$tmp/out" 'forks='
judged 'full disk' "$tmp/small/trace" 3 incomplete
umount "$tmp/small"

unload
finish
