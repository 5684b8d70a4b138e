#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# needs: servers, for stress-ng
# Forks of all kinds on all CPUs, while listeners come and are killed, probes are armed and disarmed,
# the module is loaded and removed, cgroups and CPUs come and go. One tool traces all of it: what
# it saw and what it lost is what the kernel counted, to the last fork.
# FORKWATCH_STORM_SECONDS: how long each of the storms lasts.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# How many forks a second make a storm: a kernel that watches itself is slow.
case ${FORKWATCH_KERNEL-} in
*-debug) seconds=60 a_second=1 ;;
*) seconds=8 a_second=5 ;;
esac
seconds=${FORKWATCH_STORM_SECONDS:-$seconds}

# What goes on beside the storm, each in a shell of its own, until $dir/stop is there. Each says
# how often it did what it does.
cat >"$tmp/inner" <<'END'
dir=$1 seconds=$2 modules=$3
tracing=/sys/kernel/tracing
others=$(ls -d /sys/devices/system/cpu/cpu[1-9]*/online 2>/dev/null)

until_stopped()
{
	name=$1 n=0
	shift
	while [ ! -e "$dir/stop" ]; do
		"$@"
		n=$((n + 1))
	done
	echo $n >"$dir/count.$name"
}

# Killed with and without a chance to clean up, whatever it is at.
listener()
{
	case $((n % 3)) in
	0) set -- run -p $storm -o /dev/null ;;
	1) set -- run -a --source bpf -f json -o /dev/null ;;
	2) set -- run --source module -o /dev/null -- sleep 100 ;;
	esac
	./forkwatch "$@" 2>/dev/null &
	tool=$!
	sleep 0.$((n % 9 + 1))
	sleep $((n % 2))
	[ $((n % 2)) = 0 ] && kill -9 $tool || kill $tool
	wait $tool
}

# Another buffer of the kernel's own, with all events in it.
events()
{
	buffer=$tracing/instances/storm
	mkdir $buffer 2>/dev/null
	{ echo 1 >$buffer/events/forkwatch/enable; } 2>/dev/null
	sleep 0.2
	{ echo 0 >$buffer/events/forkwatch/enable; } 2>/dev/null
	rmdir $buffer 2>/dev/null
}

# Where it is in use, it stays: both are refused then.
module()
{
	insmod ./forkwatch.ko 2>/dev/null
	sleep 0.2
	rmmod forkwatch 2>/dev/null
	[ -d /sys/module/forkwatch ] || echo >>"$dir/unloaded"
}

cgroup()
{
	group=/sys/fs/cgroup/storm.$n
	mkdir $group
	sh -c "echo 0 >$group/cgroup.procs; ./workload/forks 3 >/dev/null"
	rmdir $group
}

hotplug()
{
	for cpu in $others; do
		echo 0 >$cpu
		sleep 0.1
		echo 1 >$cpu
	done
}

./workload/mixed $seconds >$dir/storm &
storm=$!
for what in listener events cgroup $modules ${others:+hotplug}; do
	until_stopped $what $what &
done
wait $storm
: >"$dir/stop"
wait
END

# counted NAME SOURCE COMMAND: what the tool saw and lost of COMMAND is what the kernel counted
counted()
{
	fw run -a --source "$2" --ring 16M -f json -o "$tmp/forks" -- sh -c "
		./e2e/quiet >$tmp/before && $3 && ./e2e/quiet 240 >$tmp/after"
	equal "$1: exit status" "$status" 0
	comment <"$tmp/err"
	read -r from before <"$tmp/before"
	read -r to after <"$tmp/after"
	recorded=$(made "$tmp/forks" "$from" "$to")
	lost=$(summary "$tmp/forks" lost.forks)
	misses=$(summary "$tmp/forks" lost.probe_misses)
	echo "# sums storm=$1 lasted=$seconds forks=$((after - before)) recorded=$recorded" \
		"lost_forks=$lost probe_misses=$misses"
	# A probe that missed a fork is one that was reported: no more than those may be missing.
	missing=$((after - before - recorded - lost))
	if [ "$misses" -eq 0 ]; then
		equal "$1: forks that the kernel counted = those seen + those lost" $missing 0
	else
		at_least "$1: forks that are missing are misses" "$misses" $missing
		at_least "$1: no fork is seen twice" $missing 0
	fi
	equal "$1: no rule is broken, and no event damaged" \
		"$(summary "$tmp/forks" verdicts.FAIL lost.bad_events)" '0	0'
	grep -o '"verdict":"FAIL","why":"[^"]*"' "$tmp/forks" | sort | uniq -c | comment
	check "$1: nothing stays armed" within 30 nothing_armed
}

# storm SOURCE [module]: with the module coming and going, where the tool can do without
storm()
{
	rm -rf "$tmp/dir"
	mkdir "$tmp/dir"
	counted "$1" "$1" "sh $tmp/inner $tmp/dir $seconds ${2-}"
	others=$(cd "$tmp/dir" && grep . count.* | tr ':\n' '= ' | sed 's/count\.//g')
	echo "# sums storm=$1 $others"
	at_least "$1: it was a storm" "$(value total "$tmp/dir/storm")" $((seconds * a_second))
	equal "$1: all CPUs are back" "$(grep -c ^processor /proc/cpuinfo)" "$cpus"
}

# Somebody else's, all at a time, each from two processes. It refuses --exec and --spawn to root.
stress()
{
	if [ ! -x /servers/usr/bin/stress-ng ]; then
		skip stress-ng 'the guest has none in /servers'
		return
	fi
	cat >"$tmp/stressors" <<-END
		export PATH=\$PATH:/usr/bin
		stress="stress-ng --temp-path /tmp --metrics --timeout $seconds"
		chroot /servers su postgres -c "exec \$stress --exec 2 --spawn 2" >$tmp/user 2>&1 &
		chroot /servers \$stress --fork 2 --vfork 2 --clone 2 --pthread 2 >$tmp/root 2>&1 &&
			wait \$!
	END
	counted stress-ng both "sh $tmp/stressors"
	cat "$tmp/root" "$tmp/user" >"$tmp/stress"
	comment <"$tmp/stress"
	equal 'stress-ng: what it did' "$(awk '/metrc:/ && $5 ~ /^[0-9]+$/ { print $4 }' "$tmp/stress" |
		sort | xargs)" 'clone exec fork pthread spawn vfork'
	at_least 'stress-ng: it was a storm' "$recorded" $((seconds * a_second))
}

cpus=$(grep -c ^processor /proc/cpuinfo)
load forkwatch.ko
storm both
stress
equal 'references on the module afterwards' "$(cat /sys/module/forkwatch/refcnt)" 0
unload
storm bpf module
at_least 'bpf: the module came and went' "$(lines <"$tmp/dir/unloaded")" 1
! loaded || unload
check 'no probe is left' nothing_probed
finish
