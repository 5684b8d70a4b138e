#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# record --compress: smaller, and as safe as a plain trace. And what every trace tells of where it
# comes from, and what Ctrl-C leaves.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# in_metadata KEY: its value
in_metadata()
{
	sed -n "s/^	$1 = \(.*\);\$/\1/p" "$tmp/trace/metadata"
}

load forkwatch.ko

fw record -o "$tmp/plain" -- ./workload/tree 3 2
fw record --compress -o "$tmp/trace" -- ./workload/tree 3 2
equal 'exit status' "$status" 0
has 'what was recorded' "$tmp/err" "$tmp/trace: 14 forks"
check 'the streams are compressed' test -s "$tmp/trace/session.zst"
at_least 'they are less than half as large' \
	"$(du -k "$tmp/plain" | cut -f 1)" "$((2 * $(du -k "$tmp/trace" | cut -f 1)))"
fw check "$tmp/trace"
equal 'check holds' "$status" 0
fw diff "$tmp/plain" "$tmp/trace"
equal 'a plain recording of the same is the same' "$status" 0
fw show "$tmp/trace" last
has 'show' "$tmp/out" 'fork 14 ' 'ret_from_fork'

equal 'the kernel is in the trace' "$(in_metadata kernel_release)" "\"$(uname -r)\""
equal 'the CPUs are' "$(in_metadata cpus)" "$(grep -c ^processor /proc/cpuinfo)"
equal "the CPU's features are" "$(in_metadata cpu_features)" \
	"\"$(sed -n 's/^Features[	 ]*: //p' /proc/cpuinfo | head -n 1)\""
equal 'the page size is' "$(in_metadata page_size)" 4096
equal "the tool's version is" "$(in_metadata tool_version)" \
	"\"$(./forkwatch --version | sed -n '1s/^forkwatch //p')\""
check 'the module has a version' test -s /sys/module/forkwatch/version
equal "the module's version is" "$(in_metadata module_version)" \
	"\"$(cat /sys/module/forkwatch/version)\""
equal 'the source is' "$(in_metadata sources)" '"module-bpf"'

# Killed, it is readable up to its last packet.
rm -rf "$tmp/trace"
./forkwatch record --compress -o "$tmp/trace" -- ./workload/storm -s 1000 >"$tmp/out" 2>&1 &
tool=$!
background="$background $tool"
within 60 test -s "$tmp/trace/cpu0.zst"
kill -9 $tool
wait $tool 2>/dev/null
killall storm
fw check "$tmp/trace"
equal 'killed: what is there is incomplete' "$status" 3
has 'killed: it says so' "$tmp/out" 'cut before its end'
at_least 'killed: forks that are there' \
	"$(sed -n 's/^check.* \([0-9]*\) forks$/\1/p' "$tmp/out")" 1
within 60 nothing_armed

# A full disk is told of, and ends no command.
mkdir "$tmp/small"
mount -t tmpfs -o size=96k none "$tmp/small" || bail 'cannot mount a tmpfs'
fw record --compress -o "$tmp/small/trace" -- ./workload/storm -n 2000
equal 'full disk: exit status' "$status" 125
has 'full disk: the words' "$tmp/err" 'No space left on device' "$tmp/small/trace"
has 'full disk: the command came to its end' "$tmp/out" 'forks='
fw check "$tmp/small/trace"
equal 'full disk: what is there is incomplete' "$status" 3
umount "$tmp/small"

# Ctrl-C ends a recording, and the trace well. (A shell's background jobs ignore it.)
rm -rf "$tmp/trace"
timeout -s INT 3 ./forkwatch record -a -o "$tmp/trace" >"$tmp/out" 2>"$tmp/err"
has 'SIGINT: what was recorded' "$tmp/err" "$tmp/trace: "
fw report --summary "$tmp/trace"
equal 'SIGINT: report' "$status" 0
check 'SIGINT: the trace is whole' test ! -s "$tmp/err"

unload
finish
