#include "recording/stacks.h"

#include <stdlib.h>

void stacks_init(struct stacks *s, const struct snapshot *snapshot)
{
	*s = (struct stacks){.snapshot = snapshot};
	for (unsigned k = 0; k < snapshot->by.count; k++)
		intern_init(&s->of[k].values);
}

void stacks_free(struct stacks *s)
{
	for (unsigned k = 0; k < s->snapshot->by.count; k++) {
		intern_free(&s->of[k].values);
		free(s->of[k].list);
	}
	free(s->places);
}

/* The place of a value of a key; makes one for a new value. SYMBOL_NONE if out of memory. */
static uint32_t find_place(struct stack_sums *sums, symbol value, uint32_t group)
{
	uint32_t before = sums->values.count;
	symbol at = intern(&sums->values, (struct slice){(const char *)&value, sizeof(value)});

	if (at == SYMBOL_NONE)
		return SYMBOL_NONE;
	if (at >= sums->capacity) {
		uint32_t capacity = 2 * at + 64;
		void *larger = reallocarray(sums->list, capacity, sizeof(*sums->list));

		if (!larger)
			return SYMBOL_NONE;
		sums->list = larger;
		sums->capacity = capacity;
	}
	if (at == before)
		sums->list[at] = (struct stack_sum){.group = group};
	return at;
}

static bool learn_row(struct stacks *s, uint32_t row)
{
	const symbol *key = aggregate_key(&s->snapshot->groups, row);
	unsigned keys = s->snapshot->by.count;

	for (unsigned k = 0; k < keys; k++) {
		uint32_t place = find_place(&s->of[k], key[k], row);

		if (place == SYMBOL_NONE)
			return false;
		s->places[(size_t)row * keys + k] = place;
	}
	return true;
}

bool stacks_learn(struct stacks *s)
{
	uint32_t rows = aggregate_count(&s->snapshot->groups);

	if (rows > s->capacity) {
		uint32_t capacity = 2 * rows + 64;
		void *larger = reallocarray(s->places, capacity,
					    s->snapshot->by.count * sizeof(*s->places));

		if (!larger)
			return false;
		s->places = larger;
		s->capacity = capacity;
	}
	for (; s->rows < rows; s->rows++) {
		if (!learn_row(s, s->rows))
			return false;
	}
	return true;
}

void stacks_clear(struct stacks *s)
{
	for (unsigned k = 0; k < s->snapshot->by.count; k++) {
		for (uint32_t i = 0; i < s->of[k].values.count; i++) {
			s->of[k].list[i].now = 0;
			s->of[k].list[i].known = true;
		}
	}
}

void stacks_add(struct stacks *s, uint32_t row, bool known, uint64_t bytes)
{
	unsigned keys = s->snapshot->by.count;

	for (unsigned k = 0; k < keys; k++) {
		struct stack_sum *sum = &s->of[k].list[s->places[(size_t)row * keys + k]];

		sum->now = bytes > COUNTER_MAX - sum->now ? COUNTER_MAX : sum->now + bytes;
		sum->known = sum->known && known;
	}
}

void stacks_note(struct stacks *s, size_t at)
{
	for (unsigned k = 0; k < s->snapshot->by.count; k++) {
		for (uint32_t i = 0; i < s->of[k].values.count; i++) {
			struct stack_sum *sum = &s->of[k].list[i];

			if (sum->now > sum->peak) {
				sum->peak = sum->now;
				sum->peak_at = at;
			}
			if (sum->track)
				sum->track->values[at] = sum->known ? sum->now : TIMELINE_UNKNOWN;
		}
	}
}

/* The largest sum that has no track yet; NULL if there is none. */
static struct stack_sum *find_largest(struct stack_sums *sums)
{
	struct stack_sum *largest = NULL;

	for (uint32_t i = 0; i < sums->values.count; i++) {
		struct stack_sum *sum = &sums->list[i];

		if (!sum->track && sum->peak > 0 && (!largest || sum->peak > largest->peak))
			largest = sum;
	}
	return largest;
}

bool stacks_choose(struct stacks *s, struct timeline *t)
{
	for (unsigned k = 0; k < s->snapshot->by.count; k++) {
		struct stack *stack = &t->stacks[k];
		struct stack_sum *largest;

		while (stack->count < STACK_MAX && (largest = find_largest(&s->of[k]))) {
			struct track *track = &stack->tracks[stack->count];

			*track = (struct track){largest->group, largest->peak, largest->peak_at,
						calloc(t->count + 1, sizeof(*track->values))};
			if (!track->values)
				return false;
			largest->track = track;
			stack->count++;
		}
	}
	return true;
}
