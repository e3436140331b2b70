/* filter_out: httpd's buckets into TLS records.
 *
 * Rules kept here:
 *  - one PR_Write per record, never longer than a record;
 *  - head and body of a small response leave as one record: small buckets gather in plain
 *    until it is full or a metadata bucket (FLUSH, end of request, end of connection) asks;
 *  - metadata keeps its place among the data: all that came before it went through NSS;
 *  - nothing is flushed that was not asked for, nothing is held that the core filter could
 *    have: it decides when to write, when to wait and when to let the MPM finish;
 *  - after a failure data is dropped, never sent in plain.
 */
#include "io.h"

#include <stdlib.h>
#include <string.h>

#include "http_connection.h"

#include "failure.h"

static apr_status_t out_broken(nss_io_t *io, PRErrorCode error)
{
    nss_failure_record(io->cc, error);
    return io->status != APR_SUCCESS ? io->status : APR_ECONNABORTED;
}

static apr_status_t out_encrypt(nss_io_t *io, const char *data, apr_size_t len)
{
    while (len > 0) {
        PRInt32 n;

        io->writing = 1;
        io->cc->in_nss = 1;
        n = PR_Write(io->cc->fd, data, (PRInt32)len);
        io->cc->in_nss = 0;
        if (n <= 0) {
            PRErrorCode error = PR_GetError();

            io->writing = 0;
            return out_broken(io, error);
        }
        io->writing = 0;
        data += n;
        len -= (apr_size_t)n;
    }
    return APR_SUCCESS;
}

static apr_status_t out_encrypt_plain(nss_io_t *io)
{
    apr_size_t len = io->plain_len;

    io->plain_len = 0;
    return len ? out_encrypt(io, io->plain, len) : APR_SUCCESS;
}

static void out_release_plain(nss_io_t *io)
{
    free(io->plain);
    io->plain = NULL;
}

static apr_status_t out_data(nss_io_t *io, const char *data, apr_size_t len)
{
    apr_status_t rv = APR_SUCCESS;

    while (len > 0 && rv == APR_SUCCESS) {
        apr_size_t n = NSS_IO_RECORD - io->plain_len;

        n = len < n ? len : n;
        if (n == NSS_IO_RECORD) {
            rv = out_encrypt(io, data, n);
        }
        else {
            if (!io->plain && !(io->plain = malloc(NSS_IO_RECORD))) {
                return APR_ENOMEM;
            }
            memcpy(io->plain + io->plain_len, data, n);
            io->plain_len += n;
            if (io->plain_len == NSS_IO_RECORD) {
                rv = out_encrypt_plain(io);
            }
        }
        data += n;
        len -= n;
    }
    return rv;
}

/* The connection's end: close_notify, once. With a FLUSH in front of it httpd was ready to
 * wait, so we wait as well; without one (the listener closes an idle connection) the core
 * filter is asked to write what it can, as the event MPM asks it. */
static apr_status_t out_close(nss_io_t *io, apr_bucket *eoc, int may_wait)
{
    conn_rec *c = io->cc->c;
    apr_status_t rv;

    io->cc->in_nss = 1;
    (void)PR_Shutdown(io->cc->fd, PR_SHUTDOWN_SEND);
    io->cc->in_nss = 0;
    io->cc->state = NSS_CONN_CLOSED;
    io->unflushed = 0;
    if (may_wait) {
        APR_BRIGADE_INSERT_TAIL(io->out_bb, apr_bucket_flush_create(c->bucket_alloc));
    }
    else {
        rv = nss_layer_pass(io);
        if (rv == APR_SUCCESS) {
            ap_filter_t *last = io->out;

            while (last->next) {
                last = last->next;
            }
            rv = last->frec->filter_func.out_func(last, NULL);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    APR_BUCKET_REMOVE(eoc);
    APR_BRIGADE_INSERT_TAIL(io->out_bb, eoc);
    return nss_layer_pass(io);
}

static apr_status_t out_metadata(nss_io_t *io, apr_bucket *e, int *pflushed)
{
    apr_status_t rv = out_encrypt_plain(io);

    out_release_plain(io);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (AP_BUCKET_IS_EOC(e) && io->cc->state == NSS_CONN_OPEN) {
        return out_close(io, e, *pflushed);
    }
    APR_BUCKET_REMOVE(e);
    APR_BRIGADE_INSERT_TAIL(io->out_bb, e);
    if (APR_BUCKET_IS_FLUSH(e)) {
        *pflushed = 1;
        io->unflushed = 0;
        return nss_layer_pass(io);
    }
    return APR_SUCCESS;
}

/* A bucket whose data is not there yet (a CGI, a backend): what we have goes out first. */
static apr_status_t out_before_wait(nss_io_t *io)
{
    apr_status_t rv = out_encrypt_plain(io);

    return rv == APR_SUCCESS ? nss_io_flush(io) : rv;
}

static apr_status_t out_bucket(nss_io_t *io, apr_bucket *e)
{
    const char *data;
    apr_size_t len;
    apr_status_t rv = apr_bucket_read(e, &data, &len, APR_NONBLOCK_READ);

    if (APR_STATUS_IS_EAGAIN(rv)) {
        rv = out_before_wait(io);
        if (rv == APR_SUCCESS) {
            rv = apr_bucket_read(e, &data, &len, APR_BLOCK_READ);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = out_data(io, data, len);
    }
    if (rv == APR_SUCCESS) {
        apr_bucket_delete(e);
    }
    return rv;
}

/* Nothing of ours may be sent any more; httpd's own marks still have to arrive. */
static apr_status_t out_without_data(ap_filter_t *f, apr_bucket_brigade *bb)
{
    apr_bucket *e = APR_BRIGADE_FIRST(bb);
    int dropped = 0;
    apr_status_t rv;

    while (e != APR_BRIGADE_SENTINEL(bb)) {
        apr_bucket *next = APR_BUCKET_NEXT(e);

        if (!APR_BUCKET_IS_METADATA(e)) {
            apr_bucket_delete(e);
            dropped = 1;
        }
        e = next;
    }
    rv = ap_pass_brigade(f->next, bb);
    return dropped && rv == APR_SUCCESS ? APR_ECONNABORTED : rv;
}

static int out_has_data(const apr_bucket_brigade *bb)
{
    const apr_bucket *e = APR_BRIGADE_FIRST(bb);

    while (e != APR_BRIGADE_SENTINEL(bb) && APR_BUCKET_IS_METADATA(e)) {
        e = APR_BUCKET_NEXT(e);
    }
    return e != APR_BRIGADE_SENTINEL(bb);
}

apr_status_t nss_filter_out(ap_filter_t *f, apr_bucket_brigade *bb)
{
    nss_io_t *io = f->ctx;
    nss_conn_t *cc = io->cc;
    apr_status_t rv = APR_SUCCESS;
    int flushed = 0;

    if (f->c->aborted) {
        apr_brigade_cleanup(bb);
        return APR_ECONNABORTED;
    }
    if (cc->state == NSS_CONN_NEW && out_has_data(bb)) {
        /* A protocol in which the server speaks first. */
        rv = nss_conn_handshake(cc);
    }
    if (cc->state == NSS_CONN_PLAIN) {
        return ap_pass_brigade(f->next, bb);
    }
    if (cc->state != NSS_CONN_OPEN) {
        return out_without_data(f, bb);
    }
    while (rv == APR_SUCCESS && !APR_BRIGADE_EMPTY(bb)) {
        apr_bucket *e = APR_BRIGADE_FIRST(bb);

        if (cc->state != NSS_CONN_OPEN) {
            return out_without_data(f, bb);
        }
        rv = APR_BUCKET_IS_METADATA(e) ? out_metadata(io, e, &flushed) : out_bucket(io, e);
    }
    if (rv == APR_SUCCESS && !APR_BRIGADE_EMPTY(io->out_bb)) {
        rv = nss_layer_pass(io);
    }
    return rv;
}
