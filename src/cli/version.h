/* version: writes the version of anonmem, and how it was built. */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

#include <stdio.h>

void version_write(FILE *to);

#endif
