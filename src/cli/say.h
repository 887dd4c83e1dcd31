/* say: messages to the user, apart from the report. */
#ifndef CLI_SAY_H
#define CLI_SAY_H

/* Writes a line to standard error, "anonmem: TEXT", escaped. */
void say(const char *text);

#endif
