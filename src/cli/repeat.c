#include "cli/repeat.h"

#include "base/textstream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* If the repeating process is killed, its run ends as well, and so does the program. */
static FILE *become_run(const int ends[2], pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	close(ends[0]);
	return fdopen(ends[1], "w");
}

static bool read_all(int fd, struct repeated_text *text)
{
	char buffer[4096];
	size_t size;
	FILE *out = textstream_open(&text->bytes, &size);
	ssize_t n = out ? 1 : 0;

	while (n > 0) {
		n = TEMP_FAILURE_RETRY(read(fd, buffer, sizeof(buffer)));
		if (n > 0)
			fwrite(buffer, 1, (size_t)n, out);
	}
	if (!out || !textstream_close(out, &text->bytes))
		return false;
	text->size = size;
	return n == 0;
}

/* Returns whether another run should follow. */
static bool take_run(struct repeated *r, int fd, pid_t child, struct error *e)
{
	struct repeated_text *larger = reallocarray(r->list, r->count + 1, sizeof(*larger));
	struct repeated_text text = {NULL, 0};
	int status = 0;
	bool whole = read_all(fd, &text);

	(void)TEMP_FAILURE_RETRY(waitpid(child, &status, 0));
	if (larger)
		r->list = larger;
	if (!larger || !whole) {
		free(text.bytes);
		error_memory(e);
		return false;
	}
	if (text.size == 0) {
		free(text.bytes);
		if (WIFSIGNALED(status))
			error_set(e, ERROR_SYSTEM, "run %zu was killed by signal %d", r->count + 1,
				  WTERMSIG(status));
		return false;
	}
	larger[r->count++] = text;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

enum repeat_role repeat(struct repeated *r, size_t count, FILE **out, struct error *e)
{
	const pid_t self = getpid();
	bool goes_on = true;

	while (goes_on && r->count < count) {
		int ends[2];
		pid_t child;

		if (pipe2(ends, O_CLOEXEC) < 0)
			return error_errno(e, "cannot start a run"), REPEAT_FAILED;
		child = fork();
		if (child == 0) {
			*out = become_run(ends, self);
			return *out ? REPEAT_CHILD : (error_memory(e), REPEAT_FAILED);
		}
		close(ends[1]);
		if (child < 0)
			error_errno(e, "cannot start a run");
		goes_on = child > 0 && take_run(r, ends[0], child, e);
		close(ends[0]);
	}
	return r->count == 0 || e->code != ERROR_NONE ? REPEAT_FAILED : REPEAT_DONE;
}

void repeat_free(struct repeated *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->list[i].bytes);
	free(r->list);
	*r = (struct repeated){NULL, 0};
}
