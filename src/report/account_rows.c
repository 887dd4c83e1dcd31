#include "report/account_rows.h"

#include <stdlib.h>
#include <string.h>

/* No machine has this much, but a captured tree may claim it. */
struct figure figure_of(uint64_t bytes)
{
	bool fits = bytes < INT64_MAX / 64;

	return (struct figure){fits, fits ? (int64_t)bytes : 0};
}

struct figure figure_of_amount(const struct amount *a)
{
	return a->known ? figure_of(a->bytes) : (struct figure){.known = false};
}

struct figure figure_plus(struct figure a, struct figure b)
{
	return (struct figure){a.known && b.known, a.bytes + b.bytes};
}

struct figure figure_minus(struct figure a, struct figure b)
{
	return (struct figure){a.known && b.known, a.bytes - b.bytes};
}

struct figure figure_if_any(struct figure a)
{
	return a.known ? a : (struct figure){.known = true};
}

bool account_add(struct account *a, unsigned level, struct slice name, struct figure f,
		 const char *from)
{
	char *copy = strndup(name.ptr, name.len);

	if (copy && a->count == a->capacity) {
		size_t capacity = a->capacity ? 2 * a->capacity : 32;
		struct account_row *larger = reallocarray(a->rows, capacity, sizeof(*larger));

		if (!larger) {
			free(copy);
			return false;
		}
		a->rows = larger;
		a->capacity = capacity;
	}
	if (!copy)
		return false;
	a->rows[a->count++] = (struct account_row){copy, from, level, f.known, f.bytes};
	return true;
}

bool account_sum(struct account *a, const char *name, struct figure f, const char *from)
{
	return account_add(a, 0, slice_of(name), f, from);
}

bool account_part(struct account *a, const char *name, struct figure f, const char *from)
{
	return account_add(a, 1, slice_of(name), f, from);
}

struct figure account_rest(const struct account *a)
{
	struct figure rest = {.known = false};

	for (size_t i = a->count; i-- > 0;) {
		const struct account_row *r = &a->rows[i];

		if (r->level == 0) {
			rest.known = r->known;
			rest.bytes += r->bytes;
			break;
		}
		rest.bytes -= r->known ? r->bytes : 0;
	}
	return rest;
}

bool account_close(struct account *a)
{
	struct figure rest = figure_of(a->total);

	for (size_t i = 0; i < a->count; i++) {
		if (a->rows[i].level == 0 && a->rows[i].known)
			rest.bytes -= a->rows[i].bytes;
	}
	return account_sum(a, "(not accounted for)", rest, "what is left of the total");
}
