/*
 * Memory comes and goes in a program that is interrupted by signals all the time, whose handlers do
 * the same; with an argument, they leave by siglongjmp(), and another thread goes on. At the end
 * what is there has the name that it got last.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

enum { SIZE = 1 << 16, SIGNALS = 20000 };

static volatile sig_atomic_t signals;
static sigjmp_buf back;
static int jumps;

static void come_and_go(void)
{
	char *at = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(at, SIZE);
}

static void on_signal(int number)
{
	(void)number;
	come_and_go();
	signals++;
	if (jumps)
		siglongjmp(back, 1);
}

static void *work(void *unused)
{
	for (int i = 0; i < 20000; i++)
		come_and_go();
	return unused;
}

int main(int argc, char **argv)
{
	struct itimerval often = {{0, 100}, {0, 100}}, never = {0};
	struct sigaction action = {.sa_handler = on_signal};
	pthread_t thread;
	char *at;

	(void)argv;
	jumps = argc > 1;
	sigaction(SIGALRM, &action, NULL);
	sigsetjmp(back, 1);
	setitimer(ITIMER_REAL, &often, NULL);
	while (signals < SIGNALS / (jumps ? 4 : 1))
		come_and_go();
	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_IGN);
	pthread_create(&thread, NULL, work, NULL);
	pthread_join(thread, NULL);
	at = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(at, 1, SIZE);
	if (prctl(PR_SET_VMA, 0, at, SIZE, "at the end"))
		return 1;
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
