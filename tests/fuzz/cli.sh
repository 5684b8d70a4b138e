#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cli.sh TOOL [SECONDS [SEED]]: runs a build of the tool that has sanitizers with random arguments:
# its subcommands, their options with values that fit and others, traces, and noise. Whatever it is
# given, it ends by itself, with a status that its manual has.
set -u
tool=$(realpath "${1:?cli.sh: which tool?}")
seconds=${2:-60}
seed=${3:-$((RANDOM * 32768 + RANDOM))}
kept=$(realpath "$(dirname "$0")/../data")
echo "# seed $seed"
RANDOM=$((seed % 32768))
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 2
# What is asked to write somewhere may well be told to write there.
data=$scratch/data
cp -r "$kept" "$data" || exit 2
export ASAN_OPTIONS=detect_leaks=0:exitcode=99 UBSAN_OPTIONS=halt_on_error=1:exitcode=99 PAGER=cat

read -r -d '' -a commands < <("$tool" --help | sed -n 's/^  \([a-z]\{3,\}\)  .*/\1/p')
declare -A options
for command in "${commands[@]}"; do
	options[$command]=$("$tool" "$command" --help | grep -oE -e '(^| )--?[a-zA-Z][a-z-]*' | sort -u | xargs)
done
# shellcheck disable=SC2034  # by pick
traces=("$data"/*/*/ "$data"/golden/*/*)
# shellcheck disable=SC2034  # by pick
values=(0 1 -1 2 99999999999999999999 0x10 '' ' ' - -- . .. / /dev/null text json csv html perfetto chrome
	ktap junit auto always never off core all module bpf both module-bpf start time wake pid 64K 1G 4096M
	sh storm A1 Z9 'A1,B2' CLONE_VM EAGAIN ENOENT fork vfork thread ./out ./out.d '%s%n%s' '"' "'" \
	$'\e[31m' $'\xff\xfe' $'a\nb' "$(printf 'x%.0s' {1..5000})")

pick()
{
	local -n list=$1
	picked=${list[RANDOM % ${#list[@]}]}
}

arguments()
{
	local n=$((RANDOM % 6)) words
	pick commands
	args=("$picked")
	read -r -a words <<<"${options[$picked]}"
	((RANDOM % 40)) || args=()
	while ((n-- > 0)); do
		case $((RANDOM % 8)) in
		0 | 1 | 2) ((${#words[@]} == 0)) || { pick words; args+=("$picked"); } ;;
		3) ((${#words[@]} == 0)) || { pick words; args+=("$picked"); pick values; args+=("$picked"); } ;;
		4) ((${#words[@]} == 0)) || { pick words; local option=$picked; pick values; args+=("$option=$picked"); } ;;
		5 | 6) pick traces; args+=("$picked") ;;
		7) pick values; args+=("$picked") ;;
		esac
	done
}

declare -A seen=()
runs=0 failed=0
while ((SECONDS < seconds)); do
	arguments
	# What it would execute, where it can trace, is nothing. A write to a terminal of ours is none.
	case " ${args[0]-} " in *' run '* | *' record '* | *' stat '* | *' clone '*) args+=(-- /bin/true) ;; esac
	timeout 60 "$tool" "${args[@]}" </dev/null >out.txt 2>err.txt
	status=$?
	runs=$((runs + 1))
	seen[$status]=$((${seen[$status]-0} + 1))
	case $status in
	0 | 1 | 2 | 3 | 4 | 125 | 126 | 127) continue ;;
	esac
	failed=$((failed + 1))
	echo "not ok - status $status:$(printf ' %q' "${args[@]}")"
	head -n 20 err.txt | sed 's/^/# /'
	((failed < 5)) || break
done
for status in "${!seen[@]}"; do
	echo "# status $status: ${seen[$status]} times"
done
((failed == 0)) && echo "ok 1 - $runs random command lines"
exit $((failed > 0))
