#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# install.sh [KERNEL]: what `make install` leaves is all there and works: the tool, its manual, the
# completion, the library, and the module's source, which dkms would build for KERNEL (6.1). Prints
# TAP.
set -u
cd "$(dirname "$0")/.." || exit 2
kernel=${1-6.1}
make=${MAKE:-make}

n=0
failed=0
# result NAME STATUS [DETAILS]
result()
{
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $n - install: $1"
	else
		echo "not ok $n - install: $1"
		[ -z "${3-}" ] || printf '%s\n' "$3" | tail -n 30 | sed 's/^/# /'
		failed=1
	fi
}

# nothing NAME TEXT: TEXT, which lists what is wrong, is empty
nothing()
{
	[ -z "$2" ]
	result "$1" $? "$2"
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
out=$($make --no-print-directory install DESTDIR="$root" PREFIX=/usr 2>&1)
result 'make install' $? "$out"
tool=$root/usr/bin/forkwatch
version=$("$tool" --version | sed 's/^forkwatch //')
nothing 'nothing is left outside of PREFIX and /usr/src' \
	"$(find "$root" -type f ! -path "$root/usr/*")"

### the manual and the completion: they know what --help knows

commands()
{
	"$tool" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# options COMMAND: its long ones, of the lines that explain them
options()
{
	"$tool" "$1" --help | sed -n 's/^  *\(-.*\)/\1/p' | sed 's/  .*//' |
		grep -oE -- '--[a-z][a-z0-9-]*'
}

page()
{
	echo "$root/usr/share/man/man1/forkwatch${1:+-$1}.1"
}

# words COMMAND: its page without what makes words bold
words()
{
	sed 's/\\f[BIRP]//g; s/\\//g' "$(page "$1")" 2>/dev/null
}

[ "$(commands | wc -l)" -ge 10 ]
result '--help lists the commands' $? "$("$tool" --help)"
nothing 'each command has a page' \
	"$(commands | while read -r name; do [ -s "$(page "$name")" ] || echo "$name"; done)"
nothing 'forkwatch(1) names each command' "$(commands | while read -r name; do
	words '' | grep -q "forkwatch-$name(1)" || echo "$name"; done)"
nothing 'each page has each option' "$(commands | while read -r name; do
	options "$name" | while read -r option; do
		words "$name" | grep -qE -- "$option([^a-z-]|\$)" || echo "$name $option"
	done
done)"
if command -v man >/dev/null; then
	nothing 'man has no complaint' \
		"$(for file in "$root"/usr/share/man/man?/*; do
			MANWIDTH=80 man --warnings -E UTF-8 -l "$file" 2>&1 >/dev/null
		done)"
else
	result 'man has no complaint # SKIP there is no man here' 0
fi

# complete_words WORD…: what bash would offer for the last of them
complete_words()
{
	(
		# shellcheck source=/dev/null
		. "$root/usr/share/bash-completion/completions/forkwatch"
		# shellcheck disable=SC2317  # the completion calls it
		compopt() { :; }
		COMP_WORDS=("$tool" "$@")
		COMP_CWORD=$#
		_forkwatch "$tool" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf '%s\n' "${COMPREPLY[@]}"
	)
}

# offers WORD WORD…: is the first of them among the completions of the others?
offers()
{
	local word=$1
	shift
	complete_words "$@" | grep -qxF -e "$word"
}

nothing 'bash completes each command' \
	"$(commands | while read -r name; do offers "$name" '' || echo "$name"; done)"
nothing 'bash completes each option' "$(commands | while read -r name; do
	options "$name" | while read -r option; do
		offers "$option" "$name" -- || echo "$name $option"
	done
done)"
nothing 'bash completes values' "$(
	offers perfetto convert --to p || echo '--to perfetto'
	offers csv convert --to '' || echo '--to csv'
	offers junit check -f '' || echo 'check -f junit'
	offers json report --format j || echo 'report --format json'
	offers core record --stages c || echo '--stages core'
	offers never run --color '' || echo '--color never'
	! offers text convert --to '' || echo '--to text is none'
)"
nothing 'bash leaves the command behind -- alone' "$(complete_words run -- l)"

### the library

cat >"$tmp/user.c" <<'END'
#include <forkwatch_clone.h>

int main(void)
{
	struct forkwatch_clone_args args = { .exit_signal = 17 };

	return fw_clone(&args, sizeof(args), NULL, NULL) < 0;
}
END
out=$(cc -Wall -Werror -I "$root/usr/include" -o "$tmp/user" "$tmp/user.c" \
	-L "$root/usr/lib" -lforkwatch 2>&1)
result 'a program builds with the library' $? "$out"

### the module, as dkms builds it

source=$root/usr/src/forkwatch-$version
# shellcheck disable=SC2034  # what dkms sets for dkms.conf
dkms_build()
{
	dkms_tree=$tmp/dkms kernel_source_dir=$KDIR
	PACKAGE_VERSION='' MAKE=()
	# shellcheck source=/dev/null
	. "$source/dkms.conf"
	[ "$PACKAGE_NAME $PACKAGE_VERSION" = "forkwatch $version" ] ||
		{ echo "dkms.conf says $PACKAGE_NAME $PACKAGE_VERSION"; return 1; }
	mkdir -p "$dkms_tree/$PACKAGE_NAME/$PACKAGE_VERSION"
	cp -r "$source" "$dkms_tree/$PACKAGE_NAME/$PACKAGE_VERSION/build"
	# It does not know how many variables of its environment it is given.
	env -i PATH="$PATH" HOME="$HOME" ARCH=arm64 CROSS_COMPILE="$cross" \
		sh -c "${MAKE[0]}" || return
	ko=$dkms_tree/$PACKAGE_NAME/$PACKAGE_VERSION/build/${BUILT_MODULE_NAME[0]}.ko
	[ "$(modinfo -F version "$ko")" = "$version" ] ||
		{ echo "$ko is of version $(modinfo -F version "$ko")"; return 1; }
}

cross=aarch64-linux-gnu-
[ "$(uname -m)" != aarch64 ] || cross=
if found=$(tests/qemu/fetch kernel "$kernel"); then
	eval "$found"
	out=$(dkms_build 2>&1)
	result "dkms would build the module for $kernel" $? "$out"
else
	result "dkms would build the module # SKIP the headers of $kernel cannot be had" 0
fi

echo "1..$n"
exit $failed
