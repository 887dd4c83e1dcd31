/*
 * The table of names of a hostile process: the input is the table. The rest of the process is a
 * tree with four mappings, whose parts must add up to the whole.
 */
#include "label/layout.h"
#include "label/text.h"
#include "source/source.h"

#include "fuzz.h"
#include "tree.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PAGE = 4096, AT = 0x10000000, LOW = 0x20000000, PART = 16 * PAGE, PARTS = 4 };
enum { BLOCKS = 4, RANGES = 8, NAMES = 8 };
#define TABLE_END ((AT + sizeof(struct layout) + PAGE - 1) / PAGE * PAGE)

static int mem = -1;
static struct source *source;
static struct reader *reader;
static struct target_list targets;

/* The result for each of the four mappings, in bytes. */
static struct counters sums[PARTS];
static uint64_t end;
static unsigned read_whole;

static bool on_begin(void *ctx, const struct process *process)
{
	(void)ctx;
	(void)process;
	memset(sums, 0, sizeof(sums));
	end = 0;
	return true;
}

static void on_cancel(void *ctx)
{
	on_begin(ctx, NULL);
}

/* A name in brackets must be one that the kernel would accept. */
static void check_name(const struct mapping *m)
{
	size_t head = strlen(m->name.ptr[5] == '_' ? "[anon_shmem:" : "[anon:");

	CHECK(m->name.len > head && m->name.len - head - 1 <= ANONMEM_NAME_MAX);
	for (size_t i = head; i < m->name.len - 1; i++)
		CHECK(text_allows((unsigned char)m->name.ptr[i]));
	CHECK(m->name.ptr[m->name.len - 1] == ']');
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	uint64_t part = (m->start - LOW) / PART;

	(void)ctx;
	(void)e;
	CHECK(m->start < m->end && m->start >= end);
	end = m->end;
	if (m->by_process)
		check_name(m);
	if (m->start < LOW)
		return 0;
	CHECK(part < PARTS && m->end <= LOW + (part + 1) * PART);
	if (m->by_process)
		CHECK((m->name.ptr[5] == '_') == (part % 2 == 1));
	counters_add(&sums[part], &m->counters);
	return 0;
}

static void on_end(void *ctx, const struct ending *ending)
{
	(void)ctx;
	CHECK(ending->outcome == OUTCOME_READ);
	for (int i = 0; i < PARTS; i++) {
		CHECK(sums[i].bytes[COUNTER_SIZE] == PART);
		CHECK(sums[i].bytes[COUNTER_RSS] == 40 * 1024 &&
		      sums[i].bytes[COUNTER_PSS] == 31 * 1024);
		CHECK(sums[i].bytes[COUNTER_SWAP] == 8 * 1024);
	}
	read_whole++;
}

static void write_smaps(void)
{
	int memfd = memfd_create("fuzz", MFD_CLOEXEC), fd = tree_open("smaps");
	struct stat st;

	CHECK(memfd >= 0 && fstat(memfd, &st) == 0);
	dprintf(fd, "%x-%lx rw-p 00000000 %02x:%02x 5 %s\nRss: 8 kB\n", AT,
		(unsigned long)TABLE_END, major(st.st_dev), minor(st.st_dev), LAYOUT_SHOWN);
	for (int i = 0; i < PARTS; i++)
		dprintf(fd,
			"%x-%x rw-p 00000000 00:%02x %d%s\nSize: 64 kB\nRss: 40 kB\nPss: 31 kB\n"
			"Private_Dirty: 20 kB\nShared_Dirty: 20 kB\nSwap: 8 kB\n",
			LOW + i * PART, LOW + (i + 1) * PART, i % 2, i % 2 ? 77 : 0,
			i % 2 ? " /memfd:x (deleted)" : " ");
	close(fd);
	close(memfd);
}

/* All of the table is present; each mapping has resident, shared, swapped and absent pages. */
static void write_pagemap(void)
{
	static const uint64_t kinds[] = {UINT64_C(1) << 63, UINT64_C(1) << 63 | UINT64_C(1) << 56,
					 UINT64_C(1) << 62, 0};
	int fd = tree_open("pagemap");

	for (uint64_t at = AT; at < TABLE_END; at += PAGE)
		CHECK(pwrite(fd, &kinds[0], 8, (off_t)(at / PAGE * 8)) == 8);
	for (uint64_t at = LOW; at < LOW + PARTS * PART; at += PAGE)
		CHECK(pwrite(fd, &kinds[at / PAGE * 7 % 5 % 4], 8, (off_t)(at / PAGE * 8)) == 8);
	close(fd);
}

static void clean_up(void)
{
	reader_free(reader);
	free(targets.targets);
	source_close(source);
}

static void prepare(void)
{
	static const struct sink sink = {

		.begin = on_begin, .mapping = on_mapping, .cancel = on_cancel, .end = on_end};
	const struct reading how = {.needs = 0};
	struct error e;

	atexit(clean_up);
	close(tree_open("stat"));
	write_smaps();
	write_pagemap();
	mem = tree_open("mem");
	source = source_open_proc(tree_path(), NULL, 0, &e);
	CHECK(source && source_targets(source, &targets, &e) == 0);
	reader = reader_new(source, &how, &sink);
	CHECK(reader);
}

static void put(const void *bytes, size_t size, size_t offset)
{
	CHECK(pwrite(mem, bytes, size, (off_t)(AT + offset)) == (ssize_t)size);
}

/* Mostly a sane number, sometimes any. */
static uint32_t number(struct slice *in, uint32_t sane)
{
	uint32_t first = take_u8(in);

	return first < 250 ? first % sane : take_u16(in) << 16 | take_u16(in);
}

static void put_head(struct slice *in)
{
	struct layout_head head = {.magic = LAYOUT_MAGIC, .size = sizeof(struct layout)};

	head.blocks = number(in, BLOCKS + 1);
	head.names = number(in, NAMES + 1);
	if (take_u8(in) == 0)
		head.magic = take_u16(in);
	for (int i = 0; i < 8; i++)
		head.order[i] = (uint16_t)number(in, BLOCKS);
	put(&head, sizeof(head), 0);
}

static void put_block(struct slice *in, size_t number_of_it)
{
	struct layout_block block = {.count = number(in, RANGES + 1)};

	for (int i = 0; i < RANGES; i++) {
		struct layout_range *r = &block.ranges[i];

		r->start = LOW + (uint64_t)number(in, PARTS * 16) * PAGE;
		r->end = r->start + (uint64_t)number(in, 20) * PAGE;
		r->name = number(in, NAMES) | number(in, 3) << 16;
		r->inode = take_u8(in) % 2 ? 77 : 0;
		if (take_u8(in) > 250) /* not even whole pages */
			r->start += take_u16(in);
	}
	put(&block, sizeof(block), offsetof(struct layout, blocks) + number_of_it * sizeof(block));
}

static void put_names(struct slice *in)
{
	struct layout_name names[NAMES] = {0};

	for (int i = 0; i < NAMES; i++) {
		size_t len = number(in, 12) % (sizeof(names[i].text) + 1);

		for (size_t k = 0; k < len; k++)
			names[i].text[k] = (char)take_u8(in);
		names[i].generation = number(in, 3);
	}
	put(names, sizeof(names), offsetof(struct layout, names));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = {(const char *)data, size};
	unsigned before = read_whole;
	struct error e;

	if (mem < 0)
		prepare();
	put_head(&in);
	for (size_t i = 0; i < BLOCKS; i++)
		put_block(&in, i);
	put_names(&in);
	CHECK(reader_read(reader, targets.targets[0], &e) == 0);
	CHECK(read_whole == before + 1);
	return 0;
}
