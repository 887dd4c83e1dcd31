/* A library in C++: what it has comes from operator new in another one. */
#include <string>
#include <vector>

extern "C" void *new_strings(unsigned count)
{
	auto *all = new std::vector<std::string>;

	for (unsigned i = 0; i < count; i++)
		all->push_back(std::string(500, 'x'));
	return all;
}
