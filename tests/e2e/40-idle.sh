#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# A module that is loaded but unwatched has no probe in the kernel, whatever became of its watcher.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# Of the functions that let go of an mm those that this kernel has.
fork_probes=$(sort <<-EOF
	__arm64_sys_clone3
	copy_process
	copy_thread
	kernel_clone
	schedule_tail
	$(awk '$3 ~ /^(mm_exit_exec|exec_mm|exit_mm)_release$/ { print $3 }' /proc/kallsyms)
EOF
)

# What the module says of the probes that watch.
probe_states()
{
	awk '!/^#/ && $1 != "clone_call" { print $3 }' /sys/module/forkwatch/parameters/probes | sort -u
}

# killed ARG…: what a tool with these options leaves behind when it is killed
killed()
{
	start -o /dev/null "$@"
	equal "probes are armed while tracing ${1-}" "$(armed)" "$expected"
	kill -9 $tool
	wait $tool 2>/dev/null
	if within 30 nothing_armed; then
		ok "kill -9 of the tool leaves no probe ${1-}"
	else
		not_ok "kill -9 of the tool leaves no probe ${1-}"
		comment <$kprobes
	fi
	equal "and the module says so ${1-}" "$(probe_states)" idle
	kill "$sleeper"
}

check 'no probe before the module' nothing_probed
load forkwatch.ko clone_path=0
check 'no probe at all when loaded without the clone path' nothing_probed
unload
load forkwatch.ko
check 'no probe that watches when loaded' nothing_armed
equal 'the clone path: where only unassigned numbers arrive' "$(probed)" \
	'__arm64_sys_ni_syscall
sys_ni_syscall'
equal 'the module says that it is idle' "$(probe_states)" idle

expected=$fork_probes
killed
expected=$(printf '%s\n' __switch_to "$fork_probes" | sort)
killed --switches

fw run -o "$tmp/forks" -- ./workload/forks 3
equal 'a run after that' "$status" 0
check 'no probe when it has ended' nothing_armed
unload
check 'no probe after the module' nothing_probed
finish
