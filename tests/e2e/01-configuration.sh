#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# What this machine is, by its own account; where a row of tests/qemu/configurations asked for
# something, it is that.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# The model, from what /proc/cpuinfo calls its implementer and part; qemu's max has none.
cpu_model()
{
	id=$(awk '$2 == "implementer" { i = $4 } $2 == "part" { print i ":" $4; exit }' /proc/cpuinfo)
	case $id in
	0x00:0x051) echo max ;;
	0x41:0xd03) echo cortex-a53 ;;
	0x41:0xd08) echo cortex-a72 ;;
	0x41:0xd0b) echo cortex-a76 ;;
	0x41:0xd0c) echo neoverse-n1 ;;
	0x46:0x001) echo a64fx ;;
	*) echo "$id" ;;
	esac
}

kaslr()
{
	found=$(dmesg | sed -n 's/.*KASLR \(enabled\|disabled\).*/\1/p' | head -n1)
	echo "${found:-unknown}"
}

# The preemption model: what the kernel chose while it booted, if it can choose; else its version.
preempt()
{
	chosen=$(dmesg | sed -n 's/.*Dynamic Preempt: \([a-z]*\).*/\1/p' | tail -n1)
	case $chosen:$(uname -v) in
	[a-z]*:*) echo "$chosen" ;;
	*PREEMPT_RT*) echo rt ;;
	*PREEMPT_LAZY*) echo lazy ;;
	*PREEMPT*) echo preemptible ;;
	*) echo none-or-voluntary ;;
	esac
}

# there PATH: 1 or 0
there()
{
	[ -e "$1" ] && echo 1 || echo 0
}

# What the module knows: the way in must be in $tmp/arch.
from_module()
{
	./e2e/json "$tmp/arch" "$1"
}

fact()
{
	case $1 in
	cpu) cpu_model ;;
	cpus) grep -c ^processor /proc/cpuinfo ;;
	page) awk '$1 == "KernelPageSize:" { print $2 "K"; exit }' /proc/self/smaps ;;
	kaslr) kaslr ;;
	preempt) preempt ;;
	vhe) from_module registers.vhe ;;
	kpti) from_module registers.kpti ;;
	el) from_module registers.el ;;
	btf) there /sys/kernel/btf/vmlinux ;;
	kprobes) there /sys/kernel/debug/kprobes ;;
	ftrace) grep -cw function $tracing/available_tracers ;;
	scs) zcat /proc/config.gz | grep -c '^CONFIG_SHADOW_CALL_STACK=y' ;;
	sve | sme | mte | fpmr | gcs) grep -cm1 "^Features.* $1\>" /proc/cpuinfo ;;
	*) echo 'no such fact' ;;
	esac
}

# A kernel without kprobes refuses the module, and nobody tells how it is entered.
names='cpu cpus page kaslr preempt btf kprobes ftrace'
if [ "$(fact kprobes)" = 1 ]; then
	load forkwatch.ko
	fw arch -f json
	cp "$tmp/out" "$tmp/arch"
	unload
	names="$names el vhe kpti"
fi
facts=
for name in $names; do
	facts="$facts $name=$(fact "$name")"
done
echo "# facts release=$(uname -r)$facts"
equal 'all of it is known' "$(echo "$facts " | grep -oE ' [a-z]+=(-|) ')" ''
for expected in $(echo "${FORKWATCH_EXPECT-}" | tr , ' '); do
	equal "${expected%%=*} is what was asked for" "$(fact "${expected%%=*}")" "${expected#*=}"
done
finish
