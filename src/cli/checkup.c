#include "cli/checkup.h"

#include "model/crew.h"
#include "parse/process.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The process at hand, which joins the checkup when it has been read. */
struct patient {
	struct checkup *checkup;
	struct infer infer;
	char name[PROCESS_NAME_MAX + 1];
	uint32_t known;
	uint64_t pss[WORD_COUNT];
	bool names; /* some of its memory */
	bool no_memory;

	/* All of them. */
	const struct source *source;
	ino_t own_glibc;
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

static bool join(struct party *party, const struct patient *p, uint64_t bytes)
{
	party->processes++;
	party->bytes += bytes;
	for (size_t i = 0; i < party->name_count; i++) {
		if (strcmp(party->names[i], p->name) == 0)
			return true;
	}
	return append(&party->names, &party->name_count, p->name);
}

/* The file of the GNU C library that this program has; 0 if that cannot be told. */
static ino_t own_glibc(void)
{
	struct stat st;
	Dl_info info;

	return dladdr((void *)(uintptr_t)gnu_get_libc_version, &info) &&
			       stat(info.dli_fname, &st) == 0
		       ? st.st_ino
		       : 0;
}

static bool on_begin(void *ctx, const struct process *process)
{
	struct patient *p = ctx;
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

static void note_file(struct patient *p, const struct mapping *m)
{
	uint32_t found = known_by_file(m->name);

	p->known |= found;
	if (found & UINT32_C(1) << (known_glibc - known) && m->inode != p->own_glibc)
		p->checkup->other_glibc = true;
}

static int on_guess(void *ctx, const struct mapping *m, enum guess guess, struct error *e)
{
	struct patient *p = ctx;
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
	return infer_mapping(&((struct patient *)ctx)->infer, m, e);
}

static void on_cancel(void *ctx)
{
	(void)ctx; /* begin starts afresh */
}

static void on_end(void *ctx, enum outcome outcome, const struct error *why)
{
	struct patient *p = ctx;
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
			p->no_memory |= !join(&c->parties[i], p, 0);
	}
}

static bool next(void *ctx, struct target *target)
{
	struct patient *p = ctx;

	if (p->status < 0 || p->next == p->targets.count)
		return false;
	*target = p->targets.targets[p->next++];
	return true;
}

static void ended(void *ctx, int status, const struct error *e)
{
	struct patient *p = ctx;

	p->status = status;
	if (status < 0)
		p->error = *e;
	else if (p->no_memory)
		p->status = error_memory(&p->error);
}

static void give_up(void *ctx, pid_t pid, bool begun, const struct error *why)
{
	struct patient *p = ctx;

	(void)pid, (void)begun;
	on_end(p, OUTCOME_TRUNCATED, source_is_limited(p->source) ? why : NULL);
	ended(p, 0, NULL);
}

static int read_all(struct patient *p, struct error *e)
{
	const struct sink sink = {
		.ctx = p,
		.begin = on_begin,
		.mapping = on_mapping,
		.cancel = on_cancel,
		.end = on_end,
	};
	struct share share = {
		.ctx = p,
		.sink = &sink,
		.how = {.needs = NEED_STAT | NEED_EXE},
		.next = next,
		.ended = ended,
		.give_up = give_up,
	};
	struct share *const shares[] = {&share};
	int status = source_targets(p->source, &p->targets, e);

	if (status == 0)
		status = crew_read(p->source, shares, 1, e);
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
	struct patient p = {.checkup = c, .source = source, .own_glibc = own_glibc()};
	int status;

	*c = (struct checkup){.other_glibc = false};
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
		free_list(c->parties[i].names, c->parties[i].name_count);
	free_list(c->problems, c->problem_count);
}
