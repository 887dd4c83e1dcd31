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

void repeat_end(FILE *out)
{
	putc('\0', out);
}

/* Reads to the end in any case, so that the run can write all. 0, or -1 with *e. */
static int read_all(int fd, struct repeated_text *text, struct error *e)
{
	char buffer[4096];
	size_t size;
	FILE *out = textstream_open(&text->bytes, &size);
	ssize_t n = 1;
	int number;

	while (n > 0) {
		n = TEMP_FAILURE_RETRY(read(fd, buffer, sizeof(buffer)));
		if (n > 0 && out)
			fwrite(buffer, 1, (size_t)n, out);
	}
	number = errno;
	if (!out || !textstream_close(out, &text->bytes))
		return error_memory(e);
	text->size = size;
	errno = number;
	return n < 0 ? error_errno(e, "cannot read what a run found") : 0;
}

static bool is_whole(const struct repeated_text *text)
{
	return text->size > 0 && text->bytes[text->size - 1] == '\0';
}

/* A run that failed has reported the reason, unless it was killed. */
static void note_failure(size_t number, int status, struct error *e)
{
	*e = (struct error){.code = ERROR_SYSTEM};
	if (WIFSIGNALED(status))
		error_set(e, ERROR_SYSTEM, "run %zu was killed by signal %d", number,
			  WTERMSIG(status));
}

/* Returns 1 if another run should follow, 0, or -1 with *e. */
static int take_run(struct repeated *r, int fd, pid_t child, struct error *e)
{
	struct repeated_text *larger = reallocarray(r->list, r->count + 1, sizeof(*larger));
	struct repeated_text text = {NULL, 0};
	int status = 0, result = read_all(fd, &text, e);

	close(fd);
	(void)TEMP_FAILURE_RETRY(waitpid(child, &status, 0));
	if (!larger) {
		free(text.bytes);
		return error_memory(e);
	}
	r->list = larger;
	if (result == 0 && !is_whole(&text)) {
		note_failure(r->count + 1, status, e);
		result = -1;
	}
	if (result < 0) {
		free(text.bytes);
		return -1;
	}
	text.size--;
	larger[r->count++] = text;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

enum repeat_role repeat(struct repeated *r, size_t count, FILE **out, struct error *e)
{
	const pid_t self = getpid();
	int more = 1;

	while (more > 0 && r->count < count) {
		int ends[2];
		pid_t child;

		if (pipe2(ends, O_CLOEXEC) < 0)
			return error_errno(e, "cannot start a run"), REPEAT_FAILED;
		child = fork();
		if (child == 0) {
			*out = become_run(ends, self);
			return *out ? REPEAT_CHILD : (error_memory(e), REPEAT_FAILED);
		}
		if (child < 0)
			error_errno(e, "cannot start a run");
		close(ends[1]);
		if (child < 0) {
			close(ends[0]);
			return REPEAT_FAILED;
		}
		more = take_run(r, ends[0], child, e);
	}
	return more < 0 ? REPEAT_FAILED : REPEAT_DONE;
}

void repeat_free(struct repeated *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->list[i].bytes);
	free(r->list);
	*r = (struct repeated){NULL, 0};
}
