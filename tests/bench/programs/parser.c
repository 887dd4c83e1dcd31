/*
 * Measures the parser alone, on smaps in memory:
 *
 *	parser FILE ROUNDS touch|room|read|general...
 *
 * Each round does all named things in turn, and prints a line for each: its name and bytes per
 * second.
 *
 *	touch		loads one word of every cache line: what any program that looks at the text
 *			pays at least
 *	room		feeds blocks as large as the parser takes
 *	read		feeds 4 KiB at a time, as the kernel hands it out
 *	general		as room, but every entry goes the general way, without what was learned from
 *			the one before
 *
 * The copy into the parser's buffer is included, in place of read()'s. Finally prints the number of
 * mappings. Under callgrind, name one thing and one round.
 */
#include "common.h"

#include "parse/smaps.h"

#include <fcntl.h>
#include <inttypes.h>

enum { CACHE_LINE = 64, KERNEL_READ = 4096 };

struct text {
	char *bytes;
	size_t size;
};

static struct text load(const char *path)
{
	struct text text = {NULL, 0};
	size_t capacity = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail(path);
	do {
		if (capacity - text.size < KERNEL_READ) {
			capacity = capacity ? 2 * capacity : 1 << 20;
			text.bytes = realloc(text.bytes, capacity);
			if (!text.bytes)
				fail(path);
		}
		n = read(fd, text.bytes + text.size, capacity - text.size);
		text.size += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	close(fd);
	return text;
}

static void touch(struct text text)
{
	uint64_t sum = 0, word;

	for (size_t i = 0; i + sizeof(word) <= text.size; i += CACHE_LINE) {
		memcpy(&word, text.bytes + i, sizeof(word));
		sum += word;
	}
	__asm__ volatile("" : : "r"(sum)); /* makes the compiler keep the sum */
}

static int add_mapping(void *sum, const struct mapping *m, struct error *e)
{
	(void)e;
	*(uint64_t *)sum += m->counters.bytes[COUNTER_RSS];
	return 0;
}

_Noreturn static void refuse(const struct error *e)
{
	fprintf(stderr, "parser: %s\n", e->text);
	exit(1);
}

/* Returns the number of mappings. */
static uint64_t feed(struct smaps_parser *p, struct text text, size_t block)
{
	static uint64_t sum;
	struct error e;

	smaps_begin(p, SMAPS_MAPPINGS, (struct stage){add_mapping, &sum});
	for (size_t at = 0, n; at < text.size; at += n) {
		char *room = smaps_reserve(p, &n);

		if (!room)
			fail("memory");
		n = n < block ? n : block;
		n = n < text.size - at ? n : text.size - at;
		memcpy(room, text.bytes + at, n);
		if (smaps_feed(p, n, &e) < 0)
			refuse(&e);
	}
	if (smaps_end(p, &e) < 0)
		refuse(&e);
	return smaps_mappings(p);
}

static uint64_t feed_generally(struct smaps_parser *p, struct text text)
{
	uint64_t mappings;

	smaps_use_templates(p, false);
	mappings = feed(p, text, SIZE_MAX);
	smaps_use_templates(p, true);
	return mappings;
}

/* False if the name is unknown. */
static bool do_thing(const char *name, struct smaps_parser *p, struct text text, uint64_t *mappings)
{
	if (strcmp(name, "touch") == 0)
		touch(text);
	else if (strcmp(name, "room") == 0)
		*mappings = feed(p, text, SIZE_MAX);
	else if (strcmp(name, "read") == 0)
		*mappings = feed(p, text, KERNEL_READ);
	else if (strcmp(name, "general") == 0)
		*mappings = feed_generally(p, text);
	else
		return false;
	return true;
}

static void time_thing(const char *name, struct smaps_parser *p, struct text text,
		       uint64_t *mappings)
{
	long long begin = now_ns();

	if (do_thing(name, p, text, mappings))
		printf("%s %.0f\n", name, (double)text.size * 1e9 / (double)(now_ns() - begin));
	else
		printf("%s -\n", name);
}

int main(int argc, char **argv)
{
	uint64_t mappings = 0;
	struct smaps_parser *p = smaps_new();
	struct text text;

	if (argc < 4 || !p) {
		fprintf(stderr, "Usage: parser FILE ROUNDS touch|room|read|general...\n");
		return 2;
	}
	text = load(argv[1]);
	for (int round = atoi(argv[2]); round > 0; round--) {
		for (int i = 3; i < argc; i++)
			time_thing(argv[i], p, text, &mappings);
	}
	printf("mappings %" PRIu64 "\nbytes %zu\n", mappings, text.size);
	smaps_free(p);
	free(text.bytes);
	return 0;
}
