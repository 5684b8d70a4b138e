#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Puts what `make demo` prints into README.md, between its marks: nothing there is typed by hand.
set -euo pipefail
cd "$(dirname "$0")/.."

printed=$(mktemp)
trap 'rm -f "$printed" README.md.new' EXIT
make --no-print-directory demo >"$printed"

# What continuous integration sees where all is well, and where a program forks once more.
make --no-print-directory module guest-programs KDIR= KERNEL=6.1 >/dev/null
# shellcheck disable=SC2016  # expanded in the guest
traced=$(tests/qemu/run 6.1 -- sh -c '
	insmod ./forkwatch.ko
	trace()
	{
		echo "# ci/fork-trace --golden golden $1"
		ci/fork-trace --golden golden --output /tmp/traces "$1"
		printf "# echo \$?\n%s\n" $?
	}
	trace ci/workloads
	echo
	echo "fork ./workload/forks 3" >changed
	trace changed')

# Two kernels, as recorded in tests/data.
compared()
{
	local tool
	tool=build/$(uname -m)/forkwatch
	make --no-print-directory "$tool" >/dev/null
	echo '$ forkwatch diff tests/data/5.10/fork tests/data/7/fork'
	"$tool" diff tests/data/5.10/fork tests/data/7/fork || [ $? -eq 1 ]
}

# section TITLE: what the demo printed below `== TITLE`
section()
{
	awk -v title="== $1" '/^== / { on = index($0, title) == 1; next } on' "$printed"
}

# One whole fork: from its heading to the next one's, or to the summary's.
fork()
{
	section "$1" | awk '/^fork |^summary/ { n++ } n == 1' | sed -e '$ { /^$/d }'
}

block()
{
	echo '```'
	"$@"
	echo '```'
}

declare -A blocks=(
	[fork]=$(block fork 'a shell pipeline')
	[clone]=$(block section 'a clone that reports on itself')
	[ci]=$(block echo "$traced")
	[diff]=$(block compared)
	[arch]=$(block section 'the way into this kernel')
)

while IFS= read -r line; do
	case $line in
	'<!-- demo: '*) name=${line#<!-- demo: } name=${name% -->}
		[ "$(grep -c . <<<"${blocks[$name]}")" -gt 3 ] || {
			echo "error: the demo printed nothing for '$name'" >&2
			exit 1
		}
		printf '%s\n%s\n' "$line" "${blocks[$name]}"
		skip=1 ;;
	'<!-- end -->') printf '%s\n' "$line"; skip= ;;
	*) [ -n "${skip-}" ] || printf '%s\n' "$line" ;;
	esac
done <README.md >README.md.new
mv README.md.new README.md
