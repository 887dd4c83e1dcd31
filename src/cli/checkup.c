#include "cli/checkup.h"

#include "collect/pool.h"
#include "parse/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The process at hand, which joins the checkup when it has been read. */
struct examination {
	struct checkup *checkup;
	struct infer infer;
	char name[PROCESS_NAME_MAX + 1];
	uint32_t known;
	uint64_t pss[WORD_COUNT];
	bool names; /* some of its memory */
	bool no_memory;

	/* All of them. */
	const struct source *source;
	struct target_list targets;
	size_t next;
	int status;
	struct error error; /* with status -1 */
};

static bool append(char ***list, size_t *count, const char *text)
{
	char **larger = reallocarray(*list, *count + 1, sizeof(*larger));

	if (!larger)
		return false;
	*list = larger;
	larger[*count] = strdup(text);
	return larger[*count] && ++*count;
}

static bool join(struct program_set *set, const struct examination *p, uint64_t bytes)
{
	set->processes++;
	set->bytes += bytes;
	for (size_t i = 0; i < set->name_count; i++) {
		if (strcmp(set->names[i], p->name) == 0)
			return true;
	}
	return append(&set->names, &set->name_count, p->name);
}

/* "2.36", from what the library says of itself; false if it is not found in the file. */
static bool find_version(struct slice file, char *version, size_t size)
{
	static const char words[] = " release version ";
	const char *found = memmem(file.ptr, file.len, words, strlen(words));
	size_t n = 0;

	if (!found)
		return false;
	found += strlen(words);
	for (const char *end = file.ptr + file.len; found < end && n + 1 < size; found++) {
		if ((*found < '0' || *found > '9') && *found != '.')
			break;
		version[n++] = *found;
	}
	/* A sentence ends behind it. */
	while (n && version[n - 1] == '.')
		n--;
	version[n] = '\0';
	return n > 0;
}

/* Reads as much of a file as it had at first; freed by the caller. */
static char *read_whole(int fd, size_t size)
{
	char *text = malloc(size);
	size_t used = 0;
	ssize_t n = 1;

	while (text && used < size && n > 0) {
		n = read(fd, text + used, size - used);
		used += n > 0 ? (size_t)n : 0;
	}
	if (used == size)
		return text;
	free(text);
	return NULL;
}

/* The regular file at a path, which others may have put in the place of the one that is mapped: it
 * is looked at before it is opened, since opening a pipe waits and opening a device may do
 * anything.
 */
static int open_mapped(const char *path, uint64_t inode, struct stat *st)
{
	int at = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), fd = -1;
	char link[32];

	if (at < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", at);
	if (fstat(at, st) == 0 && S_ISREG(st->st_mode) && st->st_ino == inode)
		fd = open(link, O_RDONLY | O_CLOEXEC);
	close(at);
	return fd;
}

/* Of the file that the process has mapped, if it is the system's: that of another root or folder
 * may lie where nobody answers. */
static void read_version(struct checkup *c, const struct mapping *m)
{
	enum { SIZE_MAX_READ = 64 * 1024 * 1024 };
	struct stat st;
	char path[512], *text = NULL;
	int fd = -1;

	c->glibc[0] = '\0';
	if ((slice_begins(m->name, SLICE("/usr/lib")) || slice_begins(m->name, SLICE("/lib"))) &&
	    snprintf(path, sizeof(path), "%.*s", (int)m->name.len, m->name.ptr) < (int)sizeof(path))
		fd = open_mapped(path, m->inode, &st);
	if (fd < 0)
		return;
	if (st.st_size > 0 && st.st_size <= SIZE_MAX_READ)
		text = read_whole(fd, (size_t)st.st_size);
	if (!text ||
	    !find_version((struct slice){text, (size_t)st.st_size}, c->glibc, sizeof(c->glibc)))
		c->glibc[0] = '\0';
	free(text);
	close(fd);
}

static bool on_begin(void *ctx, const struct process *process)
{
	struct examination *p = ctx;
	struct slice name = process->known & PROCESS_NAME ? process->name : SLICE("?");

	infer_begin(&p->infer);
	snprintf(p->name, sizeof(p->name), "%.*s", (int)name.len, name.ptr);
	p->known = process->known & PROCESS_EXE ? known_by_program(process->exe) : 0;
	memset(p->pss, 0, sizeof(p->pss));
	p->names = false;
	return true;
}

static bool is_named(const struct mapping *m)
{
	return slice_begins(m->name, SLICE("[anon:")) ||
	       slice_begins(m->name, SLICE("[anon_shmem:"));
}

static void note_file(struct examination *p, const struct mapping *m)
{
	uint32_t found = known_by_file(m->name);
	struct checkup *c = p->checkup;

	p->known |= found;
	if (!(found & UINT32_C(1) << (known_glibc - known)) || c->glibc_inode == m->inode)
		return;
	if (c->glibc_inode == 0)
		read_version(c, m);
	else
		c->glibc[0] = '\0';
	c->glibc_inode = m->inode;
}

static int on_guess(void *ctx, const struct mapping *m, enum guess guess, struct error *e)
{
	struct examination *p = ctx;
	struct class class;
	enum word word = WORD_NONE;

	(void)e;
	classify(m, &class);
	p->known |= known_by_guess(guess);
	p->names |= is_named(m);
	if (class.kind == KIND_FILE)
		note_file(p, m);
	if (class.kind != KIND_ANON)
		return 0;
	if (guess != GUESS_NONE)
		word = WORD_GUESS;
	else if (is_named(m))
		word = WORD_PROCESS;
	else if (!slice_equals(class.label, SLICE("[anon]")))
		word = WORD_KERNEL;
	p->pss[word] += m->counters.bytes[COUNTER_PSS];
	return 0;
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	return infer_mapping(&((struct examination *)ctx)->infer, m, e);
}

static void on_cancel(void *ctx)
{
	(void)ctx; /* begin starts afresh */
}

static void on_end(void *ctx, enum outcome outcome, const struct error *why)
{
	struct examination *p = ctx;
	struct checkup *c = p->checkup;
	struct error e;

	c->coverage.seen++;
	c->coverage.by_outcome[outcome]++;
	if (why)
		p->no_memory |= !append(&c->problems, &c->problem_count, why->text);
	if (outcome != OUTCOME_READ)
		return;
	p->no_memory |= infer_end(&p->infer, &e) < 0;
	for (int i = 0; i < WORD_COUNT; i++)
		c->pss[i] += p->pss[i];
	if (p->names)
		p->no_memory |= !join(&c->naming, p, p->pss[WORD_PROCESS]);
	for (unsigned i = 0; i < known_count; i++) {
		if (p->known & UINT32_C(1) << i)
			p->no_memory |= !join(&c->sets[i], p, 0);
	}
}

static bool next(void *ctx, struct target *target)
{
	struct examination *p = ctx;

	if (p->status < 0 || p->next == p->targets.count)
		return false;
	*target = p->targets.targets[p->next++];
	return true;
}

static void ended(void *ctx, int status, const struct error *e)
{
	struct examination *p = ctx;

	p->status = status;
	if (status < 0)
		p->error = *e;
	else if (p->no_memory)
		p->status = error_memory(&p->error);
}

static void give_up(void *ctx, pid_t pid, bool begun, const struct error *why)
{
	struct examination *p = ctx;

	(void)pid, (void)begun;
	on_end(p, OUTCOME_TRUNCATED, source_is_limited(p->source) ? why : NULL);
	ended(p, 0, NULL);
}

static int read_all(struct examination *p, struct error *e)
{
	const struct sink sink = {
		.ctx = p,
		.begin = on_begin,
		.mapping = on_mapping,
		.cancel = on_cancel,
		.end = on_end,
	};
	struct job job = {
		.ctx = p,
		.sink = &sink,
		.how = {.needs = NEED_STAT | NEED_EXE},
		.next = next,
		.ended = ended,
		.give_up = give_up,
	};
	struct job *const jobs[] = {&job};
	int status = source_targets(p->source, &p->targets, e);

	if (status == 0)
		status = pool_read(p->source, jobs, 1, e);
	if (status == 0 && p->status < 0) {
		*e = p->error;
		status = -1;
	}
	free(p->targets.targets);
	return status;
}

int checkup(const pid_t *pids, size_t count, struct checkup *c, struct error *e)
{
	struct source *source = source_open_proc(NULL, pids, count, e);
	struct examination p = {.checkup = c, .source = source};
	int status;

	*c = (struct checkup){.glibc = ""};
	if (!source)
		return -1;
	machine_read(source, &c->machine);
	infer_init(&p.infer, on_guess, &p);
	status = read_all(&p, e);
	source_close(source);
	return status;
}

static void free_list(char **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

void checkup_free(struct checkup *c)
{
	free_list(c->naming.names, c->naming.name_count);
	for (unsigned i = 0; i < KNOWN_MAX; i++)
		free_list(c->sets[i].names, c->sets[i].name_count);
	free_list(c->problems, c->problem_count);
}
