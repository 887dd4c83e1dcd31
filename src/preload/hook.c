#include "preload/hook.h"

#include "preload/libc.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <unistd.h>

/* A jump to any address. It is written after the landing instruction, which marks a valid target of
 * indirect calls. */
#if defined(__x86_64__)
static const unsigned char landing[] = {0xf3, 0x0f, 0x1e, 0xfa};	  /* endbr64 */
static const unsigned char jump[] = {0xff, 0x25, 0x00, 0x00, 0x00, 0x00}; /* jmp *(%rip) */
#elif defined(__aarch64__) && defined(__LITTLE_ENDIAN__)
static const unsigned char landing[] = {0x5f, 0x24, 0x03, 0xd5}; /* bti c */
static const unsigned char jump[] = {0x51, 0x00, 0x00, 0x58,	 /* ldr x17, .+8 */
				     0x20, 0x02, 0x1f, 0xd6};	 /* br x17 */
#else
static const unsigned char landing[] = {0}, jump[] = {0};
#define UNKNOWN_PROCESSOR
#endif

enum { CODE_MAX = sizeof(jump) + sizeof(void (*)(void)) };

/* Code that will become a jump. */
struct place {
	char *at;
	unsigned char before[CODE_MAX];
};

static bool find_place(const char *function, struct place *place)
{
	size_t size = 0;
	char *at = libc_find(function, &size);

	if (!at || size < sizeof(landing) + CODE_MAX)
		return false;
	if (memcmp(at, landing, sizeof(landing)) == 0)
		at += sizeof(landing);
	place->at = at;
	memcpy(place->before, at, CODE_MAX);
	return true;
}

/* Writes through the kernel, which makes a private copy of the page and keeps its protection: code
 * is never writable. If there is no memory to copy a second page, the write to the first one is
 * undone. */
static bool write_code(int fd, const struct place *place, const void *code)
{
	const off_t where = (off_t)(uintptr_t)place->at;
	ssize_t n = pwrite(fd, code, CODE_MAX, where), back = 0;

	if (n > 0 && n < CODE_MAX)
		back = pwrite(fd, place->before, (size_t)n, where);
	(void)back; /* the first page is private by now */
	return n == CODE_MAX;
}

static bool write_jump(int fd, const struct place *place, void (*to)(void))
{
	unsigned char code[CODE_MAX];

	memcpy(code, jump, sizeof(jump));
	memcpy(code + sizeof(jump), &to, sizeof(to));
	return write_code(fd, place, code);
}

bool hook_install_all(const struct hook *hooks, unsigned count)
{
	struct place places[HOOKS_MAX];
	unsigned done;
	int fd;

#ifdef UNKNOWN_PROCESSOR
	return false;
#endif
	if (count > HOOKS_MAX || !__libc_single_threaded)
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!find_place(hooks[i].function, &places[i]))
			return false;
	}
	fd = open("/proc/self/mem", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	for (done = 0; done < count; done++) {
		if (!write_jump(fd, &places[done], hooks[done].to))
			break;
	}
	if (done < count) {
		for (unsigned i = 0; i < done; i++)
			write_code(fd, &places[i], places[i].before);
	}
	close(fd);
	return done == count;
}

bool hook_install(const char *function, void (*to)(void))
{
	const struct hook hook = {function, to};

	return hook_install_all(&hook, 1);
}
