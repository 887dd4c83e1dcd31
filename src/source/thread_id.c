#include "source/thread_id.h"

#include "parse/process.h"
#include "source/procdir.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Asks whether an id surely is a process's: the kernel gives pidfds only for processes (Linux
 * 5.3). */
static bool is_process(pid_t id)
{
	int fd = (int)syscall(SYS_pidfd_open, id, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static pid_t process_of(pid_t id)
{
	char path[32], text[1024];
	const struct procdir dir = {.fd = AT_FDCWD, .prefix = path};
	uint64_t process;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/", id);
	n = procdir_read(&dir, "status", text, sizeof(text));
	if (n <= 0 ||
	    !parse_status_number((struct slice){text, (size_t)n}, SLICE("Tgid:"), &process) ||
	    process == 0 || process > INT_MAX)
		return id;
	return (pid_t)process;
}

void thread_ids_to_processes(pid_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_process(ids[i]))
			ids[i] = process_of(ids[i]);
	}
}
