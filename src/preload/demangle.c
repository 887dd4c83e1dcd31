#include "preload/demangle.h"

#include <string.h>

enum { DEPTH_MAX = 40 };

struct name {
	const char *at; /* the rest of the mangled name */
	char *text;
	size_t len, size;
	unsigned depth;
	unsigned quiet;	  /* above 0, nothing is written */
	const char *last; /* the last identifier, for constructors */
	size_t last_len;
};

static bool skip_type(struct name *n);
static bool encoding(struct name *n);

/* Writing. */

static void put_bytes(struct name *n, const char *bytes, size_t len)
{
	for (size_t i = 0; n->quiet == 0 && i < len && n->len + 1 < n->size; i++)
		n->text[n->len++] = bytes[i];
}

static void put(struct name *n, const char *text)
{
	put_bytes(n, text, strlen(text));
}

static void put_last(struct name *n, const char *text, size_t len)
{
	put_bytes(n, text, len);
	n->last = text;
	n->last_len = len;
}

/* Reading. */

static bool take(struct name *n, char c)
{
	if (*n->at != c)
		return false;
	n->at++;
	return true;
}

static bool take_pair(struct name *n, const char *pair)
{
	if (strncmp(n->at, pair, 2) != 0)
		return false;
	n->at += 2;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static size_t take_number(struct name *n)
{
	const size_t limit = 100000;
	size_t number = 0;

	while (is_digit(*n->at) && number < limit)
		number = number * 10 + (size_t)(*n->at++ - '0');
	return number;
}

/* A number or none, and an underscore. */
static bool skip_sequence(struct name *n)
{
	while (is_digit(*n->at) || (*n->at >= 'A' && *n->at <= 'Z'))
		n->at++;
	return take(n, '_');
}

/* Parts of names. */

/* Whether this is the hash at the end of a Rust name. */
static bool is_hash(const char *text, size_t len)
{
	return len == 17 && text[0] == 'h' && strspn(text + 1, "0123456789abcdef") >= 16 &&
	       text[len] == 'E';
}

static bool source_name(struct name *n)
{
	static const char anonymous[] = "_GLOBAL__N";
	size_t len = take_number(n);
	const char *text = n->at;

	if (len == 0 || strnlen(text, len) < len)
		return false;
	n->at += len;
	if (strncmp(text, anonymous, strlen(anonymous)) == 0)
		put_last(n, "(anonymous)", strlen("(anonymous)"));
	else if (is_hash(text, len) && n->len > 2)
		n->len -= n->quiet ? 0 : 2; /* removes the colons before it */
	else
		put_last(n, text, len);
	return true;
}

static const struct {
	char code[3], text[10];
} operators[] = {
	{"nw", " new"},	     {"na", " new[]"}, {"dl", " delete"}, {"da", " delete[]"},
	{"aw", " co_await"}, {"ps", "+"},      {"ng", "-"},	  {"ad", "&"},
	{"de", "*"},	     {"co", "~"},      {"pl", "+"},	  {"mi", "-"},
	{"ml", "*"},	     {"dv", "/"},      {"rm", "%"},	  {"an", "&"},
	{"or", "|"},	     {"eo", "^"},      {"aS", "="},	  {"pL", "+="},
	{"mI", "-="},	     {"mL", "*="},     {"dV", "/="},	  {"rM", "%="},
	{"aN", "&="},	     {"oR", "|="},     {"eO", "^="},	  {"ls", "<<"},
	{"rs", ">>"},	     {"lS", "<<="},    {"rS", ">>="},	  {"eq", "=="},
	{"ne", "!="},	     {"lt", "<"},      {"gt", ">"},	  {"le", "<="},
	{"ge", ">="},	     {"ss", "<=>"},    {"nt", "!"},	  {"aa", "&&"},
	{"oo", "||"},	     {"pp", "++"},     {"mm", "--"},	  {"cm", ","},
	{"pm", "->*"},	     {"pt", "->"},     {"cl", "()"},	  {"ix", "[]"},
	{"qu", "?"},
};

static bool operator_name(struct name *n)
{
	put(n, "operator");
	if (take_pair(n, "cv")) {
		put(n, " (type)");
		return skip_type(n);
	}
	if (take_pair(n, "li")) {
		put(n, "\"\" ");
		return source_name(n);
	}
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		if (take_pair(n, operators[i].code)) {
			put(n, operators[i].text);
			return true;
		}
	}
	return false;
}

static bool constructor_name(struct name *n)
{
	bool destroys = *n->at == 'D';
	const char *last = n->last;

	n->at++;
	take(n, 'I'); /* inherited */
	if (!is_digit(*n->at) || !last)
		return false;
	n->at++;
	if (destroys)
		put(n, "~");
	put_bytes(n, last, n->last_len);
	return true;
}

/* A type without a name, or a lambda. */
static bool unnamed(struct name *n)
{
	if (take_pair(n, "Ut")) {
		put_last(n, "(unnamed)", strlen("(unnamed)"));
		return skip_sequence(n);
	}
	if (!take_pair(n, "Ul"))
		return false;
	put_last(n, "(lambda)", strlen("(lambda)"));
	while (*n->at && *n->at != 'E') {
		if (!skip_type(n))
			return false;
	}
	return take(n, 'E') && skip_sequence(n);
}

static bool unqualified(struct name *n)
{
	bool done;

	take(n, 'L'); /* local to one file */
	if (is_digit(*n->at))
		done = source_name(n);
	else if (*n->at == 'U')
		done = unnamed(n);
	else if (*n->at == 'C' || (*n->at == 'D' && is_digit(n->at[1])))
		done = constructor_name(n);
	else
		done = is_lower(*n->at) && operator_name(n);
	n->quiet++;
	while (done && take(n, 'B')) /* a tag */
		done = source_name(n);
	n->quiet--;
	return done;
}

/* A substitution. What it repeats is only known where that is not written. */
static bool substitution(struct name *n)
{
	static const struct {
		char code;
		const char *text;
	} known[] = {{'a', "allocator"}, {'b', "basic_string"}, {'s', "string"},
		     {'i', "istream"},	 {'o', "ostream"},	{'d', "iostream"}};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (take(n, known[i].code)) {
			put(n, "std::");
			put_last(n, known[i].text, strlen(known[i].text));
			return true;
		}
	}
	return n->quiet > 0 && skip_sequence(n);
}

/* Template arguments. */

static bool skip_argument(struct name *n)
{
	if (take(n, 'L')) {
		if (take_pair(n, "_Z")) {
			if (!encoding(n))
				return false;
		} else if (!skip_type(n)) {
			return false;
		}
		n->at += strcspn(n->at, "E");
		return take(n, 'E');
	}
	if (take(n, 'J')) {
		if (++n->depth > DEPTH_MAX)
			return false;
		while (*n->at && *n->at != 'E') {
			if (!skip_argument(n))
				return false;
		}
		n->depth--;
		return take(n, 'E');
	}
	return skip_type(n);
}

static bool arguments(struct name *n)
{
	const char *last = n->last;
	size_t last_len = n->last_len;

	put(n, "<...>");
	n->quiet++;
	while (*n->at && *n->at != 'E') {
		if (!skip_argument(n))
			return false;
	}
	n->quiet--;
	n->last = last;
	n->last_len = last_len;
	return take(n, 'E');
}

/* Names. */

static bool part(struct name *n)
{
	if (take(n, 'S')) {
		if (!take(n, 't'))
			return substitution(n);
		put(n, "std");
		return true;
	}
	if (take(n, 'T'))
		return n->quiet > 0 && skip_sequence(n);
	return unqualified(n);
}

static bool nested(struct name *n)
{
	bool first = true;

	n->at += strspn(n->at, "rVK");
	n->at += strspn(n->at, "RO");
	while (*n->at && *n->at != 'E') {
		if (take(n, 'I')) {
			if (first || !arguments(n))
				return false;
			continue;
		}
		if (!first)
			put(n, "::");
		first = false;
		if (!part(n))
			return false;
		take(n, 'M'); /* the variable that a lambda initializes */
	}
	return !first && take(n, 'E');
}

/* A name within a function. */
static bool local(struct name *n)
{
	bool done;

	if (!encoding(n))
		return false;
	n->quiet++;
	while (*n->at && *n->at != 'E') {
		if (!skip_type(n))
			return false;
	}
	n->quiet--;
	if (!take(n, 'E'))
		return false;
	put(n, "::");
	if (take(n, 's')) {
		put(n, "(string)");
		return true;
	}
	if (take(n, 'd') && !skip_sequence(n))
		return false;
	done = *n->at == 'N' ? (n->at++, nested(n)) : part(n);
	if (done && take(n, 'I'))
		done = arguments(n);
	if (done && take(n, '_')) { /* which of several with that name */
		take(n, '_');
		take_number(n);
		take(n, '_');
	}
	return done;
}

static bool any_name(struct name *n)
{
	if (take(n, 'N'))
		return nested(n);
	if (take(n, 'Z'))
		return local(n);
	if (take_pair(n, "St"))
		put(n, "std::");
	else if (*n->at == 'S')
		return part(n) && take(n, 'I') && arguments(n);
	return unqualified(n) && (!take(n, 'I') || arguments(n));
}

static bool encoding(struct name *n)
{
	bool done;

	if (++n->depth > DEPTH_MAX)
		return false;
	done = any_name(n);
	n->depth--;
	return done;
}

/* Types, which are not written. */

static bool skip_types_to_end(struct name *n)
{
	while (*n->at && *n->at != 'E') {
		if (!skip_type(n))
			return false;
	}
	return take(n, 'E');
}

static bool skip_function_type(struct name *n)
{
	take(n, 'Y');
	while (*n->at && *n->at != 'E') {
		if ((*n->at == 'R' || *n->at == 'O') && n->at[1] == 'E')
			n->at++;
		else if (!skip_type(n))
			return false;
	}
	return take(n, 'E');
}

/* Types that begin with D. Expressions are not supported. */
static bool skip_special_type(struct name *n)
{
	char c = *n->at;

	if (!c)
		return false;
	n->at++;
	switch (c) {
	case 'p':
	case 'o':
	case 'x':
		return skip_type(n);
	case 'F':
	case 'B':
	case 'U':
		take_number(n);
		return take(n, '_') || take(n, 'b') || take(n, 'x');
	case 'v':
		take_number(n);
		return take(n, '_') && skip_type(n);
	case 'w':
		return skip_types_to_end(n);
	default:
		return strchr("defhiusacn", c) != NULL;
	}
}

static bool skip_array_type(struct name *n)
{
	take_number(n);
	return take(n, '_') && skip_type(n);
}

static bool skip_named_type(struct name *n)
{
	bool done;

	if ((*n->at == 'S' && n->at[1] != 't') || (*n->at == 'T' && !is_lower(n->at[1])))
		done = part(n);
	else
		done = encoding(n);
	return done && (!take(n, 'I') || arguments(n));
}

static bool skip_type_quietly(struct name *n)
{
	char c = *n->at;

	if (c && strchr("vwbcahstijlmxynofdegz", c)) {
		n->at++;
		return true;
	}
	if (c && strchr("rVKPROCG", c)) {
		n->at++;
		return skip_type(n);
	}
	if (take(n, 'D'))
		return skip_special_type(n);
	if (take(n, 'F'))
		return skip_function_type(n);
	if (take(n, 'A'))
		return skip_array_type(n);
	if (take(n, 'M'))
		return skip_type(n) && skip_type(n);
	if (take(n, 'u'))
		return source_name(n) && (!take(n, 'I') || arguments(n));
	if (c == 'U' && is_digit(n->at[1])) {
		n->at++;
		return source_name(n) && (!take(n, 'I') || arguments(n)) && skip_type(n);
	}
	return (is_digit(c) || c == 'N' || c == 'Z' || c == 'S' || c == 'T' || c == 'U') &&
	       skip_named_type(n);
}

static bool skip_type(struct name *n)
{
	const char *last = n->last;
	size_t last_len = n->last_len;
	bool done;

	if (++n->depth > DEPTH_MAX)
		return false;
	n->quiet++;
	done = skip_type_quietly(n);
	n->quiet--;
	n->depth--;
	n->last = last;
	n->last_len = last_len;
	return done;
}

bool demangle(const char *name, char *text, size_t size)
{
	struct name n = {.at = name + 2, .text = text, .size = size};

	if (strncmp(name, "_Z", 2) != 0 || !encoding(&n))
		return false;
	text[n.len] = '\0';
	return n.len > 0;
}
