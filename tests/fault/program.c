/*
 * What runs while calls of anonmem's libraries fail, by its argument:
 *
 *	run	maps, moves and unmaps memory, and says what came of it: with anonmem's preloaded
 *		library the same as without
 *	stay	the same, and stays for a while
 *	label	names memory with libanonmem, and says whether each call did as documented
 *
 * It ends with 7.
 */
#include "anonmem/anonmem.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES = 8, PAGE = 4096, ROUNDS = 3, STATUS = 7, UNTOUCHED = 77 };

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
		int sum = 0;

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
		printf("%s: %d, %d, errno %d\n", who, sum, munmap(moved, 2 * (size_t)PAGES * PAGE),
		       errno);
		errno = 0;
		printf("%s: %d, errno %d\n", who, munmap(moved + 1, PAGE), errno);
	}
}

static void *in_thread(void *argument)
{
	use_memory(argument);
	return NULL;
}

static int run(void)
{
	pthread_t thread;
	int status = -1;
	pid_t child;

	setvbuf(stdout, NULL, _IONBF, 0);
	use_memory("program");
	if (pthread_create(&thread, NULL, in_thread, (char[]){"thread"}) == 0)
		pthread_join(thread, NULL);
	child = fork();
	if (child == 0) {
		use_memory("child");
		_exit(STATUS);
	}
	waitpid(child, &status, 0);
	printf("child: %d\n", status);
	return STATUS;
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

/* Memory that nobody can name is still memory. */
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

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	int status = strcmp(what, "label") == 0 ? label() : run();

	if (strcmp(what, "stay") == 0)
		usleep(100000);
	return status;
}
