/* label: tests libanonmem against its header, on whatever kernel runs the test. */
#include "support.h"

#include "anonmem/anonmem.h"
#include "label/text.h"
#include "label/vmas.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME_79 "0123456789012345678901234567890123456789012345678901234567890123456789012345678"

/* errno if naming fails, otherwise 0. */
#define failure(call) ((call) == 0 ? 0 : errno)

static char *page;
static size_t page_size;
static bool keeps;

static int set_up(void **state)
{
	(void)state;
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	keeps = anonmem_kernel_keeps_names() == 1;
	page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	return munmap(page, page_size);
}

/* The "[anon:...]" of our mapping at an address, or "". */
static const char *shown(const void *address)
{
	static char line[512], name[512];
	FILE *maps = fopen("/proc/self/maps", "re");

	assert_non_null(maps);
	name[0] = '\0';
	while (fgets(line, sizeof(line), maps)) {
		unsigned long start, end;
		const char *label = strchr(line, '[');

		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start <= (uintptr_t)address &&
		    (uintptr_t)address < end && label)
			snprintf(name, sizeof(name), "%.*s", (int)strcspn(label, "\n"), label);
	}
	fclose(maps);
	return name;
}

TEST(the_bytes_of_a_name)
{
	unsigned allowed = 0;

	for (unsigned byte = 0; byte < 256; byte++)
		allowed += text_allows((unsigned char)byte);
	assert_int_equal(allowed, 0x7f - 0x20 - 5);
	assert_true(text_allows(' ') && text_allows('~') && text_allows(':') && text_allows('/'));
	assert_false(text_allows('\\') || text_allows('`') || text_allows('$') ||
		     text_allows('[') || text_allows(']') || text_allows(0x7f));
}

TEST(copying_a_name)
{
	char copy[ANONMEM_NAME_MAX + 1];

	errno = 42;
	assert_int_equal(text_copy(copy, NAME_79), 0);
	assert_string_equal(copy, NAME_79);
	assert_int_equal(text_copy(copy, " a  "), 0);
	assert_string_equal(copy, " a  ");
	assert_int_equal(text_copy(copy, ""), 0);
	assert_int_equal(copy[ANONMEM_NAME_MAX], '\0');
	assert_int_equal(errno, 42);
	assert_int_equal(failure(text_copy(copy, NAME_79 "9")), EINVAL);
	assert_int_equal(failure(text_copy(copy, "a\tb")), EINVAL);
	assert_int_equal(failure(text_copy(copy, "\303\251")), EINVAL);
}

/* The kernel reads up to the NUL, and at most 80 bytes. */
TEST(a_name_at_the_end_of_what_is_mapped)
{
	char copy[ANONMEM_NAME_MAX + 1], *two, *end;

	two = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(two, MAP_FAILED);
	end = two + page_size;
	assert_int_equal(munmap(end, page_size), 0);
	memset(two, 'x', page_size);
	assert_int_equal(failure(text_copy(copy, end - 80)), EINVAL);
	assert_int_equal(failure(text_copy(copy, end - 79)), EFAULT);
	end[-1] = '\0';
	assert_int_equal(text_copy(copy, end - 5), 0);
	assert_string_equal(copy, "xxxx");
	assert_int_equal(failure(text_copy(copy, (const char *)8)), EFAULT);
	assert_int_equal(munmap(two, page_size), 0);
}

/* If the kernel keeps names, they show in maps. */
static void check_shown(const void *address, const char *wanted)
{
	if (keeps)
		assert_string_equal(shown(address), wanted);
}

TEST(naming)
{
	errno = 42;
	assert_int_equal(anonmem_name(page, page_size, "unit: a"), 0);
	check_shown(page, "[anon:unit: a]");
	assert_int_equal(anonmem_namef(page, 1, "unit: %s %d", "b", 7), 0);
	check_shown(page, "[anon:unit: b 7]");
	assert_int_equal(anonmem_clear(page, page_size), 0);
	check_shown(page, "");
	assert_int_equal(errno, 42);
	assert_int_equal(failure(anonmem_namef(page, page_size, "%s9", NAME_79)), EINVAL);
}

/* The same on all kernels. */
TEST(what_is_no_name)
{
	assert_int_equal(failure(anonmem_name(page, page_size, NAME_79)), 0);
	assert_int_equal(failure(anonmem_name(page, page_size, NAME_79 "9")), EINVAL);
	assert_int_equal(failure(anonmem_name(page, page_size, "a$")), EINVAL);
	assert_int_equal(failure(anonmem_name(page, page_size, "a\tb")), EINVAL);
	assert_int_equal(failure(anonmem_name(page, page_size, (const char *)8)), EFAULT);
	assert_int_equal(failure(anonmem_name(page, page_size, "")), 0);
}

TEST(what_is_no_range)
{
	assert_int_equal(failure(anonmem_name(page + 1, page_size, "a")), EINVAL);
	assert_int_equal(failure(anonmem_name(page, SIZE_MAX, "a")), EINVAL);
	assert_int_equal(failure(anonmem_name(page, SIZE_MAX - page_size, "a")), EINVAL);
	assert_int_equal(failure(anonmem_name(page, 0, "a")), 0);
	assert_int_equal(failure(anonmem_name(page, 0, "a$")), EINVAL);
	assert_int_equal(failure(anonmem_name(page + 1, 0, "a")), EINVAL);
}

static char *map_at(void *address, size_t size, int flags, int fd)
{
	char *memory = mmap(address, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static char *map_anonymous(size_t size)
{
	return map_at(NULL, size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

TEST(holes)
{
	char *memory = map_anonymous(8 * page_size);

	assert_int_equal(munmap(memory + 3 * page_size, page_size), 0);
	assert_int_equal(failure(anonmem_name(memory, 8 * page_size, "hole")), ENOMEM);
	check_shown(memory, "[anon:hole]");
	check_shown(memory + 4 * page_size, "[anon:hole]");
	assert_int_equal(failure(anonmem_clear(memory, 8 * page_size)), ENOMEM);
	check_shown(memory, "");
	assert_int_equal(munmap(memory, 8 * page_size), 0);
	assert_int_equal(failure(anonmem_name(memory, page_size, "a")), ENOMEM);
	assert_int_equal(failure(anonmem_clear(memory, page_size)), ENOMEM);
}

TEST(files)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *memory = map_anonymous(3 * page_size);

	map_at(memory + page_size, page_size, MAP_PRIVATE | MAP_FIXED, file);
	memory[page_size] = 1; /* still belongs to a file after copy on write */
	assert_int_equal(failure(anonmem_name(memory + page_size, page_size, "a")), EBADF);
	assert_int_equal(failure(anonmem_name(memory, 3 * page_size, "b")), EBADF);
	check_shown(memory, "[anon:b]");
	check_shown(memory + 2 * page_size, "");
	assert_int_equal(munmap(memory, 3 * page_size), 0);
	close(file);
}

TEST(shared_memory)
{
	int memfd = memfd_create("unit", MFD_CLOEXEC), zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	int sysv = shmget(IPC_PRIVATE, page_size, 0600);
	char *memory;

	assert_int_equal(ftruncate(memfd, (off_t)page_size), 0);
	memory = map_at(NULL, page_size, MAP_SHARED, memfd);
	assert_int_equal(failure(anonmem_name(memory, page_size, "memfd")), 0);
	check_shown(memory, "[anon_shmem:memfd]");
	map_at(memory, page_size, MAP_PRIVATE | MAP_FIXED, memfd);
	assert_int_equal(failure(anonmem_name(memory, page_size, "private")), 0);
	check_shown(memory, "[anon_shmem:private]");
	map_at(memory, page_size, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1);
	assert_int_equal(failure(anonmem_name(memory, page_size, "shared")), 0);
	check_shown(memory, "[anon_shmem:shared]");
	map_at(memory, page_size, MAP_SHARED | MAP_FIXED, zero);
	assert_int_equal(failure(anonmem_name(memory, page_size, "zero")), 0);
	map_at(memory, page_size, MAP_PRIVATE | MAP_FIXED, zero);
	assert_int_equal(failure(anonmem_name(memory, page_size, "zero")), EBADF);
	assert_ptr_equal(shmat(sysv, memory, SHM_REMAP), memory);
	assert_int_equal(failure(anonmem_name(memory, page_size, "sysv")), EBADF);
	assert_int_equal(shmdt(memory), 0);
	assert_int_equal(shmctl(sysv, IPC_RMID, NULL), 0);
	close(memfd);
	close(zero);
}

/* The first mapping of a kind with several pages; NULL if there is none. */
static void *find_vma(int kind)
{
	struct vma vma = {.end = 0};
	void *found = NULL;
	struct vmas vmas;

	assert_true(vmas_open(&vmas, false));
	while (!found && vmas_next(&vmas, vma.end, &vma)) {
		if ((int)vma.kind == kind && vma.end - vma.start > page_size)
			found = (void *)(uintptr_t)vma.start;
	}
	vmas_close(&vmas);
	return found;
}

TEST(the_kernels_own)
{
	void *special = find_vma(VMA_SPECIAL);
	char local = 0, *stack = (char *)((uintptr_t)&local / page_size * page_size);
	char *brk = (char *)((uintptr_t)sbrk(2 * (intptr_t)page_size) / page_size * page_size) +
		    page_size;

	if (special)
		assert_int_equal(failure(anonmem_name(special, page_size, "vdso")), EINVAL);
	assert_int_equal(failure(anonmem_name((void *)-(10 << 20), page_size, "a")), ENOMEM);
	assert_int_equal(failure(anonmem_name(stack, page_size, "stack")), 0);
	check_shown(stack, "[stack]");
	assert_int_equal(failure(anonmem_name(brk, page_size, "heap")), 0);
	check_shown(brk, "[heap]");
}

/* Threads that name and fork at the same time: nobody may wait forever, least of all the
 * children. */
static void *name_without_pause(void *stop)
{
	char *memory = map_anonymous(64 * page_size);

	for (size_t i = 0; !__atomic_load_n((bool *)stop, __ATOMIC_RELAXED); i++)
		assert_int_equal(anonmem_namef(memory + i % 61 * page_size, 3 * page_size,
					       "thread %zu", i % 7),
				 0);
	munmap(memory, 64 * page_size);
	return NULL;
}

TEST(threads_and_forks)
{
	enum { THREADS = 4, FORKS = 200 };
	pthread_t threads[THREADS];
	bool stop = false;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, name_without_pause, &stop), 0);
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(anonmem_name(page, page_size, "child") == 0 ? 0 : 1);
		assert_true(child > 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* AddressSanitizer takes what a cancelled thread leaves behind for an error of the next call. */
#ifndef __SANITIZE_ADDRESS__
/* If a thread were cancelled while it has the lock or a descriptor, others would hang. */
static void *name_cancelled(void *named)
{
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(old, &old);
	*(int *)named = anonmem_name(page, page_size, "cancelled");
	pthread_testcancel();
	return NULL;
}

TEST(a_thread_that_is_cancelled)
{
	pthread_t thread;
	int named = -1;
	void *end;

	assert_int_equal(pthread_create(&thread, NULL, name_cancelled, &named), 0);
	assert_int_equal(pthread_join(thread, &end), 0);
	assert_true(end == PTHREAD_CANCELED);
	assert_int_equal(named, 0);
	check_shown(page, "[anon:cancelled]");
}
#endif

/* The two ways to read our own mappings. */
TEST(text_and_query_agree)
{
	struct vmas query, text;
	struct vma q = {.end = 0}, t = {.end = 0};
	unsigned kinds = 0;

	for (;;) {
		bool more;

		assert_true(vmas_open(&query, false) && vmas_open(&text, true));
		more = vmas_next(&query, q.end, &q);
		assert_int_equal(vmas_next(&text, t.end, &t), more);
		vmas_close(&query);
		vmas_close(&text);
		if (!more)
			break;
		assert_true(q.start == t.start && q.end == t.end && q.kind == t.kind &&
			    q.inode == t.inode);
		kinds |= 1u << q.kind;
	}
	assert_int_equal(kinds & 1u << VMA_ANON, 1u << VMA_ANON);
	assert_int_equal(kinds & 1u << VMA_FILE, 1u << VMA_FILE);
	if (!keeps)
		assert_int_equal(kinds & 1u << VMA_TABLE, 1u << VMA_TABLE);
}

TEST(mapping)
{
	char *memory;

	errno = 42;
	memory = anonmem_map(page_size, "unit: mapped");
	assert_non_null(memory);
	assert_int_equal(errno, 42);
	memset(memory, 1, page_size);
	check_shown(memory, "[anon:unit: mapped]");
	assert_int_equal(munmap(memory, page_size), 0);
	memory = anonmem_map(page_size, NULL);
	assert_non_null(memory);
	assert_int_equal(munmap(memory, page_size), 0);

	assert_null(anonmem_map(page_size, "a\nb"));
	assert_int_equal(errno, EINVAL);
	assert_null(anonmem_map(page_size, (const char *)8));
	assert_int_equal(errno, EFAULT);
	assert_null(anonmem_map(0, "a"));
	assert_int_equal(errno, EINVAL);
	assert_null(anonmem_map(SIZE_MAX / 2, "a"));
	assert_int_equal(errno, ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_of_a_name),
		cmocka_unit_test(copying_a_name),
		cmocka_unit_test(a_name_at_the_end_of_what_is_mapped),
		cmocka_unit_test(naming),
		cmocka_unit_test(what_is_no_name),
		cmocka_unit_test(what_is_no_range),
		cmocka_unit_test(holes),
		cmocka_unit_test(files),
		cmocka_unit_test(shared_memory),
		cmocka_unit_test(the_kernels_own),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(a_thread_that_is_cancelled),
#endif
		cmocka_unit_test(threads_and_forks),
		cmocka_unit_test(text_and_query_agree),
		cmocka_unit_test(mapping),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
