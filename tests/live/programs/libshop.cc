/* A library in C++ of whose functions some ask for much: 8 MiB, 4 MiB, 2 MiB; and many for little.
 */
#include <cstdlib>
#include <cstring>
#include <memory>

namespace shop
{

enum { PIECE = 1024, MIB = 1024 * 1024 };

class Cache
{
      public:
	void grow();
	template <class Item> void add();
};

template <class T> static void *keep(T *p)
{
	static void *volatile kept;

	return kept = p;
}

void Cache::grow()
{
	for (int i = 0; i < 8 * MIB / PIECE; i++)
		keep(std::memset(new char[PIECE], 1, PIECE));
}

template <class Item> __attribute__((noinline)) void Cache::add()
{
	for (int i = 0; i < 4 * MIB / PIECE; i++)
		keep(std::memset(std::malloc(PIECE), 1, PIECE));
}

/* Known to no other file. */
static __attribute__((noinline)) void hidden()
{
	for (int i = 0; i < 2 * MIB / PIECE; i++)
		keep(std::memset(std::calloc(1, PIECE), 1, PIECE));
}

/* A hundred functions that ask for the same. */
#define ONE(number)                                                                                \
	static __attribute__((noinline)) void ask##number(size_t size)                             \
	{                                                                                          \
		keep(std::memset(std::malloc(size), 1, 1));                                        \
	}
#define TEN(a, with)                                                                               \
	with(a##0) with(a##1) with(a##2) with(a##3) with(a##4) with(a##5) with(a##6) with(a##7)    \
		with(a##8) with(a##9)
#define HUNDRED(with)                                                                              \
	TEN(1, with)                                                                               \
	TEN(2, with) TEN(3, with) TEN(4, with) TEN(5, with) TEN(6, with) TEN(7, with) TEN(8, with) \
		TEN(9, with) TEN(10, with)
#define CALL(number) ask##number(size);

HUNDRED(ONE)

static void ask_each(size_t size)
{
	HUNDRED(CALL)
}

} // namespace shop

extern "C" void fill()
{
	shop::Cache cache;

	cache.grow();
	cache.add<std::unique_ptr<int>>();
	shop::hidden();
	shop::ask_each(1000);
}

extern "C" void ask_for_much()
{
	for (int i = 0; i < 2; i++)
		shop::ask_each(31 * shop::MIB);
}
