#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module comes and goes: many rounds, while somebody traces, with listeners of other kinds.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

rounds=200
all_probes='__arm64_sys_clone3
__switch_to
copy_process
copy_thread
kernel_clone
schedule_tail'
events=$tracing/events/forkwatch

# How many events $1 of process $2 the trace has.
seen()
{
	grep -c -e "-$2 .* $1: " "$tmp/trace"
}

# Reads the kernel's own trace of three forks.
listen()
{
	load forkwatch.ko
	echo 1 >$events/enable
	equal 'tracefs: the probes of all events' "$(armed)" "$all_probes"
	./workload/forks 3 >/dev/null
	# At once: while probes are disarmed, switches go on, and would overwrite the forks.
	echo 0 >$tracing/tracing_on
	echo 0 >$events/enable
	check 'tracefs: no probe when disabled' nothing_armed
	cat $tracing/trace >"$tmp/trace"
	echo 1 >$tracing/tracing_on
	parent=$(sed -n 's/.*-\([0-9]*\) .* fork_enter: comm=forks .*/\1/p' "$tmp/trace" | sort -u)
	for event in fork_enter copy_thread fork_exit fork_return; do
		equal "tracefs: $event of each fork" "$(seen $event "${parent:-none}")" 3
	done
	equal 'tracefs: first_run of each child' "$(grep -c ' first_run: comm=forks ' "$tmp/trace")" 3
	at_least 'tracefs: cpu_switch_to' "$(grep -cF ' cpu_switch_to: ' "$tmp/trace")" 3
	unload
}

# An event that is enabled in tracefs does not hold the module.
unload_enabled()
{
	load forkwatch.ko
	echo 1 >$events/enable
	check 'rmmod with events enabled: they are' something_armed
	./workload/forks 3 >/dev/null
	check 'rmmod with events enabled' rmmod forkwatch
	check 'rmmod with events enabled leaves no probe' nothing_armed
	check 'rmmod with events enabled: the module is gone' test ! -e /sys/module/forkwatch
	load forkwatch.ko
	equal 'rmmod with events enabled: none is when it comes back' "$(cat $events/enable)" 0
	check 'rmmod with events enabled: no probe then' nothing_armed
	unload
}

# In the midst of forks, on both CPUs. A kernel that watches itself takes its time.
unload_under_load()
{
	case ${FORKWATCH_KERNEL-} in
	*-debug) seconds=60 ;;
	*) seconds=20 ;;
	esac
	./workload/storm -s $seconds >"$tmp/storm" &
	storm=$!
	n=0
	while kill -0 $storm 2>/dev/null; do
		load forkwatch.ko
		echo 1 >$events/enable
		sleep 0.1
		unload
		n=$((n + 1))
	done
	wait $storm
	equal 'rmmod in a storm of forks: the storm went on' $? 0
	at_least 'rmmod in a storm of forks' $n 4
	check 'rmmod in a storm of forks leaves no probe' nothing_armed
}

# The tool's BPF programs hold it.
unload_while_tracing()
{
	load forkwatch.ko
	start -o /dev/null
	rmmod forkwatch 2>"$tmp/rmmod"
	equal 'rmmod while the tool traces fails' $? 1
	has 'rmmod while the tool traces says why' "$tmp/rmmod" 'Resource temporarily unavailable'
	check 'rmmod while the tool traces leaves the module' loaded
	check 'rmmod while the tool traces leaves the probes' something_armed
	kill "$sleeper"
	wait "$tool"
	equal 'the tool ends with its command, killed by SIGTERM' $? 143
	check 'no probe is left then' nothing_armed
	unload
}

# stop WHY: ends the rounds, and says where
stop()
{
	echo "round $n, $event: $*" >"$tmp/stopped"
	return 1
}

# One fork, traced by the tool.
by_tool()
{
	event='all events'
	fw run -f json -o "$tmp/forks" -- ./workload/forks 1
	[ "$status" -eq 0 ] || stop "status $status: $(cat "$tmp/err")" || return 1
	counts=$(summary "$tmp/forks" forks failed lost.total verdicts.FAIL)
	[ "$counts" = '1	0	0	0' ] || stop "forks, failed, lost, FAIL: $counts"
}

# The events that come with every fork of the workload.
watching()
{
	awk '!/^#/ && $1 != "clone_call" && $1 != "clone3_return" { print $1 }' \
		/sys/module/forkwatch/parameters/probes
}

# One fork, traced by tracefs: one event, each in its turn, since arming a probe takes its time.
by_tracefs()
{
	# shellcheck disable=SC2046  # a list
	set -- "$1" $(watching)
	shift $(($1 % ($# - 1) + 1))
	event=$1
	echo >$tracing/trace
	echo 1 >"$events/$event/enable"
	something_armed || stop 'no probe' || return 1
	./workload/forks 1 >/dev/null || stop 'no fork' || return 1
	echo 0 >"$events/$event/enable"
	cat $tracing/trace >"$tmp/trace"
	grep -q " $event: " "$tmp/trace" || stop "not in the trace: $(cat "$tmp/trace")"
}

one_round()
{
	event='no event'
	insmod ./forkwatch.ko clone_path=0 || stop insmod || return 1
	if [ $(($1 % 10)) -eq 0 ]; then
		by_tool || return 1
	else
		by_tracefs "$1" || return 1
	fi
	nothing_probed || stop "probes are left: $(cat $kprobes)" || return 1
	rmmod forkwatch || stop rmmod
}

many_rounds()
{
	n=0
	while [ $n -lt $rounds ] && one_round $n; do
		n=$((n + 1))
	done
	equal "$rounds rounds of insmod, trace, rmmod" $n $rounds
	[ $n -eq $rounds ] || comment <"$tmp/stopped"
}

listen
unload_enabled
unload_under_load
unload_while_tracing
many_rounds
finish
