/*
 * The heap of Ruby.
 *
 * Its pages are at multiples of their size, 64 KiB (16 KiB before 3.2). A page begins with the
 * address of its descriptor, which has the size and number of its slots and the address of the
 * first.
 */
#include "classify/runtime.h"
#include "classify/walk.h"

struct description {
	uint16_t slot_size, slots, free, final;
	uint64_t words[5];
};

enum { SLOT_LEAST = 40, SLOT_MOST = 640, START_MOST = 1024, HEADS = 16 };

static bool describes(const struct description *d, uint64_t at, uint64_t bytes)
{
	if (d->slot_size < SLOT_LEAST || d->slot_size > SLOT_MOST || d->slot_size % 8 != 0 ||
	    d->slots == 0 || d->free > d->slots || (uint64_t)d->slot_size * d->slots > bytes ||
	    (uint64_t)d->slot_size * d->slots < bytes - UINT64_C(2) * SLOT_MOST)
		return false;
	for (size_t i = 0; i < sizeof(d->words) / sizeof(*d->words); i++) {
		if (d->words[i] > at && d->words[i] - at < START_MOST)
			return true;
	}
	return false;
}

static enum head look(const struct sign_place *p, uint64_t at, void *ctx)
{
	const uint64_t *bytes = ctx;
	struct description description;
	uint64_t address;

	if (!memory_read(p->memory, at, &address, sizeof(address)))
		return HEAD_OTHER;
	if (address < 4096 || address % 8 != 0 ||
	    !memory_read(p->memory, address, &description, sizeof(description)))
		return HEAD_OTHER;
	return describes(&description, at, *bytes) ? HEAD_OURS : HEAD_OTHER;
}

bool sign_ruby_pages(const struct sign_place *p, struct sign_found *found)
{
	static const uint64_t sizes[] = {UINT64_C(65536), UINT64_C(16384)};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint64_t bytes = sizes[i];
		struct walk walk = {.start = walk_align(p->at, bytes),
				    .step = bytes,
				    .end = p->mapping->end,
				    .look = look,
				    .ctx = &bytes,
				    .most = HEADS};
		struct walked walked = walk_pieces(p, &walk);

		if (walked.heads == 0)
			continue;
		*found = (struct sign_found){
			.start = walk.start,
			.end = walked.end,
			.guess = walked.sampled ? GUESS_RUBY_LIKELY
						: runtime_guess(p, RUNTIME_RUBY, GUESS_RUBY),
		};
		return true;
	}
	return false;
}
