/* filter_in: plaintext for httpd, in each of its reading modes.
 *
 * Rules kept here:
 *  - what NSS or in_bb already holds is returned before the network is asked, whatever the
 *    mode, or the event MPM waits on a socket that stays silent;
 *  - a non-blocking read never waits, and loses nothing when it comes back empty;
 *  - after a failure not one more byte is returned.
 */
#include "io.h"

#include <stdlib.h>
#include <string.h>

#include "failure.h"

/* Sizes of a plaintext bucket: a request's head, and one full record of a body. */
#define READ_SMALL 8000
#define READ_LARGE NSS_IO_RECORD

/* httpd's own bound for one line (HUGE_STRING_LEN). */
#define LINE_MAX_BYTES 8192

/* A connection that turned out to be no TLS: bytes as they come. */
static apr_status_t in_fill_raw(nss_io_t *io, apr_off_t want)
{
    apr_status_t rv = ap_get_brigade(io->in->next, io->in_bb, AP_MODE_READBYTES, io->block,
                                     want);

    if (rv == APR_SUCCESS && APR_BRIGADE_EMPTY(io->in_bb)) {
        rv = io->block == APR_NONBLOCK_READ ? APR_EAGAIN : APR_EOF;
    }
    return rv;
}

static apr_status_t in_failed(nss_io_t *io, PRErrorCode error)
{
    if (error == PR_WOULD_BLOCK_ERROR) {
        return APR_EAGAIN;
    }
    if (APR_STATUS_IS_TIMEUP(io->status)) {
        /* The stream is whole, only late: httpd decides what to say. */
        io->status = APR_SUCCESS;
        return APR_TIMEUP;
    }
    nss_failure_record(io->cc, error);
    return io->status != APR_SUCCESS ? io->status : APR_ECONNABORTED;
}

static apr_status_t in_ended(nss_io_t *io)
{
    io->eof = 1;
    if (!io->close_received) {
        nss_failure_truncated(io->cc);
    }
    return APR_EOF;
}

static int in_is_dry(const nss_io_t *io)
{
    return !io->flat && !io->net_data && SSL_DataPending(io->cc->fd) <= 0;
}

static apr_status_t in_no_network(nss_io_t *io, apr_status_t rv)
{
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return rv;
    }
    if (APR_STATUS_IS_EOF(rv)) {
        return in_ended(io);
    }
    io->status = rv;
    return in_failed(io, PR_CONNECT_RESET_ERROR);
}

/* One PR_Read, straight into the buffer of the bucket that httpd will get. */
static apr_status_t in_fill(nss_io_t *io, apr_off_t want)
{
    apr_bucket_alloc_t *alloc = io->cc->c->bucket_alloc;
    apr_size_t size = want > READ_SMALL ? READ_LARGE : READ_SMALL;
    PRErrorCode error = 0;
    PRInt32 n;
    char *buf;

    if (io->cc->state == NSS_CONN_PLAIN) {
        return in_fill_raw(io, (apr_off_t)size);
    }
    if (io->eof) {
        return APR_EOF;
    }
    if (io->block == APR_NONBLOCK_READ && in_is_dry(io)) {
        /* Most often asked after a response, and most often in vain: no buffer for it. */
        apr_status_t rv = nss_layer_fetch(io);

        if (rv != APR_SUCCESS) {
            return in_no_network(io, rv);
        }
    }
    buf = malloc(size);
    if (!buf) {
        return APR_ENOMEM;
    }
    do {
        io->cc->in_nss = 1;
        n = PR_Read(io->cc->fd, buf, (PRInt32)size);
        io->cc->in_nss = 0;
        if (n < 0) {
            error = PR_GetError();
        }
        /* NSS reports "would block" also after a record without data for us. */
    } while (n < 0 && error == PR_WOULD_BLOCK_ERROR && io->block == APR_BLOCK_READ);
    if (n > 0) {
        apr_bucket *e = apr_bucket_heap_create(buf, (apr_size_t)n, free, alloc);

        APR_BRIGADE_INSERT_TAIL(io->in_bb, e);
        return APR_SUCCESS;
    }
    free(buf);
    return n == 0 ? in_ended(io) : in_failed(io, error);
}

/* Cutting a line off at a bucket's very end leaves an empty bucket, which would read as
 * "nothing came" and hold its buffer for nothing. */
static void in_drop_empty(nss_io_t *io)
{
    while (!APR_BRIGADE_EMPTY(io->in_bb)) {
        apr_bucket *e = APR_BRIGADE_FIRST(io->in_bb);

        if (e->length > 0 || APR_BUCKET_IS_METADATA(e)) {
            return;
        }
        apr_bucket_delete(e);
    }
}

static apr_status_t in_ensure(nss_io_t *io, apr_off_t want)
{
    in_drop_empty(io);
    return APR_BRIGADE_EMPTY(io->in_bb) ? in_fill(io, want) : APR_SUCCESS;
}

static apr_status_t in_readbytes(nss_io_t *io, apr_bucket_brigade *bb, apr_off_t want)
{
    apr_off_t left = want;
    apr_status_t rv = in_ensure(io, want);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    while (left > 0 && !APR_BRIGADE_EMPTY(io->in_bb)) {
        apr_bucket *e = APR_BRIGADE_FIRST(io->in_bb);

        if (e->length != (apr_size_t)-1 && (apr_off_t)e->length > left) {
            apr_bucket_split(e, (apr_size_t)left);
        }
        left -= e->length != (apr_size_t)-1 ? (apr_off_t)e->length : 0;
        APR_BUCKET_REMOVE(e);
        APR_BRIGADE_INSERT_TAIL(bb, e);
    }
    return APR_SUCCESS;
}

static apr_status_t in_speculative(nss_io_t *io, apr_bucket_brigade *bb, apr_off_t want)
{
    apr_off_t left = want;
    apr_status_t rv = in_ensure(io, want);
    apr_bucket *e;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (e = APR_BRIGADE_FIRST(io->in_bb);
         left > 0 && e != APR_BRIGADE_SENTINEL(io->in_bb);
         e = APR_BUCKET_NEXT(e)) {
        apr_bucket *copy;

        if ((apr_off_t)e->length > left) {
            apr_bucket_split(e, (apr_size_t)left);
        }
        rv = apr_bucket_copy(e, &copy);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        left -= (apr_off_t)e->length;
        APR_BRIGADE_INSERT_TAIL(bb, copy);
    }
    return APR_SUCCESS;
}

/* True when in_bb holds a whole line, or as much as one line may have. Looks only at
 * buckets that it has not seen: *pseen is the last one. */
static int in_has_line(nss_io_t *io, apr_bucket **pseen, apr_size_t *ptotal)
{
    apr_bucket *e = *pseen ? APR_BUCKET_NEXT(*pseen) : APR_BRIGADE_FIRST(io->in_bb);

    for (; e != APR_BRIGADE_SENTINEL(io->in_bb); e = APR_BUCKET_NEXT(e)) {
        const char *data;
        apr_size_t len;

        if (APR_BUCKET_IS_METADATA(e) ||
            apr_bucket_read(e, &data, &len, APR_BLOCK_READ) != APR_SUCCESS ||
            memchr(data, APR_ASCII_LF, len)) {
            return 1;
        }
        *ptotal += len;
        *pseen = e;
    }
    return *ptotal >= LINE_MAX_BYTES;
}

static apr_status_t in_getline(nss_io_t *io, apr_bucket_brigade *bb)
{
    apr_bucket *seen = NULL;
    apr_size_t total = 0;
    apr_status_t rv;

    while (!in_has_line(io, &seen, &total)) {
        rv = in_fill(io, READ_SMALL);
        if (APR_STATUS_IS_EOF(rv) && total > 0) {
            break;                      /* the last line has no end */
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    rv = apr_brigade_split_line(bb, io->in_bb, APR_BLOCK_READ, LINE_MAX_BYTES);
    in_drop_empty(io);
    return rv;
}

/* Drops blank lines between requests; success means that something else follows. */
static apr_status_t in_eat_crlf(nss_io_t *io)
{
    for (;;) {
        apr_bucket *e;
        const char *data;
        apr_size_t len, n = 0;
        apr_status_t rv;

        rv = in_ensure(io, READ_SMALL);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        e = APR_BRIGADE_FIRST(io->in_bb);
        if (APR_BUCKET_IS_METADATA(e)) {
            return APR_SUCCESS;
        }
        rv = apr_bucket_read(e, &data, &len, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        while (n < len && (data[n] == APR_ASCII_CR || data[n] == APR_ASCII_LF)) {
            n++;
        }
        if (n < len) {
            if (n > 0) {
                apr_bucket_split(e, n);
                apr_bucket_delete(e);
            }
            return APR_SUCCESS;
        }
        apr_bucket_delete(e);
    }
}

apr_status_t nss_filter_in(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                           apr_read_type_e block, apr_off_t readbytes)
{
    nss_io_t *io = f->ctx;
    nss_conn_t *cc = io->cc;
    apr_status_t rv;

    if (f->c->aborted) {
        /* The end of the stream, for whoever looks at buckets only. */
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(bb->bucket_alloc));
        return APR_ECONNABORTED;
    }
    rv = nss_conn_handshake(cc);
    if (rv != APR_SUCCESS || mode == AP_MODE_INIT) {
        return rv;
    }
    if (cc->state == NSS_CONN_CLOSED) {
        return APR_EOF;
    }
    io->block = block;
    switch (mode) {
    case AP_MODE_READBYTES:
        return in_readbytes(io, bb, readbytes);
    case AP_MODE_SPECULATIVE:
        return in_speculative(io, bb, readbytes);
    case AP_MODE_GETLINE:
        return in_getline(io, bb);
    case AP_MODE_EATCRLF:
        return in_eat_crlf(io);
    default:
        /* EXHAUSTIVE would hold all that the peer ever sends in memory. */
        return APR_ENOTIMPL;
    }
}
