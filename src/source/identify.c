#include "source/identify.h"

#include "parse/number.h"

#include <errno.h>

static void read_exe(const struct procdir *dir, struct identity_buffers *buffers,
		     struct process *process)
{
	ssize_t n = procdir_readlink(dir, "exe", buffers->exe, sizeof(buffers->exe));

	if (n <= 0)
		return;
	process->exe = (struct slice){buffers->exe, (size_t)n};
	if (slice_ends(process->exe, SLICE(" (deleted)")))
		process->exe.len -= strlen(" (deleted)");
	process->known |= PROCESS_EXE;
}

/* A capture without stat may still have the name. */
static void read_comm(struct io *io, const struct procdir *dir, struct identity_buffers *buffers,
		      struct process *process)
{
	struct slice text = io_slurp(io, dir, "comm"), line;

	if (!take_line(&text, &line) || line.len > sizeof(buffers->name))
		return;
	memcpy(buffers->name, line.ptr, line.len);
	process->name = (struct slice){buffers->name, line.len};
	process->known |= PROCESS_NAME;
}

void identify_by_stat(struct process *process, const struct process_stat *stat)
{
	process->name = stat->name;
	process->start_time = stat->start_time;
	process->known |= PROCESS_NAME | PROCESS_START;
}

bool identify_is_done(const struct io *io, const struct process *process)
{
	unsigned needs = io->reading.needs;

	return (!(needs & NEED_STAT) || process->known & PROCESS_NAME) &&
	       (!(needs & NEED_UID) || process->known & PROCESS_UID) &&
	       (!(needs & NEED_CGROUP) || process->known & PROCESS_CGROUP);
}

/* cmdline is in the memory of the process, so the kernel may wait for its mmap lock, as for smaps;
 * a reader that hangs there is abandoned (collect/pool.h). */
static void read_command(struct io *io, const struct procdir *dir, struct slice name,
			 struct identity_buffers *buffers, struct process *process)
{
	char text[PROCESS_COMMAND_MAX + 1];
	ssize_t n = procdir_read(dir, "cmdline", text, sizeof(text));

	if (n < 0)
		io_note(io, errno);
	else if (parse_command((struct slice){text, (size_t)n}, name, buffers->command,
			       &process->command))
		process->known |= PROCESS_COMMAND;
}

/* cgroup comes last, since its text stays in the reader's buffer. */
void identify_by_files(struct io *io, const struct procdir *dir, struct identity_buffers *buffers,
		       struct process *process)
{
	unsigned needs = io->reading.needs;

	if (needs & NEED_STAT && !(process->known & PROCESS_NAME))
		read_comm(io, dir, buffers, process);
	if (needs & NEED_COMMAND)
		read_command(io, dir, process->known & PROCESS_NAME ? process->name : SLICE(""),
			     buffers, process);
	if (needs & NEED_UID && parse_status_uid(io_slurp(io, dir, "status"), &process->uid))
		process->known |= PROCESS_UID;
	if (needs & NEED_EXE)
		read_exe(dir, buffers, process);
	if (needs & NEED_CGROUP && parse_cgroup(io_slurp(io, dir, "cgroup"), &process->cgroup))
		process->known |= PROCESS_CGROUP;
}
