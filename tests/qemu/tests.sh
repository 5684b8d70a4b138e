#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# tests.sh [PATTERN]: runs the scripts of e2e/ where forkwatch is to be tested, and prints their
# results as lines of TAP, each with the script's name in it.
# Only the full set, on kernel 6.1, has scripts without `# kernels: all`.

full_kernel=6.1
limit=${FORKWATCH_SCRIPT_TIMEOUT:-600}

wanted()
{
	[ "$1" != lib.sh ] || return 1
	case $1 in *"$pattern"*) ;; *) return 1 ;; esac
	[ "${FORKWATCH_KERNEL:-$full_kernel}" = "$full_kernel" ] ||
		head -n 5 "e2e/$1" | grep -q '^# kernels: all'
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
}

not_ok()
{
	echo "not ok 1 - $*"
	failed=1
}

# What the kernel said meanwhile is a result, too.
check_dmesg()
{
	echo "# dmesg"
	trouble=$(dmesg | grep -nE \
		'WARNING:|BUG:|Oops|Call trace|Internal error|lockdep|circular locking|rcu.*stall|refcount_t|hung_task|blocked for more than|KASAN|UBSAN|leaked|scheduling while atomic|Kernel panic')
	if [ -z "$trouble" ]; then
		echo "ok 1 - dmesg: the kernel did not complain"
		return
	fi
	not_ok "dmesg: the kernel complained"
	first=$(echo "$trouble" | sed -n '1s/:.*//p')
	dmesg | tail -n "+$first" | head -n 60 | sed 's/^/# /'
}

# Only the flags that an unsigned module from outside the tree brings may be set.
check_taint()
{
	taint=$(cat /proc/sys/kernel/tainted)
	out_of_tree=$((1 << 12)) unsigned=$((1 << 13))
	if [ $((taint & ~(out_of_tree | unsigned))) -eq 0 ]; then
		echo "ok 2 - dmesg: no taint but that of an unsigned module ($taint)"
	else
		not_ok "dmesg: the kernel is tainted: $taint"
	fi
}

pattern=${1-}
failed=0
ran=0
for path in e2e/*.sh; do
	script=${path#e2e/}
	if [ -f "$path" ] && wanted "$script"; then
		ran=$((ran + 1))
		run "$script"
	fi
done
[ "$ran" -gt 0 ] || not_ok "no script of e2e/ matches '$pattern' on kernel ${FORKWATCH_KERNEL-}"
check_dmesg
check_taint
exit $failed
