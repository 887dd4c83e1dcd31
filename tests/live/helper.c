/*
 * Processes for the live tests: each command below makes known memory or processes, describes them
 * on standard output, and stays until standard input is closed. So nothing is left behind, however
 * the test ends.
 */
#include "anonmem/anonmem.h"
#include "situations.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MIB = 1024 * 1024 };

static size_t page_size;

static void fail(const char *what)
{
	fprintf(stderr, "helper: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void wait_for_end(void)
{
	char byte;

	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static void touch(char *at, size_t size)
{
	for (size_t i = 0; i < size; i += page_size)
		at[i] = (char)(i / page_size + 1);
}

/* Without huge pages, exactly the touched memory is resident. */
static void forbid_huge_pages(char *at, size_t size)
{
	madvise(at, size, MADV_NOHUGEPAGE);
}

/* Private anonymous memory that cannot merge with its neighbours: an inaccessible page on each side
 * prevents that. */
static char *map_private(size_t size)
{
	char *at = mmap(NULL, size + 2 * page_size, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED || mprotect(at + page_size, size, PROT_READ | PROT_WRITE) < 0)
		fail("private memory");
	forbid_huge_pages(at + page_size, size);
	return at + page_size;
}

static char *map_memfd(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	char *at;

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		fail("memfd");
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		fail("memfd");
	forbid_huge_pages(at, size);
	close(fd);
	return at;
}

static char *map_shared(size_t size)
{
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		fail("shared memory");
	forbid_huge_pages(at, size);
	return at;
}

/* Removed as soon as no process maps it any more. */
static char *map_sysv(size_t size)
{
	int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
	char *at = id < 0 ? (char *)-1 : shmat(id, NULL, 0);

	if (at == (char *)-1)
		fail("System V segment");
	shmctl(id, IPC_RMID, NULL);
	return at;
}

static void say_range(const char *name, const char *at, size_t size)
{
	printf("%s 0x%jx 0x%jx\n", name, (uintmax_t)(uintptr_t)at,
	       (uintmax_t)((uintptr_t)at + size));
}

/* The child dies with its parent. */
static pid_t spawn(void)
{
	pid_t parent = getpid(), pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

static void pause_for_ever(void)
{
	for (;;)
		pause();
}

/* 8 MiB of private memory with 5 touched, a memfd of 4 MiB with 3 touched, 1 MiB shared. */
static void command_memory(int count)
{
	char *private = map_private(8 * MIB), *memfd = map_memfd("anonmem live", 4 * MIB);
	char *shared = map_shared(1 * MIB);

	(void)count;
	touch(private, 5 * MIB);
	touch(memfd, 3 * MIB);
	touch(shared, 1 * MIB);
	say_range("private", private, 8 * MIB);
	say_range("memfd", memfd, 4 * MIB);
	say_range("shared", shared, 1 * MIB);
	puts("ready");
	wait_for_end();
}

/* Everything that a parent and its children can share; each child then writes to its own part of
 * what it inherited, and to memory of its own. */
static void command_share(int count)
{
	char *private = map_private(4 * MIB), *memfd = map_memfd("pool", 2 * MIB);
	char *shared = map_shared(1 * MIB), *sysv = map_sysv(512 * 1024);

	touch(private, 4 * MIB);
	touch(memfd, 2 * MIB);
	touch(shared, 1 * MIB);
	touch(sysv, 512 * 1024);
	say_range("private", private, 4 * MIB);
	say_range("memfd", memfd, 2 * MIB);
	for (int i = 0; i < count; i++) {
		int ready[2];
		pid_t pid;
		char byte;

		if (pipe(ready) < 0)
			fail("pipe");
		pid = spawn();
		if (pid == 0) {
			char *own = map_private(256 * 1024);

			touch(private + (size_t)i * 64 * 1024, 64 * 1024);
			touch(memfd, 2 * MIB);
			touch(shared, 1 * MIB);
			touch(sysv, 512 * 1024);
			touch(own, 256 * 1024);
			close(ready[0]);
			close(ready[1]);
			pause_for_ever();
		}
		close(ready[1]);
		while (read(ready[0], &byte, 1) > 0)
			;
		close(ready[0]);
		printf("child %d\n", pid);
	}
	puts("ready");
	wait_for_end();
}

/* 64 MiB at a multiple of 2 MiB, in huge pages or not. */
static char *map_large(int advice)
{
	enum { HUGE = 2 * MIB, SIZE = 64 * MIB };
	char *room = mmap(NULL, SIZE + 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at = room + HUGE - (uintptr_t)room % HUGE;

	if (room == MAP_FAILED || mprotect(at, SIZE, PROT_READ | PROT_WRITE) < 0)
		fail("private memory");
	madvise(at, SIZE, advice);
	touch(at, SIZE);
	return at;
}

/* A memfd of 16 MiB, mapped three times and still open. */
static void map_thrice(void)
{
	enum { SIZE = 16 * MIB };
	int fd = memfd_create("thrice", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, SIZE) < 0)
		fail("memfd");
	for (int i = 0; i < 3; i++) {
		char *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (at == MAP_FAILED)
			fail("memfd");
		touch(at, SIZE);
	}
	printf("descriptor %d 0\n", fd);
}

/* A parent and its children that share all of this; each child has also written to 256 KiB of its
 * own. The segment is marked for removal. */
static void make_family(int count, int advice)
{
	char *large = map_large(advice), *shared = map_shared(2 * MIB), *sysv = map_sysv(4 * MIB);
	int ready[2];
	char byte;

	map_thrice();
	touch(shared, 2 * MIB);
	touch(sysv, 4 * MIB);
	if (pipe(ready) < 0)
		fail("pipe");
	for (int i = 0; i < count; i++) {
		pid_t pid = spawn();

		if (pid == 0) {
			touch(map_private(256 * 1024), 256 * 1024);
			close(ready[0]);
			close(ready[1]);
			pause_for_ever();
		}
		printf("child %d\n", pid);
	}
	close(ready[1]);
	while (read(ready[0], &byte, 1) > 0)
		;
	say_range("large", large, 64 * MIB);
	puts("ready");
	wait_for_end();
}

static void command_family(int count)
{
	make_family(count, MADV_NOHUGEPAGE);
}

static void command_huge_family(int count)
{
	make_family(count, MADV_HUGEPAGE);
}

static void *hold_a_memfd(void *arg)
{
	/* So that its start time is another one, too. */
	usleep(50000);
	prctl(PR_SET_NAME, "live-thread");
	touch(map_memfd("headless", 4 * MIB), 4 * MIB);
	puts("ready");
	wait_for_end();
	exit(0);
	return arg;
}

/* The main thread ends; another one continues with a memfd of 4 MiB. */
static void command_headless(int count)
{
	pthread_t other;

	(void)count;
	if (pthread_create(&other, NULL, hold_a_memfd, NULL) != 0)
		fail("thread");
	pthread_exit(NULL);
}

static void command_sleepers(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = spawn();

		if (pid == 0)
			pause_for_ever();
		printf("child %d\n", pid);
	}
	puts("ready");
	wait_for_end();
}

static int be_together(void *unused)
{
	char byte;

	(void)unused;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	_exit(0);
}

/* A child that shares memory with its parent; both continue. */
static void command_clone(int count)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));
	char *private = map_private((size_t)count * MIB);
	pid_t pid;

	touch(private, (size_t)count * MIB);
	pid = clone(be_together, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	if (pid < 0)
		fail("clone");
	printf("child %d\n", pid);
	puts("ready");
	wait_for_end();
}

/* The same with a parent that waits for it. */
static void command_vfork(int count)
{
	char *private = map_private((size_t)count * MIB);

	touch(private, (size_t)count * MIB);
	if (vfork() == 0) {
		printf("child %d\nready\n", getpid());
		wait_for_end();
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

static void *say_thread(void *ready)
{
	printf("child %d\n", gettid());
	pthread_barrier_wait(ready);
	pause();
	return NULL;
}

static void command_thread(int count)
{
	static pthread_barrier_t ready;
	pthread_t id;

	(void)count;
	if (pthread_barrier_init(&ready, NULL, 2) != 0 ||
	    pthread_create(&id, NULL, say_thread, &ready) != 0)
		fail("thread");
	pthread_barrier_wait(&ready);
	puts("ready");
	wait_for_end();
}

static void command_zombie(int count)
{
	pid_t pid = spawn();
	siginfo_t info;

	(void)count;
	if (pid == 0)
		_exit(0);
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
		fail("waitid");
	printf("child %d\n", pid);
	puts("ready");
	wait_for_end();
}

static void run_again(int count)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", count);
	execl("/proc/self/exe", "helper", "churn-again", number, NULL);
	_exit(1);
}

/* A child that executes one program after another, and others that come and go. */
static void churn(int count)
{
	for (;;) {
		pid_t pid = spawn();

		if (pid == 0 && count % 2)
			_exit(0);
		if (pid == 0)
			run_again(40);
		waitpid(pid, NULL, 0);
	}
}

static void command_churn(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = spawn();

		if (pid == 0)
			churn(i);
		printf("child %d\n", pid);
	}
	puts("ready");
	wait_for_end();
}

static void command_churn_again(int count)
{
	touch(map_private(MIB), MIB);
	if (count > 0)
		run_again(count - 1);
}

/* Asks the kernel to swap memory out. */
static void command_swap(int count)
{
	char *private = map_private(4 * MIB);

	(void)count;
	touch(private, 4 * MIB);
	if (madvise(private, 4 * MIB, MADV_PAGEOUT) < 0)
		fail("madvise");
	say_range("private", private, 4 * MIB);
	puts("ready");
	wait_for_end();
}

/* A process name that would clear the screen, and end a field of stat. */
static void command_name(int count)
{
	(void)count;
	prctl(PR_SET_NAME, "a) R 1\n\033[2J\xff");
	puts("ready");
	wait_for_end();
}

/* Unnamed memory that anonmem can guess, and look-alikes. */

static char big_bss[4 * MIB];

static char *map_at(uintptr_t at, size_t size, int protection)
{
	char *got = mmap((void *)at, size, protection,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (got != (char *)at)
		fail("memory at an address");
	if (protection & PROT_WRITE)
		touch(got, page_size);
	return got;
}

static void say_map_at(const char *name, uintptr_t at, size_t size, int protection)
{
	say_range(name, map_at(at, size, protection), size);
}

/* The stack of a thread, and with malloc() its arena, made by glibc itself. */
static void *thread(void *ready)
{
	char local[64 * 1024];
	char *block = malloc(100 * 1000);

	if (!block)
		fail("malloc");
	touch(local, sizeof(local));
	touch(block, 100 * 1000);
	printf("on-stack 0x%jx 0\nin-arena 0x%jx 0\n", (uintmax_t)(uintptr_t)local,
	       (uintmax_t)(uintptr_t)block);
	pthread_barrier_wait(ready);
	pause();
	return NULL;
}

static void start_thread(void)
{
	static pthread_barrier_t ready;
	pthread_t id;

	if (pthread_barrier_init(&ready, NULL, 2) != 0 ||
	    pthread_create(&id, NULL, thread, &ready) != 0)
		fail("thread");
	pthread_barrier_wait(&ready);
}

enum { WRITE = PROT_READ | PROT_WRITE };

/* At addresses that are free in every process, and far enough apart for the rules. */
static void command_inferred(int count)
{
	(void)count;
	touch(big_bss, sizeof(big_bss));
	printf("in-bss 0x%jx 0\n", (uintmax_t)(uintptr_t)(big_bss + sizeof(big_bss) / 2));
	start_thread();
	say_map_at("reserved", 0x300000000000, MIB, PROT_NONE);
	say_map_at("jit", 0x301000000000, MIB, WRITE | PROT_EXEC);
	say_map_at("go", 0xc000000000, 4 * MIB, WRITE);
	say_map_at("go-rest", 0xc000400000, 60 * MIB, PROT_NONE);
	say_map_at("java", 0x700000000, 16 * MIB, WRITE);
	say_map_at("java-rest", 0x701000000, 0xff000000, PROT_NONE);
	say_map_at("v8", 0x302000040000, 256 * 1024, WRITE);
	say_map_at("spidermonkey", 0x303000100000, MIB, WRITE);
	puts("ready");
	wait_for_end();
}

/* A private mapping of a file without code, directly followed by memory. */
static void make_false_bss(uintptr_t at)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || mmap((void *)at, page_size, WRITE, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd,
			   0) == MAP_FAILED)
		fail("file");
	close(fd);
	say_map_at("false-bss", at + page_size, MIB, WRITE);
}

/* Memory as allocated by Python, PHP and redis, where the kernel puts it: after the program. */
static void make_pieces(void)
{
	char *room = mmap(NULL, 8 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at = room + 2 * MIB - (uintptr_t)room % (2 * MIB);

	if (room == MAP_FAILED || mprotect(at, 4 * MIB, WRITE) < 0)
		fail("pieces");
	touch(at, 4 * MIB);
	say_range("false-pieces", at, 4 * MIB);
}

static void command_lookalikes(int count)
{
	char *touched = map_at(0x300000000000, MIB, WRITE);

	(void)count;
	mprotect(touched, MIB, PROT_NONE);
	say_range("false-reserved", touched, MIB);
	make_false_bss(0x301000000000);
	/* After a page without access, but not of a stack's size; of that size, but not directly
	 * after.
	 */
	map_at(0x302000000000, page_size, PROT_NONE);
	say_map_at("false-stack", 0x302000001000, 6 * MIB, WRITE);
	map_at(0x303000000000, page_size, PROT_NONE);
	say_map_at("false-stack-apart", 0x303000002000, 8 * MIB, WRITE);
	/* More of it is used than of a stack. */
	map_at(0x309000000000, page_size, PROT_NONE);
	say_map_at("false-stack-used", 0x309000001000, 256 * 1024, WRITE);
	touch((char *)0x309000001000, 256 * 1024);
	/* Aligned, but with a reserve unlike an arena's; with that reserve, but not aligned. */
	say_map_at("false-arena", 0x304000000000, 132 * 1024, WRITE);
	map_at(0x304000021000, 32 * MIB, PROT_NONE);
	say_map_at("false-arena-apart", 0x305000100000, 132 * 1024, WRITE);
	map_at(0x305000121000, 64 * MIB - 132 * 1024, PROT_NONE);
	say_map_at("false-go", 0xc000000000, 2 * MIB, WRITE);
	say_map_at("false-go-later", 0xc010000000, 4 * MIB, WRITE);
	say_map_at("false-java", 0x700001000, 16 * MIB, WRITE);
	map_at(0x701001000, 16 * MIB, PROT_NONE);
	say_map_at("false-v8", 0x306000041000, 256 * 1024, WRITE);
	say_map_at("false-v8-size", 0x307000040000, 512 * 1024, WRITE);
	say_map_at("false-spidermonkey", 0x30a000040000, MIB, WRITE);
	make_pieces();
	puts("ready");
	wait_for_end();
}

static void *name_without_pause(void *arg)
{
	char *memory = arg;

	for (unsigned i = 0;; i++) {
		char *at = memory + i * 7 % 200 * page_size;

		if ((i % 5 ? anonmem_namef(at, 5 * page_size, "live: %u", i % 11)
			   : anonmem_clear(at, 20 * page_size)) < 0)
			fail("naming");
	}
	return NULL;
}

/* A mapping with one half named once, and the rest renamed all the time by `count` threads. */
static void command_names(int count)
{
	char *memory = map_private(4 * MIB);

	if (anonmem_name(memory, MIB, "live: low") < 0 ||
	    anonmem_name(memory + 3 * MIB, MIB, "live: high") < 0)
		fail("naming");
	touch(memory, 4 * MIB);
	for (int i = 0; i < count; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, name_without_pause, memory + MIB) != 0)
			fail("thread");
	}
	say_range("private", memory, 4 * MIB);
	puts("ready");
	wait_for_end();
}

/* A thread does this on each SIGUSR1; it takes less than a clock tick and causes no page fault. */
struct changing {
	void (*change)(char *memory, unsigned n);
	char *memory;
};

static void rename_it(char *memory, unsigned n)
{
	if (anonmem_namef(memory, 4 * MIB, "live: phase %u", n) < 0)
		fail("naming");
}

static void split_it(char *memory, unsigned n)
{
	if (mprotect(memory, 2 * MIB, n % 2 ? PROT_READ : WRITE) < 0)
		fail("mprotect");
}

static void change_user(char *memory, unsigned n)
{
	(void)memory;
	if (setresuid((uid_t)-1, n % 2, (uid_t)-1) < 0)
		fail("setresuid");
}

static char *command_line;

static void change_title(char *memory, unsigned n)
{
	(void)memory;
	command_line[0] = (char)('0' + n);
}

/* Not by puts(): if the process ended just now, the main thread would write it once more. */
static void say(const char *word)
{
	if (write(STDOUT_FILENO, word, strlen(word)) < 0)
		fail("write");
}

static void *change_at_signals(void *arg)
{
	const struct changing *c = arg;
	sigset_t signals;
	int number;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	for (unsigned n = 0;;) {
		c->change(c->memory, n++);
		say(n == 1 ? "ready\n" : "changed\n");
		sigwait(&signals, &number);
	}
	return NULL;
}

static void change(struct changing c)
{
	sigset_t signals;
	pthread_t thread;
	char byte;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	c.memory = map_private(4 * MIB);
	touch(c.memory, 4 * MIB);
	if (pthread_create(&thread, NULL, change_at_signals, &c) != 0)
		fail("thread");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static void command_renames(int count)
{
	(void)count;
	change((struct changing){.change = rename_it});
}

static void command_splits(int count)
{
	(void)count;
	change((struct changing){.change = split_it});
}

static void command_users(int count)
{
	(void)count;
	change((struct changing){.change = change_user});
}

static void command_titles(int count)
{
	(void)count;
	change((struct changing){.change = change_title});
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(int count);
	} commands[] = {
		{"memory", command_memory},	{"share", command_share},
		{"sleepers", command_sleepers}, {"zombie", command_zombie},
		{"churn", command_churn},	{"churn-again", command_churn_again},
		{"swap", command_swap},		{"name", command_name},
		{"inferred", command_inferred}, {"lookalikes", command_lookalikes},
		{"names", command_names},	{"clone", command_clone},
		{"vfork", command_vfork},	{"thread", command_thread},
		{"names", command_names},	{"family", command_family},
		{"headless", command_headless}, {"huge-family", command_huge_family},
		{"renames", command_renames},	{"splits", command_splits},
		{"users", command_users},	{"titles", command_titles},
	};
	int count = argc > 2 ? atoi(argv[2]) : 0;

	command_line = argv[0];
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0) {
			commands[i].run(count);
			return 0;
		}
	}
	for (const struct situation *s = situations; argc > 1 && s->name; s++) {
		if (strcmp(argv[1], s->name) == 0) {
			s->make();
			puts("ready");
			wait_for_end();
			return 0;
		}
	}
	fprintf(stderr, "helper: unknown command\n");
	return 2;
}
