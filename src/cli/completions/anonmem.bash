# Completion of anonmem for bash. It works alone; with bash-completion, it uses that to complete
# files, since it quotes better. tests/docs/ keeps the lists in step with --help.

_anonmem_commands="capture check diff doctor machine record run serve top"
_anonmem_capture_options="-p --pid -C --name -u --user --cgroup --children --output --redact -q --quiet -h --help -V --version"
_anonmem_check_options="-p --pid -C --name -u --user --cgroup --children -l --label -k --kind --subsystem -g --by --max
--growth --baseline --repeat --optional --budget --from --rules --no-rules --infer --no-infer -q --quiet -f --format --json --units --color --output
-j --jobs -h --help -V --version"
_anonmem_check_formats="text json junit markdown"
_anonmem_check_keys="label subsystem name cgroup"
_anonmem_diff_options="-p --pid -C --name -u --user --cgroup --children -l --label -k --kind --for -g --by -o --columns
-N --limit -a --all --rules --no-rules --infer --no-infer -f --format --json --csv --units -w --wide --no-header -q --quiet --color --output
-j --jobs -h --help -V --version"
_anonmem_doctor_options="-p --pid --json -h --help"
_anonmem_machine_options="-p --pid --cgroup --from --root -N --limit --rules --no-rules --infer --no-infer -a --all
-f --format --json --csv --units --no-header -q --quiet --color --output -j --jobs -h --help -V --version"
_anonmem_record_options="-p --pid -C --name -u --user --cgroup --children -l --label -k --kind --output -d --delay
--for --max-size --keep --thin --on-pressure --redact -g --by --rules --no-rules --infer --no-infer -j --jobs --max-stall -h --help
-V --version"
_anonmem_record_keys="label subsystem kind process name user cgroup container pod unit"
_anonmem_serve_options="--root --listen -d --delay -g --by --series --rules --no-rules --infer --no-infer -j --jobs
--max-stall -h --help -V --version"
_anonmem_serve_keys="label subsystem kind name user cgroup container pod unit"
_anonmem_run_options="--label --heaps --through --summary -h --help"
_anonmem_run_labels="library function none"
_anonmem_options="-p --pid -C --name -u --user --cgroup --children -l --label -k --kind --from --root --smaps
-g --by -o --columns -s --sort -N --limit -a --all --rules --no-rules --infer --no-infer -f --format --json --csv --units
-w --wide --no-header -q --quiet --color --output -j --jobs --fast --max-stall --stats --strict --verify -h --help -V --version"
_anonmem_top_options="-p --pid -C --name -u --user --cgroup --children -l --label -k --kind --from --root -g --by -o --columns -s
--sort -N --limit -a --all --rules --no-rules --infer --no-infer -f --format --json --csv --units -w --wide --no-header -q
--quiet --color -d --delay -n --iterations -b --batch -j --jobs --fast --max-stall -h
--help -V --version"
_anonmem_keys="label subsystem kind process name user cgroup container pod unit command file mapping segment"
_anonmem_key_columns="label origin certainty subsystem kind pid start_time name shares_memory_with user cgroup container pod unit start end perms
file segment device inode segment_size segment_rss segment_swap"
_anonmem_columns="processes mappings size rss pss pss_dirty shared_clean shared_dirty
private_clean private_dirty referenced anonymous ksm lazy_free anon_huge_pages shmem_pmd_mapped
file_pmd_mapped shared_hugetlb private_hugetlb swap swap_pss locked uss hugetlb pss_percent
rss_percent exclusive exclusive_max heap_used heap_free limit current peak command"
_anonmem_trend_columns="refresh state change growth history"
_anonmem_kinds="anon shmem file special"
_anonmem_formats="table json csv markdown folded html prometheus"
_anonmem_units="auto b k m g"
_anonmem_colors="auto always never"
_anonmem_inferring="content place none"

# Adds the words in $1 that begin with $2.
_anonmem_words()
{
	local word

	for word in $1; do
		if [[ $word == "$2"* ]]; then
			COMPREPLY+=("$word")
		fi
	done
}

# Adds the words in $1 that are not yet in the comma-separated list $2.
_anonmem_list()
{
	local word before="" part=$2

	if [[ $2 == *,* ]]; then
		before=${2%,*},
		part=${2##*,}
	fi
	for word in $1; do
		if [[ $word == "$part"* && ,$before != *",$word,"* ]]; then
			COMPREPLY+=("$before$word")
		fi
	done
	compopt -o nospace 2>/dev/null
}

# Prints "PID NAME" of all processes that have memory. A name may contain anything, even escapes.
_anonmem_processes()
{
	local folder name first

	for folder in /proc/[0-9]*; do
		first=""
		{ IFS= read -r -n 1 first <"$folder/cmdline"; } 2>/dev/null
		[[ $first ]] || continue # a kernel thread or a zombie
		{ IFS= read -r name <"$folder/comm"; } 2>/dev/null || continue
		echo "${folder##*/} ${name//[^[:print:]]/?}"
	done
}

# Completes the last pid of the list $1. Names of processes are added only if bash lists the
# candidates (COMP_TYPE is a question mark), so that they never get into the command line.
_anonmem_pids()
{
	local pid name before=""
	local -a shown=()

	[[ $1 == *,* ]] && before=${1%,*},
	while read -r pid name; do
		[[ $before$pid == "$1"* ]] || continue
		COMPREPLY+=("$before$pid")
		shown+=("$before$pid  $name")
	done < <(_anonmem_processes)
	if [[ ${COMP_TYPE-} == 63 && ${#shown[@]} -gt 1 ]]; then
		COMPREPLY=("${shown[@]}")
	fi
	compopt -o nospace 2>/dev/null
}

# Names of processes that begin with $1.
_anonmem_names()
{
	local name

	while read -r _ name; do
		if [[ $name == "$1"* ]]; then
			printf -v name %q "$name"
			COMPREPLY+=("$name")
		fi
	done < <(_anonmem_processes)
}

# Files, or directories with -d, that begin with $cur.
_anonmem_files()
{
	if declare -F _filedir >/dev/null; then
		_filedir "$@"
		return
	fi
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "${1:--f}" -- "$cur")
}

# The columns of the current command.
_anonmem_command_columns()
{
	echo "$_anonmem_columns"
	[[ ${COMP_WORDS[1]-} == top ]] && echo "$_anonmem_trend_columns"
}

# Completes values of the option $1; false if it takes none.
_anonmem_values()
{
	local more="all help"

	case $1 in
	-p | --pid) _anonmem_pids "$cur" ;;
	-C | --name) _anonmem_names "$cur" ;;
	-u | --user) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
	-k | --kind) _anonmem_list "$_anonmem_kinds" "$cur" ;;
	-g | --by)
		if [[ ${COMP_WORDS[1]-} == check ]]; then
			_anonmem_words "$_anonmem_check_keys" "$cur"
		elif [[ ${COMP_WORDS[1]-} == record ]]; then
			_anonmem_list "$_anonmem_record_keys" "$cur"
		elif [[ ${COMP_WORDS[1]-} == serve ]]; then
			_anonmem_list "$_anonmem_serve_keys" "$cur"
		else
			_anonmem_list "$_anonmem_keys" "$cur"
		fi
		;;
	-o | --columns)
		[[ $cur == *,* ]] && more=""
		_anonmem_columns_list
		;;
	-s | --sort) _anonmem_sort ;;
	-f | --format)
		if [[ ${COMP_WORDS[1]-} == check ]]; then
			_anonmem_words "$_anonmem_check_formats" "$cur"
		else
			_anonmem_words "$_anonmem_formats" "$cur"
		fi
		;;
	--units) _anonmem_words "$_anonmem_units" "$cur" ;;
	--color) _anonmem_words "$_anonmem_colors" "$cur" ;;
	--infer) _anonmem_words "$_anonmem_inferring" "$cur" ;;
	--root) _anonmem_files -d ;;
	--baseline | --budget | --from | --output | --smaps | --rules) _anonmem_files ;;
	--cgroup | -l | --label | -N | --limit | -j | --jobs | --max-stall | -d | --delay | -n | --iterations | --for | --subsystem | --max | --growth | --repeat | --max-size | --keep | --thin | --listen | --series) ;;
	*) return 1 ;;
	esac
	return 0
}

# A list that begins with a plus is added to the default columns.
_anonmem_columns_list()
{
	local plus=""

	[[ $cur == +* ]] && plus=+
	_anonmem_list "$(_anonmem_command_columns) $more" "${cur#+}"
	COMPREPLY=("${COMPREPLY[@]/#/$plus}")
}

# Rows can be sorted by keys, too; both may have a sign.
_anonmem_sort()
{
	local sign=""

	[[ $cur == [-+]* ]] && sign=${cur:0:1}
	_anonmem_words "$(_anonmem_command_columns) $_anonmem_key_columns" "${cur#[-+]}"
	COMPREPLY=("${COMPREPLY[@]/#/$sign}")
}

# The options of `run` are followed by a command, and then files, as far as is known. bash makes
# --label=none three words.
_anonmem_run()
{
	local at word

	for ((at = 2; at < COMP_CWORD; at++)); do
		word=${COMP_WORDS[at]}
		case $word in
		--label)
			[[ ${COMP_WORDS[at + 1]-} == "=" ]] && ((at++))
			((++at < COMP_CWORD)) && continue
			[[ $cur == "=" ]] && cur=""
			_anonmem_words "$_anonmem_run_labels" "$cur"
			return
			;;
		--through)
			[[ ${COMP_WORDS[at + 1]-} == "=" ]] && ((at++))
			((++at < COMP_CWORD)) && continue
			COMPREPLY=()
			return
			;;
		--heaps)
			[[ ${COMP_WORDS[at + 1]-} == "=" ]] || continue
			((at += 2))
			((at < COMP_CWORD)) && continue
			[[ $cur == "=" ]] && cur=""
			_anonmem_words caller "$cur"
			return
			;;
		--)
			((at++))
			break
			;;
		-*) ;;
		*) break ;;
		esac
	done
	if ((at < COMP_CWORD)); then
		_anonmem_files
	elif [[ $cur == -* && ${COMP_WORDS[at - 1]} != -- ]]; then
		_anonmem_words "$_anonmem_run_options" "$cur"
	else
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	fi
}

_anonmem()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev="" word

	COMPREPLY=()
	if [[ ${COMP_WORDS[1]-} == run ]] && ((COMP_CWORD > 1)); then
		_anonmem_run
		return
	fi
	((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD - 1]}
	# bash makes --by=label three words; the option is before the =.
	if [[ $cur == "=" ]]; then
		cur=""
	elif [[ $prev == "=" ]] && ((COMP_CWORD > 1)); then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	_anonmem_values "$prev" && return
	if [[ $cur == -* ]]; then
		case ${COMP_WORDS[1]} in
		capture) _anonmem_words "$_anonmem_capture_options" "$cur" ;;
		check) _anonmem_words "$_anonmem_check_options" "$cur" ;;
		diff) _anonmem_words "$_anonmem_diff_options" "$cur" ;;
		doctor) _anonmem_words "$_anonmem_doctor_options" "$cur" ;;
		record) _anonmem_words "$_anonmem_record_options" "$cur" ;;
		serve) _anonmem_words "$_anonmem_serve_options" "$cur" ;;
		machine) _anonmem_words "$_anonmem_machine_options" "$cur" ;;
		top) _anonmem_words "$_anonmem_top_options" "$cur" ;;
		*) _anonmem_words "$_anonmem_options" "$cur" ;;
		esac
		return
	fi
	if [[ $cur == [0-9]* && " ${COMP_WORDS[*]} " != *" --smaps "* ]]; then
		_anonmem_pids "$cur"
		return
	fi
	if ((COMP_CWORD == 1)); then
		_anonmem_words "$_anonmem_commands help version" "$cur"
		return
	fi
	if [[ ${COMP_WORDS[1]} == help ]]; then
		((COMP_CWORD == 2)) && _anonmem_words "$_anonmem_commands" "$cur"
		return
	fi
	if [[ ${COMP_WORDS[1]} == diff ]]; then
		_anonmem_files
		return
	fi
	# More files may follow --smaps FILE.
	for word in "${COMP_WORDS[@]:0:COMP_CWORD}"; do
		if [[ $word == --smaps ]]; then
			_anonmem_files
			return
		fi
	done
}

complete -F _anonmem anonmem
