#!/usr/bin/env zsh
# candidates.zsh FOLDER LINE: prints what the completion in FOLDER offers at the end of LINE, one
# candidate per line. Completion works only in an interactive zsh, so one is started on a terminal
# of its own; it writes its candidates to a file, since its screen is hard to parse.

emulate -L zsh
zmodload zsh/zpty || exit 1

typeset -x FOUND=$(mktemp) FOLDER=$1
trap 'rm -f $FOUND' EXIT

# Setup of the other zsh. compinit takes a second, so its cache is kept in HOME, which belongs to
# the test.
setup='
PROMPT=; fpath=($FOLDER $fpath)
autoload -Uz compinit && compinit -u
compadd() {
	local -a hits
	# With these options, compadd returns matches to its caller and offers nothing.
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

# Waits for the line $1 in the file, at most two minutes.
await() {
	local i
	for i in {1..2400}; do
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
