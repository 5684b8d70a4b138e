#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# As many forks are seen as the kernel counted (`processes` in /proc/stat), in a storm of them.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

load forkwatch.ko

# The tool makes the command's process before it traces, and none later: what the kernel counts
# between two moments of silence within the trace is what the trace has between them.
fw run -a -f json -o "$tmp/forks" -- sh -c "
	./e2e/quiet >$tmp/before && ./workload/storm -n 300 >$tmp/storm &&
	./workload/kthread kthread 5 >$tmp/kthreads && ./e2e/quiet >$tmp/after"
equal 'run -a: exit status' "$status" 0
read -r from before <"$tmp/before"
read -r to after <"$tmp/after"
at_least 'the storm was one' "$(value total "$tmp/storm")" 602
equal 'nothing was lost' "$(summary "$tmp/forks" lost.total incomplete)" '0	0'
equal 'forks seen = growth of processes in /proc/stat' "$(made "$tmp/forks" "$from" "$to")" \
	$((after - before))
equal "forks of the storm's processes" \
	"$(forks "$tmp/forks" parent.comm events.fork_exit.result | grep -c '^storm	0$')" \
	"$(($(value total "$tmp/storm") + 0))"
at_least 'kernel threads among them' "$(forks "$tmp/forks" kind | grep -c '^kthread$')" 5
equal 'no fork of the tool' "$(forks "$tmp/forks" parent.comm | grep -c '^forkwatch$')" 0
equal 'no rule is broken' "$(summary "$tmp/forks" verdicts.FAIL)" 0

# Only the storm is watched: its forks by its own account.
fw run -f json -o "$tmp/forks" -- ./workload/storm -n 200
equal 'run: exit status' "$status" 0
total=$(value total "$tmp/out")
at_least 'run: the storm was one' "$total" 402
equal 'run: forks, failed, incomplete, lost' \
	"$(summary "$tmp/forks" forks failed incomplete lost.total)" "$total	0	0	0"
equal 'run: threads' "$(summary "$tmp/forks" by_kind.thread)" "$(value threads "$tmp/out")"
equal 'run: no rule is broken' "$(summary "$tmp/forks" verdicts.FAIL)" 0
unload
finish
