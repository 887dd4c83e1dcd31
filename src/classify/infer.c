#include "classify/infer.h"

#include "classify/class.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

#define GIB	     (1024 * MIB)
#define NOWHERE	     UINT64_MAX
#define ARENA	     (64 * MIB) /* glibc's HEAP_MAX_SIZE on 64 bits */
#define GUARD_MAX    (64 * KIB)
#define STACK_MIN    (256 * KIB)
#define STACK_MAX    (64 * MIB)
#define STACK_MARGIN (64 * KIB)
#define CODE_MAX     (16 * MIB) /* for a mapping of an unknown program */
#define GO_FIRST     UINT64_C(0xc000000000)
#define GO_CHUNK     (4 * MIB) /* unit by which the heap grows */
/* The Java heap ends at one of two addresses, so that its pointers fit into 32 bits. */
#define JAVA_LOWEST (2 * GIB)
#define JAVA_LOW    (4 * GIB)
#define JAVA_HIGH   (32 * GIB)
#define JAVA_ALIGN  MIB
#define JAVA_MIN    (8 * MIB)
/* JavaScript engines request memory at random addresses below those that the kernel would choose:
 * V8 in pages, SpiderMonkey in chunks. */
#define V8_PAGE		   (256 * KIB)
#define SPIDERMONKEY_CHUNK MIB
#define SCATTERED_LOWEST   (4 * GIB)
#define SCATTERED_TOP	   (UINT64_C(1) << 46)

#define FIREFOX_HEAD (12 * KIB)

#if defined(__x86_64__) || defined(__i386__)
enum { THREADS_SHOW = true };
#else
enum { THREADS_SHOW = false };
#endif

/* Programs that take memory from mmap(2) in characteristic units. */
struct interpreter {
	struct slice program;		 /* prefix of its file name */
	uint64_t align, multiple, least; /* of its memory */
	enum guess guess;
	bool shows; /* its memory is recognized by content, so memory whose content was read is not
		       its */
};
static const struct interpreter interpreters[] = {
	{SLICE_INIT("python3."), 1, MIB, MIB, GUESS_PYTHON, true},  /* arenas of 3.10 and later */
	{SLICE_INIT("php"), 2 * MIB, 1, 2 * MIB, GUESS_PHP, false}, /* chunks and huge blocks */
	{SLICE_INIT("firefox"), MIB, 1, MIB, GUESS_FIREFOX,
	 false}, /* chunks of Firefox's own jemalloc */
	{SLICE_INIT("redis-"), 1, 1, 512 * KIB, GUESS_REDIS,
	 false}, /* the server is also installed as redis-check-rdb */
};

/* Programs that compile at run time into memory that is writable and executable. */
static const struct slice compilers[] = {
	SLICE_INIT("java"),    SLICE_INIT("node"),   SLICE_INIT("bun"),	     SLICE_INIT("deno"),
	SLICE_INIT("qemu-"),   SLICE_INIT("luajit"), SLICE_INIT("php"),	     SLICE_INIT("pypy"),
	SLICE_INIT("beam."),   SLICE_INIT("dotnet"), SLICE_INIT("mono"),     SLICE_INIT("julia"),
	SLICE_INIT("firefox"), SLICE_INIT("chrome"), SLICE_INIT("chromium"),
};

/* Programs whose memory is all executable. */
static const struct slice executable_heaps[] = {
	SLICE_INIT("sbcl"),	  SLICE_INIT("memcheck-"), /* and the other tools of valgrind: */
	SLICE_INIT("callgrind-"), SLICE_INIT("cachegrind-"), SLICE_INIT("helgrind-"),
	SLICE_INIT("drd-"),	  SLICE_INIT("massif-"),     SLICE_INIT("dhat-"),
	SLICE_INIT("lackey-"),	  SLICE_INIT("none-"),
};

void infer_init(struct infer *n, infer_deliver_fn *deliver, void *ctx)
{
	*n = (struct infer){.deliver = deliver, .ctx = ctx};
}

void infer_begin(struct infer *n)
{
	n->end = n->guard_end = n->heap.end = n->object.end = n->file.end = NOWHERE;
	n->program_seen = n->holding = n->compiles = n->executes_data = false;
	n->interpreter = NULL;
	n->program_length = 0;
}

/* Whether a name, such as one of `anonmem run`, only says which library or program mapped the
 * memory. Its use can still be guessed, except for heaps, which are malloc's. */
static bool is_called_by_taker(const struct infer *n, const struct mapping *m)
{
	struct slice name = label_text(m->name);

	return m->by_process && !slice_begins(name, SLICE("malloc: ")) &&
	       (memmem(name.ptr, name.len, ".so", 3) ||
		slice_equals(name, (struct slice){n->program, n->program_length}));
}

static bool is_unnamed(const struct mapping *m)
{
	return m->name.len == 0 && !mapping_has_inode(m) && m->perms[3] == 'p';
}

/* Reserved memory keeps its name. */
static bool is_open(const struct infer *n, const struct mapping *m)
{
	return is_unnamed(m) || (!mapping_has_inode(m) && m->perms[1] == 'w' &&
				 m->perms[3] == 'p' && is_called_by_taker(n, m));
}

static bool may(const struct mapping *m, const char perms[4])
{
	return memcmp(m->perms, perms, 4) == 0;
}

/* Unnamed memory without any access. */
static bool is_closed(const struct mapping *m)
{
	return may(m, "---p") && is_unnamed(m);
}

static uint64_t used(const struct mapping *m)
{
	return m->counters.bytes[COUNTER_RSS] + m->counters.bytes[COUNTER_SWAP];
}

static bool is_untouched(const struct mapping *m)
{
	return counters_know(&m->counters, COUNTER_RSS) && used(m) == 0;
}

static const struct interpreter *find_interpreter(struct slice file)
{
	for (size_t i = 0; i < sizeof(interpreters) / sizeof(*interpreters); i++) {
		if (slice_begins(file, interpreters[i].program))
			return &interpreters[i];
	}
	return NULL;
}

static bool begins_one_of(struct slice file, const struct slice *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_begins(file, names[i]))
			return true;
	}
	return false;
}

/* The first code in the address space belongs to the program, unless it is shared: PHP makes code
 * there. A tool of valgrind lies behind it. */
static void note_code(struct infer *n, const struct mapping *m)
{
	const struct slice file = slice_base_name(m->name);

	n->object.code = true;
	n->object.program = !n->program_seen;
	if (!n->program_seen) {
		n->program_length = file.len < sizeof(n->program) ? file.len : 0;
		memcpy(n->program, file.ptr, n->program_length);
		n->interpreter = find_interpreter(file);
		n->compiles =
			begins_one_of(file, compilers, sizeof(compilers) / sizeof(*compilers));
	}
	n->executes_data |= begins_one_of(file, executable_heaps,
					  sizeof(executable_heaps) / sizeof(*executable_heaps));
	n->program_seen = true;
}

static bool is_of_file(const struct file_end *f, const struct mapping *m)
{
	return f->inode == m->inode && f->dev_major == m->dev_major && f->dev_minor == m->dev_minor;
}

/* Follows the segments of a program or library, which begin with the start of their file. */
static void note_file(struct infer *n, const struct mapping *m)
{
	struct object *o = &n->object;

	if (o->end == NOWHERE || o->inode != m->inode || o->dev_major != m->dev_major ||
	    o->dev_minor != m->dev_minor || m->offset == 0) {
		*o = (struct object){.start = m->start,
				     .inode = m->inode,
				     .dev_major = m->dev_major,
				     .dev_minor = m->dev_minor};
		if (m->offset != 0) {
			o->end = NOWHERE;
			return;
		}
	}
	o->end = m->end;
	o->writable |= may(m, "rw-p");
	if (m->perms[2] == 'x' && m->perms[3] == 'p' && !o->code)
		note_code(n, m);
}

/*
 * The loader puts .bss right after the data of its object; the program may have protected the end
 * of that. Other memory can end up there too, and the kernel merges both into one mapping, so a
 * mapping larger than the whole library gets no guess. Right after the program itself, the kernel
 * puts nothing else.
 */
static bool is_bss(const struct infer *n, const struct mapping *m)
{
	const struct object *o = &n->object;

	return m->start == o->end && o->code && o->writable &&
	       (o->program || m->end - m->start <= o->end - o->start);
}

/* Thread stacks have sizes that are powers of two, slightly less with guard pages inside, slightly
 * more with other memory merged at the end. A stack is used from the top, rarely more than half;
 * other memory between guard pages was allocated to be used. If stacks can be recognized by content
 * (sign_stack.c), memory whose content showed no stack is none. */
static bool is_stack(const struct infer *n, const struct mapping *m)
{
	uint64_t size = m->end - m->start;

	if (m->start != n->guard_end || !counters_know(&m->counters, COUNTER_RSS) ||
	    is_untouched(m) || used(m) > size / 2 || (m->was_looked_at && THREADS_SHOW))
		return false;
	for (uint64_t power = STACK_MIN; power <= STACK_MAX; power *= 2) {
		if (size >= power - STACK_MARGIN && size <= power + STACK_MARGIN)
			return true;
	}
	return false;
}

/* Firefox's jemalloc divides chunks of 1 MiB into a header, a guard page, the runs and another
 * guard page. */
static bool is_firefox_chunk(const struct infer *n, const struct mapping *m)
{
	uint64_t inside = m->start % MIB;

	return n->interpreter && n->interpreter->guess == GUESS_FIREFOX &&
	       m->start == n->guard_end && inside == FIREFOX_HEAD &&
	       m->end - m->start < MIB - inside;
}

/* The Go heap begins at a fixed address. */
static bool begins_go_heap(const struct mapping *m)
{
	return m->start == GO_FIRST && (m->end - m->start) % GO_CHUNK == 0 && may(m, "rw-p");
}

static bool is_of_interpreter(const struct infer *n, const struct mapping *m)
{
	const struct interpreter *i = n->interpreter;
	uint64_t size = m->end - m->start;

	if (!i || (i->shows && m->was_looked_at))
		return false;
	return m->start % i->align == 0 && size % i->multiple == 0 && size >= i->least;
}

static void begin_heap(struct infer *n, const struct mapping *m, uint64_t limit, enum guess guess)
{
	n->heap = (struct heap){m->end, limit, guess};
}

/* Executable memory. Where data is executable too (in a program without a mark for its stack, or in
 * old programs on i386), that proves nothing. A large area that is also writable is more often the
 * heap of a language than code, unless the program is known to compile. */
static enum guess guess_code(struct infer *n, const struct mapping *m)
{
	if (m->perms[1] != 'w')
		return n->compiles ? GUESS_JIT : GUESS_JIT_LIKELY;
	if (n->executes_data || (m->end - m->start >= MIB && is_stack(n, m)))
		return GUESS_NONE;
	if (n->compiles)
		return GUESS_JIT;
	n->executes_data = used(m) > CODE_MAX;
	return n->executes_data ? GUESS_NONE : GUESS_JIT_LIKELY;
}

/* By the mapping itself and what lies before it, from what is certain to what is likely. */
static enum guess make_guess(struct infer *n, const struct mapping *m)
{
	enum guess code = m->perms[2] == 'x' ? guess_code(n, m) : GUESS_NONE;

	if (code != GUESS_NONE)
		return code;
	if (m->perms[1] != 'w')
		return may(m, "---p") && is_untouched(m) ? GUESS_RESERVED : GUESS_NONE;
	if (m->start == n->heap.end)
		return n->heap.guess;
	if (begins_go_heap(m))
		return GUESS_GO_HEAP;
	if (is_bss(n, m))
		return GUESS_BSS;
	if (is_firefox_chunk(n, m))
		return GUESS_FIREFOX;
	if (is_stack(n, m))
		return GUESS_STACK;
	return is_of_interpreter(n, m) ? n->interpreter->guess : GUESS_NONE;
}

/* An arena begins at a multiple of its size, and the part not yet used has no access rights. */
static bool is_arena(const struct mapping *head, const struct mapping *rest)
{
	return head->start % ARENA == 0 && rest->end == head->start + ARENA && is_closed(rest);
}

/* The first part of the heap is followed by the space it may grow into, or by archived classes. */
static bool begins_java_heap(const struct mapping *head, const struct mapping *rest)
{
	return head->start % JAVA_ALIGN == 0 && head->start >= JAVA_LOWEST &&
	       rest->end <= JAVA_HIGH && rest->end - head->start >= JAVA_MIN &&
	       (is_closed(rest) || slice_ends(rest->name, SLICE(".jsa")));
}

/* A Java heap that is allocated in full at the start. */
static bool is_java_heap(const struct mapping *m)
{
	return m->start % JAVA_ALIGN == 0 && m->start >= JAVA_LOWEST &&
	       (m->end == JAVA_LOW || m->end == JAVA_HIGH) && m->end - m->start >= JAVA_MIN;
}

static bool is_piece(const struct mapping *m, uint64_t size)
{
	return m->start % size == 0 && m->end - m->start == size && m->start >= SCATTERED_LOWEST &&
	       m->end <= SCATTERED_TOP;
}

/* The guess for a mapping without neighbours. */
static enum guess guess_scattered(const struct mapping *m, enum guess otherwise)
{
	if (is_piece(m, V8_PAGE))
		return GUESS_V8_HEAP;
	return is_piece(m, SPIDERMONKEY_CHUNK) ? GUESS_SPIDERMONKEY : otherwise;
}

/* Text that a program has moved to huge pages fills a hole of its file, to the byte. */
static bool fills_text(const struct infer *n, const struct mapping *next)
{
	const struct file_end *f = &n->file;

	return next->start == n->held.end && mapping_has_inode(next) && is_of_file(f, next) &&
	       next->offset - f->offset == next->start - f->end;
}

/* The guess for the held mapping; `next` is the mapping after it, NULL at the end. */
static enum guess guess_held(struct infer *n, const struct mapping *next)
{
	const struct mapping *held = &n->held;

	if (n->held_in_text)
		return next && fills_text(n, next) ? GUESS_TEXT : n->held_guess;
	if (is_java_heap(held))
		return GUESS_JAVA_HEAP;
	if (!next || next->start != held->end)
		return n->held_apart ? guess_scattered(held, n->held_guess) : n->held_guess;
	if (begins_java_heap(held, next)) {
		begin_heap(n, held, held->end <= JAVA_LOW ? JAVA_LOW : JAVA_HIGH, GUESS_JAVA_HEAP);
		return GUESS_JAVA_HEAP;
	}
	return is_arena(held, next) ? GUESS_ARENA : n->held_guess;
}

/* Its place is one mark, which is seldom enough. */
static int give(struct infer *n, const struct mapping *m, enum guess guess, struct error *e)
{
	bool certain = guess == GUESS_RESERVED || guess == GUESS_TEXT || guess == GUESS_JIT;

	return n->deliver(n->ctx, m, certain ? guess : guess_doubt(guess), e);
}

static int release(struct infer *n, const struct mapping *next, struct error *e)
{
	n->holding = false;
	return give(n, &n->held, guess_held(n, next), e);
}

/* Whatever lies behind the mapping. */
static bool is_settled(enum guess guess)
{
	return guess_kind(guess) == GUESS_JIT || guess == GUESS_RESERVED ||
	       guess == GUESS_GO_HEAP || guess == GUESS_JAVA_HEAP || guess == GUESS_BSS;
}

/* Whether the mapping after this one can tell more. Memory found that way is aligned to V8_PAGE. */
static bool depends_on_next(const struct mapping *m, enum guess guess)
{
	return m->start % V8_PAGE == 0 && !is_settled(guess) && m->guess == GUESS_NONE &&
	       may(m, "rw-p");
}

/* Memory in a hole between two mappings of a file, if there is one more of it behind. */
static bool may_be_text(const struct infer *n, const struct mapping *m)
{
	return may(m, "r-xp") && m->start == n->file.end;
}

static void hold(struct infer *n, const struct mapping *m, enum guess guess)
{
	n->holding = true;
	n->held = *m;
	n->held.name = (struct slice){n->held_name, m->name.len};
	memcpy(n->held_name, m->name.ptr, m->name.len);
	n->held_guess = guess;
	n->held_apart = m->start != n->end;
	n->held_in_text = may_be_text(n, m);
}

/* Records what the next mapping needs to know about this one. */
static void note_named(struct infer *n, const struct mapping *m)
{
	bool file = mapping_has_inode(m);

	n->guard_end = n->file.end = NOWHERE;
	n->executes_data |= may(m, "rwxp") && (file || slice_equals(m->name, SLICE("[heap]")));
	if (!file) {
		n->object.end = NOWHERE;
		return;
	}
	note_file(n, m);
	n->file = (struct file_end){m->end, m->offset + (m->end - m->start), m->inode, m->dev_major,
				    m->dev_minor};
}

static void note_unnamed(struct infer *n, const struct mapping *m)
{
	bool in_text = may_be_text(n, m);

	n->object.end = in_text && n->object.end == m->start ? m->end : NOWHERE;
	if (!in_text)
		n->file.end = NOWHERE;
	n->guard_end = may(m, "---p") && m->end - m->start <= GUARD_MAX ? m->end : NOWHERE;
	if (begins_go_heap(m))
		begin_heap(n, m, NOWHERE, GUESS_GO_HEAP);
}

int infer_mapping(struct infer *n, const struct mapping *m, struct error *e)
{
	bool unnamed = is_open(n, m), holds = false;
	enum guess guess = GUESS_NONE;

	if (n->holding && release(n, m, e) < 0)
		return -1;
	if (unnamed) {
		guess = make_guess(n, m);
		holds = (depends_on_next(m, guess) || may_be_text(n, m)) &&
			m->name.len <= sizeof(n->held_name);
		if (holds)
			hold(n, m, guess);
		note_unnamed(n, m);
	} else {
		note_named(n, m);
	}
	if (m->start == n->heap.end)
		n->heap.end = m->end < n->heap.limit ? m->end : NOWHERE;
	n->end = m->end;
	if (holds)
		return 0;
	return unnamed && m->guess ? n->deliver(n->ctx, m, (enum guess)m->guess, e)
				   : give(n, m, guess, e);
}

int infer_end(struct infer *n, struct error *e)
{
	return n->holding ? release(n, NULL, e) : 0;
}
