#include "base/intern.h"

#include <stdlib.h>
#include <sys/auxv.h>

enum { CHUNK_SIZE = 16 * 1024, FIRST_SLOTS = 64 };

struct intern_chunk {
	struct intern_chunk *next;
	size_t size;
	/* Keys are arrays of numbers as well as text. */
	_Alignas(uint64_t) char data[];
};

struct intern_entry {
	const char *ptr;
	uint32_t len;
	uint32_t hash;
};

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	x ^= x >> 29;
	return x;
}

static uint32_t hash(const struct intern *t, struct slice s)
{
	uint64_t h = t->seed ^ s.len, word;
	const char *p = s.ptr;
	size_t left = s.len;

	for (; left >= sizeof(word); left -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = mix(h ^ word) * 0x9e3779b97f4a7c15u;
	}
	word = 0;
	if (left)
		memcpy(&word, p, left);
	h = mix(mix(h ^ word) + 0x9e3779b97f4a7c15u);
	return (uint32_t)(h ^ (h >> 32));
}

void intern_init(struct intern *t)
{
	/* The 16 random bytes that the kernel gives every process. */
	const void *random = (const void *)getauxval(AT_RANDOM);

	*t = (struct intern){0};
	if (random)
		memcpy(&t->seed, random, sizeof(t->seed));
}

void intern_free(struct intern *t)
{
	while (t->chunks) {
		struct intern_chunk *next = t->chunks->next;

		free(t->chunks);
		t->chunks = next;
	}
	free(t->entries);
	free(t->slots);
	*t = (struct intern){0};
}

void intern_reset(struct intern *t)
{
	while (t->chunks && t->chunks->next) {
		struct intern_chunk *next = t->chunks->next;

		free(t->chunks);
		t->chunks = next;
	}
	t->chunk_used = 0;
	if (t->count)
		memset(t->slots, 0, t->slot_count * sizeof(*t->slots));
	t->count = 0;
}

static const char *store(struct intern *t, struct slice s)
{
	size_t room = (s.len + sizeof(uint64_t) - 1) & ~(sizeof(uint64_t) - 1);
	char *copy;

	if (!t->chunks || t->chunks->size - t->chunk_used < room) {
		size_t size = room > CHUNK_SIZE ? room : CHUNK_SIZE;
		struct intern_chunk *chunk = malloc(sizeof(*chunk) + size);

		if (!chunk)
			return NULL;
		chunk->next = t->chunks;
		chunk->size = size;
		t->chunks = chunk;
		t->chunk_used = 0;
	}
	copy = t->chunks->data + t->chunk_used;
	t->chunk_used += room;
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

static void place(struct intern *t, symbol s)
{
	uint32_t mask = t->slot_count - 1;
	uint32_t i = t->entries[s].hash & mask;

	while (t->slots[i])
		i = (i + 1) & mask;
	t->slots[i] = s + 1;
}

/* Makes room for one more entry, with at least half of the slots free. */
static bool grow(struct intern *t)
{
	if (t->count == t->capacity) {
		uint32_t capacity = t->capacity ? 2 * t->capacity : FIRST_SLOTS / 2;
		void *entries = reallocarray(t->entries, capacity, sizeof(*t->entries));

		if (!entries)
			return false;
		t->entries = entries;
		t->capacity = capacity;
	}
	if (2 * t->capacity > t->slot_count) {
		uint32_t *slots = calloc(2 * (size_t)t->capacity, sizeof(*slots));

		if (!slots)
			return false;
		free(t->slots);
		t->slots = slots;
		t->slot_count = 2 * t->capacity;
		for (symbol s = 0; s < t->count; s++)
			place(t, s);
	}
	return true;
}

static symbol find(const struct intern *t, struct slice bytes, uint32_t h)
{
	uint32_t mask = t->slot_count - 1;

	if (t->slot_count == 0)
		return SYMBOL_NONE;
	for (uint32_t i = h & mask; t->slots[i]; i = (i + 1) & mask) {
		symbol s = t->slots[i] - 1;

		if (t->entries[s].hash == h && slice_equals(intern_bytes(t, s), bytes))
			return s;
	}
	return SYMBOL_NONE;
}

symbol intern_find(const struct intern *t, struct slice bytes)
{
	return find(t, bytes, hash(t, bytes));
}

symbol intern(struct intern *t, struct slice bytes)
{
	uint32_t h = hash(t, bytes);
	symbol known = find(t, bytes, h);
	const char *copy;

	if (known != SYMBOL_NONE)
		return known;
	/* Twice the number of slots, and all lengths, must fit into 32 bits. */
	if (t->count >= UINT32_MAX / 4 || bytes.len > UINT32_MAX || !grow(t))
		return SYMBOL_NONE;
	copy = store(t, bytes);
	if (!copy)
		return SYMBOL_NONE;
	t->entries[t->count] = (struct intern_entry){copy, (uint32_t)bytes.len, h};
	place(t, t->count);
	return t->count++;
}

struct slice intern_bytes(const struct intern *t, symbol s)
{
	return (struct slice){t->entries[s].ptr, t->entries[s].len};
}
