#include "source/stack_pointers.h"

#include "parse/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The last but one of the words. */
bool stack_pointer_parse(struct slice text, uint64_t *at)
{
	const char *last, *before;
	struct slice word;

	if (text.len && text.ptr[text.len - 1] == '\n')
		text.len--;
	last = text.len ? memrchr(text.ptr, ' ', text.len) : NULL;
	before = last ? memrchr(text.ptr, ' ', (size_t)(last - text.ptr)) : NULL;
	if (!before)
		return false;
	word = (struct slice){before + 1, (size_t)(last - before) - 1};
	return take_byte(&word, '0') && take_byte(&word, 'x') && take_hex(&word, at) &&
	       word.len == 0;
}

void stack_pointers_add(struct stack_pointers *s, uint64_t at)
{
	if (s->count < STACK_POINTERS)
		s->at[s->count++] = at;
}

static int ascending(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void stack_pointers_sort(struct stack_pointers *s)
{
	qsort(s->at, s->count, sizeof(*s->at), ascending);
}

struct search {
	struct stack_pointers *pointers;
	struct io *io;
	const struct procdir *process;
	char main_thread[16];
	size_t tries;
};

static bool may_not_read(int error)
{
	return error == EACCES || error == EPERM;
}

/* The kernel gives such a file in one piece. */
static ssize_t read_once(const struct search *search, const char *path, char *text, size_t size)
{
	int fd = io_open(search->io, search->process, path);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = TEMP_FAILURE_RETRY(read(fd, text, size));
	close(fd);
	return n;
}

/* False to end the search. */
static bool look_at(void *ctx, const char *name)
{
	struct search *search = ctx;
	char path[64], text[256];
	uint64_t at;
	ssize_t n;

	if (strcmp(name, search->main_thread) == 0)
		return true;
	if (search->tries++ == STACK_POINTERS)
		return false;
	snprintf(path, sizeof(path), "task/%.20s/syscall", name);
	n = read_once(search, path, text, sizeof(text));
	if (n < 0)
		return !may_not_read(errno);
	if (stack_pointer_parse((struct slice){text, (size_t)n}, &at))
		stack_pointers_add(search->pointers, at);
	return true;
}

void stack_pointers_read(struct stack_pointers *s, struct io *io, const struct procdir *process)
{
	struct search search = {.pointers = s, .io = io, .process = process};

	s->count = 0;
	snprintf(search.main_thread, sizeof(search.main_thread), "%d", (int)io->pid);
	if (procdir_list(process, "task", look_at, &search) < 0)
		io_note(io, errno);
	stack_pointers_sort(s);
}

uint64_t stack_pointers_find(const struct stack_pointers *s, uint64_t start, uint64_t end)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->at[middle] < start)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->count && s->at[low] < end ? s->at[low] : 0;
}
