#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# CPUs go and come back while forks are traced, and all tasks are frozen: no fork is missed.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

power=/sys/power

[ "${FORKWATCH_KERNEL-}" != native ] || { skip 'CPU hotplug' 'this machine is not ours'; finish; }
others=$(printf '%s ' /sys/devices/system/cpu/cpu[1-9]*/online)
[ -e "${others%% *}" ] || { skip 'CPU hotplug' 'there is one CPU'; finish; }
all=$(grep -c ^processor /proc/cpuinfo)

# What the traced commands use: to switch all CPUs but the first, and to do so until told to stop.
# Nothing in it forks.
cat >"$tmp/switch" <<END
switch()
{
	for cpu in $others; do
		echo \$1 >\$cpu
	done
}

churn()
{
	cycles=0
	while [ ! -e $tmp/stop ]; do
		switch 0
		switch 1
		cycles=\$((cycles + 1))
	done
	echo \$cycles >$tmp/cycles
}
END

# counted NAME COUNT: the forks of the storm are all there, and nothing is wrong with them. One
# that a signal interrupted, as the freezer sends them, is an attempt more.
counted()
{
	equal "$1: exit status" "$status" 0
	comment <"$tmp/err"
	restarted=$(summary "$tmp/forks" rules.D3.PASS)
	equal "$1: forks, failed, incomplete, lost, broken" \
		"$(summary "$tmp/forks" forks failed incomplete lost.total verdicts.FAIL)" \
		"$(($2 + restarted))	$restarted	0	0	0"
	losses "$tmp/forks"
	equal "$1: all CPUs are back" "$(grep -c ^processor /proc/cpuinfo)" "$all"
}

# churned OPTION COUNT: a storm of about so many forks whose CPUs go and come. No more, where there
# are more CPUs: the tool has to keep up with all of them.
churned()
{
	rm -f "$tmp/stop" "$tmp/cycles"
	sh -c ". $tmp/switch; churn" &
	background="$background $!"
	# shellcheck disable=SC2086  # one or none
	fw run $1 -f json -o "$tmp/forks" -- ./workload/storm -n $(($2 / all))
	: >"$tmp/stop"
	within 60 test -s "$tmp/cycles" || bail 'CPUs hang while they go or come'
	counted "in a storm${1:+ with $1}" "$(value total "$tmp/out")"
	at_least 'CPUs went and came back meanwhile' "$(cat "$tmp/cycles")" 2
}

load forkwatch.ko
churned '' 800
churned --switches 80
churned --stages=core 80

# As before a machine sleeps: one CPU is left, and does everything.
fw run -f json -o "$tmp/forks" -- sh -c ". $tmp/switch
	./workload/storm -n 50 >$tmp/first
	switch 0
	grep -c ^processor /proc/cpuinfo >$tmp/left
	./workload/storm -n 50 >$tmp/second
	switch 1
	./workload/storm -n 50 >$tmp/third
	wait"
n=0
for storm in first second third; do
	n=$((n + $(value total "$tmp/$storm") + 1))
done
counted 'one CPU is left, then all are back' $((n + 1))
equal 'one CPU was left' "$(cat "$tmp/left") $(value workers "$tmp/second")" '1 1'

# The freezer stops every task where it is, the tool and the traced ones included.
if grep -q freezer $power/pm_test 2>/dev/null && grep -q freeze $power/state; then
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	echo freezer >$power/pm_test
	fw run -f json -o "$tmp/forks" -- sh -c "
		./workload/storm -n $((600 / all)) >$tmp/first &
		sleep 0.3
		echo freeze >$power/state && echo \$? >$tmp/froze
		wait"
	echo none >$power/pm_test
	equal 'all tasks were frozen, and go on' "$(cat "$tmp/froze")" 0
	counted 'frozen in a storm' $(($(value total "$tmp/first") + 2))
else
	skip 'all tasks frozen' 'this kernel has no pm_test'
fi
unload
finish
