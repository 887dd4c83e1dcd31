/* lock: changes of a table by those who may not have it, and by copies of a process; and the room
 * that a table has. */
#include "support.h"

#include "label/lock.h"
#include "label/room.h"
#include "label/table.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, OF_ANOTHER = 12345 };

static struct layout *table;
static uint32_t *witness;

static int set_up(void **state)
{
	(void)state;
	table = room_map();
	if (!table)
		return -1;
	table_init(table);
	witness = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (witness == MAP_FAILED || madvise(witness, PAGE, MADV_WIPEONFORK) < 0)
		return -1;
	*witness = 1;
	table->head.witness = (uintptr_t)witness;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	room_unmap(table);
	return munmap(witness, PAGE);
}

static struct layout_change named(uint64_t page, const char *name)
{
	struct layout_change change = {.to = page * PAGE, .to_len = PAGE};

	memcpy(change.name, name, strlen(name));
	return change;
}

static bool is_named(uint64_t page)
{
	uint32_t inode;

	return table_find(table, page * PAGE, &inode) != 0;
}

static void set(uint64_t page, const char *name)
{
	struct layout_change change = named(page, name);

	lock_apply(table, &change);
}

static void defer(uint64_t page, const char *name)
{
	struct layout_change change = named(page, name);

	assert_int_equal(lock_take(table), LOCK_OWN);
	lock_defer(table, &change);
}

/* In a signal handler. */
TEST(changes_that_wait)
{
	assert_int_equal(lock_take(table), LOCK_TAKEN);
	set(1, "one");
	defer(2, "two");
	defer(1, "");
	assert_true(is_named(1) && !is_named(2));
	lock_release(table);
	assert_true(!is_named(1) && is_named(2));
	assert_int_equal(table->head.lock, 0);
}

/* A table that misses some may be wrong in all. */
TEST(too_many_changes_that_wait)
{
	assert_int_equal(lock_take(table), LOCK_TAKEN);
	set(1, "one");
	for (uint64_t i = 0; i <= LAYOUT_DEFERRED; i++)
		defer(100 + i, "more");
	assert_true(table->head.lock & LOCK_GIVEN_UP);
	lock_release(table);
	assert_false(is_named(1) || is_named(100));
	assert_int_equal(lock_take(table), LOCK_TAKEN);
	set(3, "three");
	lock_release(table);
	assert_true(is_named(3));
}

static void *take(void *answer)
{
	*(enum lock_answer *)answer = lock_take(table);
	return NULL;
}

/* By a thread that does not come back. Nobody waits for ever, and only once. */
TEST(a_lock_that_is_never_given_back)
{
	enum lock_answer answer = LOCK_OWN;
	pthread_t thread;

	assert_int_equal(lock_take(table), LOCK_TAKEN);
	set(1, "one");
	assert_int_equal(pthread_create(&thread, NULL, take, &answer), 0);
	pthread_join(thread, NULL);
	assert_int_equal(answer, LOCK_LOST);
	assert_true(table->head.lock & LOCK_GIVEN_UP);
	lock_release(table);
	assert_false(is_named(1));
}

/* What a copy of the process does, made behind the C library's back. */
static int status_of_copy(void (*does)(void))
{
	int status = -1;
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0L);

	if (pid == 0) {
		alarm(20);
		does();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void begin_again(void)
{
	if (lock_take(table) != LOCK_TAKEN || is_named(1) || *witness != 1)
		_exit(1);
	set(2, "two");
	lock_release(table);
	if (!is_named(2))
		_exit(1);
}

static void go_on(void)
{
	if (lock_take(table) != LOCK_TAKEN || !is_named(1))
		_exit(1);
	lock_release(table);
}

TEST(a_copy)
{
	set(1, "one");
	assert_int_equal(status_of_copy(go_on), 0);
	table->head.lock = OF_ANOTHER;
	assert_int_equal(status_of_copy(begin_again), 0);
	table->head.lock = OF_ANOTHER | LOCK_GIVEN_UP;
	assert_int_equal(status_of_copy(begin_again), 0);
	table->head.lock = 0;
	assert_true(is_named(1));
}

TEST(a_fork)
{
	set(1, "one");
	lock_before_fork(table);
	assert_int_equal(lock_take(table), LOCK_OWN);
	lock_after_fork_in_child(table);
	assert_int_equal(table->head.lock, 0);
	assert_true(is_named(1));
	/* Somebody took the lock away from who forks. */
	lock_before_fork(table);
	table->head.forking = 0;
	table->head.lock = OF_ANOTHER;
	lock_after_fork(table);
	assert_int_equal(table->head.lock, OF_ANOTHER);
	lock_after_fork_in_child(table);
	assert_int_equal(table->head.lock, 0);
	assert_false(is_named(1));
}

TEST(room)
{
	char name[ANONMEM_NAME_MAX + 1];

	/* All of it at once beside a sanitizer, which has the addresses that it would grow at. */
	if (table->head.block_room == 0)
		return;
	assert_in_range(table->head.block_room, 1, 100);
	for (uint64_t i = 0; i < 40000; i++) {
		memset(name, 0, sizeof(name));
		snprintf(name, sizeof(name), "name %u", (unsigned)i);
		assert_true(table_set(table, 2 * i * PAGE, (2 * i + 1) * PAGE, 0, name));
	}
	for (uint64_t i = 0; i < 40000; i++)
		assert_true(is_named(2 * i) && !is_named(2 * i + 1));
	assert_in_range(table->head.block_room, 40000 / LAYOUT_RANGES, LAYOUT_BLOCKS);
	assert_in_range(table->head.name_room, 40000, LAYOUT_NAMES);
	/* As many as there are. */
	assert_false(room_for_blocks(table, LAYOUT_BLOCKS + 1));
	assert_false(room_for_names(table, LAYOUT_NAMES + 1));
}

#define A_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(changes_that_wait),
		A_TEST(too_many_changes_that_wait),
		A_TEST(a_lock_that_is_never_given_back),
		A_TEST(a_copy),
		A_TEST(a_fork),
		A_TEST(room),
	};

	return RUN(tests);
}
