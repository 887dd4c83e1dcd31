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

/* The names that programs give memory; see the table in anonmem-rules(5). The order matters. */
static const struct {
	const char *pattern, *subsystem;
	bool of_any; /* the matched name may be any that a program chose */
} builtin[] = {
	{"^glibc: pthread (user )?stack: [0-9]+$", "glibc/stacks", false},
	{"^glibc: malloc.*", "glibc/malloc", false},
	{"^glibc: ", "glibc/other", false},
	{"^Go: heap( reservation)?$", "go/heap", false},
	{"^Go: ", "go/runtime", false},
	{"^(stack_and_tls:|thread (signal )?stack|bionic TLS)", "bionic/stacks", false},
	{"^(libc_malloc|scudo:|GWP-ASan)", "bionic/malloc", false},
	{"^(linker_alloc|bionic_alloc|\\.bss$|atexit handlers|cfi shadow)", "bionic/other", false},
	{"^dalvik-.*(space|zygote)", "art/heap", false},
	{"^dalvik-.*code-cache", "art/jit", false},
	{"^dalvik-", "art/other", false},
	{"^tcmalloc_region_([A-Z]+)", "tcmalloc/\\1", false},
	{"^(jemalloc_pg|libjemalloc\\.so)", "jemalloc", false},
	{"^(lib)?(mimalloc|rpmalloc|snmalloc)", "\\2", false},
	{"^zend_", "php", false},
	{"^Ruby:GC:", "ruby/gc", false},
	{"^Ruby:", "ruby/other", false},
	{"^cpython:(.*)", "python/\\1", false},
	{"^mmtk:(.*)", "mmtk", false},
	{"^(v8|blink_gc|partition_alloc|chromium)", "chromium/\\1", false},
	{"^(js-|wasm-|jemalloc)", "firefox", false},
	{"^(WKFastMalloc|JS[A-Z])", "webkit", false},
	{"^nodejs ", "node", false},
	/* Names that `anonmem run` gives: those of libraries, without the version. */
	{"^malloc: (lib[^]:[/]+)\\.so([.:]|$)", "\\1", true},
	{"^malloc: \\((allocator|no library|any)\\)$", "malloc", false},
	{"^malloc: ([^]:[/]+)(:|$)", "\\1", true},
	{"^(lib[^]:[/]+)\\.so([.:]|$)", "\\1", true},
	/* The text before a colon, except in anon_inode:[io_uring]. */
	{"^([^]:[]{1,32}): ?[^[]", "\\1", true},
	{"^\\[stack:[0-9]+\\]$", "[stack]", false},
	/* Guesses stay apart from what is known. */
	{"^~malloc( arena)?\\??$", "~glibc/malloc", false},
	{"^~(go|java|v8|spidermonkey|php|redis|firefox|ruby|erlang|sbcl|oilpan) heap\\??$",
	 "~\\1/heap", false},
	{"^~(ghc|libgc|luajit) heap\\??$", "~\\1/heap", false},
	{"^~(go|java) (runtime|code|classes|gc)\\??$", "~\\1/\\2", false},
	{"^~(python) objects\\??$", "~\\1/objects", false},
	{"^(~.*)\\?$", "\\1", false},
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

/* Every group used in the subsystem must exist in the pattern. */
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
	memcpy(rule.text + strlen(pattern) + 1, subsystem, strlen(subsystem) + 1);
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

/* Finds the last arrow in the line: a pattern may contain one, a subsystem does not need to. */
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

/* Matching changes the state of a pattern. glibc locks it itself, but in a way that ThreadSanitizer
 * does not see. */
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

bool rules_know(const struct rules *builtin_rules, struct slice text)
{
	char *string = strndup(text.ptr, text.len);
	int status = string ? REG_NOMATCH : REG_ESPACE;
	size_t i = 0;

	pthread_mutex_lock(&matching);
	while (status == REG_NOMATCH && i < builtin_rules->count)
		status = regexec(&builtin_rules->table[i++].pattern, string, 0, NULL, 0);
	pthread_mutex_unlock(&matching);
	free(string);
	return status == 0 && !builtin[i - 1].of_any;
}

bool rules_give(struct slice subsystem)
{
	for (size_t i = 0; i < sizeof(builtin) / sizeof(*builtin); i++) {
		const struct slice text = slice_of(builtin[i].subsystem);
		const char *group = memchr(text.ptr, '\\', text.len);
		const struct slice fixed = {text.ptr,
					    group ? (size_t)(group - text.ptr) : text.len};

		if (builtin[i].of_any || fixed.len == 0)
			continue;
		if (group ? slice_begins(subsystem, fixed) : slice_equals(subsystem, fixed))
			return true;
	}
	return false;
}
