/* What lies at an offset in a large file is what is mapped there: by mmap64(), and by mmap() with
 * an offset of 32 bits. */
#define _LARGEFILE64_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int check(const char *at, const char *expected)
{
	int right = at != MAP_FAILED && strcmp(at, expected) == 0;

	if (!right)
		printf("%s: %s\n", expected, at == MAP_FAILED ? "not mapped" : at);
	return !right;
}

int main(int argc, char **argv)
{
	static const long long offsets[] = {0, 1LL << 30, 3LL << 30, 5LL << 30, 9LL << 30};
	int fd = open64(argv[argc - 1], O_RDWR | O_CREAT | O_TRUNC, 0600), wrong = 0;
	char text[32];

	for (int i = 0; i < 5; i++) {
		snprintf(text, sizeof(text), "at %d GiB", (int)(offsets[i] >> 30));
		if (pwrite64(fd, text, sizeof(text), offsets[i]) != sizeof(text))
			return 77;
	}
	for (int i = 0; i < 5; i++) {
		snprintf(text, sizeof(text), "at %d GiB", (int)(offsets[i] >> 30));
		wrong += check(mmap64(0, 4096, PROT_READ, MAP_SHARED, fd, offsets[i]), text);
		if (i < 2)
			wrong += check(mmap(0, 4096, PROT_READ, MAP_SHARED, fd, (off_t)offsets[i]),
				       text);
	}
	if (mmap64(0, 4096, PROT_READ, MAP_SHARED, fd, 100) != MAP_FAILED)
		wrong++;
	puts(wrong ? "wrong" : "right");
	return wrong;
}
