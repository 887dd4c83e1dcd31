/* Children that the C library does not know of, of a process whose threads map memory all the time:
 * by clone() or, with an argument, by _Fork(). Each maps memory too, and ends. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 3, CHILDREN = 300, SIZE = 1 << 16 };

static volatile int ends;

static void come_and_go(void)
{
	void *at = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(at, SIZE);
}

static void *work(void *unused)
{
	while (!ends)
		come_and_go();
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	int failed = 0, status;

	(void)argv;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = argc > 1 ? _Fork()
				       : (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0L);

		if (child == 0) {
			alarm(20); /* whoever hangs dies of this */
			come_and_go();
			_exit(0);
		}
		waitpid(child, &status, 0);
		failed += status != 0;
	}
	ends = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%d failed\n", failed);
	return failed != 0;
}
