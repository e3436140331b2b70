/* hello: a bounded reader of the TLS ClientHello (RFC 8446 section 4.1.2, RFC 5246
 * section 7.4.1.2), used to choose the virtual host before NSS is given a byte.
 *
 * It reads, it never judges: whatever is odd goes to NSS, which sends the alert.
 * No allocation, no httpd, no NSS: the fuzzer links this file alone. All pointers
 * of the result point into the caller's buffer.
 */
#ifndef NSS_HELLO_H
#define NSS_HELLO_H

#include <stddef.h>
#include <stdint.h>

/* More than any honest client sends: 16 KB of handshake message plus the headers of
 * records. A hello that does not fit is passed to NSS unread. */
#define NSS_HELLO_MAX_BYTES     (18 * 1024)
#define NSS_HELLO_MAX_ALPN      16
#define NSS_HELLO_MAX_VERSIONS  16
#define NSS_HELLO_MAX_GROUPS    32
#define NSS_HELLO_MAX_NAME      255

typedef enum {
    NSS_HELLO_COMPLETE,     /* result is filled in */
    NSS_HELLO_MORE,         /* so far a ClientHello, bytes are missing */
    NSS_HELLO_PLAIN_HTTP,   /* no TLS: looks like an HTTP request line */
    NSS_HELLO_OTHER         /* not readable: let NSS answer it */
} nss_hello_status_t;

typedef struct nss_hello_str_t {
    const unsigned char *data;
    size_t               len;
} nss_hello_str_t;

typedef struct nss_hello_t {
    unsigned        legacy_version;
    char            sni[NSS_HELLO_MAX_NAME + 1];  /* lower-cased, no trailing dot; "" : none */
    int             sni_present;                  /* the extension was sent */
    nss_hello_str_t alpn[NSS_HELLO_MAX_ALPN];
    size_t          nalpn;
    uint16_t        versions[NSS_HELLO_MAX_VERSIONS];
    size_t          nversions;
    uint16_t        groups[NSS_HELLO_MAX_GROUPS];
    size_t          ngroups;
    int             post_handshake_auth;          /* the extension was sent */
} nss_hello_t;

/* buf: all bytes received so far, at most NSS_HELLO_MAX_BYTES of them are looked at.
 * A handshake message spread over several records is put together in scratch, which
 * holds scratch_len bytes (NSS_HELLO_MAX_BYTES suffices). hello points into buf or
 * scratch. */
nss_hello_status_t nss_hello_parse(const unsigned char *buf, size_t len,
                                   unsigned char *scratch, size_t scratch_len,
                                   nss_hello_t *hello);

#endif
