#include "model/commands.h"

#include <stdlib.h>

void commands_free(struct commands *c)
{
	free(c->list);
	*c = (struct commands){NULL, 0};
}

static bool reserve(struct commands *c, symbol process)
{
	size_t count = c->count ? c->count : 64;
	symbol *larger;

	if (process < c->count)
		return true;
	while (count <= process)
		count *= 2;
	larger = reallocarray(c->list, count, sizeof(*larger));
	if (!larger)
		return false;
	memset(larger + c->count, 0xff, (count - c->count) * sizeof(*larger));
	c->list = larger;
	c->count = count;
	return true;
}

static bool set(struct commands *c, struct intern *symbols, symbol process, struct slice command)
{
	symbol s = intern(symbols, command);

	if (process == SYMBOL_NONE || s == SYMBOL_NONE || !reserve(c, process))
		return false;
	c->list[process] = s;
	return true;
}

bool commands_add(struct commands *c, struct intern *symbols, const struct record *r)
{
	if (r->count == 0 || !(r->process.known & PROCESS_COMMAND))
		return true;
	return set(c, symbols, key_intern_process(symbols, &r->process), r->process.command);
}

bool commands_copy(struct commands *c, struct intern *symbols, symbol process,
		   const struct commands *from, const struct intern *from_symbols,
		   symbol from_process)
{
	symbol s = commands_find(from, from_process);

	return s == SYMBOL_NONE || set(c, symbols, process, intern_bytes(from_symbols, s));
}

symbol commands_find(const struct commands *c, symbol process)
{
	return process < c->count ? c->list[process] : SYMBOL_NONE;
}
