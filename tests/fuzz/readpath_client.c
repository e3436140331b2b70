/* readpath_client: see readpath.h. */
#include "readpath.h"

#include <string.h>

#include <cert.h>
#include <pk11pub.h>
#include <sslexp.h>

static PRIOMethods    methods;
static PRDescIdentity identity;

void bytes_add(bytes_t *bytes, const void *data, size_t len)
{
    if (len == 0) {
        return;
    }
    bytes->data = realloc(bytes->data, bytes->len + len);
    REQUIRE(bytes->data);
    memcpy(bytes->data + bytes->len, data, len);
    bytes->len += len;
}

void bytes_drop(bytes_t *bytes, size_t n)
{
    REQUIRE(n <= bytes->len);
    bytes->len -= n;
    memmove(bytes->data, bytes->data + n, bytes->len);
    if (bytes->len == 0) {
        free(bytes->data);
        bytes->data = NULL;
    }
}

unsigned char readpath_pattern(size_t at)
{
    return at % 37 == 0 ? '\n' : (unsigned char)('a' + at % 23);
}

/* ---- the client's end of the wire ---- */

static PRInt32 client_recv(PRFileDesc *fd, void *buf, PRInt32 amount, PRIntn flags, PRIntervalTime timeout)
{
    wire_t *wire = (wire_t *)fd->secret;
    size_t  n = wire->down.len < (size_t)amount ? wire->down.len : (size_t)amount;

    (void)flags;
    (void)timeout;
    if (n == 0) {
        PR_SetError(PR_WOULD_BLOCK_ERROR, 0);
        return -1;
    }
    memcpy(buf, wire->down.data, n);
    bytes_drop(&wire->down, n);
    return (PRInt32)n;
}

static PRInt32 client_send(PRFileDesc *fd, const void *buf, PRInt32 amount, PRIntn flags, PRIntervalTime timeout)
{
    (void)flags;
    (void)timeout;
    bytes_add(&((wire_t *)fd->secret)->up, buf, (size_t)amount);
    return amount;
}

static PRInt32 client_read(PRFileDesc *fd, void *buf, PRInt32 amount)
{
    return client_recv(fd, buf, amount, 0, 0);
}

static PRInt32 client_write(PRFileDesc *fd, const void *buf, PRInt32 amount)
{
    return client_send(fd, buf, amount, 0, 0);
}

static PRStatus client_getpeername(PRFileDesc *fd, PRNetAddr *addr)
{
    (void)fd;
    return PR_InitializeNetAddr(PR_IpAddrLoopback, 443, addr);
}

static PRStatus client_getsocketoption(PRFileDesc *fd, PRSocketOptionData *data)
{
    (void)fd;
    data->value.non_blocking = PR_TRUE;
    return PR_SUCCESS;
}

static PRStatus client_setsocketoption(PRFileDesc *fd, const PRSocketOptionData *data)
{
    (void)fd;
    (void)data;
    return PR_SUCCESS;
}

static PRInt16 client_poll(PRFileDesc *fd, PRInt16 in_flags, PRInt16 *out_flags)
{
    (void)fd;
    *out_flags = in_flags;
    return in_flags;
}

static PRStatus client_shutdown(PRFileDesc *fd, PRIntn how)
{
    (void)fd;
    (void)how;
    return PR_SUCCESS;
}

static PRStatus client_close(PRFileDesc *fd)
{
    fd->dtor(fd);
    return PR_SUCCESS;
}

void readpath_client_init(void)
{
    identity = PR_GetUniqueIdentity("fuzzed client");
    methods = *PR_GetDefaultIOMethods();
    methods.recv = client_recv;
    methods.send = client_send;
    methods.read = client_read;
    methods.write = client_write;
    methods.getpeername = client_getpeername;
    methods.getsocketoption = client_getsocketoption;
    methods.setsocketoption = client_setsocketoption;
    methods.poll = client_poll;
    methods.shutdown = client_shutdown;
    methods.close = client_close;
}

/* ---- what it does ---- */

static SECStatus accept_any(void *arg, PRFileDesc *fd, PRBool check, PRBool server)
{
    (void)arg;
    (void)fd;
    (void)check;
    (void)server;
    return SECSuccess;
}

static SECStatus give_certificate(void *arg, PRFileDesc *fd, CERTDistNames *names, CERTCertificate **pcert,
                                  SECKEYPrivateKey **pkey)
{
    (void)arg;
    (void)fd;
    (void)names;
    *pcert = PK11_FindCertFromNickname("client", NULL);
    *pkey = *pcert ? PK11_FindKeyByAnyCert(*pcert, NULL) : NULL;
    return *pkey ? SECSuccess : SECFailure;
}

int readpath_client_open(wire_t *wire, client_t *client, const client_options_t *options)
{
    static const unsigned char protocols[] = "\2h2\10http/1.1";
    SSLVersionRange versions = { options->low, options->high };
    PRFileDesc *layer = PR_CreateIOLayerStub(identity, &methods);

    REQUIRE(layer);
    layer->secret = (PRFilePrivate *)wire;
    client->fd = SSL_ImportFD(NULL, layer);
    REQUIRE(client->fd);
    REQUIRE(SSL_OptionSet(client->fd, SSL_HANDSHAKE_AS_CLIENT, PR_TRUE) == SECSuccess);
    REQUIRE(SSL_OptionSet(client->fd, SSL_NO_CACHE, !options->resume) == SECSuccess);
    REQUIRE(SSL_OptionSet(client->fd, SSL_ENABLE_SESSION_TICKETS, PR_TRUE) == SECSuccess);
    REQUIRE(SSL_OptionSet(client->fd, SSL_ENABLE_RENEGOTIATION, SSL_RENEGOTIATE_UNRESTRICTED) == SECSuccess);
    REQUIRE(SSL_VersionRangeSet(client->fd, &versions) == SECSuccess);
    REQUIRE(SSL_SetSockPeerID(client->fd, "fuzzed") == SECSuccess);
    REQUIRE(!options->name || SSL_SetURL(client->fd, options->name) == SECSuccess);
    REQUIRE(!options->alpn || SSL_SetNextProtoNego(client->fd, protocols, sizeof(protocols) - 1) == SECSuccess);
    REQUIRE(SSL_AuthCertificateHook(client->fd, accept_any, NULL) == SECSuccess);
    REQUIRE(!options->certificate || SSL_GetClientAuthDataHook(client->fd, give_certificate, NULL) == SECSuccess);
    return SSL_ResetHandshake(client->fd, PR_FALSE) == SECSuccess;
}

void readpath_client_close(client_t *client)
{
    PR_Close(client->fd);
    client->fd = NULL;
}

void readpath_client_pump(wire_t *wire)
{
    client_t *client = wire->client;

    while (client && !client->dead) {
        unsigned char buf[4096];
        PRInt32 n, i;

        if (!client->done) {
            if (SSL_ForceHandshake(client->fd) != SECSuccess) {
                client->dead = PR_GetError() != PR_WOULD_BLOCK_ERROR;
                return;
            }
            client->done = 1;
        }
        n = PR_Read(client->fd, buf, sizeof(buf));
        if (n <= 0) {
            client->dead = n == 0 || (PR_GetError() != PR_WOULD_BLOCK_ERROR);
            if (client->dead || wire->down.len == 0) {
                return;
            }
            continue;
        }
        for (i = 0; i < n; i++) {
            REQUIRE(buf[i] == readpath_pattern(client->got));
            client->got++;
        }
    }
}

void readpath_client_write(wire_t *wire, size_t len)
{
    client_t      *client = wire->client;
    unsigned char *data;
    PRInt32        n;
    size_t         i;

    if (!client || !client->done || client->dead || len == 0) {
        return;
    }
    data = malloc(len);
    REQUIRE(data);
    for (i = 0; i < len; i++) {
        data[i] = readpath_pattern(client->sent + i);
    }
    n = PR_Write(client->fd, data, (PRInt32)len);
    if (n > 0) {
        client->sent += (size_t)n;
    }
    free(data);
}
