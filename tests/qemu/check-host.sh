#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check-host.sh [PATTERN]: runs the tests against the running kernel, and then prints a report that
# tells a stranger what was tested on what, and what came of it. Runs as root in a directory
# with forkwatch, forkwatch.ko, tests.sh, workload/ and e2e/, as `make bundle` leaves it.
# Exit status: that of the tests.

# Options that decide what forkwatch can see, or how this kernel forks and switches.
options='KPROBES FTRACE FUNCTION_TRACER DYNAMIC_FTRACE_WITH_ARGS DYNAMIC_FTRACE_WITH_DIRECT_CALLS
KPROBE_EVENTS PERF_EVENTS BPF_SYSCALL BPF_JIT BPF_EVENTS DEBUG_INFO_BTF KALLSYMS KALLSYMS_ALL MODULES
MODULE_SIG_FORCE SECURITY_LOCKDOWN_LSM PREEMPT_NONE PREEMPT_VOLUNTARY PREEMPT PREEMPT_LAZY PREEMPT_RT
PREEMPT_DYNAMIC ARM64_4K_PAGES ARM64_16K_PAGES ARM64_64K_PAGES ARM64_VA_BITS UNMAP_KERNEL_AT_EL0
RANDOMIZE_BASE VMAP_STACK SHADOW_CALL_STACK CFI_CLANG RANDSTRUCT ARM64_PTR_AUTH_KERNEL
ARM64_BTI_KERNEL ARM64_SVE ARM64_SME ARM64_MTE ARM64_POE ARM64_GCS COMPAT NR_CPUS CC_VERSION_TEXT'

# line NAME TEXT: what is longer than a line goes on below its beginning
line()
{
	echo "$2" | fold -s -w 84 | sed "1s/^/$(printf '%-10s' "$1")/; 2,\$s/^/          /; s/ *\$//"
}

config_text()
{
	if [ -r /proc/config.gz ]; then
		zcat /proc/config.gz
	else
		cat "/boot/config-$(uname -r)" "/lib/modules/$(uname -r)/config" 2>/dev/null
	fi
}

config()
{
	config_text >"$tmp/config"
	[ -s "$tmp/config" ] ||
		{ echo "not readable: neither /proc/config.gz nor /boot/config-$(uname -r)"; return; }
	for option in $options; do
		sed -n "s/^CONFIG_\\($option=.*\\)/\\1/p" "$tmp/config"
	done | xargs
}

processor()
{
	awk -F ': ' '
		/^CPU (implementer|variant|part|revision)/ { split($1, name, /[ \t]+/); id = id " " name[2] " " $2 }
		/^CPU revision/ { n[id]++; id = "" }
		/^Features/ { features = $2 }
		END {
			for (id in n)
				print n[id] " x" id
			print "features " features
		}' /proc/cpuinfo | xargs
}

setting()
{
	[ ! -r "$2" ] || echo "$1=$(tr -d '\0' <"$2")"
}

settings()
{
	setting kptr_restrict /proc/sys/kernel/kptr_restrict
	setting perf_event_paranoid /proc/sys/kernel/perf_event_paranoid
	setting unprivileged_bpf_disabled /proc/sys/kernel/unprivileged_bpf_disabled
	setting lockdown /sys/kernel/security/lockdown
	setting tainted /proc/sys/kernel/tainted
}

# tagged NAME: the first comment of that name that a test printed
tagged()
{
	sed -n "s/^# $1 //p" "$tmp/log" | head -n1
}

count()
{
	grep -cE "$1" "$tmp/log"
}

# unseen: the rules with verdicts "not observed", and those that no fork was judged by
unseen()
{
	sed -n 's/^# rule \(.*\) passed=\(.*\) failed=\(.*\) not_observed=\(.*\)/\1 \2 \3 \4/p' "$tmp/log" |
		awk '$4 > 0 { print $1 " (" $4 " times)"; separator = "; " }
			$2 + $3 + $4 == 0 { never = never " " $1 }
			END { if (never) print separator "no fork that it applies to:" never }' | xargs
}

doctor()
{
	insmod ./forkwatch.ko 2>"$tmp/insmod" || cat "$tmp/insmod"
	./forkwatch doctor --color never 2>&1
	[ ! -d /sys/module/forkwatch ] || rmmod forkwatch
}

report()
{
	echo '---- report: please put it into your bug report, all of it ----'
	line forkwatch "$(./forkwatch -V 2>&1 | sed -n '1s/^forkwatch //p')"
	line kernel "$(uname -srvm)"
	line machine "$(tr -d '\0' </sys/firmware/devicetree/base/model 2>/dev/null ||
		cat /sys/class/dmi/id/product_name 2>/dev/null || echo unknown)"
	line CPU "$(processor)"
	line facts "$(tagged facts)"
	line settings "$(settings | xargs)"
	line config "$(config)"
	line tests "$(($(count '^ok ') - $(count '^ok .*# SKIP'))) passed, $(count '^not ok ') failed, $(
		count '^ok .*# SKIP') skipped"
	grep '^not ok ' "$tmp/log" | sed 's/^/          /'
	grep '^ok .*# SKIP' "$tmp/log" | sed 's/^ok [0-9]* - /          skipped: /'
	line sums "$(tagged sums)"
	line rules "$(sed -n 's/^# rule \(.*\) passed=\(.*\) failed=0 not.*/\1 \2/p' "$tmp/log" |
		awk '$2 > 0 { print $1 }' | xargs) held"
	sed -n '/^# rule .* failed=[1-9]/s/^# /          BROKEN: /p' "$tmp/log"
	line unseen "$(unseen)"
	echo
	doctor
	echo '---- end of the report ----'
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
{
	FORKWATCH_KERNEL=${FORKWATCH_KERNEL:-native} sh ./tests.sh "$@" 2>&1
	echo $? >"$tmp/status"
} | tee "$tmp/log"
report
exit "$(cat "$tmp/status")"
