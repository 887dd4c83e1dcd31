#include "source/boundary.h"

#include <stdlib.h>

enum { HELD_MAX = 65536, NONE = -1, STACK = 0, OTHER = BOUNDARY_MARKS };

void boundary_init(struct boundary *b, struct stage next, int (*begins)(void *, struct error *),
		   void *ctx)
{
	*b = (struct boundary){.next = next, .begins = begins, .ctx = ctx};
}

static void drop_held(struct boundary *b)
{
	for (size_t i = 0; i < b->count; i++)
		free(b->held[i].name);
	b->count = 0;
}

void boundary_free(struct boundary *b)
{
	drop_held(b);
	free(b->held);
}

/* The kernel's mapping that this is, or NONE. */
static int mark_of(const struct mapping *m)
{
	static const struct slice names[] = {
		SLICE_INIT("[stack]"),	 SLICE_INIT("[vdso]"),	      SLICE_INIT("[vectors]"),
		SLICE_INIT("[vvar]"),	 SLICE_INIT("[vvar_vclock]"), SLICE_INIT("[vsyscall]"),
		SLICE_INIT("[sigpage]"), SLICE_INIT("[uprobes]"),
	};

	if (m->name.len == 0 || m->name.ptr[0] != '[')
		return NONE;
	for (int i = 0; i < (int)(sizeof(names) / sizeof(*names)); i++) {
		if (slice_equals(m->name, names[i]))
			return i < OTHER ? i : OTHER;
	}
	return NONE;
}

/* If a mapping was split, its second part begins where the first one ends. */
static bool is_second(const struct boundary *b, int mark, const struct mapping *m)
{
	return mark >= 0 && mark < OTHER && b->marks[mark].end &&
	       m->start != b->marks[mark].start && m->start != b->marks[mark].end;
}

static int pass(struct boundary *b, const struct mapping *m, int mark, struct error *e)
{
	b->is_behind = mark != NONE;
	if (mark != NONE && mark < OTHER)
		b->marks[mark] = (struct boundary_mark){m->start, m->end};
	return stage_take(b->next, m, e);
}

static int give_held(struct boundary *b, struct error *e)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < b->count; i++)
		status = pass(b, &b->held[i].mapping, mark_of(&b->held[i].mapping), e);
	drop_held(b);
	return status;
}

static int hold(struct boundary *b, const struct mapping *m, struct error *e)
{
	char *name;

	if (b->count == b->capacity) {
		size_t capacity = b->capacity ? 2 * b->capacity : 64;
		void *larger = reallocarray(b->held, capacity, sizeof(*b->held));

		if (!larger)
			return error_memory(e);
		b->held = larger;
		b->capacity = capacity;
	}
	name = malloc(m->name.len + 1);
	if (!name)
		return error_memory(e);
	if (m->name.len)
		memcpy(name, m->name.ptr, m->name.len);
	b->held[b->count] = (struct held_mapping){*m, name};
	b->held[b->count++].mapping.name.ptr = name;
	return 0;
}

bool boundary_has_marks(const struct boundary *b)
{
	bool any = b->is_behind;

	for (int i = 0; i < BOUNDARY_MARKS; i++)
		any |= b->marks[i].end != 0;
	return any;
}

static void forget(struct boundary *b)
{
	memset(b->marks, 0, sizeof(b->marks));
	b->is_behind = false;
}

int boundary_end(struct boundary *b, struct error *e)
{
	int status = give_held(b, e);

	forget(b);
	b->end = 0;
	return status;
}

static int begin(struct boundary *b, struct error *e)
{
	forget(b);
	return b->begins(b->ctx, e);
}

/* Every process has a stack; the other marks may belong to this process or to the next one. */
static bool is_in_doubt(const struct boundary *b, int mark)
{
	if (b->count == HELD_MAX)
		return false;
	return b->count ? mark != STACK : b->is_behind && mark == NONE;
}

int boundary_take(struct boundary *b, const struct mapping *m, struct error *e)
{
	int mark = mark_of(m);

	if (m->start < b->end && (give_held(b, e) < 0 || begin(b, e) < 0))
		return -1;
	b->end = m->end;
	if (is_second(b, mark, m)) {
		if (begin(b, e) < 0)
			return -1;
	} else if (is_in_doubt(b, mark)) {
		return hold(b, m, e);
	}
	return give_held(b, e) < 0 ? -1 : pass(b, m, mark, e);
}
