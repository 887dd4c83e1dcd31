#include "classify/class.h"

const char *const kind_names[KIND_COUNT] = {
	[KIND_ANON] = "anon",
	[KIND_SHMEM] = "shmem",
	[KIND_FILE] = "file",
	[KIND_SPECIAL] = "special",
};

const char *const origin_names[ORIGIN_COUNT] = {
	[ORIGIN_KERNEL] = "kernel",
	[ORIGIN_PROCESS] = "process",
	[ORIGIN_INFERRED] = "inferred",
};

/* Names in brackets; where `ends` is empty, `begins` is the whole name. Mainline gives [anon:] no
 * inode; old Android kernels do for ashmem. */
static const struct bracketed {
	struct slice begins, ends;
	enum kind if_inode, if_not;
} bracketed[] = {
	{SLICE_INIT("[anon:"), SLICE_INIT("]"), KIND_SHMEM, KIND_ANON},
	{SLICE_INIT("[anon_shmem:"), SLICE_INIT("]"), KIND_SHMEM, KIND_SHMEM},
	{SLICE_INIT("[heap]"), SLICE_INIT(""), KIND_ANON, KIND_ANON},
	{SLICE_INIT("[stack]"), SLICE_INIT(""), KIND_ANON, KIND_ANON},
	{SLICE_INIT("[stack:"), SLICE_INIT("]"), KIND_ANON, KIND_ANON}, /* Linux 3.4 to 4.4 */
};

/* Memory without a file on disk that still shows under a path: `begins`, then `between` bytes, then
 * `ends`. With a wrap, those bytes become the name in the label. */
#define DELETED SLICE_INIT(" (deleted)")
#define NONE	SLICE_INIT("")
enum { ANY = -1 };
static const struct pseudo_file {
	struct slice begins;
	int between;
	struct slice ends;
	struct slice wrap, label;
	enum kind if_shared, if_private;
} pseudo_files[] = {
	{SLICE_INIT("/memfd:"), ANY, DELETED, SLICE_INIT("[memfd:"), NONE, KIND_SHMEM, KIND_SHMEM},
	{SLICE_INIT("/dev/ashmem/"), ANY, DELETED, SLICE_INIT("[ashmem:"), NONE, KIND_SHMEM,
	 KIND_SHMEM},
	{SLICE_INIT("/dev/ashmem"), 0, DELETED, NONE, SLICE_INIT("[ashmem]"), KIND_SHMEM,
	 KIND_SHMEM},
	{SLICE_INIT("/SYSV"), 8, DELETED, NONE, SLICE_INIT("[sysv_shm]"), KIND_SHMEM, KIND_SHMEM},
	{SLICE_INIT("/dev/zero"), 0, DELETED, NONE, SLICE_INIT("[anon_shmem]"), KIND_SHMEM,
	 KIND_SHMEM},
	/* Mapping the device privately is another way to get anonymous memory. */
	{SLICE_INIT("/dev/zero"), 0, NONE, NONE, SLICE_INIT("[anon]"), KIND_SHMEM, KIND_ANON},
	{SLICE_INIT("/anon_hugepage"), 0, DELETED, NONE, SLICE_INIT("[anon_hugepage]"), KIND_SHMEM,
	 KIND_ANON},
	/* The kernel counts it as file pages. */
	{SLICE_INIT("/secretmem"), 0, DELETED, NONE, SLICE_INIT("[secretmem]"), KIND_SPECIAL,
	 KIND_SPECIAL},
	/* Objects of graphics drivers in shared memory. */
	{SLICE_INIT("/drm mm object"), 0, DELETED, NONE, SLICE_INIT("[drm mm object]"), KIND_SHMEM,
	 KIND_SHMEM},
	{SLICE_INIT("/i915"), 0, DELETED, NONE, SLICE_INIT("[i915]"), KIND_SHMEM, KIND_SHMEM},
	/* Rings and buffers not in shared memory. */
	{SLICE_INIT("/[aio]"), 0, DELETED, NONE, SLICE_INIT("[aio]"), KIND_SPECIAL, KIND_SPECIAL},
	{SLICE_INIT("/dmabuf:"), ANY, NONE, SLICE_INIT("[dmabuf:"), NONE, KIND_SPECIAL,
	 KIND_SPECIAL},
};

/* What usually lies below a folder; the first match wins. If the file system is known, it decides
 * whether memory is shared, and the folder only what it is called. */
static const struct folder {
	struct slice path, label;
	enum kind kind;
} folders[] = {
	{SLICE_INIT("/dev/shm/"), SLICE_INIT("[posix_shm]"), KIND_SHMEM},
	{SLICE_INIT("/run/shm/"), SLICE_INIT("[posix_shm]"), KIND_SHMEM},
	{SLICE_INIT("/dev/hugepages"), SLICE_INIT("[file]"), KIND_FILE},
	{SLICE_INIT("/dev/"), NONE, KIND_SPECIAL},
	{SLICE_INIT("/proc/"), NONE, KIND_SPECIAL},
	{SLICE_INIT("/sys/"), NONE, KIND_SPECIAL},
	{SLICE_INIT("/run/host/"), SLICE_INIT("[file]"), KIND_FILE},
	{SLICE_INIT("/run/media/"), SLICE_INIT("[file]"), KIND_FILE},
	{SLICE_INIT("/run/"), SLICE_INIT("[tmpfs]"), KIND_SHMEM},
	{NONE, SLICE_INIT("[file]"), KIND_FILE},
};

/* Rules out most names quickly: the character after the slash begins none of the names above. */
static bool is_elsewhere(struct slice name)
{
	static const char letters[] = "adimprsS[";

	return name.len > 1 && name.ptr[0] == '/' &&
	       !memchr(letters, name.ptr[1], sizeof(letters) - 1);
}

static bool is_pseudo_file(const struct pseudo_file *f, struct slice name)
{
	size_t around = f->begins.len + f->ends.len;

	if (f->between == ANY ? name.len < around : name.len != around + (size_t)f->between)
		return false;
	return slice_begins(name, f->begins) && slice_ends(name, f->ends);
}

static void classify_bracketed(const struct mapping *m, struct class *c)
{
	bool inode = mapping_has_inode(m);

	c->label = m->name;
	c->kind = KIND_SPECIAL;
	for (size_t i = 0; i < sizeof(bracketed) / sizeof(*bracketed); i++) {
		const struct bracketed *b = &bracketed[i];

		if (b->ends.len ? slice_begins(m->name, b->begins) && slice_ends(m->name, b->ends)
				: slice_equals(m->name, b->begins)) {
			c->kind = inode ? b->if_inode : b->if_not;
			return;
		}
	}
}

static const struct folder *find_folder(struct slice name)
{
	static const struct slice unreachable = SLICE_INIT("(unreachable)");
	size_t i = is_elsewhere(name) ? sizeof(folders) / sizeof(*folders) - 1 : 0;

	if (slice_begins(name, unreachable))
		name = slice_inner(name, unreachable.len, 0);
	while (!slice_begins(name, folders[i].path))
		i++;
	return &folders[i];
}

static void make_file(struct class *c, enum kind kind, struct slice label)
{
	c->kind = kind;
	c->label = label;
	c->is_file = true;
}

/* A tmpfs has no device, so the major number is 0. */
static bool may_be_shmem(const struct mapping *m)
{
	return m->backing == BACKING_UNKNOWN && m->dev_major == 0;
}

static void classify_file(const struct mapping *m, struct class *c)
{
	const struct folder *f = find_folder(m->name);
	bool shmem = m->backing == BACKING_SHMEM ||
		     (m->backing == BACKING_DEVICES && f->kind != KIND_SPECIAL) ||
		     (f->kind == KIND_SHMEM && may_be_shmem(m));

	if (shmem) {
		make_file(c, KIND_SHMEM, f->kind == KIND_SHMEM ? f->label : SLICE("[tmpfs]"));
	} else if (f->kind == KIND_SPECIAL) {
		c->kind = KIND_SPECIAL;
		c->label = m->name;
	} else {
		make_file(c, KIND_FILE, SLICE("[file]"));
	}
}

static void classify_path(const struct mapping *m, struct class *c)
{
	bool elsewhere = is_elsewhere(m->name);

	for (size_t i = 0; !elsewhere && i < sizeof(pseudo_files) / sizeof(*pseudo_files); i++) {
		const struct pseudo_file *f = &pseudo_files[i];

		if (!is_pseudo_file(f, m->name))
			continue;
		c->kind = m->perms[3] == 's' ? f->if_shared : f->if_private;
		c->wrap = f->wrap;
		c->label =
			f->wrap.len ? slice_inner(m->name, f->begins.len, f->ends.len) : f->label;
		return;
	}
	classify_file(m, c);
}

void classify(const struct mapping *m, struct class *c)
{
	*c = (struct class){.origin = m->by_process ? ORIGIN_PROCESS : ORIGIN_KERNEL};
	if (m->name.len == 0 && !mapping_has_inode(m)) {
		c->kind = KIND_ANON;
		c->label = SLICE("[anon]");
	} else if (m->name.len == 0 || m->name.ptr[0] == '/' ||
		   slice_begins(m->name, SLICE("(unreachable)"))) {
		classify_path(m, c);
	} else if (m->name.ptr[0] == '[') {
		classify_bracketed(m, c);
	} else { /* anon_inode:[io_uring], socket:[1234] */
		c->kind = KIND_SPECIAL;
		c->label = m->name;
	}
}

struct slice label_text(struct slice label)
{
	static const struct slice givers[] = {
		SLICE_INIT("[anon:"),	SLICE_INIT("[anon_shmem:"), SLICE_INIT("[memfd:"),
		SLICE_INIT("[ashmem:"), SLICE_INIT("[dmabuf:"),
	};

	for (size_t i = 0; i < sizeof(givers) / sizeof(*givers); i++) {
		if (slice_begins(label, givers[i]) && slice_ends(label, SLICE("]"))) {
			label = slice_inner(label, givers[i].len, 1);
			while (label.len && label.ptr[0] == ' ')
				label = slice_inner(label, 1, 0);
			break;
		}
	}
	return label;
}
