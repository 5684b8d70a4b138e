#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# diff-page.sh A B: docs/diff-A-B.md: what `forkwatch diff` says of two kernels under the same
# workload, each recorded in a guest now. Notes on single differences are in docs/diff-notes; a note
# that nothing stands for is left out, and a difference without a note says that it has none.
set -euo pipefail
cd "$(dirname "$0")/.."
a=$1 b=$2
page=docs/diff-$a-$b.md
out=build/diff
forkwatch=build/$(uname -m)/forkwatch

# What of the bundle is recorded: the same static programs on both kernels. The last two have the
# kernel start threads: those are recorded that it makes out of the program itself.
workload='./workload/forks 2 && ./workload/pthread 2 && ./workload/spawn 1 && ./workload/clone3 &&
./workload/kthread io 1 && ./workload/kthread vhost 1'

# shellcheck disable=SC2016  # expanded in the guest
load_vhost='while read -r module; do insmod "/modules/$module"; done </modules/vhost.order'

record()
{
	printf '  %-7s %s\n' RECORD "on kernel $1" >&2
	tests/qemu/run "$1" --name "diff-$1" -- sh -c "$load_vhost && insmod forkwatch.ko &&
		./forkwatch record --stages=all -o /out/trace -- sh -c '$workload; true' >/out/log" >&2
	rm -rf "${out:?}/$1"
	mkdir -p $out
	cp -R "build/guest/diff-$1/out/trace" "$out/$1"
}

# heads: what stands at the beginning of a difference, one line each: its part and its name
heads()
{
	awk '
		/^different/ { exit }
		/^[a-z]/ { part = $1; next }
		part != "diff" && part && /^  [^ ]/ { sub(/^  /, ""); split($0, w, /  +/); print part "\t" w[1] }
	' "$1" | sort -u
}

# notes: the paragraphs of docs/diff-notes whose heads are in the difference
notes()
{
	heads "$1" | while IFS=$'\t' read -r part name; do
		printf '\n### %s: %s\n\n' "$part" "$name"
		awk -v head="$part: $name" '
			/^## / { on = substr($0, 4) == head; next }
			/^#/ { next }
			on' docs/diff-notes | grep . || echo 'No note on this one yet.'
	done
}

record "$a"
record "$b"
status=0
(cd $out && "../../$forkwatch" diff --color never "$a" "$b") >$out/diff || status=$?
[ $status -le 1 ] || { echo "error: forkwatch diff ended with status $status" >&2; exit 1; }
{
	cat <<-END
		<!-- SPDX-License-Identifier: GPL-2.0-only -->
		# What a fork does otherwise: Linux $a and $b

		Two kernels ran the same static programs on the same CPU model (qemu's \`max\`), each fork was
		recorded with its stages, and \`forkwatch diff\` compared them: as the forks' places in the
		tree say which belong together, and with addresses as what lies there. So what is listed
		below is what the kernels do differently, and nothing that merely varies between two runs.

		This page is made by \`make diff-page\`; only the notes are written by hand.

		$(echo "$workload" | awk '{ print "    " $0 }')

		## What differs

		\`\`\`
		$(cat $out/diff)
		\`\`\`

		## Why
	END
	notes $out/diff
} | sed 's/[ \t]*$//' >"$page.new"
mv "$page.new" "$page"
printf '  %-7s %s\n' PAGE "$page" >&2
