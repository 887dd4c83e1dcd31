#include "classify/runtime.h"

#include "classify/elf.h"

enum { NAMES = 6 };

/* How the names of files begin that belong to a runtime. */
static const struct slice names[RUNTIMES][NAMES] = {
	[RUNTIME_PYTHON] = {SLICE_INIT("python"), SLICE_INIT("libpython")},
	[RUNTIME_V8] = {SLICE_INIT("node"), SLICE_INIT("libnode"), SLICE_INIT("chrom"),
			SLICE_INIT("deno"), SLICE_INIT("libv8"), SLICE_INIT("electron")},
	[RUNTIME_MIMALLOC] = {SLICE_INIT("libmimalloc")},
	[RUNTIME_ERLANG] = {SLICE_INIT("beam.")},
	[RUNTIME_GHC] = {SLICE_INIT("libHSrts")},
	[RUNTIME_RUBY] = {SLICE_INIT("ruby"), SLICE_INIT("libruby")},
	[RUNTIME_JEMALLOC] = {SLICE_INIT("libjemalloc")},
	[RUNTIME_ASAN] = {SLICE_INIT("libasan"), SLICE_INIT("libclang_rt.asan")},
};

/* What a program exports, or a section that it has, if the runtime is linked into it. */
static const struct {
	struct slice symbol, section;
} marks[RUNTIMES] = {
	[RUNTIME_PYTHON] = {.symbol = SLICE_INIT("Py_BytesMain")},
	[RUNTIME_V8] = {.symbol = SLICE_INIT("_ZN2v87Isolate10GetCurrentEv")},
	[RUNTIME_MIMALLOC] = {.symbol = SLICE_INIT("mi_malloc")},
	[RUNTIME_GHC] = {.section = SLICE_INIT(".debug-ghc-link-info")},
	[RUNTIME_RUBY] = {.symbol = SLICE_INIT("ruby_init")},
	[RUNTIME_JEMALLOC] = {.symbol = SLICE_INIT("malloc_conf")},
	[RUNTIME_ASAN] = {.symbol = SLICE_INIT("__asan_init")},
};

static bool has_file(const struct sign_place *p, enum runtime runtime)
{
	struct memory_object object;

	for (size_t i = 0; i < NAMES && names[runtime][i].len > 0; i++) {
		if (memory_find(p->memory, names[runtime][i], &object))
			return true;
	}
	return false;
}

static bool is_linked(const struct sign_place *p, enum runtime runtime)
{
	const struct slice symbol = marks[runtime].symbol, section = marks[runtime].section;
	uint64_t address;
	struct elf elf;

	if ((symbol.len == 0 && section.len == 0) || !elf_open(&elf, p->memory, SLICE("")))
		return false;
	return (symbol.len > 0 && elf_find_symbol(&elf, symbol, &address)) ||
	       (section.len > 0 && elf_has_section(&elf, section));
}

bool runtime_is_there(const struct sign_place *p, enum runtime runtime)
{
	struct runtime_facts *facts = &p->facts->runtime;
	unsigned bit = 1U << runtime;

	if (facts->has & bit)
		return true;
	if (facts->asked & bit)
		return false;
	facts->asked |= bit;
	if (has_file(p, runtime) || is_linked(p, runtime))
		facts->has |= bit;
	return facts->has & bit;
}

void runtime_pass(const struct mapping *m, struct sign_facts *facts)
{
	struct slice name;

	if (facts->runtime.has_program || !mapping_has_inode(m))
		return;
	facts->runtime.has_program = true;
	name = slice_base_name(m->name);
	for (unsigned i = 0; i < RUNTIMES; i++) {
		for (size_t j = 0; j < NAMES && names[i][j].len > 0; j++)
			facts->runtime.has |= (unsigned)slice_begins(name, names[i][j]) << i;
	}
}
