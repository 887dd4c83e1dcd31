/*
 * address: where a service listens.
 *
 * "127.0.0.1:9974", "[::1]:9974", "unix:/run/anonmem.sock", or a socket that systemd has opened
 * (sd_listen_fds(3)). Names of hosts are not looked up.
 */
#ifndef SERVE_ADDRESS_H
#define SERVE_ADDRESS_H

#include "base/error.h"

#include <stdbool.h>

#define ADDRESS_DEFAULT "127.0.0.1:9974"

/* Opens a socket that listens there. The descriptor, or -1 with *e: ERROR_USAGE if it is no
 * address.
 */
int address_listen(const char *text, struct error *e);

/* Whether systemd has opened a socket for this process. */
bool address_is_inherited(void);

/* That socket, or -1 with *e if it is none that listens. */
int address_inherit(struct error *e);

#endif
