/*
 * address: where a service listens.
 *
 * "127.0.0.1:9974", "[::1]:9974", "unix:/run/anonmem.sock", or a socket that systemd has opened
 * (sd_listen_fds(3)). Host names are not looked up.
 */
#ifndef SERVE_ADDRESS_H
#define SERVE_ADDRESS_H

#include "base/error.h"

#include <stdbool.h>

#define ADDRESS_DEFAULT "127.0.0.1:9974"

/* Opens a socket that listens at the address. Returns the descriptor, or -1 with *e: ERROR_USAGE if
 * the address is invalid. */
int address_listen(const char *text, struct error *e);

/* Whether systemd has opened a socket for this process. */
bool address_is_inherited(void);

/* Returns that socket, or -1 with *e if it does not listen. */
int address_inherit(struct error *e);

#endif
