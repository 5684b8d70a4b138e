#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# What becomes of children: what vfork parents wait for, what is executed, how it ends.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# life CASE: runs it, into $tmp/forks
life()
{
	fw run -f json -o "$tmp/forks" -- ./workload/life "$1"
	equal "$1: exit status" "$status" 0
	comment <"$tmp/err"
	equal "$1: no rule is broken, no event lost" \
		"$(summary "$tmp/forks" verdicts.FAIL lost.total incomplete)" '0	0	0'
}

# at FILE TYPE PLACE…: the values at these places of what has that type
at()
{
	file=$1
	type=$2
	shift 2
	./e2e/json "$file" type "$@" | sed -n "s/^$type	//p"
}

# vfork CASE UNTIL CODE: the parent waits as long as the child sleeps
vfork()
{
	life "$1"
	equal "$1: until when, in whose mm" "$(forks "$tmp/forks" vfork.until vfork.mm_shared \
		vfork.parent_killed vfork.code)" "$2	true	false	$3"
	equal "$1: F1 and F2" "$(forks "$tmp/forks" verdicts.F1.verdict verdicts.F2.verdict)" \
		'PASS	PASS'
	slept=$(($(value slept "$tmp/out") * 1000000))
	blocked=$(forks "$tmp/forks" vfork.blocked)
	released=$(forks "$tmp/forks" vfork.released)
	at_least "$1: the child sleeps before it lets its parent go" "$released" "$slept"
	at_least "$1: the parent is back after that" "$blocked" "$released"
}

load forkwatch.ko
vfork exec exec -
equal 'exec: what was executed' "$(forks "$tmp/forks" vfork.path)" /proc/self/exe
equal 'exec: X1' "$(at "$tmp/forks" exec fork path verdicts.X1.verdict)" '1	/proc/self/exe	PASS'
equal 'exec: the end' "$(at "$tmp/forks" exit fork code)" '1	0'
vfork exit exit 768
equal 'exit: no exec' "$(summary "$tmp/forks" execs exits)" '0	1'

life killed
equal 'killed: the parent did not wait any longer' "$(forks "$tmp/forks" kind vfork.until \
	vfork.parent_killed verdicts.F1.verdict | sort)" 'fork	-	-	N/A
vfork	-	true	N/A'

life thread
equal 'thread: whoever executes becomes the first' \
	"$(at "$tmp/forks" exec path verdicts.X1.verdict)" '/proc/self/exe	PASS'
tids=$(at "$tmp/forks" exec task.tid task.tgid event.tid)
equal 'thread: with the tid of that' "$(echo "$tids" | cut -f 3)" "$(echo "$tids" | cut -f 2)"
at_least 'thread: and not its own' "$(echo "$tids" | cut -f 1)" \
	$(($(echo "$tids" | cut -f 3) + 1))

life forks
equal 'forks: two programs, one after another' \
	"$(at "$tmp/forks" exec fork verdicts.X1.verdict)" '1	PASS
1	PASS'
# As text: awk would take addresses for numbers, of which it keeps 53 bits.
equal 'forks: each with a new mm' \
	"$(at "$tmp/forks" exec mm event.mm | awk '{ print $1 "" != $2 "" }' | xargs)" '1 1'

# As text, from a recording, and judged there.
fw record -o "$tmp/trace" -- ./workload/life exec
fw show "$tmp/trace" 1
has 'show' "$tmp/out" 'vfork   parent blocked ' "until child's execve of /proc/self/exe" \
	'after that' 'exec 1' 'same task, tid and start time, new mm' 'exit 1'
passed=$(awk '/^  rules / { on = 1 } on { $1 = $1; print } / pass$/ { on = 0 }' "$tmp/out" | xargs)
for rule in F1 F2; do
	check "show: $rule passes" sh -c "case '$passed' in *' $rule '*pass) ;; *) exit 1 ;; esac"
done
for rule in F1 F2 X1; do
	fw check --rules $rule "$tmp/trace"
	equal "check $rule" "$status" 0
done
unload
finish
