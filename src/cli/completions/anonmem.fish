# Completion of anonmem for fish. tests/docs/ keeps the lists in step with --help.

function __anonmem_keys
	set -l keys label subsystem kind process name user cgroup container pod unit command file mapping segment
	printf '%s\n' $keys
end

function __anonmem_record_keys
	set -l record_keys label subsystem kind process name user cgroup container pod unit
	printf '%s\n' $record_keys
end

function __anonmem_serve_keys
	set -l serve_keys label subsystem kind name user cgroup container pod unit
	printf '%s\n' $serve_keys
end

function __anonmem_columns
	set -l columns processes mappings size rss pss pss_dirty shared_clean shared_dirty \
		private_clean private_dirty referenced anonymous ksm lazy_free anon_huge_pages \
		shmem_pmd_mapped file_pmd_mapped shared_hugetlb private_hugetlb swap swap_pss locked \
		uss hugetlb pss_percent rss_percent exclusive exclusive_max heap_used \
		heap_free limit current peak command
	set -l trend_columns refresh state change growth history
	printf '%s\n' $columns
	__fish_seen_subcommand_from top && printf '%s\n' $trend_columns
end

# A list that begins with a plus is added to the default columns.
function __anonmem_column_lists
	printf '%s\n' (__anonmem_columns) all +(__anonmem_columns)
end

# Rows can be sorted by keys, too; both may have a sign.
function __anonmem_sort
	set -l key_columns label origin certainty subsystem kind pid start_time name shares_memory_with user cgroup container pod unit start end \
		perms file segment device inode segment_size segment_rss segment_swap
	set -l names (__anonmem_columns) $key_columns
	printf '%s\n' $names -$names +$names
end

function __anonmem_kinds
	set -l kinds anon shmem file special
	printf '%s\n' $kinds
end

set -l formats table json csv markdown folded html prometheus
set -l check_formats text json junit markdown
set -l units auto b k m g
set -l colors auto always never
set -l inferring content place none

# The command for `run` and its arguments, after run's own options.
function __anonmem_command
    set -l words (commandline -opc)
    set -l skip 2
    while set -q words[(math $skip + 1)]
        switch $words[(math $skip + 1)]
            case --label --through
                set skip (math $skip + 2)
            case --
                set skip (math $skip + 1)
                break
            case '-*'
                set skip (math $skip + 1)
            case '*'
                break
        end
    end
    __fish_complete_subcommand --fcs-skip=$skip
end

# No files except for options that take them, and after --smaps FILE.
complete -c anonmem -f
complete -c anonmem -n '__fish_contains_opt smaps' -F

complete -c anonmem -n 'test (count (commandline -opc)) -eq 1' -a doctor -d 'Show which programs name their memory'
# The commands, and after `run` another program's.
complete -c anonmem -n 'test (count (commandline -opc)) -eq 1' -a run -d 'Run a program so that its memory has names'
complete -c anonmem -n '__fish_seen_subcommand_from run' -x -a '(__anonmem_command)'
complete -c anonmem -n '__fish_seen_subcommand_from run' -l label -x -a 'library function none' -d 'How to name unnamed memory'
complete -c anonmem -n '__fish_seen_subcommand_from run' -l heaps -d 'Give each library that calls malloc a heap of its own'
complete -c anonmem -n '__fish_seen_subcommand_from run' -l through -x -d 'Libraries with such names pass calls on, too'
complete -c anonmem -n '__fish_seen_subcommand_from run' -l summary -d 'Show the peak of each label'

complete -c anonmem -n 'test (count (commandline -opc)) -eq 1' -a check -d 'Check that memory stays within a budget'
complete -c anonmem -n '__fish_seen_subcommand_from check' -l subsystem -x -d 'Only memory whose subsystem matches'
complete -c anonmem -n '__fish_seen_subcommand_from check' -l max -x -d 'No more than this, such as pss=200M'
complete -c anonmem -n '__fish_seen_subcommand_from check' -l growth -x -d 'No more than this above the baseline'
complete -c anonmem -n '__fish_seen_subcommand_from check' -l baseline -r -F -d 'A capture, recording, report or check to compare with'
complete -c anonmem -n '__fish_seen_subcommand_from check' -l repeat -x -d 'Run the command N times'
complete -c anonmem -n '__fish_seen_subcommand_from check' -l budget -r -F -d 'More rules'
complete -c anonmem -n '__fish_seen_subcommand_from check' -l optional -d 'The rule may match nothing'
complete -c anonmem -n 'test (count (commandline -opc)) -eq 1' -a diff -d 'Show what grew between two moments'
complete -c anonmem -n '__fish_seen_subcommand_from diff' -l for -x -d 'Compare now with the time after this'
complete -c anonmem -n '__fish_seen_subcommand_from diff' -F
complete -c anonmem -n 'test (count (commandline -opc)) -eq 1' -a capture -d 'Save everything a report needs in one file'
complete -c anonmem -n '__fish_seen_subcommand_from capture' -l redact -d 'Hash names'

complete -c anonmem -n 'test (count (commandline -opc)) -eq 1' -a help -d 'Show the options of a command'
complete -c anonmem -n '__fish_seen_subcommand_from help' -x -a 'capture check diff doctor machine record run serve top'
complete -c anonmem -n 'test (count (commandline -opc)) -eq 1' -a version -d 'Show the version'

# Conditions: the commands that have a group of options.
set -l report 'not __fish_seen_subcommand_from capture doctor machine record run serve'
set -l chosen 'not __fish_seen_subcommand_from doctor machine run serve'
set -l choose 'not __fish_seen_subcommand_from capture doctor machine run serve'
set -l told 'not __fish_seen_subcommand_from doctor run'
set -l show 'not __fish_seen_subcommand_from capture doctor record run serve'
set -l quiet 'not __fish_seen_subcommand_from doctor record run serve'
set -l serve '__fish_seen_subcommand_from serve'
set -l record '__fish_seen_subcommand_from record'
set -l account 'not __fish_seen_subcommand_from capture doctor run'
set -l examine 'not __fish_seen_subcommand_from run serve'
complete -c anonmem -s p -l pid -x -a '(__fish_complete_list , __fish_complete_pids)' -n $examine -d 'Only these processes'
complete -c anonmem -n "$examine; and not __fish_contains_opt smaps; and string match -qr '^[0-9]' -- (commandline -ct)" -a '(__fish_complete_pids)'
complete -c anonmem -s C -l name -x -a '(__fish_complete_proc)' -n $chosen -d 'Only processes whose name or program matches'
complete -c anonmem -s u -l user -x -a '(__fish_complete_users)' -n $chosen -d 'Only processes of this user'
complete -c anonmem -l cgroup -x -n "$told; and not $serve" -d 'Only processes whose control group matches'
complete -c anonmem -l children -n $chosen -d 'Also the descendants of the chosen processes'
complete -c anonmem -s l -l label -x -n $choose -d 'Only memory whose label matches'
complete -c anonmem -s k -l kind -x -a '(__fish_complete_list , __anonmem_kinds)' -n $choose -d 'Only memory of these kinds'

complete -c anonmem -l from -r -F -n $show -d 'A capture of any kind, or a recording'
complete -c anonmem -l root -x -a '(__fish_complete_directories)' -n $show -d 'A captured tree, or another /proc'
complete -c anonmem -l smaps -r -F -n $report -d 'Captured smaps files'

complete -c anonmem -s g -l by -x -a '(__fish_complete_list , __anonmem_keys)' -n $report -d 'Group by these keys'
complete -c anonmem -s o -l columns -x -a '(__fish_complete_list , __anonmem_column_lists) help' -n $report -d 'Columns after the keys'
complete -c anonmem -s s -l sort -x -a '(__anonmem_sort)' -n $report -d 'Sort by a column, + ascending, - descending'
complete -c anonmem -s N -l limit -x -n $show -d 'Only the first rows'
complete -c anonmem -s a -l all -n $show -d 'Show rows of zeros, too'
complete -c anonmem -l rules -r -F -n $account -d 'Additional rules'
complete -c anonmem -l no-rules -n $account -d 'Use only the built-in rules'
complete -c anonmem -l no-infer -n $account -d 'Do not guess unnamed memory'
complete -c anonmem -l infer -x -a "$inferring" -n $account -d 'How to guess unnamed memory'

complete -c anonmem -n '__fish_seen_subcommand_from check' -s f -x -a "$check_formats"
complete -c anonmem -n '__fish_seen_subcommand_from check' -l format -x -a "$check_formats"
complete -c anonmem -s f -l format -x -a "$formats" -n "$show; and not __fish_seen_subcommand_from check" -d 'Format of the report'
complete -c anonmem -l json -n $examine -d 'The same as --format json'
complete -c anonmem -l csv -n $show -d 'The same as --format csv'
complete -c anonmem -l units -x -a "$units" -n $show -d 'Unit of sizes in the table'
complete -c anonmem -s w -l wide -n $report -d 'Show all columns and full names'
complete -c anonmem -l no-header -n $show -d 'Hide the line of column names'
complete -c anonmem -s q -l quiet -n $quiet -d 'Hide summary and notes'
complete -c anonmem -l color -x -a "$colors" -n $show -d 'Use colours'

set -l top '__fish_seen_subcommand_from top'
complete -c anonmem -n 'test (count (commandline -opc)) -eq 1' -a machine -d 'Account for all memory of the machine'
complete -c anonmem -n 'test (count (commandline -opc)) -eq 1' -a top -d 'Watch the report live'
complete -c anonmem -s d -l delay -x -n '__fish_seen_subcommand_from record serve top' -d 'Time between two readings'
complete -c anonmem -s n -l iterations -x -n $top -d 'Exit after N refreshes'
complete -c anonmem -s b -l batch -n $top -d 'Write every refresh to standard output'

complete -c anonmem -n 'test (count (commandline -opc)) -eq 1' -a record -d 'Record memory over time'
complete -c anonmem -l output -r -F -n 'not __fish_seen_subcommand_from doctor run top' -d 'Write to this file'
complete -c anonmem -l for -x -n $record -d 'End after this time'
complete -c anonmem -l max-size -x -n $record -d 'Drop the oldest samples beyond this size'
complete -c anonmem -l keep -x -n $record -d 'Drop older samples'
complete -c anonmem -l thin -x -n $record -d 'Keep one sample per step of older ones'
complete -c anonmem -l on-pressure -n $record -d 'Also take a sample when memory is short'
complete -c anonmem -l redact -n $record -d 'Hash names'
complete -c anonmem -s g -l by -x -a '(__fish_complete_list , __anonmem_record_keys)' -n $record -d 'Group by these keys'

complete -c anonmem -n 'test (count (commandline -opc)) -eq 1' -a serve -d 'Export memory by label to Prometheus'
complete -c anonmem -l root -x -a '(__fish_complete_directories)' -n $serve -d 'Another /proc, or a captured tree'
complete -c anonmem -l listen -x -n $serve -d 'Listen at this address'
complete -c anonmem -l series -x -n $serve -d 'At most N series'
complete -c anonmem -s g -l by -x -a '(__fish_complete_list , __anonmem_serve_keys)' -n $serve -d 'Group by these keys'
complete -c anonmem -l max-stall -x -n $serve -d 'Never block a process longer than this, such as 2ms'

complete -c anonmem -s j -l jobs -x -n $account -d 'Number of reader threads'
complete -c anonmem -l fast -n $report -d 'RSS and swap without smaps'
complete -c anonmem -l max-stall -x -n $choose -d 'Never block a process longer than this, such as 2ms'
complete -c anonmem -l stats -n $report -d 'Print the cost of reading'

complete -c anonmem -l strict -n $report -d 'Exit 3 if any process could not be read'
complete -c anonmem -l verify -n $report -d 'Compare the sums with smaps_rollup and meminfo'

complete -c anonmem -s h -l help -d 'Show a summary of the options'
complete -c anonmem -s V -l version -n $told -d 'Show the version'
