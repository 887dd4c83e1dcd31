#include "source/content.h"

#include "base/textstream.h"
#include "source/captured_memory.h"
#include "source/division.h"
#include "source/live_memory.h"
#include "source/machine.h"
#include "source/memory_log.h"
#include "source/remembered.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

/* Processes of which a check failed. */
enum { DOUBTED = 16, DOUBTS_MOST = 2 };

enum {
	LEAST = 64 * 1024, /* resident bytes from which on a mapping is examined */
	PARTS = 64,	   /* parts that signs may find in a mapping */
};

struct content {
	struct io *io;
	struct stage next;
	uint64_t start_time; /* start time of the current process; or 0 */
	struct mapped_files *files;
	struct live_memory live;
	struct captured_memory *captured; /* memory of a capture; or NULL */
	struct memory_log log;		  /* log for a capture */
	bool refused;			  /* what is remembered of all processes */
	bool denied;			  /* what is remembered of the current process */
	uint64_t threads;		  /* of the current process; 0 if unknown */
	struct stack_pointers stacks;
	bool stacks_known; /* those were read */
	bool begun;	   /* of that, mappings are looked at */
	struct doubted {
		pid_t pid;
		unsigned doubts;
		uint64_t start_time;
	} doubted[DOUBTED];
	unsigned last_doubted;
	void *facts;
	struct content_part found[PARTS];
	struct part parts[2 * PARTS + 1]; /* those, and the gaps between them */
	unsigned guesses[2 * PARTS + 1];
};

/* The Yama security module logs each refusal, so nothing is tried that is known to be refused. */
static bool yama_refuses(void)
{
	const struct procdir yama = {.fd = AT_FDCWD, .prefix = "/proc/sys/kernel/yama/"};
	char scope;

	return !may_trace() && procdir_read(&yama, "ptrace_scope", &scope, 1) == 1 && scope != '0';
}

/* Whether the memory may be read; for a process, found out when first needed. */
static bool may_read(struct content *c)
{
	if (!c->denied && !c->captured)
		c->denied = c->refused || !process_memory_open(c->live.process);
	return !c->denied;
}

/* A heap of `anonmem run --heaps` has an owner; what it holds is the owner's business. */
static bool has_owner(const struct mapping *m)
{
	return slice_begins(m->name, SLICE("[anon:malloc: "));
}

static bool may_be_known(const struct mapping *m)
{
	return (m->name.len == 0 || m->by_process) && !has_owner(m) && !mapping_has_inode(m) &&
	       memcmp(m->perms, "rw", 2) == 0 && m->perms[3] == 'p' &&
	       m->counters.bytes[COUNTER_RSS] > 0 && !m->is_monitored;
}

static size_t add_part(struct content *c, size_t count, uint64_t start, uint64_t end,
		       unsigned guess)
{
	if (start >= end)
		return count;
	c->parts[count] = (struct part){.start = start, .end = end};
	c->guesses[count] = guess;
	return count + 1;
}

static size_t make_parts(struct content *c, const struct mapping *m, size_t found)
{
	uint64_t at = m->start;
	size_t count = 0;

	for (size_t i = 0; i < found; i++) {
		count = add_part(c, count, at, c->found[i].start, 0);
		count = add_part(c, count, c->found[i].start, c->found[i].end, c->found[i].guess);
		at = c->found[i].end;
	}
	return add_part(c, count, at, m->end, 0);
}

/* Divides the mapping, unless it is unknown which pages belong to which part. */
static void divide(struct content *c, struct division *d, size_t found)
{
	int status;

	d->parts = c->parts;
	d->count = make_parts(c, d->whole, found);
	d->is_counted = !c->captured && d->count > 1 && division_is_exclusive(d->whole) &&
			live_memory_count(&c->live, d->whole, d->parts, d->count);
	status = c->captured ? captured_memory_count(c->captured, d)
			     : division_count(d, c->live.process);
	if (status == 0 && d->swap_known) {
		if (c->io->copies_text && d->count > 1)
			memory_log_count(&c->log, d->parts, d->count);
		return;
	}
	d->count = add_part(c, 0, d->whole->start, d->whole->end, 0);
	d->swap_known = true;
}

static int deliver_part(void *ctx, const struct mapping *m, const struct part *part,
			struct error *e)
{
	struct content *c = ctx;
	struct mapping known = *m;

	known.guess = c->guesses[part - c->parts];
	known.was_looked_at = true;
	return stage_take(c->next, &known, e);
}

static struct memory *memory_of(struct content *c)
{
	if (c->captured)
		return captured_memory_of(c->captured);
	return c->io->copies_text ? &c->log.memory : &c->live.memory;
}

/* Those of the current process, read when first needed; NULL if they cannot be known. */
static const struct stack_pointers *find_stacks(struct content *c)
{
	if (c->captured)
		return c->denied ? NULL : captured_memory_stacks(c->captured);
	if (c->threads <= 1 || c->refused || c->denied)
		return NULL;
	if (!c->stacks_known) {
		stack_pointers_read(&c->stacks, c->io, c->live.process->dir);
		if (c->io->copies_text)
			memory_log_stacks(&c->log, &c->stacks);
	}
	c->stacks_known = true;
	return &c->stacks;
}

/* The stack pointer of a thread in the mapping, or 0. */
static uint64_t find_stack_pointer(struct content *c, const struct mapping *m)
{
	const struct stack_pointers *stacks = find_stacks(c);

	return stacks ? stack_pointers_find(stacks, m->start, m->end) : 0;
}

/* A stack that its place and a stack pointer in it tell of: returns the number of parts. */
static size_t find_stack(struct content *c, const struct mapping *m)
{
	uint64_t pointer = find_stack_pointer(c, m);
	unsigned guess = pointer ? c->io->reading.signs->stack_of(m, pointer, c->facts) : 0;

	if (!guess)
		return 0;
	c->found[0] = (struct content_part){m->start, m->end, guess};
	return 1;
}

/* False if the mapping may not be examined; else *count parts. A capture has what was examined when
 * it was made. */
static bool look(struct content *c, const struct mapping *m, size_t *count)
{
	bool some_is_left = c->captured ? captured_memory_has(c->captured, m)
					: live_memory_mapping(&c->live, m);

	if (!may_read(c) || !some_is_left)
		return false;
	if (c->io->copies_text)
		memory_log_look(&c->log, m);
	*count = c->io->reading.signs->find(m, memory_of(c), c->facts, c->found, PARTS);
	return true;
}

/* Examines a mapping, unless its parts are remembered; then the process need not be opened. One of
 * which little is there is worth that only if a thread has its stack in it. */
static bool examine(struct content *c, const struct mapping *m, size_t *count)
{
	struct remembered *remembered = c->start_time ? c->io->reading.remembered : NULL;
	const struct remembered_place place = {
		.pid = c->io->pid,
		.start_time = c->start_time,
		.start = m->start,
		.end = m->end,
		.resident = m->counters.bytes[COUNTER_RSS],
	};
	bool is_small = place.resident < LEAST, was_looked_at;

	if (is_small && !c->captured && c->threads <= 1)
		return false;
	if (remembered && remembered_find(remembered, &place, c->found, count))
		return true;
	if (is_small && find_stack_pointer(c, m) == 0)
		return false;
	*count = is_small ? find_stack(c, m) : 0;
	was_looked_at = *count > 0 || look(c, m, count);
	if (*count == 0 && !is_small)
		*count = find_stack(c, m);
	if (remembered && (was_looked_at || *count > 0))
		remembered_keep(remembered, &place, c->found, *count);
	return was_looked_at || *count > 0;
}

static struct doubted *find_doubted(struct content *c)
{
	for (size_t i = 0; i < DOUBTED; i++) {
		if (c->doubted[i].pid == c->io->pid && c->doubted[i].start_time == c->start_time)
			return &c->doubted[i];
	}
	return NULL;
}

/* Forgets the process that was doubted first. */
static struct doubted *add_doubted(struct content *c)
{
	struct doubted *d = &c->doubted[c->last_doubted = (c->last_doubted + 1) % DOUBTED];

	*d = (struct doubted){.pid = c->io->pid, .start_time = c->start_time};
	return d;
}

bool content_agrees(struct content *c)
{
	enum content_doubt doubt = DOUBT_NONE;
	struct doubted *d = find_doubted(c);

	if (c->begun && !c->denied && !c->captured)
		doubt = c->io->reading.signs->check(&c->live.memory, c->facts);
	c->begun = false;
	if (doubt == DOUBT_NONE)
		return true;
	d = d ? d : add_doubted(c);
	d->doubts += doubt;
	return false;
}

static void settle(struct content *c, size_t found)
{
	for (size_t i = 0; i < found; i++)
		c->found[i].guess = c->io->reading.signs->settle(&c->found[i], c->facts);
}

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	struct content *c = ctx;
	const struct content_signs *signs = c->io->reading.signs;
	struct division division = {.whole = m};
	size_t found = 0;
	bool was_looked_at = may_be_known(m) && examine(c, m, &found);

	signs->pass(m, c->facts);
	settle(c, found);
	if (!was_looked_at)
		return stage_take(c->next, m, e);
	divide(c, &division, found);
	return division_deliver(&division, deliver_part, c, e);
}

struct content *content_new(struct io *io)
{
	struct content *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->io = io;
	c->files = mapped_files_new(io);
	c->refused = yama_refuses();
	c->facts = malloc(io->reading.signs->facts_size);
	if (c->files && c->facts) {
		live_memory_init(&c->live, c->files);
		return c;
	}
	content_free(c);
	return NULL;
}

void content_free(struct content *c)
{
	if (!c)
		return;
	captured_memory_free(c->captured);
	memory_log_free(&c->log);
	mapped_files_free(c->files);
	free(c->facts);
	free(c);
}

static bool begin_captured(struct content *c, const struct procdir *dir)
{
	if (!c->captured)
		c->captured = captured_memory_new(c->io, c->files);
	if (!c->captured)
		io_note(c->io, ENOMEM);
	return c->captured && captured_memory_begin(c->captured, dir);
}

struct stage content_begin(struct content *c, struct process_memory *memory,
			   const struct process_stat *stat, struct stage next)
{
	const struct doubted *d;

	c->start_time = stat->start_time;
	c->threads = stat->threads;
	c->stacks_known = false;
	c->next = next;
	c->begun = true;
	mapped_files_begin(c->files, memory->dir);
	live_memory_begin(&c->live, memory);
	if (c->io->copies_text)
		memory_log_begin(&c->log, &c->live.memory);
	memset(c->facts, 0, c->io->reading.signs->facts_size);
	d = find_doubted(c);
	if (d && d->doubts >= DOUBTS_MOST)
		c->io->reading.signs->doubt(c->facts);
	c->denied = memory->dir->is_captured && !begin_captured(c, memory->dir);
	return (struct stage){take, c};
}

void content_copy(struct content *c, struct copy *copy)
{
	bool is_whole;
	char *text;
	size_t size;
	FILE *out;

	if (c->denied)
		return;
	out = textstream_open(&text, &size);
	if (out)
		memory_log_write(&c->log, out);
	is_whole = out && textstream_close(out, &text) && !c->log.no_memory;
	copy->no_memory |= !is_whole;
	if (is_whole && size > 0)
		copy_bytes(copy, CAPTURED_MEMORY, text, size);
	else
		free(text);
}
