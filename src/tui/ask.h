/* ask: asks the user questions on the screen, which the caller must redraw. */
#ifndef TUI_ASK_H
#define TUI_ASK_H

#include <stdbool.h>
#include <stddef.h>

enum { ASK_WHY_MAX = 256 };

/* Whether an answer is acceptable; if not, writes a sentence with the reason, escaped. */
typedef bool ask_check_fn(const void *ctx, const char *text, char why[ASK_WHY_MAX]);

struct question {
	const char *text;
	ask_check_fn *check; /* NULL accepts any answer */
	const void *ctx;
};

/* Lets the user edit a line of text, starting with `text`; true if it was finished with Enter. The
 * text is shown escaped. The question is repeated until the answer is acceptable. */
bool ask_text(const struct question *question, char *text, size_t size);

/* Returns the index of a choice, or -1 if none was made. */
int ask_choice(const char *question, const char *const *choices, int count, int current);

/* Shows the keys for a recording, or those for the running system, until any key is pressed. */
void ask_help(bool recording);

#endif
