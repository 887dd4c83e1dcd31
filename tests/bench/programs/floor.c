/*
 * The floor: reads the smaps of all processes, or of the given ones, into one buffer and discards
 * it. Any program that reads smaps costs at least this.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char buffer[64 * 1024];

static void read_smaps(int proc, const char *pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/smaps", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	close(fd);
}

int main(int argc, char **argv)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc) {
		perror("/proc");
		return 1;
	}
	for (int i = 1; i < argc; i++)
		read_smaps(dirfd(proc), argv[i]);
	while (argc == 1 && (entry = readdir(proc))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			read_smaps(dirfd(proc), entry->d_name);
	}
	closedir(proc);
	return 0;
}
