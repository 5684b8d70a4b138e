#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# tests.sh [PATTERN]: runs the scripts of e2e/ where forkwatch is to be tested, and prints their
# results as lines of TAP, each with the script's name in it. PATTERN: a part of a script's name, or
# several with commas between them.
# Only the full set, on kernel 6.1, has scripts without `# kernels: all`. A kernel that watches itself
# (see tests/qemu/config/debug) has all of them, those with `# kernels: debug` alone, and is
# searched for leaks after each script.

full_kernel=6.1
kernel=${FORKWATCH_KERNEL:-$full_kernel}
kmemleak=/sys/kernel/debug/kmemleak
limit=${FORKWATCH_SCRIPT_TIMEOUT:-600}

matches()
{
	[ -n "$patterns" ] || return 0
	for pattern in $patterns; do
		case $1 in *"$pattern"*) return 0 ;; esac
	done
	return 1
}

wanted()
{
	matches "$1" || return 1
	kernels=$(sed -n '1,5s/^# kernels: //p' "e2e/$1")
	case $kernel in
	*-debug) return 0 ;;
	"$full_kernel") [ "$kernels" != debug ] ;;
	*) [ "$kernels" = all ] ;;
	esac
}

# A board that runs such a kernel is not ours to panic.
is_debug()
{
	case $kernel in
	*-debug) return 0 ;;
	esac
	return 1
}

# What is unreachable now may be in somebody's registers: it is a leak if it still is later.
look_for_leaks()
{
	echo scan >$kmemleak
	echo scan >$kmemleak
}

# The first warning ends the guest, and no leak is looked for but when we say so. Storms last
# longer than RCU waits by default, and khugepaged, at nice 19, may be preempted for all of one.
be_strict()
{
	is_debug || return 0
	echo 1 >/proc/sys/kernel/panic_on_warn
	echo 180 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout
	echo scan=off >$kmemleak
	look_for_leaks
	echo clear >$kmemleak
}

scans=0
check_leaks()
{
	is_debug || return 0
	look_for_leaks
	scans=$((scans + 1))
	cat $kmemleak >/tmp/leaks
	[ -s /tmp/leaks ] || return 0
	not_ok "$1: memory leaks"
	head -n 60 /tmp/leaks | sed 's/^/# /'
	echo clear >$kmemleak
}

# run SCRIPT: a script that dies, hangs or says nothing is a failure of its own
run()
{
	echo "# $1"
	{
		timeout "$limit" sh "./e2e/$1" </dev/null 2>&1
		echo $? >/tmp/status
	} | sed -E "s,^((not )?ok [0-9]* ?-? ?),\\1${1%.sh}: ," | tee /tmp/tap
	status=$(cat /tmp/status)
	case $status in
	0) grep -qE '^(not )?ok ' /tmp/tap || not_ok "$1 printed no result" ;;
	77) grep -qE '^(not )?ok ' /tmp/tap || echo "ok 1 - ${1%.sh} # SKIP" ;;
	*) grep -q '^not ok ' /tmp/tap || not_ok "$1 ended with status $status" ;;
	esac
	! grep -q '^not ok ' /tmp/tap || failed=1
	check_leaks "${1%.sh}"
}

not_ok()
{
	echo "not ok 1 - $*"
	failed=1
}

# What the kernel says from here on is a result, too; while it boots it introduces its checkers, and
# may find that its CPU is no real one.
mark_dmesg()
{
	read -r taint_before </proc/sys/kernel/tainted
	mark="forkwatch tests: start $$ $(cut -d ' ' -f 1 /proc/uptime)"
	echo "$mark" >/dev/kmsg
}

# Without the mark, all that is left: it may begin within a message.
said()
{
	dmesg >/tmp/dmesg
	if grep -qF "$mark" /tmp/dmesg; then
		sed "1,/$mark/d" /tmp/dmesg
	else
		echo '# the beginning of the log has been overwritten: log_buf_len=8M keeps it' >&2
		cat /tmp/dmesg
	fi
}

# Some whose allocations were made to fail say so, with a call trace: nothing else may.
drop_failed_allocations()
{
	awk '
		/(vmalloc error|page allocation failure): |sysctl could not get directory/ { failed = 1; next }
		failed && /Call trace:$/ { failed = 0; next }
		{ print }'
}

# As do forks of workload/scarce, which memory cgroups refuse.
drop_refused_memory()
{
	awk '
		/ scarce invoked oom-killer: / { failed = 1; next }
		failed && /Call trace:$/ { failed = 0; next }
		{ print }'
}

# Lock debugging says BUG or WARNING too, when it finds something (kernel/locking/lockdep.c).
check_dmesg()
{
	echo "# dmesg"
	if is_debug; then
		said | drop_refused_memory | drop_failed_allocations >/tmp/said
	else
		said | drop_refused_memory >/tmp/said
	fi
	trouble=$(grep -nE \
		'WARNING:|BUG:|Internal error|Call trace:|rcu:.*(stall|starved)|refcount_t:|blocked for more than|KASAN:|UBSAN:|suspected memory leaks|scheduling while atomic|Kernel panic' \
		/tmp/said)
	if [ -z "$trouble" ]; then
		echo "ok 1 - dmesg: the kernel did not complain"
		return
	fi
	not_ok "dmesg: the kernel complained"
	first=$(echo "$trouble" | sed -n '1s/:.*//p')
	tail -n "+$first" /tmp/said | head -n 60 | sed 's/^/# /'
}

# Only the flags that an unsigned module from outside the tree brings may have come.
check_taint()
{
	taint=$(cat /proc/sys/kernel/tainted)
	out_of_tree=$((1 << 12)) unsigned=$((1 << 13))
	if [ $((taint & ~(taint_before | out_of_tree | unsigned))) -eq 0 ]; then
		echo "ok 2 - dmesg: no taint but that of an unsigned module ($taint)"
	else
		not_ok "dmesg: the kernel is tainted: $taint"
	fi
}

patterns=$(echo "${1-}" | tr , ' ')
failed=0
ran=0
mark_dmesg
be_strict
for path in e2e/[0-9]*.sh; do
	script=${path#e2e/}
	if [ -f "$path" ] && wanted "$script"; then
		ran=$((ran + 1))
		run "$script"
	fi
done
[ "$ran" -gt 0 ] || not_ok "no script of e2e/ matches '${1-}' on kernel ${FORKWATCH_KERNEL-}"
check_dmesg
check_taint
[ $scans -eq 0 ] || echo "# sums scripts=$ran scanned_for_leaks=$scans"
exit $failed
