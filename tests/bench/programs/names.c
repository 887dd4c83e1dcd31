/*
 * Measures how long it takes to find the names of containers:
 *
 *	names FOLDER
 *
 * FOLDER is a new one: what docker leaves on disk of 250 containers is written below it first.
 *Prints the nanoseconds from nothing known to all names, for each of ten times.
 */
#include "common.h"

#include "source/containers.h"
#include "source/handle.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { CONTAINERS = 250, TIMES = 10 };

static const char state[] = "1/root/var/lib/docker/containers";

static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

/* As large as what docker writes. */
static void write_state(const char *folder, unsigned number)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s/%064x/config.v2.json", folder, state, number);
	make_folders(path);
	out = fopen(path, "w");
	if (!out)
		fail(path);
	fprintf(out, "{\"ID\":\"%064x\",\"Name\":\"/container-%u\",\"Config\":{\"Env\":[", number,
		number);
	for (unsigned i = 0; i < 60; i++)
		fprintf(out, "%s\"VARIABLE_%u=what an image puts there\"", i ? "," : "", i);
	fputs("],\"Labels\":{}}}", out);
	fclose(out);
}

static void find_all(const struct source *source)
{
	struct error e;
	struct containers *c = containers_open(source, &e);
	char name[CONTAINER_NAME_MAX], wanted[64], path[128];

	for (unsigned i = 0; c && i < CONTAINERS; i++) {
		snprintf(path, sizeof(path), "/docker/%064x", i);
		snprintf(wanted, sizeof(wanted), "container-%u", i);
		if (!containers_name(c, slice_of(path), name) || strcmp(name, wanted) != 0)
			fail(path);
	}
	containers_close(c);
}

int main(int argc, char **argv)
{
	struct source source = {.kind = SOURCE_TREE, .is_live = true};

	if (argc != 2)
		return 2;
	for (unsigned i = 0; i < CONTAINERS; i++)
		write_state(argv[1], i);
	source.root_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < TIMES; i++) {
		long long begun = now_ns();

		find_all(&source);
		printf("%lld\n", now_ns() - begun);
	}
	return 0;
}
