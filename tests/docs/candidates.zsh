#!/usr/bin/env zsh
# candidates.zsh FOLDER LINE: what the completion in FOLDER offers at the end of LINE, one candidate
# a line. Completion works only in an interactive zsh, so one is started on a terminal of its own;
# what it would offer goes to a file, since its screen is hard to read.

emulate -L zsh
zmodload zsh/zpty || exit 1

typeset -x FOUND=$(mktemp) FOLDER=$1
trap 'rm -f $FOUND' EXIT

# What the other zsh is told first. compinit takes a second, so HOME, which is the test's own, keeps
# what it found for the next time.
setup='
PROMPT=; fpath=($FOLDER $fpath)
autoload -Uz compinit && compinit -u
compadd() {
	local -a hits
	# With these, compadd answers the function that called it and offers nothing.
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return
	fi
	builtin compadd -A hits "$@"
	print -rl -- $IPREFIX$^hits >>$FOUND
	builtin compadd "$@"
}
offer() { zle list-choices; print END >>$FOUND }
zle -N offer && bindkey "^I" offer
print READY >>$FOUND
'

# Waits for the line $1 in the file, at most 10 seconds.
await() {
	local i
	for i in {1..200}; do
		grep -qx -- $1 $FOUND && return
		zpty -rt shell >/dev/null # or it would stop when its terminal is full
		sleep 0.05
	done
	print -u2 "candidates.zsh: the other zsh did not answer"
	exit 1
}

export setup
zpty shell zsh -f -i
zpty -w shell ' eval $setup'
await READY
zpty -w -n shell "$2"$'\t'
await END
grep -vx -e READY -e END -e '' $FOUND | sort -u
zpty -d shell # it inherited the trap above, so the file goes with it
