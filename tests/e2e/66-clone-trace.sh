#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# The clone path under the tool: `run` names its calls and judges them like any fork's, `clone` holds
# the report of forkwatch_clone against the trace.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# named KIND CALL NR: a fork by that number
named()
{
	kind=$1 call=$2 nr=$3
	fw run -f json -o "$tmp/forks" -- ./e2e/clone_call "${call#forkwatch_}" "$nr"
	equal "run: $call at $nr: exit status" "$status" 0
	equal "run: $call at $nr: kind, number, name, clone_call" \
		"$(forks "$tmp/forks" kind syscall.nr syscall.name events.clone_call.nr)" \
		"$kind	$nr	$call	$nr"
	equal "run: $call at $nr: forks, FAIL, lost" \
		"$(summary "$tmp/forks" forks verdicts.FAIL lost.total)" '1	0	0'
	equal "run: $call at $nr: A1 to D1 pass" \
		"$(eval "forks $tmp/forks $fork_rules" | tr '\t' '\n' | sort -u)" PASS
	fw run -- ./e2e/clone_call "${call#forkwatch_}" "$nr"
	has "run: $call at $nr, as text" "$tmp/out" "x8 = $nr" "$call("
}

# B1 may go unobserved where the parent was preempted.
fork_rules=$(for rule in A1 A2 A3 A4 A5 A6 A7 A9 B2 B3 C1 C2 C3 C4 C5 D1; do
	echo verdicts.$rule.verdict
done | xargs)

# line TYPE FILE PLACE…: of the line of that type in the tool's JSON
line()
{
	type=$1 file=$2
	shift 2
	./e2e/json "$file" type "$@" | sed -n "s/^$type	//p"
}

# Is the command there, below the process that makes the call?
# shellcheck disable=SC2317  # called by within
sleeps()
{
	runs "$tool" forkwatch && runs "$child" sleep
}

load forkwatch.ko
named fork fork 1079
named vfork vfork 1071
named fork forkwatch_clone 245

# One that is refused makes no fork, and is not overlooked.
fw run -f json -o "$tmp/forks" -- ./e2e/clone_call -u 1000 clone 245
equal 'run: a refused call' \
	"$(forks "$tmp/forks" events.clone_call.result result.error.name result.error.reason.code child)" \
	'-1	EPERM	permission	-'
equal 'run: a refused call is a failed fork' \
	"$(summary "$tmp/forks" forks failed incomplete verdicts.FAIL lost.total)" '1	1	0	0	0'
fw run -- ./e2e/clone_call -u 1000 clone 245
has 'run: a refused call, as text' "$tmp/out" 'forkwatch_clone(' 'refused: -EPERM' 'CAP_PERFMON'

# A recording tells the same, without the module.
fw record -o "$tmp/trace" -- ./e2e/clone_call clone 245
equal 'record: exit status' "$status" 0
fw show -f json "$tmp/trace" 1
equal 'show: a recorded forkwatch_clone' \
	"$(forks "$tmp/out" syscall.name events.clone_call.nr verdicts.A1.verdict)" \
	'forkwatch_clone	245	PASS'

# The parent of a vfork is back after its child's end, on the trace as well.
fw run -f json -o "$tmp/forks" -- ./e2e/clone_call -t vfork 1071
ended=$(value child_end "$tmp/out")
at_least 'vfork: the parent returns after its child has ended' \
	"$(forks "$tmp/forks" events.fork_return.time)" "${ended:-none}"

fw clone --child-x0 42 --cookie 0x1234 -- sh -c 'echo from the command; exit 3'
equal 'clone: exit status' "$status" 3
equal 'clone: says nothing else' "$(cat "$tmp/err")" ''
has 'clone: the child returned 42' "$tmp/out" 'child returned 42' 'from the command'
has 'clone: both accounts' "$tmp/out" 'report' 'tracepoints' '0x1234' 'ret_from_fork+0x0' \
	'26 of 26 fields agree' ' 0 FAIL'
check 'clone: no field differs' sh -c "! grep -q ' NO ' $tmp/out"

fw clone --json -o "$tmp/clone" --child-x0 -7 --cookie 7 -- true
equal 'clone as JSON: exit status' "$status" 0
equal 'clone as JSON: nothing on standard output' "$(cat "$tmp/out")" ''
equal 'clone as JSON: the fork' "$(forks "$tmp/clone" result.child_x0 events.clone_call.cookie)" \
	'0xfffffffffffffff9	0x7'
equal 'clone as JSON: A1 and C4 know of it' \
	"$(forks "$tmp/clone" verdicts.A1.verdict verdicts.C4.verdict)" 'PASS	PASS'
equal 'clone as JSON: copy_thread had left 0' \
	"$(forks "$tmp/clone" events.copy_thread.regs_after.x.0)" 0x0
equal 'clone as JSON: the report' "$(line clone "$tmp/clone" child_returned report.cookie \
	report.child_regs.x.0 agreement.agree agreement.disagree agreement.not_observed)" \
	'-7	0x7	0xfffffffffffffff9	26	0	0'

fw clone --vfork --json -o "$tmp/clone" -- true
equal 'clone as vfork' "$(line clone "$tmp/clone" child_returned agreement.agree) $status" '0	26 0'
equal 'clone as vfork: the fork' "$(forks "$tmp/clone" kind)" vfork

# Who may not see addresses compares distances only; a cookie that looks like one is none.
kptr_restrict=$(cat /proc/sys/kernel/kptr_restrict)
echo 2 >/proc/sys/kernel/kptr_restrict
fw clone --json --cookie 0xffff800000001234 -o "$tmp/clone" -- true
equal 'clone with kptr_restrict=2' \
	"$(line clone "$tmp/clone" agreement.disagree report.addresses) $status" '0	- 0'
echo "$kptr_restrict" >/proc/sys/kernel/kptr_restrict

fw clone -- ./no-such-command
equal 'clone of what is not there: exit status' "$status" 127
has 'clone of what is not there: says so' "$tmp/err" "cannot execute './no-such-command'"
fw clone -- sh -c 'kill -9 $$'
equal 'clone of a command that is killed' "$status" 137
./forkwatch clone -- sleep 1000 >"$tmp/out" 2>&1 &
tool=$!
background="$background $tool"
within 60 sleeps || bail "forkwatch clone did not start: $(cat "$tmp/out")"
kill $tool
wait $tool
equal 'clone that gets SIGTERM hands it on' $? 143
check 'and leaves no command' test ! -e "/proc/$child"

fw clone --child-x0 -514 -- true
equal 'clone with an x0 that restarts a call' "$status" 125
has 'clone with an x0 that restarts a call: says so' "$tmp/err" 'restarted'
fw clone
equal 'clone of nothing' "$status" 125
unload

fw clone -- true
equal 'clone without the module' "$status" 125
has 'clone without the module: says what to do' "$tmp/err" 'insmod'
load forkwatch.ko clone_path=0
fw clone -- true
equal 'clone with clone_path=0' "$status" 125
has 'clone with clone_path=0: says what to do' "$tmp/err" 'clone_path=0'
unload
load forkwatch.ko nr_clone=2000
fw clone --json -o "$tmp/clone" -- true
equal 'clone by another number' "$(forks "$tmp/clone" syscall.nr events.clone_call.nr) $status" \
	'2000	2000 0'
unload
finish
