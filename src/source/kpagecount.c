#include "source/kpagecount.h"

#include "source/handle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY_FRAME   ((UINT64_C(1) << 55) - 1)
#define ENTRY_PRESENT (UINT64_C(1) << 63)

enum { COUNTS = 64 }; /* per read: frames come in runs, but short ones */

struct kpagecount {
	int fd;
	uint64_t first; /* frame */
	size_t known;	/* number of counts from there on */
	uint64_t counts[COUNTS];
};

/* Without CAP_SYS_ADMIN, all frame numbers in pagemap are 0. */
static bool sees_frames(const struct source *s)
{
	const struct procdir root = source_root(s);
	volatile char here = 1; /* resident */
	uintptr_t page = (uintptr_t)&here / (uintptr_t)sysconf(_SC_PAGESIZE);
	int fd = procdir_open(&root, "self/pagemap");
	uint64_t entry = 0;
	bool seen;

	if (fd < 0)
		return false;
	seen = pread(fd, &entry, sizeof(entry), (off_t)(page * sizeof(entry))) == sizeof(entry) &&
	       entry & ENTRY_PRESENT && entry & ENTRY_FRAME;
	close(fd);
	return seen;
}

bool kpagecount_is_known(const struct source *s)
{
	struct kpagecount *k = NULL;

	if (s->kind == SOURCE_PROC && sees_frames(s))
		k = kpagecount_open(s);
	kpagecount_close(k);
	return k != NULL;
}

bool source_sees_all(const struct source *s)
{
	const ino_t first = 0xeffffffc; /* PROC_PID_INIT_INO */
	struct stat st;

	return fstatat(s->root_fd, "self/ns/pid", &st, 0) == 0 && st.st_ino == first;
}

struct kpagecount *kpagecount_open(const struct source *s)
{
	const struct procdir root = source_root(s);
	struct kpagecount *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->fd = procdir_open(&root, "kpagecount");
	if (k->fd >= 0)
		return k;
	free(k);
	return NULL;
}

void kpagecount_close(struct kpagecount *k)
{
	if (k)
		close(k->fd);
	free(k);
}

uint64_t kpagecount_of(struct kpagecount *k, uint64_t frame)
{
	ssize_t n;

	if (frame < k->first || frame - k->first >= k->known) {
		n = TEMP_FAILURE_RETRY(pread(k->fd, k->counts, sizeof(k->counts),
					     (off_t)(frame * sizeof(*k->counts))));
		k->first = frame;
		k->known = n > 0 ? (size_t)n / sizeof(*k->counts) : 0;
		if (k->known == 0)
			return 0;
	}
	return k->counts[frame - k->first];
}
