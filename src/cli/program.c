#include "cli/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

bool program_find(const char *command, char path[PATH_MAX])
{
	const char *folders = getenv("PATH");

	if (strchr(command, '/'))
		return snprintf(path, PATH_MAX, "%s", command) < PATH_MAX;
	while (folders) {
		int len = (int)strcspn(folders, ":");

		/* An empty entry means the current directory. */
		if (snprintf(path, PATH_MAX, "%.*s%s%s", len, folders, len ? "/" : "", command) <
			    PATH_MAX &&
		    access(path, X_OK) == 0)
			return true;
		folders = folders[len] ? folders + len + 1 : NULL;
	}
	return false;
}

/* Whether an ELF header is for this CPU and has the same word size as this program. */
static bool is_native(const ElfW(Ehdr) * header)
{
	ElfW(Ehdr) own;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool native = true;

	if (fd < 0)
		return true;
	if (pread(fd, &own, sizeof(own), 0) == sizeof(own))
		native = header->e_ident[EI_CLASS] == own.e_ident[EI_CLASS] &&
			 header->e_machine == own.e_machine;
	close(fd);
	return native;
}

/* Whether a dynamic linker is glibc's: ld-linux-x86-64.so.2, ld64.so.1, ld.so.1. */
static bool is_of_glibc(const char *linker)
{
	static const char *const names[] = {"ld-linux", "ld64.so.", "ld.so."};
	const char *slash = strrchr(linker, '/'), *name = slash ? slash + 1 : linker;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

/* Decides by the dynamic linker that a segment names. */
static enum preloading judge_linker(int fd, const ElfW(Phdr) * segment)
{
	char linker[PATH_MAX] = "";
	size_t size = segment->p_filesz < sizeof(linker) ? segment->p_filesz : sizeof(linker) - 1;
	ssize_t n = pread(fd, linker, size, (off_t)segment->p_offset);

	return n <= 0 || is_of_glibc(linker) ? PRELOAD_WORKS : PRELOAD_LIBC;
}

/* Decides by the dynamic linker that the program requests. */
static enum preloading find_linker(int fd, const ElfW(Ehdr) * header)
{
	ElfW(Phdr) segment;

	if (header->e_phentsize != sizeof(segment))
		return PRELOAD_WORKS;
	for (unsigned i = 0; i < header->e_phnum; i++) {
		off_t at = (off_t)(header->e_phoff + i * sizeof(segment));

		if (pread(fd, &segment, sizeof(segment), at) != sizeof(segment))
			return PRELOAD_WORKS;
		if (segment.p_type == PT_INTERP)
			return judge_linker(fd, &segment);
	}
	return PRELOAD_STATIC;
}

/* Whether executing the file gives rights that the user lacks. Root has all capabilities, but not
 * all user ids. */
static bool gives_rights(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	return (st.st_mode & S_ISUID && st.st_uid != getuid()) ||
	       (st.st_mode & S_ISGID && st.st_mode & S_IXGRP && st.st_gid != getgid()) ||
	       (getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0);
}

static enum preloading look_at(int fd)
{
	ElfW(Ehdr) header;

	if (gives_rights(fd))
		return PRELOAD_SECURE;
	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return PRELOAD_WORKS; /* a script: its interpreter matters */
	if (!is_native(&header))
		return PRELOAD_OTHER;
	return find_linker(fd, &header);
}

enum preloading program_preloading(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum preloading answer;

	if (fd < 0)
		return PRELOAD_WORKS;
	answer = look_at(fd);
	close(fd);
	return answer;
}

int program_failed(const char *command, int number, struct error *e)
{
	errno = number;
	error_errno(e, "cannot run %s", command);
	return number == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}
