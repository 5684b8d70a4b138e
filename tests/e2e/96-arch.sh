#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# The way in: what `forkwatch arch` shows is what kallsyms and /proc know, and its rules hold.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# The address of a symbol, as kallsyms has it.
address_of()
{
	awk -v name="$1" '$3 == name && NF == 3 { print "0x" $1; found = 1; exit }
		END { if (!found) print "no symbol \"" name "\"" }' /proc/kallsyms
}

# at PLACE: what the JSON has there
at()
{
	./e2e/json "$tmp/json" "$1"
}

fw arch
equal 'no module: exit status' "$status" 2
has 'no module: says what to do' "$tmp/err" 'the module is not loaded' 'insmod forkwatch.ko'

load forkwatch.ko
fw arch
equal 'all rules hold: exit status' "$status" 0
equal 'nothing is said besides' "$(cat "$tmp/err")" ''
for rule in H1 H2 H3 H4; do
	has "$rule holds" "$tmp/out" "$rule   PASS"
done
has 'the page shows the way' "$tmp/out" 'EC 0x15 SVC from AArch64' 'SPSel 1' 'SP_EL0 = current' \
	'__arm64_sys_read' '220 clone' '435 clone3' '245 forkwatch_clone' '1079 fork' '1071 vfork'
cp "$tmp/out" "$tmp/page"

fw arch -f json -o "$tmp/json"
equal 'JSON: exit status' "$status" 0
[ -s "$tmp/json" ] || bail 'JSON: there is none'
equal 'JSON: release' "$(at release)" "$(uname -r)"
equal 'JSON: CPUs' "$(at cpus)" "$(grep -c ^processor /proc/cpuinfo)"
equal 'there are 16 vectors' "$(at vectors.15.kind) $(at vectors.16)" 'serror -'
handler=$(at vectors.8.handler.symbol)
equal "kallsyms has vector 8's handler, $handler, there" \
	"$(at vectors.8.handler.address)" "$(address_of "$handler")"
equal 'kallsyms has the vectors there' "$(at registers.vbar_el1.address)" "$(address_of "$(at registers.vbar_el1.symbol)")"
equal 'system calls come through that handler' "$(at path.0)" "$handler"
equal 'kallsyms has clone there' "$(at syscalls.0.entry.address)" "$(address_of __arm64_sys_clone)"
equal 'kallsyms has clone3 there' "$(at syscalls.1.entry.address)" \
	"$(address_of __arm64_sys_clone3)"
equal 'the module served 245 from a hole' "$(at syscalls.2.nr) $(at syscalls.2.entry.symbol)" \
	'245 __arm64_sys_ni_syscall'
equal 'pt_regs lies below the top by its size' "$(at stack.pt_regs_below_top)" "$(at sizes.pt_regs)"
equal 'SP_EL0 holds current' "$(at registers.sp_el0_is_current)" true

fw arch --explain
equal 'explaining: exit status' "$status" 0
has 'each line is explained' "$tmp/out" 'el0_svc' '_do_fork()' 'copy_thread_tls()' \
	'THREAD_SIZE - 1' 'arch/arm64/kernel/entry.S'
at_least 'the explanation is longer' "$(wc -l <"$tmp/out")" $(($(wc -l <"$tmp/page") * 2))

# Other exceptions overwrite ESR_EL1: that may be said, and a broken rule it is not.
./workload/storm -n 2000 >/dev/null 2>&1 &
broken=0
for _ in $(seq 20); do
	fw arch -f json
	case $status in 0 | 3) ;; *) broken=$((broken + 1)) ;; esac
done
wait
equal 'no rule breaks while others fork' "$broken" 0

# Who may not see addresses gets names.
restrict=$(cat /proc/sys/kernel/kptr_restrict)
echo 2 >/proc/sys/kernel/kptr_restrict
fw arch --explain
equal 'kptr_restrict=2: exit status' "$status" 0
has 'kptr_restrict=2: the page says so' "$tmp/out" 'kernel addresses hidden' 'H1   PASS'
check 'kptr_restrict=2: the page has no address' sh -c "grep -q vectors '$tmp/out' && ! grep -q 0xff '$tmp/out'"
fw arch -f json
check 'kptr_restrict=2: JSON has no address' sh -c "grep -q vectors '$tmp/out' && ! grep -q 0xff '$tmp/out'"
echo "$restrict" >/proc/sys/kernel/kptr_restrict

if id user >/dev/null 2>&1; then
	su user -c './forkwatch arch' >"$tmp/out" 2>"$tmp/err"
	equal 'an ordinary user: exit status' "$?" 2
	has 'an ordinary user: says what to do' "$tmp/err" 'for root alone' 'sudo forkwatch arch'
else
	skip 'an ordinary user' 'there is none'
fi

fw arch --wrong
equal 'a wrong option: exit status' "$status" 2
has 'a wrong option: is named' "$tmp/err" "unknown option '--wrong'"
fw arch -f xml
equal 'a wrong format: exit status' "$status" 2
fw arch more
equal 'an argument: exit status' "$status" 2

unload
insmod ./forkwatch.ko clone_path=0 || bail 'insmod forkwatch.ko clone_path=0'
fw arch
equal 'without the clone path: exit status' "$status" 0
has 'without the clone path: no number is served' "$tmp/out" 'the module serves 0 numbers'
unload
finish
