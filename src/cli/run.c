/*
 * `anonmem run`: executes a program with a preloaded library that names its memory. It uses exec,
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
	"Run a program so that its memory has names: those that the program gives, and for the\n"
	"rest the library that asked for it. Works on every kernel.\n"
	"\n"
	"      --label WHAT                name memory without a name after the library (default)\n"
	"                                  or the function that asked for it, or not at all "
	"(none)\n"
	"      --summary                   when the program ends, show the peak of each label\n"
	"  -h, --help                      show this text\n"
	"\n"
	"Exit status: that of COMMAND; 1 failed, 2 invalid usage, 126 cannot run it, 127 not "
	"found.\n"
	"\n"
	"Example:\n"
	"  anonmem run redis-server &\n"
	"  anonmem --name redis-server\n";

/* Passes the value of --label to the preloaded library. */
static const char variable[] = "ANONMEM_LABEL";

struct run {
	const char *label; /* NULL for the default */
	bool none, summary, help;
	char **command;
};

/* Between the directory of the library and its name: the dynamic linker puts its own library
 * directory there. So a 32-bit linker finds another file than a 64-bit one, and the linker of
 * another C library, which takes these letters literally, finds none and stays silent. */
static const char by_linker[] = "/$LIB/";

/* Finds the library next to this program, as in the build directory, or where it is installed,
 * relative to this program's directory, so that an installed tree can be moved. */
static int find_library(char path[PATH_MAX], struct error *e)
{
	static const char *const places[] = {"anonmem-preload.so", ANONMEM_PRELOAD};
	char program[PATH_MAX], place[2 * PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	if (n < 0)
		return error_errno(e, "cannot read /proc/self/exe");
	program[n] = '\0';
	slash = strrchr(program, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(place, sizeof(place), "%s/%s", program, places[i]);
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
	void *loaded;

	if (len < 0 || len >= PATH_MAX)
		return;
	/* It is not loaded; an error says that it could not be. */
	dlerror();
	loaded = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
	if (loaded)
		dlclose(loaded);
	if (loaded || !dlerror())
		memcpy(library, path, (size_t)len + 1);
}

/* Whether a word is in a list with these separators. */
static bool has_word(const char *list, const char *separators, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		size_t n = strcspn(list, separators);

		if (n == len && memcmp(list, word, len) == 0)
			return true;
		list += n + strspn(list + n, separators);
	}
	return false;
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
		[PRELOAD_STATIC] = "is linked statically, so nothing can be preloaded",
		[PRELOAD_OTHER] = "is built for another kind of processor than anonmem is",
		[PRELOAD_LIBC] = "is built for another C library than anonmem is",
		[PRELOAD_SECURE] =
			"runs with rights that you have not, and wants nothing preloaded",
	};
	char path[PATH_MAX], text[PATH_MAX + 128];
	enum preloading preloading;

	if (!program_find(command, path))
		return PRELOAD_WORKS;
	preloading = program_preloading(path);
	if (preloading != PRELOAD_WORKS) {
		snprintf(text, sizeof(text), "%s %s: its memory gets no names", path,
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
	snprintf(text, sizeof(text), "run: cannot keep names: memfd_create: %s: memory gets none",
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

/* A program that takes no library has children that may. */
static int preload(const struct run *run, enum preloading program, struct error *e)
{
	const char *already = getenv("LD_PRELOAD");
	char library[PATH_MAX];

	if (find_library(library, e) < 0 || check_library(library, e) < 0)
		return -1;
	if (strpbrk(library, ": $"))
		return error_set(
			e, ERROR_SYSTEM,
			"cannot preload %s: its path has a space, a colon or a dollar sign",
			library);
	find_for_linkers(library);
	if (program == PRELOAD_LIBC && !strstr(library, by_linker))
		return 0;
	if ((run->label ? setenv(variable, run->label, 1) : unsetenv(variable)) < 0)
		return error_memory(e);
	if (already && has_word(already, ": ", library))
		return 0;
	return prepend("LD_PRELOAD", library, e);
}

static int prepare(const struct run *run, struct error *e)
{
	enum preloading preloading;

	if (add_options(e) < 0)
		return -1;
	/* Then the program's own names are kept by the kernel, and no others are wanted. */
	if (run->none && anonmem_kernel_keeps_names() == 1)
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

static int parse(int argc, char **argv, struct run *run, struct error *e)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"label", required_argument, NULL, 'l'},
						{"summary", no_argument, NULL, 's'},
						{0}};
	const char *label;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		if (option == 'h') {
			run->help = true;
			return 0;
		}
		if (option == 's') {
			run->summary = true;
		} else if (option == 'l' && (label = find_label(optarg)) != NULL) {
			run->none = strcmp(label, "none") == 0;
			run->label = strcmp(label, "library") == 0 ? NULL : label;
		} else if (option == 'l') {
			return error_set(e, ERROR_USAGE,
					 "run: --label: invalid value \"%s\": expected library, "
					 "function or none",
					 optarg);
		} else {
			return error_set(e, ERROR_USAGE, "run: %s: %s; see anonmem run --help",
					 argv[optind - 1],
					 option == ':' ? "missing value" : "unknown option");
		}
	}
	run->command = argv + optind;
	if (!*run->command)
		return error_set(e, ERROR_USAGE, "run: missing command; see anonmem run --help");
	return 0;
}

/* Does not return if exec succeeds. */
static int start(const struct run *run, struct error *e)
{
	if (prepare(run, e) < 0)
		return EXIT_FAILED;
	if (run->summary)
		return summary_run(run->command, e);
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
	return (enum exit_status)status;
}
