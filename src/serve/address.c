#include "serve/address.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <bsd/stdlib.h>

enum { BACKLOG = 512, HOST_MAX = 256, INHERITED = 3 /* SD_LISTEN_FDS_START */ };

static const char unix_prefix[] = "unix:";

/* The path of a UNIX socket, or NULL. */
static const char *unix_path(const char *text)
{
	size_t length = sizeof(unix_prefix) - 1;

	return strncmp(text, unix_prefix, length) == 0 ? text + length : NULL;
}

static int fail(const char *text, struct error *e)
{
	return error_set(e, ERROR_USAGE,
			 "--listen: invalid address \"%s\": expected ADDRESS:PORT, [ADDRESS]:PORT "
			 "with numbers, or unix:/PATH",
			 text);
}

static int parse_path(const char *text, const char *path, struct sockaddr_un *a, struct error *e)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (path[0] != '/')
		return fail(text, e);
	if (strlen(path) >= sizeof(a->sun_path))
		return error_set(e, ERROR_USAGE,
				 "--listen: the path of a socket has at most %zu bytes",
				 sizeof(a->sun_path) - 1);
	memcpy(a->sun_path, path, strlen(path));
	return 0;
}

/* The part before the port, without brackets; false if there is none. */
static bool take_host(const char *text, size_t length, char host[HOST_MAX])
{
	bool bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']';

	if (length == 0 || length >= HOST_MAX || (!bracketed && memchr(text, ':', length)))
		return false;
	snprintf(host, HOST_MAX, "%.*s", (int)(bracketed ? length - 2 : length), text + bracketed);
	if (strcmp(host, "localhost") == 0)
		snprintf(host, HOST_MAX, "127.0.0.1");
	return true;
}

/* The caller frees the list with freeaddrinfo(). NULL with *e. */
static struct addrinfo *parse_numbers(const char *text, struct error *e)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC,
				       .ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
	const char *colon = strrchr(text, ':'), *wrong = NULL;
	struct addrinfo *list = NULL;
	char host[HOST_MAX];
	int status = EAI_NONAME;

	/* getaddrinfo() would take only the low bits of a larger number. */
	if (colon && strtonum(colon + 1, 1, UINT16_MAX, &wrong) != 0 && !wrong &&
	    take_host(text, (size_t)(colon - text), host))
		status = getaddrinfo(host, colon + 1, &hints, &list);
	if (status == 0)
		return list;
	if (status == EAI_MEMORY)
		error_memory(e);
	else if (status == EAI_SYSTEM)
		error_errno(e, "cannot listen on %s", text);
	else
		fail(text, e);
	return NULL;
}

static int open_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Removes a socket that nobody listens on: a service that ended left it behind. */
static void remove_stale(const struct sockaddr_un *a)
{
	int fd = open_socket(AF_UNIX);
	struct stat st;

	if (fd < 0)
		return;
	if (lstat(a->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)a, sizeof(*a)) < 0 && errno == ECONNREFUSED)
		unlink(a->sun_path);
	close(fd);
}

static int finish(int fd, const char *text, const struct sockaddr *a, socklen_t size,
		  struct error *e)
{
	if (fd >= 0 && bind(fd, a, size) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error_errno(e, "cannot listen on %s", text);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The owner and the group of the socket may connect. */
static int listen_unix(const char *text, const char *path, struct error *e)
{
	struct sockaddr_un a;
	mode_t before;
	int fd;

	if (parse_path(text, path, &a, e) < 0)
		return -1;
	remove_stale(&a);
	before = umask(0117);
	fd = finish(open_socket(AF_UNIX), text, (const struct sockaddr *)&a, sizeof(a), e);
	umask(before);
	return fd;
}

int address_listen(const char *text, struct error *e)
{
	const char *path = unix_path(text);
	struct addrinfo *list;
	const int on = 1;
	int fd;

	if (path)
		return listen_unix(text, path, e);
	list = parse_numbers(text, e);
	if (!list)
		return -1;
	fd = open_socket(list->ai_family);
	/* A restarted service need not wait for connections of the previous one. */
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	fd = finish(fd, text, list->ai_addr, list->ai_addrlen, e);
	freeaddrinfo(list);
	return fd;
}

static long number_in(const char *variable)
{
	const char *text = getenv(variable);

	return text ? strtol(text, NULL, 10) : 0;
}

bool address_is_inherited(void)
{
	return number_in("LISTEN_PID") == getpid() && number_in("LISTEN_FDS") > 0;
}

int address_inherit(struct error *e)
{
	int listens = 0, type = 0;
	socklen_t size = sizeof(listens), type_size = sizeof(type);

	if (number_in("LISTEN_FDS") > 1)
		return error_set(e, ERROR_USAGE,
				 "systemd passed several sockets; anonmem serve accepts only one");
	if (getsockopt(INHERITED, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens ||
	    getsockopt(INHERITED, SOL_SOCKET, SO_TYPE, &type, &type_size) < 0 ||
	    type != SOCK_STREAM)
		return error_set(e, ERROR_USAGE,
				 "the socket from systemd is not a listening stream socket");
	return INHERITED;
}
