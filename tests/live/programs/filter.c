/* A sandbox: `filter kill` ends the process for every call but a few; `filter CALL...` refuses
 * some. Then memory comes and goes. The signal mask has to be what it was. */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SIZE = 1 << 18 };

static void kill_for_all_but(scmp_filter_ctx filter)
{
	static const int allowed[] = {SCMP_SYS(write), SCMP_SYS(mmap),	      SCMP_SYS(munmap),
				      SCMP_SYS(brk),   SCMP_SYS(mremap),      SCMP_SYS(exit_group),
				      SCMP_SYS(shmat), SCMP_SYS(rt_sigreturn)};

	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
}

/* So that memory which nobody initializes has bits that show. */
static __attribute__((noinline)) void dirty_stack(void)
{
	volatile unsigned char bytes[16384];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = 0xff;
}

/* So that the compiler leaves the calls. */
static __attribute__((noinline)) void ask_malloc(size_t size)
{
	char *volatile p = malloc(size);

	memset(p, 1, size);
	free(p);
	p = strdup("text");
	free(p);
}

static void come_and_go(int sharing)
{
	void *at = mmap(0, SIZE, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);

	memset(at, 1, SIZE);
	dirty_stack();
	at = mremap(at, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
	dirty_stack();
	munmap(at, 2 * SIZE);
}

int main(int argc, char **argv)
{
	int kills = argc > 1 && strcmp(argv[1], "kill") == 0;
	scmp_filter_ctx filter = seccomp_init(kills ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ALLOW);
	const struct scmp_arg_cmp blocks = SCMP_A0(SCMP_CMP_EQ, SIG_BLOCK);
	sigset_t before, after;

	sigemptyset(&before);
	sigemptyset(&after);
	sigprocmask(SIG_SETMASK, NULL, &before);
	if (kills)
		kill_for_all_but(filter);
	for (int i = 1; i < argc && !kills; i++) {
		int call = seccomp_syscall_resolve_name(argv[i]);

		/* A mask that nobody asked for could still be set. */
		seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), call,
				       call == SCMP_SYS(rt_sigprocmask), &blocks);
	}
	if (seccomp_load(filter) < 0)
		return 77;
	for (int i = 0; i < 300; i++) {
		dirty_stack();
		come_and_go(i % 2 ? MAP_PRIVATE : MAP_SHARED);
		ask_malloc(SIZE / 4);
	}
	if (kills) {
		write(1, "fine\n", 5);
		_exit(0);
	}
	sigprocmask(SIG_SETMASK, NULL, &after);
	if (memcmp(&before, &after, 8) != 0)
		return 1;
	raise(SIGTERM);
	return 2;
}
