/*
 * replay FILE|FOLDER...: passes files to the entry that it is linked with, as a fuzzer would;
 * prints their number, and fails if there are none.
 */
#include "fuzz.h"

#include <dirent.h>
#include <err.h>
#include <sys/stat.h>

static unsigned replayed;

static void replay_file(const char *path)
{
	FILE *in = fopen(path, "re");
	uint8_t *data = NULL;
	size_t size = 0, room = 0, n;

	if (!in)
		err(1, "%s", path);
	do {
		room = size + 65536;
		data = realloc(data, room);
		if (!data)
			err(1, "%s", path);
		n = fread(data + size, 1, room - size, in);
		size += n;
	} while (n > 0);
	fclose(in);
	/* Shrinks it to its exact size, so that reading beyond it is detected. */
	data = realloc(data, size ? size : 1);
	if (!data)
		err(1, "%s", path);
	fprintf(stderr, "%s\n", path); /* tells which file it was if it fails */
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	replayed++;
}

static void replay(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int count;

	if (stat(path, &st) < 0)
		err(1, "%s", path);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path);
		return;
	}
	count = scandir(path, &entries, NULL, alphasort);
	if (count < 0)
		err(1, "%s", path);
	for (int i = 0; i < count; i++) {
		char *below;

		if (entries[i]->d_name[0] != '.') {
			if (asprintf(&below, "%s/%s", path, entries[i]->d_name) < 0)
				err(1, "%s", path);
			replay(below);
			free(below);
		}
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%u inputs\n", replayed);
	return replayed > 0 ? 0 : 1;
}
