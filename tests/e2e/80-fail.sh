#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Forks that fail: each is shown with its errno, and with no child.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

load forkwatch.ko
fw run -f json -o "$tmp/forks" -- ./workload/fail
equal 'exit status' "$status" 0
comment <"$tmp/err"
sed -n 's/^case=.* errno=\(.*\) reached=\(.*\)/-\1 \2/p' "$tmp/out" >"$tmp/expected"
at_least 'there were failures' "$(lines <"$tmp/expected")" 7
forks "$tmp/forks" result.error.number events.fork_enter.kind |
	awk '{ print $1, $2 == "-" ? "kernel_clone" : "copy_process" }' >"$tmp/found"
equal 'each with its errno and how far it came' "$(cat "$tmp/found")" "$(cat "$tmp/expected")"
equal 'none has a child' "$(forks "$tmp/forks" child events.first_run result.child_x0 | sort -u)" \
	'-	-	-'
n=$(lines <"$tmp/expected")
equal 'the summary: forks, failed, incomplete, lost' \
	"$(summary "$tmp/forks" forks failed incomplete lost.total)" "$n	$n	0	0"
equal 'no rule is broken' "$(summary "$tmp/forks" verdicts.FAIL)" 0
equal 'D2 of those that came to copy_process' \
	"$(forks "$tmp/forks" events.fork_enter.kind verdicts.D2.verdict | grep -v '^-' |
		cut -f 2 | sort | uniq -c | sed 's/^ *//')" \
	"$(grep -c copy_process "$tmp/expected") PASS"

fw run -- ./workload/fail
has 'the text' "$tmp/out" '-EAGAIN' '-EEXIST' '-EINVAL' '-EPERM' '7 failed'
unload
finish
