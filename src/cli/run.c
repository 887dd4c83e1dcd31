/*
 * `anonmem run`: executes a program with a preloaded library that names its memory. It calls exec,
 * so streams, signals and exit status are the program's own. Only for a summary does it stay, and
 * run the program as a child.
 */
#include "anonmem/anonmem.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/program.h"
#include "cli/say.h"
#include "cli/summary.h"
#include "cli/trust.h"
#include "label/memfd.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char help[] =
	"Usage: anonmem run [OPTIONS] [--] COMMAND [ARG...]\n"
	"Run a program so that its memory has names, on any kernel: the names that the\n"
	"program gives, and otherwise the name of the library that requested the memory.\n"
	"\n"
	"      --label WHAT          name other memory after the library (default) or the\n"
	"                            function that requested it, or do not name it (none)\n"
	"      --heaps[=caller]      give each library that calls malloc() its own heap,\n"
	"                            not counting libraries that only pass calls on, such\n"
	"                            as libstdc++, unless caller is given; with --label\n"
	"                            function, also the functions that ask for most\n"
	"      --through GLOB        with --heaps, more libraries that only pass calls\n"
	"                            on, by name; may be repeated\n"
	"      --summary             when the program ends, show the peak of each label\n"
	"  -h, --help                show this text\n"
	"\n"
	"Exit status: that of COMMAND; 1 failed, 2 invalid usage, 126 cannot run COMMAND,\n"
	"             127 not found.\n"
	"\n"
	"Examples:\n"
	"  anonmem run redis-server &\n"
	"  anonmem --name redis-server\n"
	"  anonmem run --heaps --summary ./server\n";

/* The environment variables that pass --label, --heaps and --through to the preloaded library. */
static const char label_variable[] = "ANONMEM_LABEL", heaps_variable[] = "ANONMEM_HEAPS",
		  through_variable[] = "ANONMEM_THROUGH";

/* The libraries to preload, without and with --heaps. */
static const char *const libraries[] = {"anonmem-preload.so", "anonmem-heaps.so"};

struct run {
	const char *label; /* NULL for the default */
	const char *heaps; /* "caller", or NULL for the default */
	char *through;	   /* patterns, separated by colons */
	bool none, by_heaps, summary, help;
	char **command;
};

/* Between the directory of the library and its name: the dynamic linker puts its own library
 * directory there. So a 32-bit linker finds another file than a 64-bit one, and the linker of
 * another C library, which takes these letters literally, finds none and stays silent. */
static const char by_linker[] = "/$LIB/";

/* Finds a library next to this program, as in the build directory, or where it is installed,
 * relative to this program's directory, so that an installed tree can be moved. */
static int find_library(const char *name, char path[PATH_MAX], struct error *e)
{
	static const char *const places[] = {"", ANONMEM_PRELOAD "/"};
	char program[PATH_MAX], place[3 * PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	if (n < 0)
		return error_errno(e, "cannot read /proc/self/exe");
	program[n] = '\0';
	slash = strrchr(program, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(place, sizeof(place), "%s/%s%s", program, places[i], name);
		if (realpath(place, path))
			return 0;
	}
	return error_errno(e, "cannot find %s", place);
}

/* Makes the path one that each dynamic linker completes with its own directory, if the linker of
 * this program finds the library that way. */
static void find_for_linkers(char library[PATH_MAX])
{
	char path[PATH_MAX + sizeof(by_linker)];
	const char *slash = strrchr(library, '/');
	int len = snprintf(path, sizeof(path), "%.*s%s%s", (int)(slash - library), library,
			   by_linker, slash + 1);

	if (len < 0 || len >= PATH_MAX)
		return;
	/* Nothing is loaded; an error means that the library was not found. */
	dlerror();
	if (dlopen(path, RTLD_LAZY | RTLD_NOLOAD) || !dlerror())
		memcpy(library, path, (size_t)len + 1);
}

static bool is_library(const char *path, size_t len)
{
	for (size_t i = 0; i < sizeof(libraries) / sizeof(*libraries); i++) {
		size_t n = strlen(libraries[i]);

		if (len > n && path[len - n - 1] == '/' &&
		    memcmp(path + len - n, libraries[i], n) == 0)
			return true;
	}
	return false;
}

/* Removes from LD_PRELOAD what another `anonmem run` put there. */
static int drop_libraries(struct error *e)
{
	static const char separators[] = ": ";
	const char *at = getenv("LD_PRELOAD");
	char *rest;
	size_t len = 0;
	int status = 0;

	if (!at)
		return 0;
	rest = malloc(strlen(at) + 1);
	if (!rest)
		return error_memory(e);
	for (at += strspn(at, separators); *at; at += strspn(at, separators)) {
		size_t n = strcspn(at, separators);

		if (!is_library(at, n)) {
			if (len > 0)
				rest[len++] = ':';
			memcpy(rest + len, at, n);
			len += n;
		}
		at += n;
	}
	rest[len] = '\0';
	if ((len > 0 ? setenv("LD_PRELOAD", rest, 1) : unsetenv("LD_PRELOAD")) < 0)
		status = error_memory(e);
	free(rest);
	return status;
}

/* Prepends a word to an environment variable. */
static int prepend(const char *name, const char *word, struct error *e)
{
	const char *old = getenv(name);
	char *value;

	if (asprintf(&value, "%s%s%s", word, old && *old ? ":" : "", old ? old : "") < 0)
		return error_memory(e);
	if (setenv(name, value, 1) < 0) {
		free(value);
		return error_memory(e);
	}
	free(value);
	return 0;
}

/* Warns if the memory of this program will not be named, and gives the reason. */
static enum preloading check_program(const char *command)
{
	static const char *const reasons[] = {
		[PRELOAD_STATIC] = "is statically linked, so nothing can be preloaded",
		[PRELOAD_OTHER] = "is built for another architecture than anonmem",
		[PRELOAD_LIBC] = "is built for another C library than anonmem",
		[PRELOAD_SECURE] =
			"is setuid or has file capabilities, so nothing can be preloaded",
	};
	char path[PATH_MAX], text[PATH_MAX + 128];
	enum preloading preloading;

	if (!program_find(command, path))
		return PRELOAD_WORKS;
	preloading = program_preloading(path);
	if (preloading != PRELOAD_WORKS) {
		snprintf(text, sizeof(text), "%s %s; its memory gets no names", path,
			 reasons[preloading]);
		say(text);
	}
	return preloading;
}

/* Warns if no process can keep names: without memfds, or if files may not be large. */
static void check_keeping(void)
{
	char text[256];
	int fd;

	if (anonmem_kernel_keeps_names() == 1)
		return;
	errno = EFBIG;
	fd = memfd_open();
	if (fd >= 0) {
		close(fd);
		return;
	}
	snprintf(text, sizeof(text), "run: cannot keep names of memory: memfd_create: %s",
		 strerror(errno));
	say(text);
}

/* Adds "option=value" to the options in a variable, unless the user has set that option. */
static int add_option(const char *name, const char *option, const char *value, struct error *e)
{
	const char *options = getenv(name);
	char text[64];

	if (options && strstr(options, option))
		return 0;
	snprintf(text, sizeof(text), "%s%s", option, value);
	return prepend(name, text, e);
}

/* Sets options of other libraries. */
static int add_options(struct error *e)
{
	/* glibc names its own memory since 2.39, if told to. */
	if (add_option("GLIBC_TUNABLES", "glibc.mem.decorate_maps=", "1", e) < 0)
		return -1;
	/* AddressSanitizer refuses to run if another library is preloaded before it. */
	return add_option("ASAN_OPTIONS", "verify_asan_link_order=", "0", e);
}

static int check_library(const char *path, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), status;

	if (fd < 0)
		return error_errno(e, "cannot open %s", path);
	status = trust_check(fd, path, e);
	close(fd);
	return status;
}

static int set_variable(const char *name, const char *value, struct error *e)
{
	return (value ? setenv(name, value, 1) : unsetenv(name)) < 0 ? error_memory(e) : 0;
}

/* With LD_AUDIT, the dynamic linker shares out its room for variables of threads before it loads
 * the library, and by default has less than the allocator needs. */
static int make_room_beside_audit(struct error *e)
{
	if (!getenv("LD_AUDIT"))
		return 0;
	return add_option("GLIBC_TUNABLES", "glibc.rtld.optional_static_tls=", "4096", e);
}

/* Preloads even into a program that accepts no library, since its children may. */
static int preload(const struct run *run, enum preloading program, struct error *e)
{
	char library[PATH_MAX];

	if (find_library(libraries[run->by_heaps], library, e) < 0 || check_library(library, e) < 0)
		return -1;
	if (strpbrk(library, ": $"))
		return error_set(
			e, ERROR_SYSTEM,
			"cannot preload %s: its path has a space, a colon or a dollar sign",
			library);
	find_for_linkers(library);
	if (program == PRELOAD_LIBC && !strstr(library, by_linker))
		return 0;
	if (set_variable(label_variable, run->label, e) < 0 ||
	    set_variable(heaps_variable, run->heaps, e) < 0 ||
	    set_variable(through_variable, run->through, e) < 0 || drop_libraries(e) < 0 ||
	    (run->by_heaps && make_room_beside_audit(e) < 0))
		return -1;
	return prepend("LD_PRELOAD", library, e);
}

static int prepare(const struct run *run, struct error *e)
{
	enum preloading preloading;

	if (add_options(e) < 0)
		return -1;
	/* The kernel then keeps the program's own names, and no others are requested. */
	if (run->none && !run->by_heaps && anonmem_kernel_keeps_names() == 1)
		return 0;
	preloading = check_program(run->command[0]);
	if (preloading == PRELOAD_OTHER)
		return 0;
	if (preloading == PRELOAD_WORKS)
		check_keeping();
	return preload(run, preloading, e);
}

/* Checks the value of --label, ignoring case; NULL if it is invalid. */
static const char *find_label(const char *value)
{
	static const char *const labels[] = {"library", "function", "none"};

	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		if (strcasecmp(labels[i], value) == 0)
			return labels[i];
	}
	return NULL;
}

/* Adds patterns of libraries. */
static int add_through(struct run *run, const char *glob, struct error *e)
{
	char *both;

	if (!*glob || strchr(glob, ':'))
		return error_set(e, ERROR_USAGE,
				 "run: --through: invalid value \"%s\": expected a pattern of "
				 "library names without a colon",
				 glob);
	if (asprintf(&both, "%s%s%s", run->through ? run->through : "", run->through ? ":" : "",
		     glob) < 0)
		return error_memory(e);
	free(run->through);
	run->through = both;
	return 0;
}

static int parse_label(struct run *run, const char *value, struct error *e)
{
	const char *label = find_label(value);

	if (!label)
		return error_set(e, ERROR_USAGE,
				 "run: --label: invalid value \"%s\": expected library, "
				 "function or none",
				 value);
	run->none = strcmp(label, "none") == 0;
	run->label = strcmp(label, "library") == 0 ? NULL : label;
	return 0;
}

static int parse_heaps(struct run *run, const char *value, struct error *e)
{
	if (value && strcasecmp(value, "caller") != 0)
		return error_set(e, ERROR_USAGE,
				 "run: --heaps: invalid value \"%s\": expected caller or nothing",
				 value);
	run->by_heaps = true;
	run->heaps = value ? "caller" : NULL;
	return 0;
}

/* Refuses options that exclude each other, or that this build lacks. */
static int check(const struct run *run, struct error *e)
{
	if (!*run->command)
		return error_set(e, ERROR_USAGE, "run: missing command; see anonmem run --help");
	if (run->through && !run->by_heaps)
		return error_set(e, ERROR_USAGE, "run: --through needs --heaps");
	if (run->by_heaps && !ANONMEM_HEAPS)
		return error_set(e, ERROR_USAGE,
				 "run: --heaps: not built into this anonmem; it needs an x86-64 "
				 "processor and jemalloc");
	return 0;
}

static int parse(int argc, char **argv, struct run *run, struct error *e)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},	   {"heaps", optional_argument, NULL, 'H'},
		{"label", required_argument, NULL, 'l'},   {"summary", no_argument, NULL, 's'},
		{"through", required_argument, NULL, 't'}, {0}};
	int option, status = 0;

	opterr = 0;
	while (status == 0 && (option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		switch (option) {
		case 'h':
			run->help = true;
			return 0;
		case 'H':
			status = parse_heaps(run, optarg, e);
			break;
		case 'l':
			status = parse_label(run, optarg, e);
			break;
		case 's':
			run->summary = true;
			break;
		case 't':
			status = add_through(run, optarg, e);
			break;
		default:
			status = error_set(e, ERROR_USAGE, "run: %s: %s; see anonmem run --help",
					   argv[optind - 1],
					   option == ':' ? "missing value" : "unknown option");
		}
	}
	run->command = argv + optind;
	return status < 0 ? status : check(run, e);
}

/* Does not return if exec succeeds. */
static int start(const struct run *run, struct error *e)
{
	if (prepare(run, e) < 0)
		return EXIT_FAILED;
	if (run->summary)
		return summary_run(run->command, run->by_heaps, e);
	execvp(run->command[0], run->command);
	return program_failed(run->command[0], errno, e);
}

enum exit_status command_run(int argc, char **argv)
{
	struct error e = {.code = ERROR_NONE};
	struct run run = {.command = argv + argc};
	int status = EXIT_USAGE;

	if (parse(argc, argv, &run, &e) == 0) {
		if (run.help) {
			fputs(help, stdout);
			status = EXIT_DONE;
		} else {
			status = start(&run, &e);
		}
	}
	if (e.code != ERROR_NONE)
		say(e.text);
	free(run.through);
	return (enum exit_status)status;
}
