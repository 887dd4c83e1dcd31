#include "label/lock.h"

#include "label/syscalls.h"
#include "label/table.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <time.h>

/* Flags in the word, which is 0 or the tag of a thread. */
#define WAITED_FOR (UINT32_C(1) << 31)
#define TAG	   (LOCK_GIVEN_UP - 1)

static bool compare_exchange(uint32_t *word, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* The tag comes from the address of thread-local data, which are at least 64 bytes apart: no system
 * call. */
static uint32_t own_tag(void)
{
	uint32_t tag = (uint32_t)((uintptr_t)pthread_self() >> 6) & TAG;

	return tag ? tag : 1;
}

/* False if it was not woken in time. */
static bool futex_wait(uint32_t *word, uint32_t value)
{
	static const struct timespec patience = {.tv_nsec = 20000000};
	int before = errno;
	bool woken = syscall(SYS_futex, word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, value, &patience,
			     NULL, 0) == 0 ||
		     errno != ETIMEDOUT;

	errno = before;
	return woken;
}

static void futex_wake(uint32_t *word)
{
	int before = errno;

	syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
	errno = before;
}

/* The witness is a word that is 0 in a copy of the process, but not in a child that shares its
 * memory; NULL on a kernel without support for that. */
static uint32_t *witness_of(const struct layout *t)
{
	return (uint32_t *)(uintptr_t)t->head.witness;
}

static void settle(struct layout *t)
{
	uint32_t *witness = witness_of(t);

	__atomic_fetch_add(&t->head.takings, 1, __ATOMIC_RELAXED);
	if (witness && load(witness) == 0)
		__atomic_store_n(witness, 1, __ATOMIC_RELEASE);
}

/* The thread that had the lock is not in this process, and has left the table in an arbitrary
 * state. */
static void start_again(struct layout *t)
{
	table_empty(t);
	__atomic_store_n(&t->head.deferred, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&t->head.forking, 0, __ATOMIC_RELAXED);
}

static bool take_in_copy(struct layout *t, uint32_t self)
{
	uint32_t *witness = witness_of(t);

	if (!witness || load(witness) != 0 || !compare_exchange(witness, 0, 1))
		return false;
	__atomic_store_n(&t->head.lock, self | WAITED_FOR, __ATOMIC_RELEASE);
	start_again(t);
	return true;
}

/* A thread that forks changes nothing meanwhile. */
static bool take_from_forker(struct layout *t, uint32_t self)
{
	uint32_t forker = load(&t->head.forking);

	if (!forker || !compare_exchange(&t->head.forking, forker, 0))
		return false;
	__atomic_store_n(&t->head.lock, self | WAITED_FOR, __ATOMIC_RELEASE);
	return true;
}

/* Looks once at a lock that another thread has. False if it must look again. */
static bool look(struct layout *t, uint32_t self, uint32_t word, enum lock_answer *answer)
{
	*answer = LOCK_TAKEN;
	if (word == 0)
		return compare_exchange(&t->head.lock, 0, self | WAITED_FOR);
	if ((word & TAG) == self) {
		*answer = LOCK_OWN;
		return true;
	}
	if (word & LOCK_GIVEN_UP) {
		if (!take_in_copy(t, self))
			*answer = LOCK_LOST;
		return true;
	}
	return false;
}

static enum lock_answer wait_for_lock(struct layout *t, uint32_t self)
{
	enum { PATIENCE = 50 }; /* times 20 ms, with the same owner throughout */
	uint32_t *lock = &t->head.lock, takings = load(&t->head.takings);
	enum lock_answer answer;
	unsigned waits = 0;

	for (;;) {
		uint32_t word = load(lock);

		if (look(t, self, word, &answer))
			return answer;
		if (word == 0 ||
		    (!(word & WAITED_FOR) && !compare_exchange(lock, word, word | WAITED_FOR)))
			continue;
		word |= WAITED_FOR;
		if (futex_wait(lock, word))
			continue;
		if (take_from_forker(t, self) || take_in_copy(t, self))
			return LOCK_TAKEN;
		if (takings != load(&t->head.takings)) {
			takings = load(&t->head.takings);
			waits = 0;
		} else if (++waits == PATIENCE) {
			compare_exchange(lock, word, word | LOCK_GIVEN_UP);
		}
	}
}

enum lock_answer lock_take(struct layout *t)
{
	uint32_t self = own_tag();
	enum lock_answer answer =
		compare_exchange(&t->head.lock, 0, self) ? LOCK_TAKEN : wait_for_lock(t, self);

	if (answer == LOCK_TAKEN)
		settle(t);
	return answer;
}

void lock_apply(struct layout *t, const struct layout_change *c)
{
	const char *name = c->name[0] ? c->name : NULL;
	uint64_t end = c->to + c->to_len;

	if (c->moves)
		table_move(t, c->from, c->from_len, c->to, c->to_len, c->stays);
	else if (!table_set(t, c->to, end, c->inode, name) && name)
		table_set(t, c->to, end, 0, NULL);
}

/* A signal handler may interrupt another one here; its change then follows this one. */
void lock_defer(struct layout *t, const struct layout_change *change)
{
	uint32_t i = __atomic_fetch_add(&t->head.deferred, 1, __ATOMIC_ACQ_REL);

	if (i < LAYOUT_DEFERRED)
		t->deferred[i] = *change;
	else
		__atomic_fetch_or(&t->head.lock, LOCK_GIVEN_UP, __ATOMIC_ACQ_REL);
}

static void apply_deferred(struct layout *t)
{
	uint32_t applied = 0, count;

	do {
		count = load(&t->head.deferred);
		for (; applied < count && applied < LAYOUT_DEFERRED; applied++)
			lock_apply(t, &t->deferred[applied]);
	} while (!compare_exchange(&t->head.deferred, count, 0));
}

static void give_back(struct layout *t)
{
	uint32_t *lock = &t->head.lock, word;

	do {
		apply_deferred(t);
		word = load(lock);
		if (word & LOCK_GIVEN_UP) {
			table_empty(t);
			__atomic_fetch_and(lock, ~LOCK_GIVEN_UP, __ATOMIC_ACQ_REL);
			word &= ~LOCK_GIVEN_UP;
		}
	} while (!compare_exchange(lock, word, 0));
	if (word & WAITED_FOR)
		futex_wake(lock);
}

void lock_release(struct layout *t)
{
	do
		give_back(t);
	while (load(&t->head.deferred) && lock_take(t) == LOCK_TAKEN);
}

void lock_before_fork(struct layout *t)
{
	if (lock_take(t) == LOCK_TAKEN)
		__atomic_store_n(&t->head.forking, own_tag(), __ATOMIC_RELEASE);
}

void lock_after_fork(struct layout *t)
{
	if (compare_exchange(&t->head.forking, own_tag(), 0))
		lock_release(t);
}

void lock_after_fork_in_child(struct layout *t)
{
	uint32_t *witness = witness_of(t), word = load(&t->head.lock);

	if (witness)
		__atomic_store_n(witness, 1, __ATOMIC_RELEASE);
	if (load(&t->head.forking) != own_tag() && word && (word & TAG) != own_tag()) {
		start_again(t);
		__atomic_store_n(&t->head.lock, 0, __ATOMIC_RELEASE);
	}
	lock_after_fork(t);
}
