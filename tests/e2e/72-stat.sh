#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Forks in numbers: as many as the kernel counted, and histograms that hold each of them.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# stats FILE PLACE…: of each object, the values at these places
stats()
{
	file=$1
	shift
	./e2e/json "$file" type "$@" | sed -n 's/^stat	//p'
}

# times FILE: name and count of each histogram of the last object
histograms()
{
	tail -n 1 "$1" >"$tmp/last"
	i=0
	while line=$(stats "$tmp/last" times.$i.name times.$i.count); do
		case $line in '' | -*) break ;; esac
		echo "$line"
		i=$((i + 1))
	done
}

# of NAME: its count among those of histograms
of()
{
	sed -n "s/^$1	//p" "$tmp/times"
}

load forkwatch.ko

# As in 30-count: between two moments of silence within the trace nothing else forks.
fw stat -f json -o "$tmp/json" -- ./workload/storm -n 100
equal 'stat: exit status' "$status" 0
total=$(value total "$tmp/out")
at_least 'the storm was one' "$total" 201
equal 'forks, failed, incomplete, lost' "$(stats "$tmp/json" forks failed incomplete lost.total)" \
	"$total	0	0	0"
equal 'all are by the storm' "$(stats "$tmp/json" comms.0.comm comms.0.forks comms.1)" \
	"storm	$total	-"
histograms "$tmp/json" >"$tmp/times"
for time in 'whole fork' 'fork to first run' 'wake-up to first run' kernel_clone copy_process \
	copy_creds copy_thread wake_up_new_task; do
	equal "each fork has its time: $time" "$(of "$time")" "$total"
done
equal 'threads copy no page tables' "$(of copy_page_range)" \
	"$((total - $(value threads "$tmp/out")))"
check 'no probe is left' nothing_armed

# The kernel's own count: the tool's forks are made before it counts.
fw stat -a --stages off -f json -o "$tmp/json" -- sh -c "
	./e2e/quiet >$tmp/before && ./workload/storm -n 100 >$tmp/storm && ./e2e/quiet >$tmp/after"
equal 'stat -a: exit status' "$status" 0
read -r _ before <"$tmp/before"
read -r _ after <"$tmp/after"
# Beside those between the two looks, the shell made three: quiet, storm, quiet; storm's is between.
at_least 'as many as processes in /proc/stat grew by' "$(stats "$tmp/json" forks)" $((after - before))
at_least 'and few others' $((after - before + 20)) "$(stats "$tmp/json" forks)"
equal 'of which the storm has its own' \
	"$(./e2e/json "$tmp/json" comms.0.comm comms.0.forks)" "storm	$(value total "$tmp/storm")"
equal 'without stages there is none' "$(histograms "$tmp/json" | grep -c copy_process)" 0

fw stat --interval 0.5 -f json -o "$tmp/json" -- ./workload/storm -s 3
equal 'stat --interval: exit status' "$status" 0
at_least 'shows again and again' "$(lines <"$tmp/json")" 3
equal 'ever more forks' "$(stats "$tmp/json" forks | awk '$1 < last; { last = $1 }')" ''
equal 'the last one says so' "$(stats "$tmp/json" last | uniq | xargs)" 'false true'
equal 'what came lately adds up to all' "$(stats "$tmp/json" lately | awk '{ n += $1 } END { print n }')" \
	"$(value total "$tmp/out")"

if copies_are_counted; then
	fw stat --cow -- ./workload/cow 100 20 10
	equal 'stat --cow: exit status' "$status" 0
	has 'it tells copies' "$tmp/out" '1 fork counted' ' pages copied' 'whole fork'
fi
fw stat -- ./workload/fail
has 'and why forks failed' "$tmp/out" 'failed with an error' failed

fw record --stages core -o "$tmp/trace" -- ./workload/forks 7
fw stat -f json "$tmp/trace"
equal 'a trace has the same numbers' "$(stats "$tmp/out" forks comms.0.comm lost.total)" '7	forks	0'
histograms "$tmp/out" >"$tmp/times"
equal 'and times' "$(of copy_page_range) $(of 'whole fork')" '7 7'

fw stat --interval 0 -- true
equal 'an interval of nothing' "$status" 125
fw stat -- sh -c 'exit 7'
equal "the command's exit status" "$status" 7
unload
finish
