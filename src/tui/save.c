#include "tui/save.h"

#include <errno.h>
#include <unistd.h>

static int write_all(int fd, struct slice text)
{
	while (text.len) {
		ssize_t n = write(fd, text.ptr, text.len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			text = slice_inner(text, (size_t)n, 0);
	}
	return 0;
}

int save_whole(int fd, struct slice text)
{
	int status = write_all(fd, text), number = errno;

	if (status < 0 && ftruncate(fd, 0) < 0)
		number = errno;
	if (close(fd) < 0 && status == 0 && errno != EINTR) {
		number = errno;
		status = -1;
	}
	errno = number;
	return status;
}
