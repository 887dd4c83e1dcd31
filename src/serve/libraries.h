/*
 * libraries: functions of libmicrohttpd and zlib, loaded when a service starts.
 *
 * The program is not linked with them: libmicrohttpd needs GnuTLS, which would cost every start of
 * anonmem milliseconds. Nothing can be loaded inside the sandbox.
 */
#ifndef SERVE_LIBRARIES_H
#define SERVE_LIBRARIES_H

#include "base/error.h"

#include <microhttpd.h>
#include <zlib.h>

#define MICROHTTPD_FUNCTIONS(F)                                                                    \
	F(MHD_add_response_header)                                                                 \
	F(MHD_create_response_from_buffer)                                                         \
	F(MHD_destroy_response)                                                                    \
	F(MHD_get_connection_info)                                                                 \
	F(MHD_get_daemon_info)                                                                     \
	F(MHD_get_timeout)                                                                         \
	F(MHD_lookup_connection_value)                                                             \
	F(MHD_queue_response)                                                                      \
	F(MHD_run)                                                                                 \
	F(MHD_start_daemon)                                                                        \
	F(MHD_stop_daemon)

#define ZLIB_FUNCTIONS(F)                                                                          \
	F(deflateInit2_)                                                                           \
	F(deflateBound)                                                                            \
	F(deflateEnd)                                                                              \
	F(deflate)

struct microhttpd {
#define MEMBER(function) __typeof__(function) *(function);
	MICROHTTPD_FUNCTIONS(MEMBER)
};

struct zlib {
	ZLIB_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* All members are NULL until they are loaded. */
extern struct microhttpd mhd;
extern struct zlib zlib;

/* Call from one thread only. 0, or -1 with *e. */
int libraries_load(struct error *e);

#endif
