/*
 * `anonmem serve`: reads processes like top, and answers Prometheus with the last reading.
 */
#include "base/clock.h"
#include "cli/commandline.h"
#include "cli/descriptors.h"
#include "cli/options.h"
#include "cli/privilege.h"
#include "cli/rulefiles.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "cli/version.h"
#include "serve/address.h"
#include "serve/gather.h"
#include "serve/libraries.h"
#include "serve/server.h"
#include "watch/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct service {
	const struct options *options;
	struct grouping by;
	struct driver driver;
	struct source *source; /* for figures that do not belong to a process */
	struct server *server;
	int signals;
	struct metric_service facts;
	bool failing; /* the last reading failed, and this was reported */
};

/* In bytes; false if unknown. */
static bool find_resident_memory(uint64_t *bytes)
{
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *end = text;
	unsigned long long pages;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	strtoull(text, &end, 10);
	pages = strtoull(end, NULL, 10);
	*bytes = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return true;
}

/* A process that timed out is read again, and counted again, only when it does something. */
static uint64_t count_timeouts(const struct watch *w)
{
	uint64_t count = 0;

	for (size_t i = 0; i < w->now.count; i++) {
		const struct watched *p = w->now.processes[i];

		count += p->read_at == w->refresh && p->record->how & HOW_BIT(HOW_TIMED_OUT);
	}
	return count;
}

static void update_facts(struct service *s)
{
	const struct watch *w = s->driver.watch;
	struct metric_service *f = &s->facts;

	f->read_at = clock_ns(CLOCK_REALTIME);
	f->reading_ns = w->reading_ns;
	f->kept = w->kept;
	f->reread = w->now.count - w->kept;
	f->timed_out += count_timeouts(w);
	f->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	f->resident_known = find_resident_memory(&f->resident);
	server_count(s->server, &f->answered, &f->refused);
}

/* Makes the pages of the last reading. */
static int publish(struct service *s, struct error *e)
{
	/* A watch does not look for shared memory that no process maps. */
	static const struct grouping by_owner = {.keys = {KEY_SUBSYSTEM, KEY_KIND}, .count = 2};
	const struct watch *w = s->driver.watch;
	struct machine_account account = {.memory = {.name = NULL}};
	struct gathered_cgroups cgroups = {NULL, 0};
	struct kernel_memory kernel = {.slab = {.list = NULL}};
	struct snapshot memory = {0}, owners = {0};
	struct metrics m = {.snapshot = &memory,
			    .series = s->options->series,
			    .version = ANONMEM_VERSION,
			    .service = &s->facts};
	struct error ignored;
	int status;

	update_facts(s);
	status = gather_memory(w, &s->by, &memory, e);
	if (status == 0)
		status = gather_cgroups(w, s->source, metrics_cgroups(m.series), &cgroups, e);
	if (status == 0)
		status = gather_memory(w, &by_owner, &owners, e);
	if (status == 0 && kernel_memory_read(s->source, &kernel, &ignored) == 0 &&
	    account_build(&kernel, &owners, 0, &account, &ignored) == 0)
		m.account = &account;
	m.cgroups = cgroups.list;
	m.cgroup_count = cgroups.count;
	if (status == 0)
		status = server_publish(s->server, &m, e);
	account_free(&account);
	kernel_memory_free(&kernel);
	gathered_cgroups_free(&cgroups);
	snapshot_free(&owners);
	snapshot_free(&memory);
	return status;
}

/* A reading that fails is tried again, and the pages stay. Only the first failure in a row is
 * reported. */
static void read_once(struct service *s)
{
	struct error e = {.code = ERROR_NONE};

	s->facts.readings++;
	if (driver_refresh(&s->driver, &e) >= 0 && publish(s, &e) == 0) {
		s->failing = false;
		return;
	}
	s->facts.failed++;
	if (!s->failing)
		say(e.text);
	s->failing = true;
}

/* False if a signal asks the service to end; one is seen even if the next reading is overdue. */
static bool wait_for_next(const struct service *s)
{
	struct pollfd fd = {.fd = s->signals, .events = POLLIN};
	uint64_t left;

	do {
		struct timespec t;

		left = driver_time_left(&s->driver);
		t = clock_timespec(left);
		if (ppoll(&fd, 1, &t, NULL) > 0)
			return false;
	} while (left > 0);
	return true;
}

/* The signals that end the service are read from a descriptor. */
static int open_signals(struct error *e)
{
	sigset_t set;

	sigemptyset(&set);
	signals_add_ends(&set);
	signal(SIGPIPE, SIG_IGN);
	return signals_open(&set, e);
}

/* The answering thread must not read any process. */
static void restrict_thread(void)
{
	privilege_drop_thread();
}

static int start_server(struct service *s, struct error *e)
{
	const struct options *o = s->options;
	struct server_options options = {.version = ANONMEM_VERSION,
					 .delay_ns = o->delay_ns,
					 .restrict_thread = restrict_thread};

	if (o->listen && address_is_inherited())
		return error_set(e, ERROR_USAGE,
				 "--listen cannot be used with a socket from systemd");
	if (libraries_load(e) < 0)
		return -1;
	options.socket = address_is_inherited()
				 ? address_inherit(e)
				 : address_listen(o->listen ? o->listen : ADDRESS_DEFAULT, e);
	if (options.socket < 0)
		return -1;
	s->server = server_start(&options, e);
	return s->server ? 0 : -1;
}

/* From now on, only processes and their files are read. */
static int prepare(struct service *s, struct users *users, struct error *e)
{
	const struct sandbox box = {.serves = true};

	if (s->options->root)
		privilege_end();
	else
		privilege_raise();
	if (!s->options->root && grouping_has(&s->by, KEY_USER) &&
	    users_learn(users, s->source, e) < 0)
		return -1;
	return sandbox_enter(&box, e);
}

static struct driver_options describe_driver(const struct service *s, const struct rules *rules,
					     const struct users *users,
					     struct containers *containers)
{
	enum {
		KEPT = 1024, /* files of processes that stay open */
	};
	const struct options *o = s->options;
	size_t descriptors = descriptors_to_keep(KEPT + CONNECTIONS);

	return (struct driver_options){
		.root = o->root,
		.watching = {.collecting = {.by = gather_keys(&s->by),
					    .rules = rules,
					    .users = o->root ? NULL : users,
					    .containers = containers,
					    .infer = o->infer,
					    .finds_sharers = true,
					    .jobs = o->jobs,
					    .reading = {.max_stall_ns = o->max_stall_ns,
							.exclusive_pages = true,
							.heaps = true}},
			     .files = descriptors > CONNECTIONS ? descriptors - CONNECTIONS : 0,
			     .forgets = true,
			     .spares = true},
		.rereads = true,
		.delay_ns = o->delay_ns,
	};
}

/* Tells a user at a terminal that the service works, and where. */
static void say_begin(const struct options *o)
{
	const char *address = o->listen ? o->listen : ADDRESS_DEFAULT;
	bool is_path = strncmp(address, "unix:", strlen("unix:")) == 0;
	char text[PATH_MAX];

	if (!isatty(STDERR_FILENO) || address_is_inherited())
		return;
	snprintf(text, sizeof(text), "serving %s%s%s, a reading every %g s; Ctrl-C ends it",
		 is_path ? "/metrics on " : "http://", address, is_path ? "" : "/metrics",
		 (double)o->delay_ns / 1e9);
	say(text);
}

static int serve(struct service *s, struct users *users, struct error *e)
{
	if (start_server(s, e) < 0)
		return -1;
	say_begin(s->options);
	if (prepare(s, users, e) < 0)
		return -1;
	s->facts.started_at = clock_ns(CLOCK_REALTIME);
	do
		read_once(s);
	while (wait_for_next(s));
	return 0;
}

/* An arena for each reader would keep more memory free than it saves time. */
static void share_arena(void)
{
	mallopt(M_ARENA_MAX, 1);
}

/* The server calls functions of libraries, which stay loaded. */
static int run(const struct options *o, struct error *e)
{
	struct service s = {.options = o, .by = o->by};
	struct users users = {NULL, 0};
	struct rules *rules = rulefiles_load(o->rules, o->no_rules, e);
	struct containers *containers = NULL;
	struct driver_options driver;
	int status = -1;

	if (!rules)
		return -1;
	share_arena();
	s.source = source_open_proc(o->root, NULL, 0, e);
	containers = s.source ? containers_open(s.source, e) : NULL;
	if (containers) {
		driver = describe_driver(&s, rules, &users, containers);
		status = driver_open(&s.driver, &driver, e);
		s.signals = status == 0 ? open_signals(e) : -1;
		status = s.signals < 0 ? -1 : serve(&s, &users, e);
		driver_close(&s.driver);
		if (s.signals >= 0)
			close(s.signals);
	}
	server_stop(s.server);
	containers_close(containers);
	source_close(s.source);
	users_free(&users);
	rules_free(rules);
	return status;
}

static enum exit_status work(struct options *o, struct error *e)
{
	return run(o, e) == 0 ? EXIT_DONE : commandline_failure(e);
}

enum exit_status command_serve(int argc, char **argv)
{
	return commandline_run(FOR_SERVE, argc, argv, work);
}
