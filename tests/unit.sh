#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# unit.sh PROGRAM…: runs cmocka's programs one after the other; fails when any of them does.
set -eu

[ $# -gt 0 ] || { echo "error: there are no unit tests: tests/unit/test_*.c" >&2; exit 1; }
failed=0
for program; do
	echo "# $(basename "$program")"
	"$program" 2>&1 || { echo "# $(basename "$program") ended with status $?"; failed=1; }
done
exit $failed
