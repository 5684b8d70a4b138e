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
background=

# Whatever way a script ends, the next one finds no module and no listener.
cleanup()
{
	# shellcheck disable=SC2086  # a list
	[ -z "$background" ] || kill -9 $background 2>/dev/null
	[ ! -e $tracing/events/forkwatch ] || echo 0 >$tracing/events/forkwatch/enable
	! loaded || within 10 rmmod forkwatch
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 143' TERM

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
			cat "$file"
			echo "this is missing above: $text"
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

# relay COMMAND…: a program that prints "ok NAME" and "not ok NAME" by itself
relay()
{
	"$@" >"$tmp/relay" 2>&1
	relayed=$?
	while IFS= read -r line; do
		case $line in
		'ok '*) ok "${line#ok }" ;;
		'not ok '*) not_ok "${line#not ok }" ;;
		'#'*) printf '%s\n' "$line" ;;
		*) printf '# %s\n' "$line" ;;
		esac
	done <"$tmp/relay"
	[ $relayed -eq 0 ] || grep -q '^not ok ' "$tmp/relay" || not_ok "$* ended with status $relayed"
	grep -qE '^(not )?ok ' "$tmp/relay" || not_ok "$* printed no result"
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

# load FILE [PARAMETER…]: forkwatch.ko or another build of it
load()
{
	file=./$1
	shift
	[ -f "$file" ] || bail "$file is not in the guest"
	insmod "$file" "$@" || bail "insmod $file $*"
}

unload()
{
	rmmod forkwatch || bail "rmmod forkwatch"
}

# The functions that have probes; nobody but us sets any here.
probed()
{
	awk '{ sub(/\+.*/, "", $3); print $3 }' $kprobes | sort -u
}

# Those that watch: the clone path has its own on the calls that nobody has.
armed()
{
	probed | grep -v 'sys_ni_syscall$'
}

something_armed()
{
	[ -n "$(armed)" ]
}

nothing_armed()
{
	! something_armed
}

nothing_probed()
{
	[ -z "$(probed)" ]
}

# runs PID NAME: is there a child of PID that runs NAME? Sets $child.
runs()
{
	read -r children <"/proc/$1/task/$1/children"
	for child in $children; do
		[ "$(cat "/proc/$child/comm")" = "$2" ] && return
	done
	return 1
}

# start ARG…: the tool in the background, with a command that stays; sets $tool and $sleeper
start()
{
	./forkwatch run "$@" -- sleep 1000 >"$tmp/out" 2>"$tmp/err" &
	tool=$!
	background="$background $tool"
	within 60 runs $tool sleep || bail "forkwatch run $* did not start: $(cat "$tmp/err")"
	sleeper=$child
	background="$background $sleeper"
}

# fw ARG…: runs the tool; $status, $tmp/out and $tmp/err are what came of it
fw()
{
	./forkwatch "$@" >"$tmp/out" 2>"$tmp/err"
	# shellcheck disable=SC2034  # for the scripts
	status=$?
}

# configured NAME…: those of these functions that this kernel's configuration brought with it
configured()
{
	for function; do
		! grep -q " [tT] $function\$" /proc/kallsyms || echo "$function"
	done
}

# copies_are_counted: this kernel has the function that --cow needs, and has not inlined it
copies_are_counted()
{
	[ -n "$(configured do_wp_page)" ]
}

# need_servers: ends the script where they could not be had
need_servers()
{
	[ -d /servers ] && return
	skip "$(basename "$0" .sh)" 'the guest has no /servers'
	finish
}

# serve COMMAND…: runs COMMAND in the root directory that has the servers; it shares /tmp
serve()
{
	PATH=$PATH:/usr/bin chroot /servers "$@"
}

# watch_process PID ARG…: the tool in the background, tracing PID; sets $tool
watch_process()
{
	watched=$1
	shift
	./forkwatch run -p "$watched" "$@" >"$tmp/out" 2>"$tmp/err" &
	tool=$!
	background="$background $tool"
	within 60 something_armed || bail "forkwatch run -p did not start: $(cat "$tmp/err")"
	# The watch set is filled at last.
	sleep 2
}

# value NAME FILE: what a workload said of NAME
value()
{
	sed -n "s/^$1=//p" "$2"
}

# forks FILE PLACE…: of each fork in the tool's JSON, the values at these places. They are printed as
# they complete, which is any order where parent and child run at the same time: here it is that of
# their ids.
forks()
{
	file=$1
	shift
	./e2e/json "$file" type id "$@" | sed -n 's/^fork	//p' | sort -s -n -k 1,1 | cut -f 2-
}

# summary FILE PLACE…: likewise of the summary
summary()
{
	file=$1
	shift
	./e2e/json "$file" type "$@" | sed -n 's/^summary	//p'
}

# made FILE FROM TO: how many forks made a child between these moments, by their fork_exit
made()
{
	forks "$1" events.fork_exit.time events.fork_exit.result |
		awk -v from="$2" -v to="$3" '$1 > from && $1 < to && $2 == 0' | lines
}

# losses FILE: of what kind they were, for whoever reads of a failure
losses()
{
	echo "lost: ring, gaps, misses: $(summary "$1" lost.ring_drops lost.seq_gaps \
		lost.probe_misses)" | comment
}

# Standard input has that many lines.
lines()
{
	wc -l | tr -d ' '
}
