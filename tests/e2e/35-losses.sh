#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# A trace that lost something says so, and how much; what it shows nevertheless is true.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# trace ARG…: the tool in the background, with a command that storms three times, the latter two
# when it is told to: each CPU has events before and after those that are lost
trace()
{
	rm -f "$tmp/go" "$tmp/first" "$tmp/second"
	mkfifo "$tmp/go"
	./forkwatch run -f json -o "$tmp/forks" "$@" -- sh -c "
		./workload/storm -n 5 >'$tmp/first'
		read -r line <'$tmp/go'
		./workload/storm -n 100 >'$tmp/second'
		read -r line <'$tmp/go'
		./workload/storm -n 5 >'$tmp/third'
		exit 3" 2>"$tmp/err" &
	tool=$!
	background="$background $tool"
	within 60 runs $tool sh || bail "forkwatch run $* did not start: $(cat "$tmp/err")"
	shell=$child
	background="$background $shell"
	within 60 grep -q ^total= "$tmp/first" || bail "no storm"
}

# stopped ARG…: for the whole of the second storm nobody reads the ring
stopped()
{
	trace --ring 64K "$@"
	sleep 1
	kill -STOP $tool
	echo >"$tmp/go"
	within 120 grep -q ^total= "$tmp/second" || bail "the storm does not end"
	kill -CONT $tool
	sleep 1
	echo >"$tmp/go"
	wait $tool
	equal "a stopped reader${1+, $1}: the command's exit status" $? 3
	drops=$(summary "$tmp/forks" lost.ring_drops)
	at_least "a stopped reader${1+, $1}: drops" "$drops" 100
	equal "a stopped reader${1+, $1}: each drop is one gap, and nothing else is lost" \
		"$(summary "$tmp/forks" lost.seq_gaps lost.total)" "$drops	$drops"
	equal "a stopped reader${1+, $1}: no fork is taken for another one" \
		"$(summary "$tmp/forks" verdicts.FAIL lost.bad_events)" "0	0"
}

# Parents that sleep hold the probe on wait_for_vfork_done(), where that is a function: the
# kernel has ten, or two for each CPU.
torn()
{
	load forkwatch.ko
	fw run --stages core -f json -o "$tmp/forks" -- ./e2e/sleepers 32
	unload
	./e2e/stages "$tmp/forks" >"$tmp/stages" 2>"$tmp/wrong"
	forks=$(sed -n 's/^fork \([0-9]*\): .* is torn$/\1/p' "$tmp/wrong" | sort -u | lines)
	comment <<-END
		of 32 vforks at a time, $forks missed a stage's return
	END
	equal 'stages that are torn: each such fork is a loss' \
		"$(summary "$tmp/forks" lost.probe_misses lost.total forks)" "$forks	$forks	64"
}

# Parents that sleep in vfork hold the module's probes: of 32, most find none.
missed()
{
	load forkwatch.ko maxactive=1
	fw run -f json -o "$tmp/forks" -- ./e2e/sleepers 32
	unload
	busy=$((32 - 2 * $(grep -c ^processor /proc/cpuinfo)))
	at_least 'probes that were not free: each miss is counted' \
		"$(summary "$tmp/forks" lost.probe_misses)" $busy
	at_least 'probes that were not free: what they did not see is missing' \
		"$(summary "$tmp/forks" incomplete)" $busy
	equal 'probes that were not free: all forks are there, and none is wrong' \
		"$(summary "$tmp/forks" forks verdicts.FAIL)" '64	0'
}

# Without the module there are the kernel's own few return probes, and here nobody forks again.
crowded()
{
	fw run -a --source bpf -f json -o "$tmp/forks" -- sh -c "
		./e2e/quiet >$tmp/before && ./e2e/crowd 40 >$tmp/crowd && ./e2e/quiet >$tmp/after"
	equal 'a crowd without the module: exit status' "$status" 0
	read -r from first <"$tmp/before"
	read -r to last <"$tmp/after"
	made=$(made "$tmp/forks" "$from" "$to")
	lost=$(summary "$tmp/forks" lost.forks)
	misses=$(summary "$tmp/forks" lost.probe_misses)
	comment <<-END
		forks=$((last - first)) recorded=$made lost_forks=$lost probe_misses=$misses
	END
	equal 'a crowd without the module: forks that the kernel counted = those seen + those lost' \
		$((made + lost)) $((last - first))
	at_least 'a crowd without the module: each of those lost is a miss' "$misses" "$lost"
	equal 'a crowd without the module: forks that lack their end are those lost' \
		"$(forks "$tmp/forks" events.wakeup_new.time events.fork_exit.time |
			grep -c '^[0-9]*	-$')" "$lost"
	equal 'a crowd without the module: none is wrong' "$(summary "$tmp/forks" verdicts.FAIL)" 0
	case $(uname -r) in
	5.* | 6.1.*) at_least 'a crowd without the module: returns were missed' "$lost" 1 ;;
	esac
}

load forkwatch.ko
stopped
stopped --switches
unload
missed
torn
crowded
finish
