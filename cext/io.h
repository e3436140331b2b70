/* io: NSS's socket between httpd's filters. An NSPR layer whose recv takes from the
 * filter below and whose send passes buckets to it (layer.c), and the two filters above
 * it (filter_in.c, filter_out.c).
 *
 *     httpd    READBYTES, GETLINE …            HTTP response
 *                ^ in_bb                          | plain (coalesced)
 *     io       filter_in.c  PR_Read          filter_out.c  PR_Write
 *     NSS      records                        records
 *     layer    recv <- net_bb                 send -> out_bb
 *                ^                                v
 *     httpd    core input filter              core output filter
 *
 * Memory: nss_io_t lives in the connection's pool, its brigades in the connection's bucket
 * allocator. What holds bytes (plain, flat, and the buffers of the heap buckets) is from
 * malloc, and lives no longer than the bytes are needed: httpd's allocators keep what was
 * once used for as long as a connection lives, which is long when it idles.
 */
#ifndef NSS_IO_H
#define NSS_IO_H

#include "conn.h"

#define NSS_IO_FILTER_NAME "NSS SSL/TLS Filter"

/* The most plaintext one TLS record holds (RFC 8446 section 5.1). A longer PR_Write makes
 * NSS give up the processor between its records. */
#define NSS_IO_RECORD 16384

struct nss_io_t {
    nss_conn_t         *cc;
    ap_filter_t        *in;             /* ours; the network is in->next */
    ap_filter_t        *out;
    PRFileDesc         *layer;          /* until SSL_ImportFD takes it over, then NULL */

    apr_bucket_brigade *in_bb;          /* plaintext not yet asked for */
    apr_bucket_brigade *net_bb;         /* from the network; its first bucket is net_data */
    const char         *net_data;       /* unread part of that bucket */
    apr_size_t          net_len;
    unsigned char      *flat;           /* a hello that came in pieces, put together */
    apr_size_t          flat_len;
    apr_size_t          flat_at;        /* how much of it was given to NSS */

    apr_bucket_brigade *out_bb;         /* for the network, in order */
    char               *plain;          /* plaintext of a record that is not full yet */
    apr_size_t          plain_len;

    apr_read_type_e     block;          /* of the read that is under way */
    apr_status_t        status;         /* why the network refused, APR_SUCCESS: it did not */
    unsigned int        writing:1;      /* application data is on its way through NSS */
    unsigned int        unflushed:1;    /* NSS produced what httpd knows nothing of */
    unsigned int        muted:1;        /* whatever NSS sends is thrown away */
    unsigned int        eof:1;          /* the client sends no more: close_notify or FIN */
    unsigned int        close_received:1;
};

void nss_io_register_filters(apr_pool_t *p);

/* Adds both filters to the connection and makes the NSPR layer. NULL: NSPR has no memory. */
nss_io_t *nss_io_attach(nss_conn_t *cc);

/* The bottom NSPR descriptor, to be given to SSL_ImportFD, which takes it over: after
 * success the caller says so with nss_io_taken. */
PRFileDesc *nss_io_descriptor(nss_io_t *io);
void nss_io_taken(nss_io_t *io);

/* Reads from the network without consuming, at least one byte more than was
 * peeked before; *pbuf, *plen: all bytes peeked so far. They are given to NSS
 * first, once the layer is read. Valid until then. */
apr_status_t nss_io_peek(nss_io_t *io, const unsigned char **pbuf, apr_size_t *plen);

/* Sends what NSS has produced down to the network and waits until it is written. */
apr_status_t nss_io_flush(nss_io_t *io);

/* The same bytes that NSS would send, for an answer before NSS exists (alerts in plain). */
apr_status_t nss_io_send_raw(nss_io_t *io, const unsigned char *data, apr_size_t len);

/* Why the last NSPR call on the layer failed, as httpd's filter below reported it. */
apr_status_t nss_io_status(const nss_io_t *io);

/* From now on nothing that NSS produces reaches the network; frees what is held back. */
void nss_io_mute(nss_io_t *io);

/* Puts the bytes that were peeked back in front of what the input filter returns, for a
 * connection that turns out to be no TLS. */
void nss_io_replay(nss_io_t *io);

/* ---- between layer.c, filter_in.c and filter_out.c ---------------------- */

/* Makes the descriptor. NULL: no memory. */
PRFileDesc *nss_layer_create(nss_io_t *io);

/* The next bucket of the network into net_data, which must be used up. APR_EOF, APR_EAGAIN (only when
 * io->block allows it) or an error otherwise. */
apr_status_t nss_layer_fetch(nss_io_t *io);

/* n bytes of net_data were used; the bucket goes when it is empty. */
void nss_layer_consume(nss_io_t *io, apr_size_t n);

/* Copies to the end of out_bb. */
apr_status_t nss_layer_append(nss_io_t *io, const void *data, apr_size_t len);

/* Passes out_bb down. */
apr_status_t nss_layer_pass(nss_io_t *io);

apr_status_t nss_filter_in(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                           apr_read_type_e block, apr_off_t readbytes);
apr_status_t nss_filter_out(ap_filter_t *f, apr_bucket_brigade *bb);

#endif
