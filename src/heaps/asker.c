#include "heaps/asker.h"

#include "heaps/cfi.h"
#include "heaps/function.h"
#include "heaps/heap.h"
#include "preload/caller.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char prefix[] = "malloc: ";
static const char unknown[] = "malloc: (no library)";

/* Libraries that pass requests on. */

static const char *const always[] = {"libc.so.*",     "libm.so.*",	  "libstdc++.so.*",
				     "libgcc_s.so.*", "libglib-2.0.so.*", "ld-linux-*.so.*"};
static bool direct_only, by_function;
static const char *more;

/* Whether a name matches a pattern of `len` bytes, in which * stands for any bytes and ? for one.
 */
static bool matches(const char *pattern, size_t len, const char *name)
{
	const char *end = pattern + len, *star = NULL, *back = NULL;

	while (*name) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			back = name;
		} else if (pattern < end && (*pattern == '?' || *pattern == *name)) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++back;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

static bool passes_on(const char *library)
{
	const char *at = more;

	if (direct_only)
		return false;
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++) {
		if (matches(always[i], strlen(always[i]), library))
			return true;
	}
	while (at && *at) {
		size_t len = strcspn(at, ":");

		if (matches(at, len, library))
			return true;
		at += len + (at[len] == ':');
	}
	return false;
}

static unsigned heap_of(const char *library)
{
	char name[ANONMEM_NAME_MAX + 1] = {0};
	size_t len = strnlen(library, sizeof(name) - sizeof(prefix));

	memcpy(name, prefix, sizeof(prefix) - 1);
	memcpy(name + sizeof(prefix) - 1, library, len);
	return heap_find(name);
}

/* Libraries that pass requests on and were seen, so that a rule can refer to one by a small number.
 * Some may occur twice. */
static struct through {
	int state;
	char name[ANONMEM_NAME_MAX + 1];
} throughs[60];

enum { THROUGHS = sizeof(throughs) / sizeof(*throughs) };
enum { EMPTY, FILLING, FILLED };

/* THROUGHS if there are too many. */
static unsigned find_through(const char *name)
{
	unsigned i;

	for (i = 0; i < THROUGHS; i++) {
		int state = __atomic_load_n(&throughs[i].state, __ATOMIC_ACQUIRE);

		if (state == EMPTY &&
		    __atomic_compare_exchange_n(&throughs[i].state, &state, FILLING, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			memcpy(throughs[i].name, name, sizeof(throughs[i].name));
			__atomic_store_n(&throughs[i].state, FILLED, __ATOMIC_RELEASE);
			return i;
		}
		if (state == FILLED && strcmp(throughs[i].name, name) == 0)
			return i;
	}
	return i;
}

/* Rules for going up from an address, each stored once and referred to by a number that is not 0.
 * Most frames of a program are alike. */

enum {
	RULE_LIMIT = 4096,
	BY_RBP = 1,
	RBP_SAVED = 2,
	NO_RULE = 4, /* the stack cannot be followed */
	THROUGH_SHIFT = 3,
	THROUGH_MASK = 63,
	CFA_SHIFT = 9,
	RBP_SHIFT = 36,
	DISTANCE_BITS = 27,
};

/* The caller's frame is found by adding to rsp, and nothing of it has to be checked any more. */
static const uint64_t simple = UINT64_C(1) << 63;

static const int32_t far = 8 << 20; /* bytes; no frame is as long */

static uint64_t rules[RULE_LIMIT];

static bool is_simple(const struct cfi_rule *rule)
{
	return !rule->by_rbp && rule->cfa > 0 && rule->cfa <= far &&
	       rule->cfa % (int)sizeof(uintptr_t) == 0 &&
	       (!rule->rbp_saved || (rule->rbp < 0 && rule->rbp >= -rule->cfa));
}

static uint64_t pack(const struct cfi_rule *rule, unsigned through)
{
	const uint64_t mask = (UINT64_C(1) << DISTANCE_BITS) - 1;

	return (rule->by_rbp ? BY_RBP : 0u) | (rule->rbp_saved ? RBP_SAVED : 0u) |
	       (is_simple(rule) ? simple : 0u) | (uint64_t)(through + 1) << THROUGH_SHIFT |
	       ((uint64_t)(int64_t)rule->cfa & mask) << CFA_SHIFT |
	       ((uint64_t)(int64_t)rule->rbp & mask) << RBP_SHIFT;
}

static intptr_t distance(uint64_t rule, unsigned shift)
{
	return (intptr_t)(rule << (64 - DISTANCE_BITS - shift)) >> (64 - DISTANCE_BITS);
}

/* RULE_LIMIT if there are too many. */
static unsigned keep_rule(uint64_t rule)
{
	uint64_t hash = rule * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	for (unsigned tries = 0; tries < 64; tries++) {
		uint64_t *place = &rules[(hash + tries) % RULE_LIMIT];
		uint64_t there = __atomic_load_n(place, __ATOMIC_RELAXED);

		if (there == 0 && __atomic_compare_exchange_n(place, &there, rule, false,
							      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return (unsigned)(place - rules);
		if (there == rule)
			return (unsigned)(place - rules);
	}
	return RULE_LIMIT;
}

uint64_t asker_cache[1 << ASKER_BITS];

static void keep(uintptr_t address, unsigned value)
{
	/* Who finds it there finds the heap or the function, too. */
	__atomic_store_n(asker_place(address), (uint64_t)address << ASKER_VALUE_BITS | value,
			 __ATOMIC_RELEASE);
}

void asker_forget(void)
{
	for (size_t i = 0; i < sizeof(asker_cache) / sizeof(*asker_cache); i++)
		__atomic_store_n(&asker_cache[i], 0, __ATOMIC_RELAXED);
}

struct step {
	unsigned heap;	   /* 0 if not found */
	unsigned function; /* number of the counted function + 1; 0 if not found */
	uint64_t rule;	   /* how to go up; 0 if the address is in no library */
};

static struct step rule_for(uintptr_t address, const char *library)
{
	struct dl_find_object object;
	struct cfi_rule rule = {.cfa = 0};
	unsigned through = find_through(library), number;
	uint64_t packed;

	if (through == THROUGHS)
		return (struct step){.heap = heap_of(library)};
	/* The call is the instruction before the address, and may be the last one of its function.
	 */
	if (_dl_find_object((void *)(address - 1), &object) == 0 &&
	    cfi_find(&object, address - 1, &rule))
		packed = pack(&rule, through);
	else
		packed = pack(&rule, through) | NO_RULE;
	number = keep_rule(packed);
	if (number < RULE_LIMIT)
		keep(address, ASKER_RULE | number);
	return (struct step){.rule = packed};
}

static struct step function_at(uintptr_t address, unsigned library)
{
	uintptr_t start = address - 1;
	struct dl_find_object object;
	unsigned function;

	if (_dl_find_object((void *)start, &object) == 0)
		start = cfi_function(&object, start);
	function = function_find(start, library);
	if (function == FUNCTION_LIMIT) {
		keep(address, library);
		return (struct step){.heap = library};
	}
	keep(address, ASKER_RULE | (RULE_LIMIT + function));
	return (struct step){.function = function + 1};
}

__attribute__((noinline)) static struct step find_out(uintptr_t address)
{
	char library[ANONMEM_NAME_MAX + 1];
	struct step step = {0};

	if (!caller_name(address, false, library))
		return step;
	if (passes_on(library))
		return rule_for(address, library);
	step.heap = heap_of(library);
	if (by_function)
		return function_at(address, step.heap);
	keep(address, step.heap);
	return step;
}

static inline __attribute__((always_inline)) struct step look_up(uintptr_t address)
{
	uint64_t known = __atomic_load_n(asker_place(address), __ATOMIC_ACQUIRE);
	unsigned value = known & ((1 << ASKER_VALUE_BITS) - 1);

	if (__builtin_expect(known >> ASKER_VALUE_BITS != address, 0))
		return find_out(address);
	if (!(value & ASKER_RULE))
		return (struct step){.heap = value};
	value -= ASKER_RULE;
	if (value >= RULE_LIMIT)
		return (struct step){.function = value - RULE_LIMIT + 1};
	return (struct step){.rule = __atomic_load_n(&rules[value], __ATOMIC_RELAXED)};
}

/* Frames. */

struct frame {
	uintptr_t cfa, rbp, address;
};

/* Goes up to the caller. False if the rule cannot be followed, or would lead down the stack or far
 * away. */
static bool go_up(struct frame *f, uint64_t rule)
{
	uintptr_t cfa = (rule & BY_RBP ? f->rbp : f->cfa) + (uintptr_t)distance(rule, CFA_SHIFT);

	if (rule & NO_RULE || cfa <= f->cfa || cfa - f->cfa > (uintptr_t)far || cfa % sizeof(cfa))
		return false;
	if (rule & RBP_SAVED) {
		uintptr_t at = cfa + (uintptr_t)distance(rule, RBP_SHIFT);

		if (at < f->cfa || at >= cfa)
			return false;
		f->rbp = *(const uintptr_t *)at;
	}
	f->address = ((const uintptr_t *)cfa)[-1];
	f->cfa = cfa;
	return f->address != 0;
}

/* The heap of a step, or 0. */
static unsigned heap_at(uintptr_t address, struct step step, size_t size)
{
	struct function_answer answer;

	if (step.function == 0)
		return step.heap;
	answer = function_ask(step.function - 1, size);
	if (answer.stays)
		keep(address, answer.heap);
	return answer.heap;
}

enum { FRAMES_MAX = 64 };

__attribute__((noinline)) static unsigned follow(const uintptr_t *frame, size_t size)
{
	struct frame f = {(uintptr_t)(frame + 2), frame[0], frame[1]};
	struct step step = look_up(f.address);
	unsigned first = step.rule >> THROUGH_SHIFT & THROUGH_MASK;
	unsigned heap = heap_at(f.address, step, size);

	if (heap)
		return heap;
	if (step.rule == 0)
		return heap_find(unknown);
	for (unsigned i = 0; i < FRAMES_MAX && go_up(&f, step.rule); i++) {
		step = look_up(f.address);
		heap = heap_at(f.address, step, size);
		if (heap)
			return heap;
		if (step.rule == 0)
			break;
	}
	return heap_of(throughs[first - 1].name);
}

/* Over simple frames to a heap that is known: so the C library's and C++'s functions end. All else
 * begins again at the first frame. */
unsigned asker_follow(const uintptr_t *frame, size_t size, uint64_t known)
{
	uintptr_t cfa = (uintptr_t)(frame + 2);

	for (unsigned i = 0; i < FRAMES_MAX && known - ASKER_RULE < RULE_LIMIT; i++) {
		uint64_t rule = __atomic_load_n(&rules[known - ASKER_RULE], __ATOMIC_RELAXED);

		if (!(rule & simple))
			break;
		cfa += (uintptr_t)distance(rule, CFA_SHIFT);
		known = asker_known(((const uintptr_t *)cfa)[-1]);
		if (known - 1 < ASKER_RULE - 1) /* and not 0 */
			return (unsigned)known;
	}
	return follow(frame, size);
}

void asker_begin(bool direct, bool functions, const char *through)
{
	direct_only = direct;
	by_function = functions;
	more = through;
}
