/* say: how the program speaks to its user beside the report. */
#ifndef CLI_SAY_H
#define CLI_SAY_H

/* One line on standard error, "anonmem: TEXT", escaped. */
void say(const char *text);

#endif
