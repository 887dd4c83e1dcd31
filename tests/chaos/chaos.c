/*
 * The actors of the chaos tests: processes that come, go, change and stay while anonmem reads them.
 * Their memory is named after them, so that a reading that mixes two processes, or two programs of
 * one process, is detected.
 *
 * Each command runs in its own pid namespace, which ends with everything in it when standard input
 * is closed. Pids are printed as /proc shows them.
 */
#include "anonmem/anonmem.h"
#include "label/layout.h"
#include "stuckfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KIB = 1024, MIB = 1024 * KIB };

static size_t page_size;

static void fail(const char *what)
{
	fprintf(stderr, "chaos: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *map(void *at, size_t size, int access, int flags)
{
	void *memory = mmap(at, size, access, flags | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		fail("mmap");
	return memory;
}

static void touch(char *at, size_t size)
{
	for (size_t i = 0; i < size; i += page_size)
		at[i] = 1;
}

/* Resident memory that is named after its process. */
static void mark(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	char *at;

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		fail("memfd");
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (at == MAP_FAILED)
		fail("memfd");
	touch(at, size);
	close(fd);
}

static void call_it(const char *name)
{
	prctl(PR_SET_NAME, name);
}

static unsigned any(unsigned below)
{
	static unsigned seed;

	if (!seed)
		seed = (unsigned)getpid() * 2654435761u ^ (unsigned)time(NULL);
	return (unsigned)rand_r(&seed) % below;
}

static void sleep_us(unsigned us)
{
	const struct timespec t = {us / 1000000, us % 1000000 * 1000L};

	nanosleep(&t, NULL);
}

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

/* /proc belongs to the namespace outside. */
static int pid_outside(void)
{
	char text[16] = "";

	if (readlink("/proc/self", text, sizeof(text) - 1) < 0)
		fail("/proc/self");
	return atoi(text);
}

static void say(const char *what)
{
	printf("%s %d\n", what, pid_outside());
	fflush(stdout);
}

static pid_t spawn(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	return pid;
}

/* Executes this program again, under a path that gives the process its name. */
static void run_as(const char *path, const char *command, int count)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", count);
	execl(path, path, "--inside", command, number, NULL);
	_exit(1);
}

/* `count` processes that do not change, about which everything is known. */
static void stand_still(int count, size_t size)
{
	for (int i = 0; i < count; i++) {
		if (spawn() == 0) {
			call_it("still");
			if (size)
				mark("still", size);
			touch(map(NULL, 64 * KIB, PROT_READ | PROT_WRITE, 0), 64 * KIB);
			say("still");
			sleep_for_ever();
		}
	}
	sleep_for_ever();
}

static void command_still(int count)
{
	stand_still(count, 256 * KIB);
}

static void command_sleepers(int count)
{
	stand_still(count, 0);
}

/* A program executed by the storm, named after its file. */
static void command_again(int count)
{
	mark("again", 64 * KIB);
	sleep_us(any((unsigned)count * 1000));
}

/* The more processes, the longer the pause, so as to load the machine without overloading it. */
static void storm_once(int count)
{
	static int number;
	char name[16];
	pid_t pid;

	number++;
	pid = spawn();
	if (pid == 0) {
		mark("storm", 64 * KIB);
		snprintf(name, sizeof(name), "storm-%u", any(100000));
		call_it(name);
		sleep_us(any((unsigned)count * 1000));
		if (number % 3 == 0)
			_exit(0);
		run_as("./again", "again", count);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Keeps `count` processes running: half of them have a child that executes another program, or
 * exits. */
static void command_storm(int count)
{
	for (int i = 0; i < count / 2; i++) {
		if (spawn() == 0) {
			call_it("eye");
			for (;;)
				storm_once(count);
		}
	}
	sleep_for_ever();
}

/* Maps, splits, moves, unmaps and renames itself without pause, next to memory that stays; on
 * SIGTERM prints how often. */
static volatile sig_atomic_t asked;

static void on_ask(int number)
{
	(void)number;
	asked = 1;
}

static void remap_once(char *room, unsigned i)
{
	char *at = room + i % 64 * 16 * page_size;

	map(at, 8 * page_size, PROT_READ | PROT_WRITE, MAP_FIXED);
	touch(at, 3 * page_size);
	mprotect(at + page_size, page_size, PROT_READ);
	if (i % 7 == 0 && mremap(at, 2 * page_size, 2 * page_size, MREMAP_MAYMOVE | MREMAP_FIXED,
				 at + 10 * page_size) == MAP_FAILED)
		fail("mremap");
	if (i % 3 == 0)
		munmap(at, 8 * page_size);
}

static void command_remap(int count)
{
	char *room = map(NULL, 64 * 16 * page_size, PROT_NONE, MAP_NORESERVE);

	(void)count;
	call_it("remap");
	mark("constant", 2 * MIB);
	signal(SIGTERM, on_ask);
	say("remap");
	for (unsigned i = 0;; i++) {
		remap_once(room, i);
		call_it(i % 2 ? "remap" : "again");
		if (asked) {
			asked = 0;
			printf("remapped %u\n", i);
			fflush(stdout);
		}
	}
}

static void *run_as_two(void *arg)
{
	sleep_us(any(2000));
	run_as("./two", "two", 1);
	return arg;
}

/* A process that alternates between `one` and `two`; sometimes a thread other than the main thread
 * calls exec, possibly after the main thread has ended. */
static void command_one(int count)
{
	pthread_t thread;

	(void)count;
	mark("one", MIB);
	if (any(2) == 0)
		run_as_two(NULL);
	if (pthread_create(&thread, NULL, run_as_two, NULL) != 0)
		fail("thread");
	if (any(2) == 0)
		syscall(SYS_exit, 0);
	sleep_for_ever();
}

static void command_two(int count)
{
	(void)count;
	mark("two", 512 * KIB);
	sleep_us(any(2000));
	run_as("./one", "one", 1);
}

static void command_exec(int count)
{
	for (int i = 0; i < count; i++) {
		if (spawn() == 0) {
			say("exec");
			run_as("./one", "one", 1);
		}
	}
	sleep_for_ever();
}

static void command_kid(int count)
{
	(void)count;
	mark("kid", 64 * KIB);
	sleep_us(any(1000));
}

/* A child has its parent's memory until it calls exec: files of it opened before are still valid
 * afterwards, but belong to the parent. */
static void borrow_once(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl("./kid", "./kid", "--inside", "kid", "1", NULL);
		_exit(1);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void command_vfork(int count)
{
	for (int i = 0; i < count; i++) {
		if (spawn() == 0) {
			call_it("parent");
			mark("parent", MIB);
			say("parent");
			for (;;)
				borrow_once();
		}
	}
	sleep_for_ever();
}

/* A child with the given pids in our namespace and in the outer one. */
static pid_t spawn_with(pid_t inside, pid_t outside)
{
	pid_t pids[] = {inside, outside};
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uint64_t)(uintptr_t)pids,
		.set_tid_size = 2,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static void live_as(const char *name, size_t size)
{
	mark(name, size);
	call_it(name);
	sleep_us(any(4000));
	_exit(0);
}

/* A pid that belongs to one process after the other, `odd` and `even`. */
static void command_reuse(int count)
{
	pid_t outside = pid_outside() + 1000;

	(void)count;
	printf("pid %d\n", outside);
	fflush(stdout);
	for (unsigned i = 0;; i++) {
		pid_t pid = spawn_with(1000, outside);

		if (pid < 0)
			fail("clone3 with a given pid");
		if (pid == 0)
			live_as(i % 2 ? "odd" : "even", i % 2 ? 256 * KIB : 512 * KIB);
		waitpid(pid, NULL, 0);
	}
}

/* Names that tell where they belong: thread and place. */

enum { PLACES = 40, PLACE = 64 * KIB };

static char *places;

static void name_place(char *at, size_t size, unsigned thread, unsigned place, unsigned turn)
{
	char name[ANONMEM_NAME_MAX + 1];

	snprintf(name, sizeof(name), "chaos: %u %u %u", thread, place, turn % 5);
	if (anonmem_name(at, size, name) < 0)
		fail("name");
}

static void *name_and_unmap(void *arg)
{
	unsigned thread = (unsigned)(uintptr_t)arg;

	for (unsigned turn = 0;; turn++) {
		unsigned place = turn * 7 % PLACES;
		char *at = places + ((size_t)thread * PLACES + place) * PLACE;
		size_t size = (1 + turn % 8) * page_size;

		map(at, size, PROT_READ | PROT_WRITE, MAP_FIXED);
		at[0] = 1;
		name_place(at, size, thread, place, turn);
		if (turn % 3 == 0 && size > page_size)
			name_place(at + page_size, page_size, thread, place, turn + 1);
		if (turn % 2 == 0)
			continue;
		anonmem_clear(at, PLACE);
		if (munmap(at, PLACE) < 0 ||
		    map(at, PLACE, PROT_NONE, MAP_FIXED | MAP_NORESERVE) != at)
			fail("munmap");
	}
	return NULL;
}

static void command_names(int count)
{
	size_t size = (size_t)count * PLACES * PLACE;
	char *constant = map(NULL, MIB, PROT_READ | PROT_WRITE, 0);

	touch(constant, MIB);
	if (anonmem_name(constant, MIB, "chaos: constant") < 0)
		fail("name");
	places = map(NULL, size, PROT_NONE, MAP_NORESERVE);
	printf("places %ju\n", (uintmax_t)(uintptr_t)places);
	for (int i = 0; i < count; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, name_and_unmap, (void *)(uintptr_t)i) != 0)
			fail("thread");
	}
	say("names");
	sleep_for_ever();
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A table of names that rarely stays unchanged for as long as reading one block takes, and then is
 * inconsistent. A reader that insists makes progress, but never finishes. */
static void tease(struct layout *t)
{
	struct layout_block *b = &t->blocks[0];
	uint64_t moved = 0;

	for (;;) {
		uint64_t begun = now_ns();

		if (begun - moved > 150000000) {
			__atomic_fetch_add(&t->head.changes, 2, __ATOMIC_SEQ_CST);
			moved = begun;
		}
		while (now_ns() - begun < 250000)
			__atomic_fetch_add(&b->changes, 1, __ATOMIC_SEQ_CST);
		__atomic_fetch_and(&b->changes, ~1u, __ATOMIC_SEQ_CST);
		begun = now_ns();
		while (now_ns() - begun < 10000)
			;
	}
}

static struct layout *map_table(void)
{
	int fd = memfd_create(LAYOUT_MEMFD, MFD_CLOEXEC);
	struct layout *t;

	if (fd < 0 || ftruncate(fd, sizeof(*t)) < 0)
		fail("memfd");
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (t == MAP_FAILED)
		fail("mmap");
	return t;
}

/* Makes a head with `blocks` blocks, which are all the same one. */
static void begin_table(struct layout_head *head, uint32_t blocks)
{
	head->size = sizeof(struct layout);
	head->blocks = blocks;
	head->magic = LAYOUT_MAGIC;
}

/* Makes readers of missing pages of this memory wait until we provide them through the returned
 * descriptor. */
static int keep_away(void *memory, size_t size)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register wanted = {
		.range = {(uintptr_t)memory, size},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &wanted) < 0)
		fail("userfaultfd");
	return fd;
}

/* A table of names whose head comes and goes. A reader that saw it and reads it when it is gone
 * waits forever: it is not woken when the head returns. */
static void command_trap(int count)
{
	struct layout *t = map_table();
	struct layout_head *head = map(NULL, page_size, PROT_READ | PROT_WRITE, 0);
	struct uffdio_copy bring = {.dst = (uintptr_t)t,
				    .src = (uintptr_t)head,
				    .len = page_size,
				    .mode = UFFDIO_COPY_MODE_DONTWAKE};
	int fd;

	(void)count;
	begin_table(head, 0);
	fd = keep_away(t, (sizeof(*t) + page_size - 1) / page_size * page_size);
	say("trap");
	for (;;) {
		bring.copy = 0;
		if (madvise(t, page_size, MADV_DONTNEED) < 0 || ioctl(fd, UFFDIO_COPY, &bring) < 0)
			fail("trap");
	}
}

static void command_tease(int count)
{
	struct layout *t = map_table();

	(void)count;
	begin_table(&t->head, LAYOUT_BLOCKS);
	t->blocks[0].count = 1; /* a range without an end */
	say("tease");
	tease(t);
}

/* Uninterruptible sleep until the child ends, which it does not. */
static void wait_for_child(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		sleep_for_ever();
}

/* Inside a system call that waits for a page that never arrives. */
static void wait_for_page(void)
{
	char *page = map(NULL, page_size, PROT_READ | PROT_WRITE, 0);
	int ends[2];

	keep_away(page, page_size);
	if (pipe(ends) < 0 || write(ends[1], "", 1) != 1)
		fail("pipe");
	if (read(ends[0], page, 1) < 0)
		fail("read");
}

static void *live_on(void *arg)
{
	sleep_for_ever();
	return arg;
}

/* The process continues without its main thread. */
static void end_main_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, live_on, NULL) != 0)
		fail("thread");
	pthread_exit(NULL);
}

/* One process in each state other than running and ordinary sleep. */
static void command_states(int count)
{
	static const struct {
		const char *name;
		void (*enter)(void);
	} states[] = {
		{"vfork", wait_for_child},
		{"page", wait_for_page},
		{"leaderless", end_main_thread},
	};

	(void)count;
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		if (spawn() == 0) {
			call_it(states[i].name);
			mark(states[i].name, MIB);
			say(states[i].name);
			states[i].enter();
			sleep_for_ever();
		}
	}
	sleep_for_ever();
}

static atomic_bool is_free;

/* The mmap lock stays held for reading until the server of this page ends, */
static void *hold_the_lock(void *page)
{
	int self = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char byte;

	if (pread(self, &byte, 1, (off_t)(uintptr_t)page) == 1)
		fail("it was read");
	is_free = true;
	return page;
}

/* and while a writer waits, nobody else may read. */
static void *wait_for_the_lock(void *arg)
{
	while (!is_free)
		munmap(map(NULL, page_size, PROT_READ, 0), page_size);
	return arg;
}

/* Processes whose memory cannot be read or changed while the process `stuckfs` lives. */
static void command_stuck(int count)
{
	int file = stuckfs_open("stuckfs");

	if (file < 0)
		fail("a file that cannot be read");
	for (int i = 0; i < count; i++) {
		pthread_t threads[2];
		void *page;

		if (spawn() > 0)
			continue;
		call_it("stuck");
		page = mmap(NULL, page_size, PROT_READ, MAP_PRIVATE, file, 0);
		say("stuck");
		if (page == MAP_FAILED ||
		    pthread_create(&threads[0], NULL, wait_for_the_lock, NULL) != 0 ||
		    pthread_create(&threads[1], NULL, hold_the_lock, page) != 0)
			fail("stuck");
		sleep_for_ever();
	}
	sleep_for_ever();
}

/* `count` mappings of a page; every fourth page is resident. */
static void command_mappings(int count)
{
	char *at = map(NULL, (size_t)count * page_size, PROT_READ | PROT_WRITE, MAP_NORESERVE);

	madvise(at, (size_t)count * page_size, MADV_NOHUGEPAGE);
	for (int i = 0; i < count; i++) {
		if (i % 4 == 0)
			at[(size_t)i * page_size] = 1;
		if (i % 2 && mprotect(at + (size_t)i * page_size, page_size, PROT_READ) < 0)
			fail("mprotect");
	}
	say("mappings");
	sleep_for_ever();
}

static void run_command(const char *name, int count)
{
	static const struct {
		const char *name;
		void (*run)(int count);
	} commands[] = {
		{"still", command_still},	{"sleepers", command_sleepers},
		{"storm", command_storm},	{"again", command_again},
		{"remap", command_remap},	{"exec", command_exec},
		{"one", command_one},		{"two", command_two},
		{"vfork", command_vfork},	{"kid", command_kid},
		{"reuse", command_reuse},	{"names", command_names},
		{"tease", command_tease},	{"trap", command_trap},
		{"states", command_states},	{"stuck", command_stuck},
		{"mappings", command_mappings},
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(name, commands[i].name) == 0) {
			commands[i].run(count);
			exit(0);
		}
	}
	fprintf(stderr, "chaos: unknown command\n");
	exit(2);
}

/* The first process of a namespace, which must reap orphans. */
static void run_inside(const char *name, int count)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN);
	run_command(name, count);
}

int main(int argc, char **argv)
{
	char byte;
	pid_t pid;

	page_size = (size_t)sysconf(_SC_PAGESIZE);
	if (argc == 4 && strcmp(argv[1], "--inside") == 0)
		run_command(argv[2], atoi(argv[3]));
	if (argc != 3)
		return 2;
	call_it("chaos");
	if (unshare(CLONE_NEWPID) < 0)
		fail("a pid namespace");
	pid = spawn();
	if (pid == 0)
		run_inside(argv[1], atoi(argv[2]));
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}
