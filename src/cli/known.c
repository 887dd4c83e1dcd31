#include "cli/known.h"

/* clang-format off */
const struct known known[] = {
	{"GNU C library", NULL, "libc.so.6", GUESS_NONE,
	 "start the program with GLIBC_TUNABLES=glibc.mem.decorate_maps=1, from version 2.39 on"},
	{"Go", NULL, NULL, GUESS_GO_HEAP,
	 "by itself if built with Go 1.25 or later; GODEBUG=decoratemappings=0 turns it off"},
	{"PHP", "php", "libphp", GUESS_NONE, "by itself from version 8.2 on"},
	{"Node.js", "node", "libnode", GUESS_NONE,
	 "its large pages if started with --use-largepages=on, from version 20 on"},
	{"Python", "python3", "libpython3", GUESS_NONE, "with -X dev, from version 3.15 on"},
	{"Ruby", "ruby", "libruby", GUESS_NONE, "by itself from version 3.4 on"},
	{"jemalloc", NULL, "libjemalloc", GUESS_NONE,
	 "if it was built with --enable-pageid, from version 5.3.1 on"},
	{"mimalloc", NULL, "libmimalloc", GUESS_NONE, "by itself, in versions of 2025 and later"},
	{"Firefox", "firefox", "libxul", GUESS_NONE, "by itself"},
	{"Chromium", "chrom", NULL, GUESS_NONE, "by itself, in newer versions"},
	{"WebKit", "bun", "libjavascriptcoregtk", GUESS_NONE, "by itself"},
};
/* clang-format on */

const unsigned known_count = sizeof(known) / sizeof(*known);
const struct known *const known_glibc = &known[0];

_Static_assert(sizeof(known) / sizeof(*known) <= KNOWN_MAX, "a set of them has more bits");

static bool begins_name(const char *what, struct slice path)
{
	return what && slice_begins(slice_base_name(path), slice_of(what));
}

uint32_t known_by_program(struct slice path)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < known_count; i++)
		found |= begins_name(known[i].program, path) ? UINT32_C(1) << i : 0;
	return found;
}

uint32_t known_by_file(struct slice path)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < known_count; i++)
		found |= begins_name(known[i].library, path) ? UINT32_C(1) << i : 0;
	return found;
}

uint32_t known_by_guess(struct slice label)
{
	enum guess guess = guess_kind(guess_in_label(label));
	uint32_t found = 0;

	for (unsigned i = 0; i < known_count; i++) {
		if (guess != GUESS_NONE && known[i].guess == guess)
			found |= UINT32_C(1) << i;
	}
	return found;
}
