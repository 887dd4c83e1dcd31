#include "serve/server.h"

#include "base/clock.h"
#include "base/textstream.h"
#include "serve/accept.h"
#include "serve/libraries.h"
#include "serve/pages.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A connection, in a list. */
struct client {
	struct client *next, **link;
	int socket;
	time_t since; /* seconds of CLOCK_MONOTONIC */
	bool answered;
};

struct server {
	struct server_options options;
	struct MHD_Daemon *daemon;
	int poll_fd, stop_fd;
	pthread_t thread;
	sem_t restricted; /* posted when the thread has given up its rights */

	/* Used only by the thread that answers. */
	struct client *clients;
	struct MHD_Response *home, *not_found, *not_allowed, *not_ready;

	pthread_mutex_t lock; /* protects the next two */
	struct pages pages;
	bool ready;

	_Atomic uint64_t read_at; /* ns of CLOCK_MONOTONIC */
	_Atomic uint64_t answered, refused;
};

static time_t now_s(void)
{
	return (time_t)(clock_ns(CLOCK_MONOTONIC) / SECOND_NS);
}

/* Pages that never change. */

static struct MHD_Response *make_text(const char *text, const char *type)
{
	char *copy = strdup(text);

	return page_make(copy, copy ? strlen(copy) : 0, type);
}

static const char plain[] = "text/plain; charset=utf-8", html[] = "text/html; charset=utf-8";

static struct MHD_Response *make_home(const char *version)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "<!doctype html>\n<html lang=\"en\"><title>anonmem</title>\n"
		 "<h1>anonmem %s</h1>\n"
		 "<p>Memory of this machine by what it is used for, for Prometheus.\n"
		 "<ul><li><a href=\"/metrics\">/metrics</a>: the last reading, in the text format "
		 "of Prometheus or as OpenMetrics\n"
		 "<li><a href=\"/healthz\">/healthz</a>: whether it is recent</ul>\n"
		 "<p>The manual is anonmem-serve(1).</html>\n",
		 version);
	return make_text(text, html);
}

static bool make_pages(struct server *s)
{
	s->home = make_home(s->options.version);
	s->not_found = make_text("Not found; try /metrics, /healthz or /.\n", plain);
	s->not_allowed = make_text("Only GET and HEAD are allowed.\n", plain);
	s->not_ready = make_text("The first reading is not finished yet.\n", plain);
	return s->home && s->not_found && s->not_ready && s->not_allowed &&
	       mhd.MHD_add_response_header(s->not_allowed, MHD_HTTP_HEADER_ALLOW, "GET, HEAD") ==
		       MHD_YES;
}

/* Answers. */

static enum MHD_Result answer(struct server *s, struct MHD_Connection *c, unsigned status,
			      struct MHD_Response *page)
{
	const union MHD_ConnectionInfo *info =
		mhd.MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct client *client = info ? info->socket_context : NULL;

	atomic_fetch_add(status == MHD_HTTP_OK ? &s->answered : &s->refused, 1);
	if (client)
		client->answered = true;
	return page ? mhd.MHD_queue_response(c, status, page) : MHD_NO;
}

static struct slice header_of(struct MHD_Connection *c, const char *name)
{
	const char *value = mhd.MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);

	return value ? slice_of(value) : SLICE("");
}

static enum MHD_Result answer_metrics(struct server *s, struct MHD_Connection *c)
{
	bool open = accept_openmetrics(header_of(c, MHD_HTTP_HEADER_ACCEPT)),
	     gzip = accept_gzip(header_of(c, MHD_HTTP_HEADER_ACCEPT_ENCODING));
	size_t page = open ? PAGE_OPENMETRICS : PAGE_PROMETHEUS;
	enum MHD_Result result;

	pthread_mutex_lock(&s->lock);
	if (s->ready)
		result = answer(s, c, MHD_HTTP_OK, s->pages.list[page + gzip]);
	else
		result = answer(s, c, MHD_HTTP_SERVICE_UNAVAILABLE, s->not_ready);
	pthread_mutex_unlock(&s->lock);
	return result;
}

/* A reading is late if two more should have ended since. */
static enum MHD_Result answer_health(struct server *s, struct MHD_Connection *c)
{
	const uint64_t slack = 10 * SECOND_NS;
	uint64_t read_at = atomic_load(&s->read_at), age = clock_ns(CLOCK_MONOTONIC) - read_at;
	bool late = read_at == 0 || age > 3 * s->options.delay_ns + slack;
	struct MHD_Response *page;
	enum MHD_Result result;
	char text[128];

	if (read_at == 0)
		return answer(s, c, MHD_HTTP_SERVICE_UNAVAILABLE, s->not_ready);
	snprintf(text, sizeof(text), "%s: the last reading is %" PRIu64 " seconds old\n",
		 late ? "late" : "ok", age / SECOND_NS);
	page = make_text(text, plain);
	result = answer(s, c, late ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, page);
	if (page)
		mhd.MHD_destroy_response(page);
	return result;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *body,
				  size_t *body_size, void **request)
{
	struct server *s = ctx;

	(void)version, (void)body, (void)body_size, (void)request;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer(s, c, MHD_HTTP_METHOD_NOT_ALLOWED, s->not_allowed);
	if (strcmp(path, "/metrics") == 0)
		return answer_metrics(s, c);
	if (strcmp(path, "/healthz") == 0)
		return answer_health(s, c);
	if (strcmp(path, "/") == 0)
		return answer(s, c, MHD_HTTP_OK, s->home);
	return answer(s, c, MHD_HTTP_NOT_FOUND, s->not_found);
}

/* Connections. */

static void add_client(struct server *s, struct MHD_Connection *c, void **socket_context)
{
	const union MHD_ConnectionInfo *info =
		mhd.MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct client *client = calloc(1, sizeof(*client));

	*socket_context = client;
	if (!client || !info) {
		free(client);
		*socket_context = NULL;
		return;
	}
	*client = (struct client){.next = s->clients,
				  .link = &s->clients,
				  .socket = info->connect_fd,
				  .since = now_s()};
	if (client->next)
		client->next->link = &client->next;
	s->clients = client;
}

static void remove_client(struct server *s, struct client *client)
{
	if (!client)
		return;
	if (!client->answered)
		atomic_fetch_add(&s->refused, 1);
	*client->link = client->next;
	if (client->next)
		client->next->link = client->link;
	free(client);
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **socket_context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct server *s = ctx;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		add_client(s, c, socket_context);
		return;
	}
	remove_client(s, *socket_context);
	*socket_context = NULL;
}

/* libmicrohttpd only times out connections that send nothing at all. It closes those that are shut
 * down here. */
static void cut_old_connections(struct server *s)
{
	time_t now = now_s();

	for (struct client *c = s->clients; c; c = c->next) {
		if (now - c->since > CONNECTION_S)
			shutdown(c->socket, SHUT_RDWR);
	}
}

/* The thread. */

/* In ms; -1 means forever. */
static int time_left(const struct server *s)
{
	enum { LONGEST_MS = 1000 };
	MHD_UNSIGNED_LONG_LONG ms = LONGEST_MS;

	if (!s->clients)
		return -1;
	if (mhd.MHD_get_timeout(s->daemon, &ms) != MHD_YES || ms > LONGEST_MS)
		ms = LONGEST_MS;
	return (int)ms;
}

/* libmicrohttpd stops listening while the number of connections is at its limit. When all of them
 * have ended, it has to run once more to listen again. */
static void run_daemon(struct server *s)
{
	bool busy;

	do {
		busy = s->clients;
		mhd.MHD_run(s->daemon);
		cut_old_connections(s);
	} while (busy && !s->clients);
}

static void *work(void *ctx)
{
	struct server *s = ctx;
	struct pollfd fds[] = {{.fd = s->poll_fd, .events = POLLIN},
			       {.fd = s->stop_fd, .events = POLLIN}};

	if (s->options.restrict_thread)
		s->options.restrict_thread();
	sem_post(&s->restricted);
	while (!fds[1].revents) {
		poll(fds, 2, time_left(s));
		run_daemon(s);
	}
	return NULL;
}

static int start_daemon(struct server *s, struct error *e)
{
	const union MHD_DaemonInfo *info;

	s->daemon = mhd.MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET,
		s->options.socket, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, s, MHD_OPTION_END);
	if (!s->daemon)
		return error_errno(e, "cannot start the server");
	s->options.socket = -1;
	info = mhd.MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	s->poll_fd = info ? info->epoll_fd : -1;
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (s->poll_fd < 0 || s->stop_fd < 0)
		return error_errno(e, "cannot start the server");
	errno = pthread_create(&s->thread, NULL, work, s);
	if (errno)
		return error_errno(e, "cannot start a thread");
	TEMP_FAILURE_RETRY(sem_wait(&s->restricted));
	return 0;
}

static void free_server(struct server *s)
{
	enum { COUNT = 4 };
	struct MHD_Response *const pages[COUNT] = {s->home, s->not_found, s->not_allowed,
						   s->not_ready};

	if (s->daemon)
		mhd.MHD_stop_daemon(s->daemon);
	pages_free(&s->pages);
	for (size_t i = 0; i < COUNT; i++) {
		if (pages[i])
			mhd.MHD_destroy_response(pages[i]);
	}
	if (s->options.socket >= 0)
		close(s->options.socket);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	pthread_mutex_destroy(&s->lock);
	sem_destroy(&s->restricted);
	free(s);
}

struct server *server_start(const struct server_options *options, struct error *e)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s) {
		close(options->socket);
		error_memory(e);
		return NULL;
	}
	s->options = *options;
	s->stop_fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	sem_init(&s->restricted, 0, 0);
	if (!make_pages(s))
		error_memory(e);
	else if (start_daemon(s, e) == 0)
		return s;
	free_server(s);
	return NULL;
}

void server_stop(struct server *s)
{
	const uint64_t one = 1;

	if (!s)
		return;
	if (write(s->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(s->thread, NULL);
	free_server(s);
}

int server_publish(struct server *s, const struct metrics *m, struct error *e)
{
	struct pages pages, before;

	if (pages_make(&pages, m, e) < 0)
		return -1;
	pthread_mutex_lock(&s->lock);
	before = s->pages;
	s->pages = pages;
	s->ready = true;
	pthread_mutex_unlock(&s->lock);
	atomic_store(&s->read_at, clock_ns(CLOCK_MONOTONIC));
	pages_free(&before);
	return 0;
}

void server_count(const struct server *s, uint64_t *answered, uint64_t *refused)
{
	*answered = atomic_load(&s->answered);
	*refused = atomic_load(&s->refused);
}
