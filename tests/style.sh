#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Style and static checks of every tracked file. Prints one line of TAP for each check.
set -u
cd "$(dirname "$0")/.." || exit 2
qemu=tests/qemu

# What checkpatch says of a patch to the kernel, and does not hold here:
#   LINUX_VERSION_CODE, CONSTANT_COMPARISON
#       one source is built for many kernels; the comparison it means is KERNEL_VERSION(…)
#   COMPLEX_MACRO, MULTISTATEMENT_MACRO_USE_DO_WHILE, TRAILING_SEMICOLON, MACRO_ARG_REUSE,
#   MACRO_ARG_PRECEDENCE
#       tables are macros that list declarations: they are no statements and no expressions
#   BIT_MACRO, CAMELCASE
#       the ABI header and the programs have C's and libelf's names, not the kernel's macros
#   NEW_TYPEDEFS, VOLATILE (BPF)
#       u64 and its like are not there yet; const volatile is how the loader sets a constant
#   PREFER_KERNEL_TYPES, PREFER_DEFINED_ATTRIBUTE_MACRO, SSCANF_TO_KSTRTO,
#   EMBEDDED_FUNCTION_NAME, VOLATILE, ENOSYS (programs)
#       the kernel's names, parsers and pr_debug do not exist outside it; a signal handler's flag
#       is volatile sig_atomic_t, and a program does get ENOSYS
#   SPLIT_STRING (programs)
#       usage texts and advice are longer than a line; nobody greps for them in a kernel log
tables=COMPLEX_MACRO,MULTISTATEMENT_MACRO_USE_DO_WHILE,TRAILING_SEMICOLON,MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE
common=$tables,BIT_MACRO,CAMELCASE
kernel_ignore=$common,LINUX_VERSION_CODE,CONSTANT_COMPARISON
bpf_ignore=$common,NEW_TYPEDEFS,VOLATILE
program_ignore=$common,PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,SSCANF_TO_KSTRTO
program_ignore=$program_ignore,EMBEDDED_FUNCTION_NAME,VOLATILE,ENOSYS,SPLIT_STRING

n=0
failed=0
# result NAME STATUS DETAILS: one line of TAP, with what was found below it
result()
{
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $n - style: $1"
	else
		echo "not ok $n - style: $1"
		printf '%s\n' "$3" | sed 's/^/# /'
		failed=1
	fi
}

tracked()
{
	git ls-files -z -- "$@" | while IFS= read -r -d '' file; do
		[ ! -f "$file" ] || [ -L "$file" ] || printf '%s\n' "$file"
	done
}

check_licences()
{
	local out
	out=$(tracked | grep -vE '^COPYING$|^README|\.md$|^tests/data/|^tests/fuzz/corpus/' |
		xargs -r grep -LE 'SPDX-License-Identifier: GPL-2.0-only( WITH Linux-syscall-note)?( |"|$)')
	result 'every file names its licence' "$([ -z "$out" ]; echo $?)" "no SPDX line: $out"
}

check_shell()
{
	local files out
	files=$(tracked .ci tests | xargs -r awk 'FNR == 1 && (/^#!.*sh$/ || /shellcheck shell=/) { print FILENAME }')
	# shellcheck disable=SC2086  # a list of files
	out=$(shellcheck -x $files 2>&1)
	result 'shellcheck' $? "$out"
}

# checkpatch IGNORE FILE…: its complaints, less those that it makes by mistake
checkpatch()
{
	local ignore=$1 place what line
	shift
	[ $# -gt 0 ] || return 0
	# It leaves a cache in the directory where it runs.
	(cd "$scratch" && "$CHECKPATCH" --no-tree --strict --terse --show-types --no-summary \
		--max-line-length=100 --ignore "$ignore" --file "${@/#/$OLDPWD/}" 2>&1) |
		sed "s,^$PWD/,," | while IFS= read -r what; do
		[[ $what =~ ^([^:]+):([0-9]+):\ [A-Z]+:([A-Z_]+): ]] || continue
		place=${BASH_REMATCH[1]}
		line=$(sed -n "${BASH_REMATCH[2]}p" "$place")
		case ${BASH_REMATCH[3]}:$line in
		# It belongs to the function above, like EXPORT_SYMBOL, which checkpatch knows.
		LINE_SPACING:NOKPROBE_SYMBOL*) ;;
		# [index] = value in a macro, and the <file> of an #if, are no expressions.
		BRACKET_SPACE:'#define '* | SPACING:'#if __has_include('*) ;;
		# (void) has no name to give.
		FUNCTION_ARGUMENTS:*'(void)'*) ;;
		# Trace headers are laid out like this in all of the kernel.
		PARENTHESIS_ALIGNMENT:*TP_*) ;;
		*) printf '%s\n' "$what" ;;
		esac
	done
}

check_kernel_style()
{
	local found out
	found=$($qemu/fetch checkpatch) || {
		echo "ok $((++n)) - style: checkpatch # SKIP the kernel's source cannot be had"
		return
	}
	CHECKPATCH=${found#CHECKPATCH=}
	scratch=$(mktemp -d)
	mapfile -t kernel_files < <(tracked 'module/*.[ch]')
	mapfile -t bpf_files < <(tracked 'bpf/*.[ch]')
	mapfile -t program_files < <(tracked 'tools/*.[ch]' 'tests/*.[chS]')
	out=$(checkpatch "$kernel_ignore" "${kernel_files[@]}"
		checkpatch "$bpf_ignore" "${bpf_files[@]}"
		checkpatch "$program_ignore" "${program_files[@]}")
	rm -rf "$scratch"
	result 'checkpatch --strict' "$([ -z "$out" ]; echo $?)" "$out"
}

check_sparse()
{
	local out status
	out=$(MODULE_VARIANT=sparse MODULE_CFLAGS='' MODULE_MAKEFLAGS='C=2 CHECK=sparse' \
		$qemu/module 6.1 2>&1)
	status=$?
	# It is there for its warnings: no guest needs it.
	rm -f build/module/*-sparse/forkwatch.ko
	if [ $status -eq 77 ]; then
		echo "ok $((++n)) - style: sparse # SKIP the kernel's headers cannot be had"
		return
	fi
	if grep -qE '^[^ ]*module/.*: (warning|error):' <<<"$out"; then
		status=1
		out=$(grep -E '^[^ ]*:[0-9]+:' <<<"$out" | sed 's,^.*-sparse/,,')
	fi
	result 'sparse' $status "$out"
}

check_analyzer()
{
	local out
	out=$(${MAKE:-make} --no-print-directory -k -j"$(nproc)" analyze 2>&1)
	result "clang's analyzer" $? "$out"
}

git ls-files >/dev/null || { result 'the tracked files' 1 'git cannot list them: see above'; exit 1; }
check_licences
check_shell
check_kernel_style
check_sparse
check_analyzer
exit $failed
