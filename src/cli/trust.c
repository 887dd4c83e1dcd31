#include "cli/trust.h"

#include <sys/stat.h>
#include <unistd.h>

int trust_check(int fd, const char *path, struct error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(e, "cannot stat %s", path);
	if (st.st_uid != 0 && st.st_uid != getuid())
		return error_set(e, ERROR_SYSTEM,
				 "%s is not trusted: it belongs to user %u, neither root nor you",
				 path, st.st_uid);
	/* Being writable to others does not make /dev/null or a terminal untrusted. */
	if (!S_ISCHR(st.st_mode) && st.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(e, ERROR_SYSTEM,
				 "%s is not trusted: others may write to it; run chmod go-w on it",
				 path);
	return 0;
}
