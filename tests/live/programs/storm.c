/* Threads that map and unmap without pause, with mmap() and malloc(), while the process forks. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 64, ROUNDS = 1500, FORKS = 60, PLACES = 16 };

static void *work(void *number)
{
	unsigned seed = (unsigned)(long)number;
	char *at[PLACES] = {0}, *large;
	size_t size[PLACES];

	for (int i = 0; i < ROUNDS; i++) {
		int k = rand_r(&seed) % PLACES;

		if (at[k]) {
			munmap(at[k], size[k]);
			at[k] = NULL;
		} else {
			size[k] = 4096 * (1 + rand_r(&seed) % 32);
			at[k] = mmap(0, size[k], PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			at[k][0] = 1;
		}
		large = malloc(200000 + rand_r(&seed) % 100000);
		large[0] = 1;
		free(large);
	}
	for (int k = 0; k < PLACES; k++) {
		if (at[k])
			munmap(at[k], size[k]);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	int status = 0;

	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();

		if (child == 0) {
			free(malloc(300000));
			_exit(7);
		}
		waitpid(child, &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
			return 1;
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
