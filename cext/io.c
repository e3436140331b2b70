/* io: attaching to a connection, looking at the first bytes before NSS does, flushing. */
#include "io.h"

#include <stdlib.h>
#include <string.h>

static ap_filter_rec_t *in_handle;
static ap_filter_rec_t *out_handle;

void nss_io_register_filters(apr_pool_t *p)
{
    (void)p;
    in_handle = ap_register_input_filter(NSS_IO_FILTER_NAME, nss_filter_in, NULL,
                                         AP_FTYPE_CONNECTION + 5);
    out_handle = ap_register_output_filter(NSS_IO_FILTER_NAME, nss_filter_out, NULL,
                                           AP_FTYPE_CONNECTION + 5);
}

nss_io_t *nss_io_attach(nss_conn_t *cc)
{
    conn_rec *c = cc->c;
    nss_io_t *io = apr_pcalloc(c->pool, sizeof(*io));

    io->cc = cc;
    io->block = APR_BLOCK_READ;
    io->layer = nss_layer_create(io);
    if (!io->layer) {
        return NULL;
    }
    io->in_bb = apr_brigade_create(c->pool, c->bucket_alloc);
    io->net_bb = apr_brigade_create(c->pool, c->bucket_alloc);
    io->out_bb = apr_brigade_create(c->pool, c->bucket_alloc);
    io->in = ap_add_input_filter_handle(in_handle, io, NULL, c);
    io->out = ap_add_output_filter_handle(out_handle, io, NULL, c);
    return io;
}

PRFileDesc *nss_io_descriptor(nss_io_t *io)
{
    return io->layer;
}

void nss_io_taken(nss_io_t *io)
{
    io->layer = NULL;
}

apr_status_t nss_io_status(const nss_io_t *io)
{
    return io->status;
}

apr_status_t nss_io_flush(nss_io_t *io)
{
    APR_BRIGADE_INSERT_TAIL(io->out_bb, apr_bucket_flush_create(io->cc->c->bucket_alloc));
    io->unflushed = 0;
    return nss_layer_pass(io);
}

apr_status_t nss_io_send_raw(nss_io_t *io, const unsigned char *data, apr_size_t len)
{
    apr_status_t rv = nss_layer_append(io, data, len);

    return rv == APR_SUCCESS ? nss_io_flush(io) : rv;
}

/* Copies what the network gave into flat, as much as a hello may have. The rest of the
 * bucket stays where it is and is read after flat. */
static apr_status_t io_gather(nss_io_t *io)
{
    apr_size_t room = NSS_HELLO_MAX_BYTES - io->flat_len;
    apr_size_t n = io->net_len < room ? io->net_len : room;

    if (!io->flat) {
        io->flat = malloc(NSS_HELLO_MAX_BYTES);
        if (!io->flat) {
            return APR_ENOMEM;
        }
    }
    memcpy(io->flat + io->flat_len, io->net_data, n);
    io->flat_len += n;
    nss_layer_consume(io, n);
    return APR_SUCCESS;
}

apr_status_t nss_io_peek(nss_io_t *io, const unsigned char **pbuf, apr_size_t *plen)
{
    apr_status_t rv;

    if (io->net_data || io->flat) {
        /* A second look: from now on the bytes must be in one piece of our own. */
        rv = io->net_data ? io_gather(io) : APR_SUCCESS;
        if (rv == APR_SUCCESS && !io->net_data && io->flat_len < NSS_HELLO_MAX_BYTES) {
            rv = nss_layer_fetch(io);
            if (rv == APR_SUCCESS) {
                rv = io_gather(io);
            }
        }
        *pbuf = io->flat;
        *plen = io->flat_len;
        return rv;
    }
    rv = nss_layer_fetch(io);
    *pbuf = (const unsigned char *)io->net_data;
    *plen = io->net_len;
    return rv;
}

void nss_io_mute(nss_io_t *io)
{
    io->muted = 1;
    free(io->plain);
    io->plain = NULL;
    io->plain_len = 0;
    free(io->flat);
    io->flat = NULL;
}

void nss_io_replay(nss_io_t *io)
{
    apr_bucket_alloc_t *alloc = io->cc->c->bucket_alloc;

    if (io->flat) {
        apr_bucket *e = apr_bucket_heap_create((const char *)io->flat, io->flat_len, NULL, alloc);

        APR_BRIGADE_INSERT_TAIL(io->in_bb, e);
        free(io->flat);
        io->flat = NULL;
    }
    if (io->net_data) {
        apr_bucket *e = apr_bucket_heap_create(io->net_data, io->net_len, NULL, alloc);

        APR_BRIGADE_INSERT_TAIL(io->in_bb, e);
        nss_layer_consume(io, io->net_len);
    }
    APR_BRIGADE_CONCAT(io->in_bb, io->net_bb);
}
