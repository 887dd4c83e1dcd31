/* ask: questions to the user, on the screen. Whoever asked draws it again. */
#ifndef TUI_ASK_H
#define TUI_ASK_H

#include <stdbool.h>
#include <stddef.h>

/* A line of text, which begins as `text`; true if it was finished with Enter. Both are escaped
 * where they are shown. */
bool ask_text(const char *question, char *text, size_t size);

/* One of several; -1 if none was chosen. */
int ask_choice(const char *question, const char *const *choices, int count, int current);

/* Shows the keys until one is pressed. */
void ask_help(void);

#endif
