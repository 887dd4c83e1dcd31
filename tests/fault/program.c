/*
 * The program that runs while calls of anonmem's libraries fail, by argument:
 *
 *	run	maps, moves, names and unmaps memory, itself and in threads, children and programs
 *		that it runs, and says what came of it: with anonmem's preloaded library the same as
 *		without, but for names
 *	stay	the same, and stays for a while
 *	child	what `run` runs
 *	malloc	does so with malloc(): all sizes, itself and in threads and children
 *	label	names memory with libanonmem, and says whether each call did as documented
 *	names	is there to be read: names memory, and stays until it is killed
 *
 * It ends with 7.
 */
#include "anonmem/anonmem.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gnu/lib-names.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

enum { PAGES = 8, PAGE = 4096, ROUNDS = 3, THREADS = 3, STATUS = 7, UNTOUCHED = 77 };

static char *map(size_t len)
{
	void *memory;

	errno = UNTOUCHED;
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || errno != UNTOUCHED) {
		printf("mmap: %s, errno %d\n", memory == MAP_FAILED ? "failed" : "done", errno);
		return NULL;
	}
	memset(memory, 1, len);
	return memory;
}

static void use_memory(const char *who)
{
	for (size_t i = 0; i < ROUNDS; i++) {
		char *memory = map((size_t)PAGES * PAGE), *moved;
		int sum = 0, result;

		if (!memory)
			return;
		moved = mremap(memory, (size_t)PAGES * PAGE, 2 * (size_t)PAGES * PAGE,
			       MREMAP_MAYMOVE);
		if (moved == MAP_FAILED) {
			printf("%s: mremap: %s\n", who, strerror(errno));
			return;
		}
		for (size_t at = 0; at < 2 * (size_t)PAGES * PAGE; at++)
			sum += moved[at];
		errno = UNTOUCHED;
		result = munmap(moved, 2 * (size_t)PAGES * PAGE);
		printf("%s: %d, %d, errno %d\n", who, sum, result, errno);
		result = munmap(moved + 1, PAGE);
		printf("%s: %d, errno %d\n", who, result, errno);
	}
}

static bool is_documented(int result)
{
	static const int errors[] = {EINVAL, ENOMEM, EBADF, EAGAIN, EFAULT};

	for (size_t i = 0; result == -1 && i < sizeof(errors) / sizeof(*errors); i++) {
		if (errno == errors[i])
			return true;
	}
	return result == 0;
}

/* Maps all kinds: the requested memory is there, and nothing else. */
static void map_kinds(void)
{
	static const int kinds[] = {MAP_PRIVATE, MAP_SHARED, MAP_PRIVATE | MAP_NORESERVE,
				    MAP_PRIVATE | MAP_POPULATE};
	const size_t len = (size_t)PAGES * PAGE;
	char *room = map(len), *memory;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; room && i < sizeof(kinds) / sizeof(*kinds); i++) {
		memory = mmap(room + PAGE, PAGE, PROT_READ | PROT_WRITE,
			      kinds[i] | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		printf("fixed: %d, %d %d %d\n", memory == room + PAGE, room[0], room[PAGE],
		       room[2 * PAGE]);
		memset(room, 1, len);
	}
	memory = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	printf("file: %.3s\n", memory == MAP_FAILED ? "none" : memory + 1);
	errno = 0;
	memory = mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("nothing: %d, errno %d\n", memory == MAP_FAILED, errno);
	memory = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0);
	printf("no file: %d, errno %d\n", memory == MAP_FAILED, errno);
	close(fd);
	munmap(room, len);
}

/* Moves to a given place, growing, shrinking, and to impossible places. */
static void move_memory(void)
{
	const size_t len = (size_t)PAGES * PAGE;
	char *memory = map(len), *room = map(2 * len), *moved;

	if (!memory || !room)
		return;
	moved = mremap(memory, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, room + PAGE);
	printf("moved: %d, %d\n", moved == room + PAGE, room[len]);
	moved = mremap(room + PAGE, len, PAGE, 0);
	printf("shrunk: %d\n", moved == room + PAGE);
	errno = 0;
	moved = mremap(room + 1, PAGE, PAGE, MREMAP_MAYMOVE);
	printf("odd: %d, errno %d\n", moved == MAP_FAILED, errno);
	printf("unmapped: %d\n", munmap(room, 2 * len));
}

/* A name may be refused, as on a kernel that keeps none; everything else must work as usual. */
static bool is_named(const void *memory, size_t len, const char *name)
{
	errno = 0;
	return is_documented(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, memory, len, name));
}

static void name_memory(void)
{
	const size_t len = (size_t)PAGES * PAGE;
	char *memory = map(len), old[17] = "", now[17] = "";
	int unknown;
	bool right = memory && is_named(memory, len, "fault: all") &&
		     is_named(memory + PAGE, PAGE, "fault: page") && is_named(memory, PAGE, NULL);

	for (size_t i = 0; right && i < len; i++)
		right = memory[i] == 1;
	prctl(PR_GET_NAME, old);
	prctl(PR_SET_NAME, "renamed");
	prctl(PR_GET_NAME, now);
	prctl(PR_SET_NAME, old);
	unknown = prctl(-1, 0, 0, 0, 0);
	printf("named: %d, %s, %d, errno %d\n", right, now, unknown, errno);
	munmap(memory, len);
}

static void attach(void)
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	char *memory = shmat(id, NULL, 0), *none;

	shmctl(id, IPC_RMID, NULL);
	if (memory == (void *)-1) {
		printf("shmat: %s\n", strerror(errno));
		return;
	}
	printf("attached: %d\n", memory[0]);
	printf("detached: %d\n", shmdt(memory));
	none = shmat(-1, NULL, 0);
	printf("no segment: %d, errno %d\n", none == (void *)-1, errno);
}

/* The C library and the dynamic linker map memory too. */
static void use_libraries(void)
{
	const size_t large = (size_t)1 << 22;
	char *memory = malloc(large);
	void *library = dlopen(LIBM_SO, RTLD_NOW);
	double (*root)(double) = NULL;

	if (library)
		*(void **)&root = dlsym(library, "sqrt");
	printf("library: %g\n", root ? root(16) : 0);
	if (library)
		dlclose(library);
	printf("no library: %d\n", dlopen("/nonexistent", RTLD_NOW) == NULL);
	if (memory)
		memset(memory, 1, large);
	printf("allocated: %d\n", memory ? memory[large - 1] : 0);
	free(memory);
}

static void *in_thread(void *argument)
{
	use_memory(argument);
	return NULL;
}

static void *in_crowd(void *argument)
{
	bool *right = argument;

	*right = true;
	for (int i = 0; i < ROUNDS; i++) {
		char *memory = map((size_t)PAGES * PAGE);

		*right &= memory && is_named(memory, PAGE, "fault: crowd") && memory[PAGE] == 1 &&
			  munmap(memory, (size_t)PAGES * PAGE) == 0;
	}
	return NULL;
}

static void run_threads(void)
{
	pthread_t thread, crowd[THREADS];
	bool right[THREADS];

	if (pthread_create(&thread, NULL, in_thread, (char[]){"thread"}) == 0)
		pthread_join(thread, NULL);
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&crowd[i], NULL, in_crowd, &right[i]);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(crowd[i], NULL);
		printf("crowd: %d\n", right[i]);
	}
}

static void run_children(char *self)
{
	extern char **environ;
	char what[] = "child", *command[] = {self, what, NULL};
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		use_memory("child");
		name_memory();
		_exit(STATUS);
	}
	waitpid(child, &status, 0);
	printf("child: %d\n", status);
	child = fork();
	if (child == 0) {
		execv("/proc/self/exe", command);
		_exit(1);
	}
	waitpid(child, &status, 0);
	printf("program: %d\n", status);
	if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, command, environ) == 0)
		waitpid(child, &status, 0);
	printf("spawned: %d\n", status);
}

static int run(char *self)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	use_memory("program");
	map_kinds();
	move_memory();
	name_memory();
	attach();
	use_libraries();
	run_threads();
	run_children(self);
	return STATUS;
}

static int be_child(void)
{
	use_memory("run");
	name_memory();
	return STATUS;
}

/* Takes, grows and frees pieces from a few bytes to 40 MiB. */
static bool allocate(size_t first)
{
	static const size_t sizes[] = {1, 100, 5000, 300000, (size_t)3 << 20, (size_t)40 << 20};
	enum { SIZES = sizeof(sizes) / sizeof(*sizes), TIMES = 40 };
	bool right = true;

	for (size_t i = first; i < SIZES * TIMES; i++) {
		size_t size = sizes[i % SIZES] / (i >= SIZES ? 16 : 1) + 1;
		unsigned char *p = malloc(size), *more = calloc(1, size);

		right = right && p && more && more[size - 1] == 0;
		if (p)
			p[0] = p[size - 1] = (unsigned char)i;
		if (p && i % 3 == 0) {
			unsigned char *grown = realloc(p, 2 * size);

			right = right && grown;
			p = grown ? grown : p;
		}
		right = right && p && p[0] == (unsigned char)i && p[size - 1] == p[0];
		free(p);
		free(more);
	}
	return right;
}

static void *allocate_in_thread(void *argument)
{
	bool *right = argument;

	*right = allocate(2);
	return NULL;
}

static int use_malloc(void)
{
	pthread_t threads[THREADS];
	bool right[THREADS];
	int status = -1;
	pid_t child;

	setvbuf(stdout, NULL, _IONBF, 0);
	printf("allocated: %d\n", allocate(0));
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, allocate_in_thread, &right[i]);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		printf("in a thread: %d\n", right[i]);
	}
	child = fork();
	if (child == 0)
		_exit(allocate(1) ? STATUS : 0);
	waitpid(child, &status, 0);
	printf("in a child: %d\n", status);
	return STATUS;
}

/* A failure to name must not affect the memory. */
static bool map_named(void)
{
	char *memory = anonmem_map((size_t)PAGES * PAGE, "fault: mapped"), all = 0;
	bool right = memory || errno == ENOMEM;

	for (size_t i = 0; memory && i < (size_t)PAGES * PAGE; i++)
		all = (char)(all | memory[i]);
	if (memory)
		right = right && is_documented(anonmem_clear(memory, (size_t)PAGES * PAGE)) &&
			munmap(memory, (size_t)PAGES * PAGE) == 0;
	return right && all == 0;
}

static int label(void)
{
	char *memory = map((size_t)PAGES * PAGE);
	int keeps = anonmem_kernel_keeps_names();
	bool right = keeps == 0 || keeps == 1 || (keeps == -1 && errno == ENOMEM);

	for (int i = 0; i < ROUNDS; i++) {
		right &= is_documented(anonmem_name(memory, (size_t)PAGES * PAGE, "fault: all"));
		right &= is_documented(anonmem_namef(memory + PAGE, PAGE, "fault: page %d", i));
		right &= is_documented(anonmem_clear(memory + 2 * PAGE, PAGE));
		right &= anonmem_name(memory + 1, PAGE, "fault: odd") == -1;
		right &= anonmem_name(memory, PAGE, "fault: [bad]") == -1;
		right &= map_named();
	}
	for (size_t i = 0; i < (size_t)PAGES * PAGE; i++)
		right &= memory[i] == 1;
	puts(right ? "all as documented" : "not as documented");
	return STATUS;
}

static int show_names(void)
{
	const size_t len = (size_t)PAGES * PAGE;
	char *memory = map(len);

	if (!memory || !is_named(memory, len, "fault: all") ||
	    !is_named(memory + PAGE, PAGE, "fault: page"))
		return 1;
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	int status;

	if (strcmp(what, "label") == 0)
		return label();
	if (strcmp(what, "names") == 0)
		return show_names();
	if (strcmp(what, "child") == 0)
		return be_child();
	if (strcmp(what, "malloc") == 0)
		return use_malloc();
	status = run(argv[0]);
	if (strcmp(what, "stay") == 0)
		usleep(100000);
	return status;
}
