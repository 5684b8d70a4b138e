#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# --switches: the switch into each child, as cpu_switch_to() is about to load it.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

load forkwatch.ko
fw run --switches -f json -o "$tmp/forks" -- ./workload/forks 5
equal 'exit status' "$status" 0
equal 'forks, failed, incomplete, lost' \
	"$(summary "$tmp/forks" forks failed incomplete lost.total)" '5	0	0	0'
at_least 'more switches than forks' "$(summary "$tmp/forks" events)" $((5 * 6 + 5 * 2))

forks "$tmp/forks" child.tid >"$tmp/children"
equal 'each fork has a child' "$(grep -c '^[1-9]' "$tmp/children")" 5
equal 'the switch into each child' "$(forks "$tmp/forks" events.cpu_switch_to.next_tid)" \
	"$(cat "$tmp/children")"
# What the switch loads, what copy_thread() wrote, and what runs then.
for place in saved fp sp; do
	forks "$tmp/forks" events.copy_thread.context_after.$place >"$tmp/written"
	equal "written and loaded: $place" \
		"$(forks "$tmp/forks" events.cpu_switch_to.next_context.$place)" "$(cat "$tmp/written")"
	equal "loaded and live: $place" \
		"$(forks "$tmp/forks" events.first_run.live.$place)" "$(cat "$tmp/written")"
done
equal 'written and loaded: pc' "$(forks "$tmp/forks" events.cpu_switch_to.next_context.pc)" \
	"$(forks "$tmp/forks" events.copy_thread.context_after.pc)"
# And what it saves of the one before.
for place in saved fp sp pc; do
	equal "saved of prev: $place" "$(forks "$tmp/forks" events.first_run.prev_context.$place)" \
		"$(forks "$tmp/forks" events.cpu_switch_to.live.$place)"
done
equal 'no rule is broken' "$(summary "$tmp/forks" verdicts.FAIL)" 0

fw run -f json -o "$tmp/forks" -- ./workload/forks 5
equal 'without --switches there is none' "$(forks "$tmp/forks" events.cpu_switch_to | sort -u)" -
unload
finish
