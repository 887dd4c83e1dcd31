/* markdown: tables as GitHub and GitLab show them in a comment. */
#ifndef RENDER_MARKDOWN_H
#define RENDER_MARKDOWN_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdio.h>

/* A name as code, so that nothing in it is a link, a mention or markup, and no bar ends its cell.
 * False if out of memory. */
bool markdown_write_code(struct slice name, FILE *out);

/* The same for a text that is escaped already. Always true. */
bool markdown_write_escaped_code(const char *text, FILE *out);

/* Sentences, one a line, in a block of text in which nothing is markup. */
void markdown_write_sentences(char *const *lines, size_t count, FILE *out);

#endif
