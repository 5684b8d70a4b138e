#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What goes wrong: each with its exit status, and a message that names the next step.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# refused WHAT STATUS TEXT… -- ARG…: the tool fails so, says so on stderr and nothing on stdout
refused()
{
	what=$1 expected=$2
	shift 2
	: >"$tmp/texts"
	while [ "$1" != -- ]; do
		echo "$1" >>"$tmp/texts"
		shift
	done
	shift
	fw "$@"
	equal "$what: exit status" "$status" "$expected"
	equal "$what: nothing on stdout" "$(cat "$tmp/out")" ''
	while read -r text; do
		has "$what: says '$text'" "$tmp/err" "forkwatch: " "$text"
	done <"$tmp/texts"
	check "$what: leaves no probe" nothing_armed
}

# ends STATUS COMMAND…: the exit status is the command's
ends()
{
	expected=$1
	shift
	fw run -o "$tmp/forks" -- "$@"
	equal "exit status $expected of: $*" "$status" "$expected"
	has "and the summary names the command" "$tmp/forks" "command $1"
}

calls()
{
	refused 'no command' 125 'nothing to trace: give a command' 'forkwatch run --help' -- run
	refused 'unknown option' 125 "unknown option '--frob'" 'forkwatch run --help' -- \
		run --frob -- true
	refused 'option without value' 125 "option '-o' wants a value" 'forkwatch run --help' -- \
		run -o
	refused 'unknown format' 125 "format 'xml' is neither text nor json" 'forkwatch run --help' -- \
		run -f xml -- true
	refused 'unknown subcommand' 2 "unknown command 'frobnicate'" 'see forkwatch --help' -- \
		frobnicate
	refused 'unknown list' 2 "there is no list of 'foo', but events, rules" -- list foo
	refused 'a directory that is not there' 125 '/nowhere/f: No such file or directory' \
		'give -o a file in a directory that exists' -- run -o /nowhere/f -- true
	refused 'a directory as file' 125 '/tmp: Is a directory' 'give -o a file' -- \
		run -o /tmp -- true
	ln -s "$tmp/target" "$tmp/link"
	refused 'a link as file' 125 'is a symbolic link' 'give -o a file' -- \
		run -o "$tmp/link" -- true
	check 'a link as file: nothing was written behind it' test ! -e "$tmp/target"

	./forkwatch >"$tmp/out" 2>"$tmp/err"
	equal 'no word at all: exit status' $? 2
	has 'no word at all: the usage' "$tmp/err" 'usage: forkwatch' 'commands:' 'run'
	fw --help
	equal '--help: exit status' "$status" 0
	has '--help: the usage, on stdout' "$tmp/out" 'usage: forkwatch' 'run' 'list'
	fw run --help
	equal 'run --help: exit status' "$status" 0
	has 'run --help: the usage, on stdout' "$tmp/out" 'usage: forkwatch run' '--switches'
	fw -V
	equal '-V: exit status' "$status" 0
	has '-V: the version' "$tmp/out" 'forkwatch '
}

not_root()
{
	chmod 755 "$tmp"
	su user -c './forkwatch run -- true' >"$tmp/out" 2>"$tmp/err"
	equal 'not root: exit status' $? 125
	has 'not root: what to do' "$tmp/err" 'needs root' 'CAP_BPF' 'Run it with sudo'
	equal 'not root: nothing on stdout' "$(cat "$tmp/out")" ''
}

modules()
{
	check 'the module is not loaded' test ! -e /sys/module/forkwatch
	refused 'module not loaded' 125 'the module forkwatch is not loaded' \
		'sudo insmod forkwatch.ko' "make bundle KDIR=/lib/modules/$(uname -r)/build" -- \
		run --source both -- touch "$tmp/touched"
	check 'module not loaded: the command did not run' test ! -e "$tmp/touched"

	load forkwatch-abi.ko
	refused 'another ABI' 125 'the loaded module speaks version 9999 of the events' \
		'this tool version' 'Rebuild both from the same tree, rmmod forkwatch' -- \
		run -- touch "$tmp/touched"
	check 'another ABI: the command did not run' test ! -e "$tmp/touched"
	unload
}

commands()
{
	echo '#!/no/interpreter' >"$tmp/script"
	chmod 755 "$tmp/script"
	refused 'no such command' 127 "cannot execute 'nosuch': No such file" 'PATH' -- \
		run -- nosuch
	refused 'no such path' 127 "cannot execute '/no/such': No such file" -- run -- /no/such
	refused 'not executable' 126 "cannot execute '/etc/passwd': Permission denied" 'chmod +x' -- \
		run -- /etc/passwd
	refused 'a directory as command' 126 "cannot execute '/etc'" -- run -- /etc
	refused 'no interpreter' 127 "cannot execute '$tmp/script': No such file" 'interpreter' -- \
		run -- "$tmp/script"

	ends 0 true
	ends 1 false
	ends 42 sh -c 'exit 42'
	ends 125 sh -c 'exit 125'
	ends 137 sh -c 'kill -KILL $$'
	ends 143 sh -c 'kill -TERM $$'
	ends 139 sh -c 'kill -SEGV $$'
}

full_disk()
{
	for format in text json; do
		refused "full disk, $format" 125 '/dev/full: No space left on device' 'make room' -- \
			run -f $format -o /dev/full -- sh -c "./workload/forks 20 >$tmp/done"
		equal "full disk, $format: the command came to its end" \
			"$(value forks "$tmp/done")" 20
	done
	./forkwatch run -- true >/dev/full 2>"$tmp/err"
	equal 'full disk as stdout: exit status' $? 125
	has 'full disk as stdout: what to do' "$tmp/err" 'standard output: No space left' 'make room'

	# Whoever reads no further is no error.
	./forkwatch run -f json -- ./workload/forks 20 2>"$tmp/err" | head -n 1 >"$tmp/first"
	equal 'a pipe that is closed: the first fork' "$(forks "$tmp/first" id)" 1
	equal 'a pipe that is closed: no message' "$(cat "$tmp/err")" ''
}

calls
not_root
modules
load forkwatch.ko
not_root
commands
full_disk
unload
finish
