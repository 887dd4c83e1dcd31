/*
 * `anonmem run`: becomes a program that has a library preloaded, which keeps its names of memory
 * where the kernel does not. Since it is the same process, nothing stands between the program and
 * whoever started it: neither streams nor signals nor the exit status.
 */
#include "anonmem/anonmem.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/say.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As other programs that run programs: env(1), nice(1), timeout(1). */
enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

static const char help[] =
	"Usage: anonmem run [--] COMMAND [ARG...]\n"
	"Runs a program whose names of memory are kept, by the kernel or else by the program "
	"itself.\n"
	"\n"
	"  -h, --help                      show this text\n"
	"\n"
	"Exit status: that of COMMAND; 1 failed, 2 wrong usage, 126 cannot be run, 127 not found.\n"
	"\n"
	"Example:\n"
	"  anonmem run php server.php\n";

/* The library beside this program, or where it is installed. False if it is nowhere. */
static bool find_library(char path[PATH_MAX])
{
	static const char name[] = "anonmem-preload.so";
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof(name));
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		memcpy(slash ? slash + 1 : path, name, sizeof(name));
		if (access(path, R_OK) == 0)
			return true;
	}
	snprintf(path, PATH_MAX, "%s", ANONMEM_PRELOAD);
	return access(path, R_OK) == 0;
}

/* Puts a word before what a variable of the environment has already. */
static int prepend(const char *variable, const char *word, struct error *e)
{
	const char *old = getenv(variable);
	char *value;

	if (asprintf(&value, "%s%s%s", word, old && *old ? ":" : "", old ? old : "") < 0)
		return error_memory(e);
	if (setenv(variable, value, 1) < 0) {
		free(value);
		return error_memory(e);
	}
	free(value);
	return 0;
}

/* Where execvp() would find it; false if nowhere. */
static bool find_program(const char *command, char path[PATH_MAX])
{
	const char *folders = getenv("PATH");

	if (strchr(command, '/'))
		return snprintf(path, PATH_MAX, "%s", command) < PATH_MAX;
	while (folders && *folders) {
		int len = (int)strcspn(folders, ":");

		if (snprintf(path, PATH_MAX, "%.*s/%s", len, folders, command) < PATH_MAX &&
		    access(path, X_OK) == 0)
			return true;
		folders += len + (folders[len] == ':');
	}
	return false;
}

/* Whether an ELF file asks for the dynamic linker, without which nothing is preloaded. */
static bool is_static(int fd)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(segment))
		return false;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		off_t at = (off_t)(header.e_phoff + i * sizeof(segment));

		if (pread(fd, &segment, sizeof(segment), at) != sizeof(segment) ||
		    segment.p_type == PT_INTERP)
			return false;
	}
	return true;
}

/* Says so if the names of this program cannot be kept. */
static void warn_about(const char *command)
{
	char path[PATH_MAX], text[PATH_MAX + 128];
	const char *what = NULL;
	struct stat st;
	int fd;

	if (!find_program(command, path))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_mode & (S_ISUID | S_ISGID) && geteuid() != 0)
		what = "runs as another user, who wants nothing preloaded";
	else if (is_static(fd))
		what = "is linked statically, so nothing can be preloaded";
	close(fd);
	if (!what)
		return;
	snprintf(text, sizeof(text), "%s %s: its names of memory are not kept", path, what);
	say(text);
}

/* Where the kernel keeps names, the C library can be asked for some (2.39 and later). */
static int prepare(const char *command, struct error *e)
{
	const char *tunables = getenv("GLIBC_TUNABLES");
	char library[PATH_MAX];

	if (anonmem_kernel_keeps_names() == 1) {
		if (tunables && strstr(tunables, "glibc.mem.decorate_maps="))
			return 0;
		return prepend("GLIBC_TUNABLES", "glibc.mem.decorate_maps=1", e);
	}
	if (!find_library(library))
		return error_errno(e, "%s", library);
	if (strpbrk(library, ": "))
		return error_set(e, ERROR_SYSTEM,
				 "%s: a path with a blank or a colon cannot be preloaded", library);
	warn_about(command);
	return prepend("LD_PRELOAD", library, e);
}

enum exit_status command_run(int argc, char **argv)
{
	struct error e = {.code = ERROR_NONE};
	int first = 1, status = EXIT_FAILED;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (argc > 1 && strcmp(argv[1], "--") == 0)
		first++;
	if (first >= argc || (first == 1 && argv[1][0] == '-')) {
		say(first >= argc ? "run: say what to run; see anonmem run --help"
				  : "run: there is no such option; see anonmem run --help");
		return EXIT_USAGE;
	}
	if (prepare(argv[first], &e) == 0) {
		execvp(argv[first], argv + first);
		status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
		error_errno(&e, "%s: cannot be run", argv[first]);
	}
	say(e.text);
	return (enum exit_status)status;
}
