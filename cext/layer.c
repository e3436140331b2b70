/* layer: the NSPR descriptor under NSS's socket. Its recv and send are all that NSS ever
 * sees of the network; whatever else NSPR could ask of a file is refused.
 *
 * Reading flushes: a peer that waits for what NSS has just said must get it before we wait
 * for its answer. That one rule sends each handshake flight in one write, and lets session
 * tickets travel with the first response.
 */
#include "io.h"

#include <stdlib.h>
#include <string.h>

/* Asked of the core filter at once; it gives what one read of the socket gave. */
#define NETWORK_READ 65536

/* Records of application data from this size on go down at once, without a copy: the core
 * output filter writes from 4,096 bytes on. */
#define DIRECT_SEND 4096

static PRCallOnceType layer_once;
static PRDescIdentity layer_identity;
static PRIOMethods    layer_methods;

static nss_io_t *layer_io(const PRFileDesc *fd)
{
    return (nss_io_t *)fd->secret;
}

static PRErrorCode layer_error(apr_status_t rv)
{
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return PR_WOULD_BLOCK_ERROR;
    }
    if (APR_STATUS_IS_TIMEUP(rv)) {
        return PR_IO_TIMEOUT_ERROR;
    }
    return PR_CONNECT_RESET_ERROR;
}

static PRInt32 layer_fail(nss_io_t *io, apr_status_t rv)
{
    if (!APR_STATUS_IS_EAGAIN(rv)) {
        io->status = rv;
    }
    PR_SetError(layer_error(rv), rv);
    return -1;
}

apr_status_t nss_layer_pass(nss_io_t *io)
{
    apr_status_t rv = ap_pass_brigade(io->out->next, io->out_bb);

    apr_brigade_cleanup(io->out_bb);
    return rv;
}

/* Steps to the next data bucket of net_bb; 0: there is none. */
static int layer_next(nss_io_t *io, apr_status_t *prv)
{
    *prv = APR_SUCCESS;
    while (!APR_BRIGADE_EMPTY(io->net_bb)) {
        apr_bucket *e = APR_BRIGADE_FIRST(io->net_bb);

        if (APR_BUCKET_IS_EOS(e)) {
            apr_bucket_delete(e);
            *prv = APR_EOF;
            return 0;
        }
        if (!APR_BUCKET_IS_METADATA(e)) {
            const char *data;
            apr_size_t len;

            *prv = apr_bucket_read(e, &data, &len, io->block);
            if (*prv != APR_SUCCESS) {
                return 0;
            }
            if (len > 0) {
                io->net_data = data;
                io->net_len = len;
                return 1;
            }
        }
        apr_bucket_delete(e);
    }
    return 0;
}

void nss_layer_consume(nss_io_t *io, apr_size_t n)
{
    io->net_data += n;
    io->net_len -= n;
    if (io->net_len == 0) {
        apr_bucket_delete(APR_BRIGADE_FIRST(io->net_bb));
        io->net_data = NULL;
    }
}

apr_status_t nss_layer_fetch(nss_io_t *io)
{
    apr_status_t rv;

    if (layer_next(io, &rv) || rv != APR_SUCCESS) {
        return rv;
    }
    if (io->unflushed && (rv = nss_io_flush(io)) != APR_SUCCESS) {
        return rv;
    }
    rv = ap_get_brigade(io->in->next, io->net_bb, AP_MODE_READBYTES, io->block, NETWORK_READ);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (layer_next(io, &rv) || rv != APR_SUCCESS) {
        return rv;
    }
    /* The core filter says "nothing there yet" with success and no bucket. */
    return io->block == APR_NONBLOCK_READ ? APR_EAGAIN : APR_EOF;
}

static apr_size_t layer_take_flat(nss_io_t *io, void *buf, apr_size_t amount)
{
    apr_size_t n = io->flat_len - io->flat_at;

    n = n < amount ? n : amount;
    memcpy(buf, io->flat + io->flat_at, n);
    io->flat_at += n;
    if (io->flat_at == io->flat_len) {
        free(io->flat);
        io->flat = NULL;
    }
    return n;
}

static PRInt32 layer_recv(PRFileDesc *fd, void *buf, PRInt32 amount, PRIntn flags,
                          PRIntervalTime timeout)
{
    nss_io_t *io = layer_io(fd);
    apr_size_t n;

    (void)timeout;
    if (amount <= 0 || flags != 0) {
        PR_SetError(PR_INVALID_ARGUMENT_ERROR, 0);
        return -1;
    }
    if (io->flat) {
        return (PRInt32)layer_take_flat(io, buf, (apr_size_t)amount);
    }
    if (io->net_len == 0) {
        apr_status_t rv = io->eof ? APR_EOF : nss_layer_fetch(io);

        if (APR_STATUS_IS_EOF(rv)) {
            io->eof = 1;
            return 0;
        }
        if (rv != APR_SUCCESS) {
            return layer_fail(io, rv);
        }
    }
    n = io->net_len < (apr_size_t)amount ? io->net_len : (apr_size_t)amount;
    memcpy(buf, io->net_data, n);
    nss_layer_consume(io, n);
    return (PRInt32)n;
}

apr_status_t nss_layer_append(nss_io_t *io, const void *data, apr_size_t len)
{
    char *copy = malloc(len);
    apr_bucket *e;

    if (!copy) {
        return APR_ENOMEM;
    }
    memcpy(copy, data, len);
    e = apr_bucket_heap_create(copy, len, free, io->cc->c->bucket_alloc);
    APR_BRIGADE_INSERT_TAIL(io->out_bb, e);
    return APR_SUCCESS;
}

static PRInt32 layer_send(PRFileDesc *fd, const void *buf, PRInt32 amount, PRIntn flags,
                          PRIntervalTime timeout)
{
    nss_io_t *io = layer_io(fd);
    apr_status_t rv;

    (void)timeout;
    if (amount < 0 || flags != 0) {
        PR_SetError(PR_INVALID_ARGUMENT_ERROR, 0);
        return -1;
    }
    if (io->muted || amount == 0) {
        return amount;
    }
    if (!io->writing) {
        io->unflushed = 1;
    }
    if (io->writing && amount >= DIRECT_SEND) {
        apr_bucket *e = apr_bucket_transient_create(buf, (apr_size_t)amount,
                                                    io->cc->c->bucket_alloc);

        APR_BRIGADE_INSERT_TAIL(io->out_bb, e);
        rv = nss_layer_pass(io);
    }
    else {
        rv = nss_layer_append(io, buf, (apr_size_t)amount);
    }
    return rv == APR_SUCCESS ? amount : layer_fail(io, rv);
}

static PRInt32 layer_read(PRFileDesc *fd, void *buf, PRInt32 amount)
{
    return layer_recv(fd, buf, amount, 0, PR_INTERVAL_NO_TIMEOUT);
}

static PRInt32 layer_write(PRFileDesc *fd, const void *buf, PRInt32 amount)
{
    return layer_send(fd, buf, amount, 0, PR_INTERVAL_NO_TIMEOUT);
}

static PRInt32 layer_available(PRFileDesc *fd)
{
    const nss_io_t *io = layer_io(fd);

    return (PRInt32)(io->flat ? io->flat_len - io->flat_at : io->net_len);
}

static PRInt64 layer_available64(PRFileDesc *fd)
{
    return layer_available(fd);
}

static PRStatus layer_address(const apr_sockaddr_t *sa, PRNetAddr *addr)
{
    memset(addr, 0, sizeof(*addr));
    if (sa && sa->family == AF_INET) {
        addr->inet.family = PR_AF_INET;
        addr->inet.port = sa->sa.sin.sin_port;
        addr->inet.ip = sa->sa.sin.sin_addr.s_addr;
        return PR_SUCCESS;
    }
#if APR_HAVE_IPV6
    if (sa && sa->family == AF_INET6) {
        addr->ipv6.family = PR_AF_INET6;
        addr->ipv6.port = sa->sa.sin6.sin6_port;
        memcpy(&addr->ipv6.ip, &sa->sa.sin6.sin6_addr, sizeof(addr->ipv6.ip));
        return PR_SUCCESS;
    }
#endif
    /* A Unix socket has no address; NSS keys its session cache by an unspecified one. */
    addr->ipv6.family = PR_AF_INET6;
    return PR_SUCCESS;
}

static PRStatus layer_getpeername(PRFileDesc *fd, PRNetAddr *addr)
{
    return layer_address(layer_io(fd)->cc->c->client_addr, addr);
}

static PRStatus layer_getsockname(PRFileDesc *fd, PRNetAddr *addr)
{
    return layer_address(layer_io(fd)->cc->c->local_addr, addr);
}

static PRStatus layer_getsocketoption(PRFileDesc *fd, PRSocketOptionData *data)
{
    switch (data->option) {
    case PR_SockOpt_Nonblocking:
        data->value.non_blocking = layer_io(fd)->block == APR_NONBLOCK_READ;
        return PR_SUCCESS;
    case PR_SockOpt_NoDelay:
        data->value.no_delay = PR_TRUE;
        return PR_SUCCESS;
    default:
        PR_SetError(PR_OPERATION_NOT_SUPPORTED_ERROR, 0);
        return PR_FAILURE;
    }
}

static PRStatus layer_setsocketoption(PRFileDesc *fd, const PRSocketOptionData *data)
{
    (void)fd;
    (void)data;
    return PR_SUCCESS;                  /* the socket is httpd's */
}

static PRInt16 layer_poll(PRFileDesc *fd, PRInt16 in_flags, PRInt16 *out_flags)
{
    *out_flags = in_flags & PR_POLL_WRITE;
    if (layer_available(fd) > 0) {
        *out_flags |= in_flags & PR_POLL_READ;
    }
    return in_flags;
}

static PRStatus layer_shutdown(PRFileDesc *fd, PRIntn how)
{
    (void)fd;
    (void)how;
    return PR_SUCCESS;                  /* httpd closes its socket, in its own time */
}

static PRStatus layer_close(PRFileDesc *fd)
{
    fd->dtor(fd);
    return PR_SUCCESS;
}

/* What no TLS connection does to its transport. */

#define REFUSE(name, type, value, ...)                          \
    static type name(__VA_ARGS__)                               \
    {                                                           \
        PR_SetError(PR_OPERATION_NOT_SUPPORTED_ERROR, 0);       \
        return value;                                           \
    }

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif
REFUSE(refuse_fsync, PRStatus, PR_FAILURE, PRFileDesc *fd)
REFUSE(refuse_seek, PROffset32, -1, PRFileDesc *fd, PROffset32 at, PRSeekWhence how)
REFUSE(refuse_seek64, PROffset64, -1, PRFileDesc *fd, PROffset64 at, PRSeekWhence how)
REFUSE(refuse_info, PRStatus, PR_FAILURE, PRFileDesc *fd, PRFileInfo *info)
REFUSE(refuse_info64, PRStatus, PR_FAILURE, PRFileDesc *fd, PRFileInfo64 *info)
REFUSE(refuse_writev, PRInt32, -1, PRFileDesc *fd, const PRIOVec *iov, PRInt32 n,
       PRIntervalTime timeout)
REFUSE(refuse_connect, PRStatus, PR_FAILURE, PRFileDesc *fd, const PRNetAddr *addr,
       PRIntervalTime timeout)
REFUSE(refuse_accept, PRFileDesc *, NULL, PRFileDesc *fd, PRNetAddr *addr,
       PRIntervalTime timeout)
REFUSE(refuse_bind, PRStatus, PR_FAILURE, PRFileDesc *fd, const PRNetAddr *addr)
REFUSE(refuse_listen, PRStatus, PR_FAILURE, PRFileDesc *fd, PRIntn backlog)
REFUSE(refuse_recvfrom, PRInt32, -1, PRFileDesc *fd, void *buf, PRInt32 n, PRIntn flags,
       PRNetAddr *addr, PRIntervalTime timeout)
REFUSE(refuse_sendto, PRInt32, -1, PRFileDesc *fd, const void *buf, PRInt32 n, PRIntn flags,
       const PRNetAddr *addr, PRIntervalTime timeout)
REFUSE(refuse_acceptread, PRInt32, -1, PRFileDesc *fd, PRFileDesc **nd, PRNetAddr **addr,
       void *buf, PRInt32 n, PRIntervalTime timeout)
REFUSE(refuse_transmitfile, PRInt32, -1, PRFileDesc *fd, PRFileDesc *file,
       const void *headers, PRInt32 n, PRTransmitFileFlags flags, PRIntervalTime timeout)
REFUSE(refuse_sendfile, PRInt32, -1, PRFileDesc *fd, PRSendFileData *data,
       PRTransmitFileFlags flags, PRIntervalTime timeout)
REFUSE(refuse_connectcontinue, PRStatus, PR_FAILURE, PRFileDesc *fd, PRInt16 flags)
REFUSE(refuse_reserved, PRIntn, -1, PRFileDesc *fd)
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

/* Not at load time: httpd's parent must not touch NSPR when no server wants TLS. */
static PRStatus layer_prepare(void)
{
    layer_identity = PR_GetUniqueIdentity("httpd filters");
    layer_methods = (PRIOMethods) {
        .file_type = PR_DESC_SOCKET_TCP,
        .close = layer_close,
        .read = layer_read,
        .write = layer_write,
        .available = layer_available,
        .available64 = layer_available64,
        .fsync = refuse_fsync,
        .seek = refuse_seek,
        .seek64 = refuse_seek64,
        .fileInfo = refuse_info,
        .fileInfo64 = refuse_info64,
        .writev = refuse_writev,
        .connect = refuse_connect,
        .accept = refuse_accept,
        .bind = refuse_bind,
        .listen = refuse_listen,
        .shutdown = layer_shutdown,
        .recv = layer_recv,
        .send = layer_send,
        .recvfrom = refuse_recvfrom,
        .sendto = refuse_sendto,
        .poll = layer_poll,
        .acceptread = refuse_acceptread,
        .transmitfile = refuse_transmitfile,
        .getsockname = layer_getsockname,
        .getpeername = layer_getpeername,
        .reserved_fn_6 = refuse_reserved,
        .reserved_fn_5 = refuse_reserved,
        .getsocketoption = layer_getsocketoption,
        .setsocketoption = layer_setsocketoption,
        .sendfile = refuse_sendfile,
        .connectcontinue = refuse_connectcontinue,
        .reserved_fn_3 = refuse_reserved,
        .reserved_fn_2 = refuse_reserved,
        .reserved_fn_1 = refuse_reserved,
        .reserved_fn_0 = refuse_reserved,
    };
    return layer_identity == PR_INVALID_IO_LAYER ? PR_FAILURE : PR_SUCCESS;
}

PRFileDesc *nss_layer_create(nss_io_t *io)
{
    PRFileDesc *fd;

    if (PR_CallOnce(&layer_once, layer_prepare) != PR_SUCCESS) {
        return NULL;
    }
    fd = PR_CreateIOLayerStub(layer_identity, &layer_methods);
    if (fd) {
        fd->secret = (PRFilePrivate *)io;
    }
    return fd;
}
