#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# What README tells continuous integration to call: it passes where all is as it should be, and
# says what is not.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# ci ARG…: the script, with $status, $tmp/out and $tmp/err
ci()
{
	sh ./ci/fork-trace --output "$tmp/traces" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# workload NAME COMMAND…: the same with this one workload, and more arguments in $more
workload()
{
	echo "$*" >"$tmp/workloads"
	# shellcheck disable=SC2086  # words
	ci $more "$tmp/workloads"
}

# On a machine of one's own, and on debug kernels, there are no golden files.
golden="--golden golden"
ls golden/* >/dev/null 2>&1 || golden=
# shellcheck disable=SC2086  # words
ci --module forkwatch.ko $golden ci/workloads
equal 'all is as it was recorded: exit status' "$status" 0
[ "$status" -eq 0 ] || comment <"$tmp/out"
for traced in fork thread spawn fail; do
	grep -qE "^$traced +check: holds +${golden:+diff: same}$" "$tmp/out"
	equal "$traced: holds, and is the same" $? 0
	check "$traced: JUnit of check" grep -q '<testsuite ' "$tmp/traces/$traced.check.xml"
	[ -z "$golden" ] || check "$traced: JUnit of diff" \
		grep -q '<testsuite ' "$tmp/traces/$traced.diff.xml"
done
check 'the module is gone again' test ! -d /sys/module/forkwatch

# What it leaves is what it wants next time.
load forkwatch.ko
more="--golden $tmp/traces/golden"
workload fork ./workload/forks 2
equal 'its own golden file: exit status' "$status" 0
check 'a module that was there stays' test -d /sys/module/forkwatch
cp -R "$tmp/traces/golden" "$tmp/golden"
more="--golden $tmp/golden"
workload fork ./workload/forks 3
equal 'one fork more: exit status' "$status" 1
has 'one fork more: the words' "$tmp/out" 'diff: different' 'a fork more' 'forks/fork#3'
workload new ./workload/forks 1
equal 'no golden file: exit status' "$status" 0
has 'no golden file: the words' "$tmp/out" 'no golden file' 'new.json could be it'
more="--stages core"
workload fork ./workload/forks 1
equal 'nothing to compare with: exit status' "$status" 0
has 'nothing to compare with: the words' "$tmp/out" 'no golden files' 'check: holds'

more=''
workload gone ./workload/nothing
equal 'no such program: exit status' "$status" 2
has 'no such program: the words' "$tmp/out" 'gone' 'ended with status 127'
workload ../gone ./workload/forks
equal 'no name: exit status' "$status" 2
workload alone
has 'no command: the words' "$tmp/err" "workload 'alone' has no command"
ci nothing
equal 'no such list: exit status' "$status" 2
has 'no such list: the words' "$tmp/err" 'nothing cannot be read'
printf 'A1 * why\nZ9 * why\n' >"$tmp/allow"
more="--allow $tmp/allow"
workload fork ./workload/forks 1
equal 'a bad line among the known deviations: exit status' "$status" 2
has 'a bad line among the known deviations: the words' "$tmp/out" 'check: trouble' \
	"line 2: there is no rule 'Z9'"

# The gravest of several answers is the exit status.
# answers CHECK DIFF: a tool whose check and diff exit so
answers()
{
	cat >"$tmp/tool" <<-EOF
		#!/bin/sh
		./forkwatch "\$@" || exit
		case \$1 in check) exit $1 ;; diff) exit $2 ;; esac
	EOF
	chmod 755 "$tmp/tool"
	more="--tool $tmp/tool --golden $tmp/golden"
	workload fork ./workload/forks 2
	echo "$status"
}
equal 'exit statuses' "$(answers 0 0) $(answers 1 0) $(answers 0 3) $(answers 3 1) $(answers 4 3) \
$(answers 1 2) $(answers 4 0)" '0 1 3 1 3 2 4'
unload

finish
