#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What `make check-host` runs on an arm64 machine, here: its report has what a bug report needs,
# and its exit status is that of the tests.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

FORKWATCH_KERNEL=native sh ./check-host.sh 01-,12- >"$tmp/host" 2>"$tmp/err"
equal 'the tests pass: exit status' $? 0
equal 'nothing is said besides' "$(cat "$tmp/err")" ''
sed -n '/^---- report/,$p' "$tmp/host" >"$tmp/report"
has 'the report has the kernel and the CPU' "$tmp/report" "kernel    Linux $(uname -r)" \
	"$(grep -c ^processor /proc/cpuinfo) x implementer" 'features fp asimd' 'kptr_restrict=' 'page='
has 'and what was tested' "$tmp/report" ' 0 failed, ' 'workloads=11/11' 'rules     A1 A2 A3' \
	'no fork that it applies to:' ' B4' 'nothing is missing'
check 'and ends' grep -q '^---- end of the report' "$tmp/report"

# Tests that fail, of a kind: all of it is in the report.
mkdir -p "$tmp/stage/e2e" "$tmp/stage/workload"
cp forkwatch forkwatch.ko tests.sh check-host.sh "$tmp/stage"
cat >"$tmp/stage/e2e/01-wrong.sh" <<'END'
# kernels: all
echo 'not ok 1 - something is wrong'
echo 'ok 2 - a thing # SKIP there is none'
echo '# rule A1 passed=3 failed=2 not_observed=0'
echo '# rule E7 passed=3 failed=0 not_observed=5'
END
(cd "$tmp/stage" && FORKWATCH_KERNEL=native sh ./check-host.sh) >"$tmp/host" 2>&1
equal 'tests that fail: exit status' $? 1
has 'tests that fail: all is in the report' "$tmp/host" ', 1 failed, 1 skipped' \
	'          not ok 1 - 01-wrong: something is wrong' 'skipped: 01-wrong: a thing' \
	'BROKEN: rule A1 passed=3 failed=2' 'unseen    E7 (5 times)'
finish
