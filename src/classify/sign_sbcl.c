/*
 * The dynamic space of SBCL, found by variables that its runtime exports.
 */
#include "classify/elf.h"
#include "classify/sign.h"

enum { UNKNOWN, FOUND, NONE };

static bool read_variable(const struct elf *elf, struct slice name, uint64_t *value)
{
	uint64_t at;

	return elf_find_symbol(elf, name, &at) &&
	       memory_read(elf->memory, at, value, sizeof(*value));
}

static void find_space(const struct sign_place *p)
{
	struct sbcl_facts *facts = &p->facts->sbcl;
	struct memory_object program;
	uint64_t size;
	struct elf elf;

	facts->state = NONE;
	if (!memory_find(p->memory, SLICE(""), &program) ||
	    !elf_open(&elf, p->memory, SLICE("sbcl")) || elf.object.start != program.start ||
	    !read_variable(&elf, SLICE("DYNAMIC_SPACE_START"), &facts->start) ||
	    !read_variable(&elf, SLICE("dynamic_space_size"), &size) ||
	    size > UINT64_MAX - facts->start)
		return;
	facts->end = facts->start + size;
	facts->state = FOUND;
}

bool sign_sbcl_space(const struct sign_place *p, struct sign_found *found)
{
	struct sbcl_facts *facts = &p->facts->sbcl;

	if (facts->state == UNKNOWN && p->mapping->perms[2] == 'x' &&
	    p->mapping->counters.bytes[COUNTER_RSS] >= SIGN_LARGE)
		find_space(p);
	if (facts->state != FOUND || p->at < facts->start || p->mapping->end > facts->end)
		return false;
	*found = (struct sign_found){p->at, p->mapping->end, GUESS_SBCL};
	return true;
}
