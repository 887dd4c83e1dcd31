/* ask: questions to the user, on the screen. Whoever asked draws it again. */
#ifndef TUI_ASK_H
#define TUI_ASK_H

#include <stdbool.h>
#include <stddef.h>

enum { ASK_WHY_MAX = 256 };

/* Whether an answer can be taken; if not, writes a sentence that says why, escaped. */
typedef bool ask_check_fn(const void *ctx, const char *text, char why[ASK_WHY_MAX]);

struct question {
	const char *text;
	ask_check_fn *check; /* NULL takes any answer */
	const void *ctx;
};

/* A line of text, which begins as `text`; true if it was finished with Enter. It is escaped where
 * it is shown. An answer that cannot be taken is asked for again. */
bool ask_text(const struct question *question, char *text, size_t size);

/* One of several; -1 if none was chosen. */
int ask_choice(const char *question, const char *const *choices, int count, int current);

/* Shows the keys until one is pressed. */
void ask_help(void);

#endif
