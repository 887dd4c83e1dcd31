// Sixteen threads take blocks of many sizes; prints where they lie, and memory that no allocator has.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <thread>
#include <vector>

namespace
{
constexpr int THREADS = 16, BLOCKS = 4000, LARGE = 3;
constexpr std::uintptr_t PAGE = 4096;
constexpr std::size_t FOREIGN = 256 << 10;

std::vector<std::pair<char *, std::size_t>> blocks[THREADS];

char *take(std::size_t size)
{
	auto *p = static_cast<char *>(std::malloc(size));

	if (!p)
		std::exit(1);
	std::memset(p, 1, size);
	return p;
}

void work(int n)
{
	std::vector<char *> freed;

	for (int i = 0; i < BLOCKS; i++) {
		std::size_t size = 16 + static_cast<std::size_t>(i * 37 % 700);

		if (i % 3 == 0)
			freed.push_back(take(size));
		else
			blocks[n].emplace_back(take(size), size);
	}
	for (int i = 0; i < LARGE; i++)
		blocks[n].emplace_back(take(1 << 20), 1 << 20);
	for (char *p : freed)
		std::free(p);
}

// The pages of all blocks, together where they lie together.
void print_blocks()
{
	std::vector<std::pair<std::uintptr_t, std::uintptr_t>> pages;
	std::uintptr_t start = 0, end = 0;

	for (auto &of_thread : blocks)
		for (auto &[p, size] : of_thread) {
			auto at = reinterpret_cast<std::uintptr_t>(p);

			pages.emplace_back(at / PAGE * PAGE, (at + size + PAGE - 1) / PAGE * PAGE);
		}
	std::sort(pages.begin(), pages.end());
	for (auto &[from, to] : pages) {
		if (from > end) {
			if (end)
				std::printf("blocks %lx %lx\n", start, end);
			start = from;
			end = to;
		}
		end = std::max(end, to);
	}
	std::printf("blocks %lx %lx\n", start, end);
}
}

int main()
{
	std::vector<std::thread> threads;

	for (int n = 0; n < THREADS; n++)
		threads.emplace_back(work, n);
	for (int i = 0; i < 3; i++) {
		void *p = mmap(nullptr, FOREIGN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		auto at = reinterpret_cast<std::uintptr_t>(p);

		if (p == MAP_FAILED)
			return 1;
		std::memset(p, 7, FOREIGN);
		std::printf("foreign %lx %lx\n", at, at + FOREIGN);
	}
	for (auto &t : threads)
		t.join();
	print_blocks();
	std::puts("ready");
	std::fflush(stdout);
	return std::getchar() == 'x';
}
