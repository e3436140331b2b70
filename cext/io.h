/* io: NSS's socket between httpd's filters. An NSPR layer whose recv takes from the
 * filter below and whose send passes buckets to it, and the two filters above it.
 *
 * Memory: nss_io_t lives in the connection's pool, its buffers too.
 */
#ifndef NSS_IO_H
#define NSS_IO_H

#include "conn.h"

#define NSS_IO_FILTER_NAME "NSS SSL/TLS Filter"

void nss_io_register_filters(apr_pool_t *p);

/* Adds both filters to the connection and makes the NSPR layer. */
nss_io_t *nss_io_attach(nss_conn_t *cc);

/* The bottom NSPR descriptor, to be given to SSL_ImportFD, which takes it over. */
PRFileDesc *nss_io_descriptor(nss_io_t *io);

/* Reads from the network without consuming, at least one byte more than was
 * peeked before; *pbuf, *plen: all bytes peeked so far. They are given to NSS
 * first, once the layer is read. */
apr_status_t nss_io_peek(nss_io_t *io, const unsigned char **pbuf, apr_size_t *plen);

/* Sends what NSS has produced down to the network. */
apr_status_t nss_io_flush(nss_io_t *io);

/* Why the last NSPR call on the layer failed, as httpd's filter below reported it. */
apr_status_t nss_io_status(const nss_io_t *io);

#endif
