#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# What a kernel lacks that forkwatch would use: doctor names it, and run does what can be done
# without it, or says why it cannot.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# health ID: what doctor says of a check
health()
{
	./forkwatch doctor -f json >"$tmp/json"
	for i in $(seq 0 40); do
		if [ "$(./e2e/json "$tmp/json" "checks.$i.id")" = "$1" ]; then
			./e2e/json "$tmp/json" "checks.$i.health"
			return
		fi
	done
}

# counted NAME ARG…: forks are traced, all of them
counted()
{
	name=$1
	shift
	fw run "$@" -f json -o "$tmp/forks" -- ./workload/forks 3 2 2
	equal "$name: exit status" "$status" 0
	equal "$name: forks, failed, incomplete, lost, broken" \
		"$(summary "$tmp/forks" forks failed incomplete lost.total verdicts.FAIL)" \
		"$(value forks "$tmp/out")	0	0	0	0"
}

lacking=0

if [ ! -d /sys/kernel/debug/kprobes ]; then
	lacking=$((lacking + 1))
	equal 'no kprobes: no module could be built' "$(ls forkwatch*.ko 2>/dev/null)" ''
	fw doctor
	equal 'no kprobes: doctor: exit status' "$status" 2
	has 'no kprobes: doctor: what follows, and what to do' "$tmp/out" 'CONFIG_KPROBES' \
		'nothing can be traced'
	equal 'no kprobes: doctor: no advice to load a module, or to do with kprobes' \
		"$(grep -E 'insmod|kprobes do instead' "$tmp/out")" ''
	equal 'no kprobes: doctor: kprobes' "$(health kprobes)" missing
	equal 'no kprobes: doctor: BPF itself is there' "$(health bpf) $(health btf)" 'ok ok'
	for source in auto module bpf both; do
		fw run --source=$source -- true
		equal "no kprobes: run --source=$source: exit status" "$status" 125
		has "no kprobes: run --source=$source: says why, and what to do" "$tmp/err" \
			'this kernel has no kprobes' 'Boot a kernel'
	done
	fw stat -- true
	equal 'no kprobes: stat: exit status' "$status" 125
	fw arch
	equal 'no kprobes: arch: exit status' "$status" 2
	fw list rules
	equal 'no kprobes: what needs no kernel works' "$status" 0
fi

if [ ! -e /sys/kernel/btf/vmlinux ]; then
	lacking=$((lacking + 1))
	load forkwatch.ko
	fw doctor
	equal 'no BTF: doctor: exit status' "$status" 1
	equal 'no BTF: doctor: BTF' "$(health btf)" missing
	has 'no BTF: doctor: the source that remains' "$tmp/out" 'source  module' 'CONFIG_DEBUG_INFO_BTF'
	counted 'no BTF'
	has 'no BTF: says what it does without' "$tmp/err" 'source module' 'BTF'
	fw run --stages=core -- true
	equal 'no BTF: stages: exit status' "$status" 125
	has 'no BTF: stages: says why' "$tmp/err" 'stages are timed by BPF programs'
	fw run --source bpf -- true
	equal 'no BTF: source bpf: exit status' "$status" 125
	has 'no BTF: source bpf: says why' "$tmp/err" 'BTF'
	unload
fi

if ! grep -qw function $tracing/available_tracers; then
	lacking=$((lacking + 1))
	load forkwatch.ko
	fw doctor
	equal 'no function tracer: doctor: exit status' "$status" 0
	equal 'no function tracer: doctor: fentry' "$(health fentry)" note
	counted 'no function tracer'
	counted 'no function tracer, stages' --stages=core
	unload
fi

[ $lacking -gt 0 ] || skip 'what a kernel lacks' 'this one has all of it'
finish
