#include "classify/rules.h"

#include "classify/class.h"

#include <ctype.h>
#include <pthread.h>
#include <regex.h>
#include <stdlib.h>

enum { GROUPS = 10 };

struct rule {
	regex_t pattern;
	char *text; /* of the pattern, and behind its NUL the */
	const char *subsystem;
};

struct rules {
	struct rule *table;
	size_t count, capacity;
};

/* Who names memory, and how: see the manual's table. The order matters. */
static const struct {
	const char *pattern, *subsystem;
} builtin[] = {
	{"^glibc: pthread (user )?stack: [0-9]+$", "glibc/stacks"},
	{"^glibc: malloc.*", "glibc/malloc"},
	{"^glibc: ", "glibc/other"},
	{"^Go: heap( reservation)?$", "go/heap"},
	{"^Go: ", "go/runtime"},
	{"^(stack_and_tls:|thread (signal )?stack|bionic TLS)", "bionic/stacks"},
	{"^(libc_malloc|scudo:|GWP-ASan)", "bionic/malloc"},
	{"^(linker_alloc|bionic_alloc|\\.bss$|atexit handlers|cfi shadow)", "bionic/other"},
	{"^dalvik-.*(space|zygote)", "art/heap"},
	{"^dalvik-.*code-cache", "art/jit"},
	{"^dalvik-", "art/other"},
	{"^tcmalloc_region_([A-Z]+)", "tcmalloc/\\1"},
	{"^(jemalloc_pg|libjemalloc\\.so)", "jemalloc"},
	{"^(lib)?(mimalloc|rpmalloc|snmalloc)", "\\2"},
	{"^zend_", "php"},
	{"^Ruby:GC:", "ruby/gc"},
	{"^Ruby:", "ruby/other"},
	{"^cpython:(.*)", "python/\\1"},
	{"^mmtk:(.*)", "mmtk"},
	{"^(v8|blink_gc|partition_alloc|chromium)", "chromium/\\1"},
	{"^(js-|wasm-|jemalloc)", "firefox"},
	{"^(WKFastMalloc|JS[A-Z])", "webkit"},
	{"^nodejs ", "node"},
	/* The names that `anonmem run` gives: of a library, without its version. */
	{"^(lib[^]:[/]+)\\.so([.:]|$)", "\\1"},
	/* What stands before a colon, but not that of anon_inode:[io_uring]. */
	{"^([^]:[]{1,32}): ?[^[]", "\\1"},
	{"^\\[stack:[0-9]+\\]$", "[stack]"},
	/* Guesses stay apart from what is known. */
	{"^~malloc arena$", "~glibc/malloc"},
	{"^~(go|java|v8|spidermonkey|php|redis|firefox) heap$", "~\\1/heap"},
	{"^~(python) objects$", "~\\1/objects"},
};

struct rules *rules_new(void)
{
	return calloc(1, sizeof(struct rules));
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->count; i++) {
		regfree(&rules->table[i].pattern);
		free(rules->table[i].text);
	}
	free(rules->table);
	free(rules);
}

/* Every group that the subsystem asks for must be in the pattern. */
static int check_groups(const char *subsystem, size_t groups, struct error *e)
{
	for (const char *p = subsystem; *p; p++) {
		if (*p != '\\')
			continue;
		p++;
		if (*p == '\\')
			continue;
		if (!isdigit((unsigned char)*p))
			return error_set(e, ERROR_MALFORMED,
					 "a backslash must be followed by a digit or a backslash");
		if ((size_t)(*p - '0') > groups)
			return error_set(e, ERROR_MALFORMED, "\\%c: the pattern has %zu group%s",
					 *p, groups, groups == 1 ? "" : "s");
	}
	return 0;
}

static int add(struct rules *rules, const char *pattern, const char *subsystem, struct error *e)
{
	struct rule rule;
	int status;

	if (rules->count == rules->capacity) {
		size_t capacity = rules->capacity ? 2 * rules->capacity : 32;
		void *table = reallocarray(rules->table, capacity, sizeof(*rules->table));

		if (!table)
			return error_memory(e);
		rules->table = table;
		rules->capacity = capacity;
	}
	status = regcomp(&rule.pattern, pattern, REG_EXTENDED);
	if (status == REG_ESPACE)
		return error_memory(e);
	if (status != 0) {
		char why[128];

		regerror(status, &rule.pattern, why, sizeof(why));
		return error_set(e, ERROR_MALFORMED, "invalid regular expression \"%s\": %s",
				 pattern, why);
	}
	if (check_groups(subsystem, rule.pattern.re_nsub, e) < 0) {
		regfree(&rule.pattern);
		return -1;
	}
	rule.text = malloc(strlen(pattern) + strlen(subsystem) + 2);
	if (!rule.text) {
		regfree(&rule.pattern);
		return error_memory(e);
	}
	rule.subsystem = stpcpy(rule.text, pattern) + 1;
	strcpy(rule.text + strlen(pattern) + 1, subsystem);
	rules->table[rules->count++] = rule;
	return 0;
}

void rules_write(const struct rules *rules, FILE *out)
{
	for (size_t i = 0; i < rules->count; i++)
		fprintf(out, "%s -> %s\n", rules->table[i].text, rules->table[i].subsystem);
}

int rules_add_builtin(struct rules *rules, struct error *e)
{
	for (size_t i = 0; i < sizeof(builtin) / sizeof(*builtin); i++) {
		if (add(rules, builtin[i].pattern, builtin[i].subsystem, e) < 0)
			return error_prefix(e, "built-in rule %zu", i + 1);
	}
	return 0;
}

static char *trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

/* The last arrow of the line: a pattern may hold one, a subsystem needs none. */
static char *find_arrow(char *line)
{
	char *found = NULL;

	for (char *p = line; (p = strstr(p, " -> ")); p++)
		found = p;
	return found;
}

static int parse_rule(struct rules *rules, char *line, struct error *e)
{
	char *arrow, *pattern, *subsystem;

	line = trim(line);
	if (*line == '\0' || *line == '#')
		return 0;
	arrow = find_arrow(line);
	if (!arrow)
		return error_set(e, ERROR_MALFORMED, "expected \"PATTERN -> SUBSYSTEM\"");
	*arrow = '\0';
	pattern = trim(line);
	subsystem = trim(arrow + strlen(" -> "));
	if (*pattern == '\0' || *subsystem == '\0')
		return error_set(e, ERROR_MALFORMED, "expected \"PATTERN -> SUBSYSTEM\"");
	return add(rules, pattern, subsystem, e);
}

int rules_read(struct rules *rules, FILE *in, const char *name, struct error *e)
{
	char *line = NULL;
	size_t size = 0;
	int status = 0;
	ssize_t length;

	for (unsigned long n = 1; status == 0 && (length = getline(&line, &size, in)) >= 0; n++) {
		if (memchr(line, '\0', (size_t)length))
			status = error_set(e, ERROR_MALFORMED, "a NUL byte: expected text");
		else
			status = parse_rule(rules, line, e);
		if (status < 0)
			error_prefix(e, "%s: line %lu", name, n);
	}
	free(line);
	if (status == 0 && !feof(in))
		return error_errno(e, "cannot read the rules in %s", name);
	return status;
}

static void write_subsystem(const struct rule *rule, struct slice text, const regmatch_t *groups,
			    FILE *out)
{
	for (const char *p = rule->subsystem; *p; p++) {
		const regmatch_t *g;

		if (*p != '\\') {
			putc(*p, out);
			continue;
		}
		p++;
		if (*p == '\\') {
			putc('\\', out);
			continue;
		}
		g = &groups[*p - '0'];
		if (g->rm_so >= 0)
			fwrite(text.ptr + g->rm_so, 1, (size_t)(g->rm_eo - g->rm_so), out);
	}
}

/* `worker_12` and `worker_7` are the same subsystem, `worker*`. */
static void write_without_number(struct slice text, FILE *out)
{
	size_t len = text.len;

	while (len && isdigit((unsigned char)text.ptr[len - 1]))
		len--;
	if (len == text.len) {
		fwrite(text.ptr, 1, len, out);
		return;
	}
	if (len && strchr(":_-", text.ptr[len - 1]))
		len--;
	fwrite(text.ptr, 1, len, out);
	putc('*', out);
}

/* A pattern has a state that its matches change. glibc locks it too, in a way of its own that
 * ThreadSanitizer does not see. */
static pthread_mutex_t matching = PTHREAD_MUTEX_INITIALIZER;

bool rules_apply(const struct rules *rules, struct slice label, FILE *out)
{
	struct slice text = label_text(label);
	char *string = strndup(text.ptr, text.len);
	int status = string ? REG_NOMATCH : REG_ESPACE;

	pthread_mutex_lock(&matching);
	for (size_t i = 0; status == REG_NOMATCH && i < rules->count; i++) {
		regmatch_t groups[GROUPS];

		status = regexec(&rules->table[i].pattern, string, GROUPS, groups, 0);
		if (status == 0)
			write_subsystem(&rules->table[i], text, groups, out);
	}
	pthread_mutex_unlock(&matching);
	if (status == REG_NOMATCH)
		write_without_number(text.len ? text : label, out); /* [anon:] has no text */
	free(string);
	return status == 0 || status == REG_NOMATCH;
}
