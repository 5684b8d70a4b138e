# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion of forkwatch for bash. It knows nothing by itself: the words are those of --help.

# The first words of the lines below "commands:".
_forkwatch_commands()
{
	"$1" --help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# All options of a command.
_forkwatch_options()
{
	"$1" "$2" --help 2>/dev/null | sed -n 's/^  *\(-.*\)/\1/p' | sed 's/  .*//' | grep -oE -- '(^|[ ,])--?[a-zA-Z0-9-]+' | tr -d ' ,'
}

# _forkwatch_values TOOL COMMAND OPTION: what may follow, where it is one of a few words.
_forkwatch_values()
{
	case $3 in
	-f | --format) case $2 in
		check | diff) echo text json ktap junit ;;
		*) echo text json ;;
		esac ;;
	--to) "$1" convert --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' ;;
	--addresses) echo auto raw symbols ;;
	--color) echo auto always never ;;
	--stages) echo off core all ;;
	--source) echo auto both module bpf ;;
	--sort) case $2 in
		report) echo time duration wake pid comm kind errno verdict ;;
		*) echo start time ;;
		esac ;;
	--kind) echo fork vfork thread clone kthread io-thread user-worker unknown ;;
	--verdict) echo pass fail unseen na ;;
	esac
}

_forkwatch()
{
	local tool=$1 current=$2 before=$3 command=${COMP_WORDS[1]} values
	local i

	# Behind -- it is another program's command line.
	for ((i = 2; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} != -- ]] || { compopt -o default; COMPREPLY=(); return; }
	done
	if ((COMP_CWORD == 1)); then
		values="$(_forkwatch_commands "$tool") --help --version"
	else
		values=$(_forkwatch_values "$tool" "$command" "$before")
		[[ -n $values || $current != -* ]] || values=$(_forkwatch_options "$tool" "$command")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
	# Traces and files.
	[[ -n $values ]] || compopt -o default
}

complete -F _forkwatch forkwatch
