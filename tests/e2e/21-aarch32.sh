#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# AArch32 programs, in A32 and T32 (Thumb): their forks by all four calls, the registers as they
# found them on both sides of the svc, and what is shown of them under their own names.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# Four moments of 15 registers, pc, flags and mode; five thread pointers; the result.
values=78

# Has this kernel what runs them, on this CPU?
should_run()
{
	grep -qE ' (compat_arm_syscall|do_el0_svc_compat)$' /proc/kallsyms &&
		dmesg | grep -q 'detected: 32-bit EL0 Support'
}

# traced PROGRAM FORKS ARG…: as many forks, by AArch32 tasks; nothing lost, no rule broken
traced()
{
	program=$1 expected=$2
	shift 2
	fw run -f json -o "$tmp/forks" -- "./workload/$program" "$@"
	equal "$program: forks, broken, incomplete, lost" "$status	$(summary "$tmp/forks" \
		forks verdicts.FAIL incomplete lost.total)" "0	$expected	0	0	0"
	equal "$program: made by AArch32" "$(forks "$tmp/forks" syscall.compat | sort -u)" true
}

# judged RULES: by each fork
judged()
{
	for rule in $1; do
		equal "$program: rule $rule" "$(forks "$tmp/forks" "verdicts.$rule.verdict" | sort -u)" PASS
	done
}

# truth STATE OPTION: the registers, by every way to make a child
truth()
{
	fw run "$2" -f json -o "$tmp/forks" -- "./workload/$1-regs" fork vfork thread clone3
	equal "$1-regs $2: found its registers as they should be" "$status" 0
	comment <"$tmp/err"
	for way in fork vfork thread clone3; do
		./e2e/truth "$tmp/out" "$tmp/forks" $way >"$tmp/truth"
		equal "$1-regs $2: $way" "$(cat "$tmp/truth")" "$values values compared, 0 differ"
	done
	equal "$1-regs $2: calls by their AArch32 numbers" \
		"$(forks "$tmp/forks" syscall.nr syscall.name syscall.compat)" '2	fork	true
190	vfork	true
120	clone	true
435	clone3	true'
	program="$1-regs $2"
	judged 'A1 A2 A3 A4 A5 A6 A7 C4 D1'
}

if [ ! -e ./workload/t32-forks ]; then
	skip 'AArch32' 'its programs were not built (gcc-arm-linux-gnueabihf, libc6-dev-armhf-cross)'
	finish
fi
if ! ./workload/t32-forks 1 >/dev/null 2>&1; then
	should_run && not_ok 'this machine runs AArch32 programs, and they do not run'
	[ $tests_failed -gt 0 ] || skip 'AArch32' 'this kernel or this CPU does not run it'
	finish
fi

load forkwatch.ko
truth a32 --source=auto
if [ -e /sys/kernel/btf/vmlinux ]; then
	truth t32 --source=both
	judged W1
else
	truth t32 --source=module
fi

# By the names that they have there.
equal 'JSON: what it runs' "$(forks "$tmp/forks" aarch32.instructions | sort -u)" T32
equal 'JSON: r7, sp and lr are those of the truth' \
	"$(forks "$tmp/forks" aarch32.parent.r7 aarch32.parent.sp aarch32.parent.lr)" \
	"$(for way in fork vfork thread clone3; do
		grep "\"case\": \"$way\"" "$tmp/out" >"$tmp/case"
		./e2e/json "$tmp/case" set.x.7 set.x.13 set.x.14
	done)"
equal 'JSON: the child has r0 = 0' "$(forks "$tmp/forks" aarch32.child.r0 | sort -u)" 0x0
fw run -- ./workload/t32-regs thread
has 'text: registers under their names' "$tmp/out" \
	'AArch32, T32   svc #0 at t32-regs:regs_call+0x' 'r7 = 120 clone' 'r1..r12 ' '<- the stack given' 'NZCVQ T32 GE=f' 'tpidrro_el0 ' \
	'<- the tls given' 'child r0 = 0'

# Programs of libc.
traced a32-forks 4 2 2
traced t32-forks 4 2 2
traced a32-pthread 2 2
traced t32-spawn 4 2
traced a32-clone3 4

# A trace keeps it all, and the instruction set is a difference.
for state in a32 t32; do
	cp "./workload/$state-regs" "$tmp/regs"
	fw record -q -o "$tmp/$state" -- "$tmp/regs" vfork
	equal "record $state: exit status" "$status" 0
done
fw check "$tmp/t32"
equal 'check: exit status' "$status" 0
fw diff "$tmp/a32" "$tmp/t32"
equal 'diff: exit status' "$status" 1
has 'diff: A32 and T32 are not the same' "$tmp/out" 'A32 -> T32'
fw convert --to golden -o "$tmp/golden" "$tmp/t32"
fw diff "$tmp/golden" "$tmp/t32"
equal 'golden file: the same' "$status" 0
unload
finish
