#include "hello.h"

#include <string.h>

/* RFC 8446 section 4.1.2 and 5.1 */
#define RECORD_HEADER       5
#define RECORD_HANDSHAKE    22
#define RECORD_MAX          (16 * 1024)
#define MESSAGE_HEADER      4
#define MESSAGE_CLIENTHELLO 1

/* IANA TLS ExtensionType */
#define EXT_SERVER_NAME         0
#define EXT_SUPPORTED_GROUPS    10
#define EXT_ALPN                16
#define EXT_SUPPORTED_VERSIONS  43
#define EXT_POST_HANDSHAKE_AUTH 49

/* An HTTP method is decided within this many bytes, its blank included. */
#define METHOD_MAX 32

/* What is left to read. Every reader either takes whole fields or fails and takes
 * nothing that is used later. */
typedef struct cursor_t {
    const unsigned char *at;
    size_t               left;
} cursor_t;

static int take(cursor_t *from, size_t n, cursor_t *taken)
{
    if (from->left < n) {
        return 0;
    }
    taken->at = from->at;
    taken->left = n;
    from->at += n;
    from->left -= n;
    return 1;
}

/* A big-endian number of width bytes, at most three. */
static int take_number(cursor_t *from, size_t width, size_t *number)
{
    cursor_t bytes;

    if (!take(from, width, &bytes)) {
        return 0;
    }
    *number = 0;
    while (bytes.left > 0) {
        *number = (*number << 8) | *bytes.at++;
        bytes.left--;
    }
    return 1;
}

/* A vector of TLS: its length in width bytes, then its content. */
static int take_vector(cursor_t *from, size_t width, cursor_t *content)
{
    size_t length;

    return take_number(from, width, &length) && take(from, length, content);
}

/* The content of an extension that is one vector and nothing more. */
static int take_only_vector(cursor_t *from, size_t width, cursor_t *content)
{
    return take_vector(from, width, content) && from->left == 0 && content->left > 0;
}

/* An upper-case word and a blank: a request line of HTTP. Certainty is wanted, since
 * the answer to it is plain text: all else is left to NSS, which sends an alert. */
static nss_hello_status_t sniff_http(const unsigned char *buf, size_t len)
{
    size_t i;

    for (i = 0; i < len && i < METHOD_MAX; i++) {
        if (buf[i] == ' ') {
            return i > 0 ? NSS_HELLO_PLAIN_HTTP : NSS_HELLO_OTHER;
        }
        if (buf[i] < 'A' || buf[i] > 'Z') {
            return NSS_HELLO_OTHER;
        }
    }
    return i < METHOD_MAX ? NSS_HELLO_MORE : NSS_HELLO_OTHER;
}

/* Checks as much of a record's header as there is. COMPLETE: *pfragment is what has
 * arrived of the content, *plength how long that will be. */
static nss_hello_status_t read_record(cursor_t *from, cursor_t *fragment, size_t *plength)
{
    const unsigned char *head = from->at;
    size_t               length;
    cursor_t             skipped;

    if ((from->left > 0 && head[0] != RECORD_HANDSHAKE) || (from->left > 1 && head[1] != 3)) {
        return NSS_HELLO_OTHER;
    }
    if (from->left < RECORD_HEADER) {
        return NSS_HELLO_MORE;
    }
    length = (size_t)head[3] << 8 | head[4];
    if (length == 0 || length > RECORD_MAX) {
        return NSS_HELLO_OTHER;
    }
    (void)take(from, RECORD_HEADER, &skipped);
    *plength = length;
    (void)take(from, from->left < length ? from->left : length, fragment);
    return NSS_HELLO_COMPLETE;
}

/* Length of the whole handshake message, header included, out of the message's first
 * bytes; those may be spread over records. MORE until all four are there. */
static nss_hello_status_t measure(const unsigned char *head, size_t have, size_t *ptotal)
{
    if (have > 0 && head[0] != MESSAGE_CLIENTHELLO) {
        return NSS_HELLO_OTHER;
    }
    if (have < MESSAGE_HEADER) {
        return NSS_HELLO_MORE;
    }
    *ptotal = MESSAGE_HEADER + ((size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3]);
    return *ptotal + RECORD_HEADER <= NSS_HELLO_MAX_BYTES ? NSS_HELLO_COMPLETE : NSS_HELLO_OTHER;
}

/* Finds the first handshake message. The usual one lies in one record and is not
 * copied; only a message that is complete is put together in scratch. */
static nss_hello_status_t find_message(const unsigned char *buf, size_t len,
                                       unsigned char *scratch, size_t scratch_len,
                                       cursor_t *message)
{
    cursor_t           from = { buf, len };
    unsigned char      head[MESSAGE_HEADER];
    size_t             have = 0;
    size_t             total = 0;
    nss_hello_status_t measured = NSS_HELLO_MORE;

    while (measured != NSS_HELLO_COMPLETE || have < total) {
        cursor_t           fragment;
        size_t             length, i;
        nss_hello_status_t status = read_record(&from, &fragment, &length);

        if (status != NSS_HELLO_COMPLETE) {
            return status;
        }
        if (measured != NSS_HELLO_COMPLETE) {
            for (i = 0; i < fragment.left && have + i < MESSAGE_HEADER; i++) {
                head[have + i] = fragment.at[i];
            }
            measured = measure(head, have + i, &total);
            if (measured == NSS_HELLO_OTHER) {
                return NSS_HELLO_OTHER;
            }
            if (measured == NSS_HELLO_COMPLETE && have == 0 && fragment.left >= total) {
                return take(&fragment, total, message) ? NSS_HELLO_COMPLETE : NSS_HELLO_OTHER;
            }
        }
        have += fragment.left;
        if (fragment.left < length && (measured != NSS_HELLO_COMPLETE || have < total)) {
            return NSS_HELLO_MORE;
        }
    }
    if (total > scratch_len) {
        return NSS_HELLO_OTHER;
    }
    from.at = buf;
    from.left = len;
    for (have = 0; have < total;) {
        cursor_t fragment;
        size_t   length;

        if (read_record(&from, &fragment, &length) != NSS_HELLO_COMPLETE) {
            return NSS_HELLO_OTHER;
        }
        if (fragment.left > total - have) {
            fragment.left = total - have;
        }
        memcpy(scratch + have, fragment.at, fragment.left);
        have += fragment.left;
    }
    message->at = scratch;
    message->left = total;
    return NSS_HELLO_COMPLETE;
}

/* A name that httpd may be asked about: letters, digits, '-', '_' in labels that are
 * not empty. An IPv4 literal fits and is taken (RFC 6066 forbids it, clients send it,
 * a ServerName may be one); an IPv6 literal does not. */
static void read_name(const cursor_t *name, nss_hello_t *hello)
{
    size_t len = name->left;
    size_t i;
    char   lower[NSS_HELLO_MAX_NAME + 1];

    if (len > 0 && name->at[len - 1] == '.') {
        len--;
    }
    if (len == 0 || len > NSS_HELLO_MAX_NAME) {
        return;
    }
    for (i = 0; i < len; i++) {
        unsigned char ch = name->at[i];

        if (ch >= 'A' && ch <= 'Z') {
            ch = (unsigned char)(ch - 'A' + 'a');
        }
        if (ch == '.') {
            if (i == 0 || i == len - 1 || lower[i - 1] == '.') {
                return;
            }
        }
        else if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_')) {
            return;
        }
        lower[i] = (char)ch;
    }
    memcpy(hello->sni, lower, len);
    hello->sni[len] = '\0';
}

/* RFC 6066 section 3. A list that names two hosts, or is malformed anywhere, names none. */
static void read_server_name(cursor_t body, nss_hello_t *hello)
{
    cursor_t list, name, host = { NULL, 0 };
    size_t   type, hosts = 0;

    hello->sni_present = 1;
    if (!take_only_vector(&body, 2, &list)) {
        return;
    }
    while (list.left > 0) {
        if (!take_number(&list, 1, &type) || !take_vector(&list, 2, &name)) {
            return;
        }
        if (type == 0) {
            host = name;
            hosts++;
        }
    }
    if (hosts == 1) {
        read_name(&host, hello);
    }
}

/* RFC 7301 section 3.1. Names beyond the array are not looked at by us. */
static void read_alpn(cursor_t body, nss_hello_t *hello)
{
    cursor_t list, name;
    size_t   n = 0;

    if (!take_only_vector(&body, 2, &list)) {
        return;
    }
    while (list.left > 0) {
        if (!take_vector(&list, 1, &name) || name.left == 0) {
            return;
        }
        if (n < NSS_HELLO_MAX_ALPN) {
            hello->alpn[n].data = name.at;
            hello->alpn[n].len = name.left;
            n++;
        }
    }
    hello->nalpn = n;
}

/* A vector of 16 bit numbers; the number of those stored, none when it is malformed. */
static size_t read_numbers(cursor_t body, size_t width, uint16_t *out, size_t max)
{
    cursor_t list;
    size_t   number, n = 0;

    if (!take_only_vector(&body, width, &list) || list.left % 2 != 0) {
        return 0;
    }
    while (n < max && take_number(&list, 2, &number)) {
        out[n++] = (uint16_t)number;
    }
    return n;
}

/* *pseen: which of the extensions that are read here have come already. */
static int read_extension(size_t type, cursor_t body, nss_hello_t *hello, unsigned *pseen)
{
    unsigned bit;

    switch (type) {
    case EXT_SERVER_NAME:         bit = 1;  break;
    case EXT_SUPPORTED_GROUPS:    bit = 2;  break;
    case EXT_ALPN:                bit = 4;  break;
    case EXT_SUPPORTED_VERSIONS:  bit = 8;  break;
    case EXT_POST_HANDSHAKE_AUTH: bit = 16; break;
    default:                      return 1;
    }
    if (*pseen & bit) {
        return 0;
    }
    *pseen |= bit;
    switch (type) {
    case EXT_SERVER_NAME:
        read_server_name(body, hello);
        break;
    case EXT_SUPPORTED_GROUPS:
        hello->ngroups = read_numbers(body, 2, hello->groups, NSS_HELLO_MAX_GROUPS);
        break;
    case EXT_ALPN:
        read_alpn(body, hello);
        break;
    case EXT_SUPPORTED_VERSIONS:
        hello->nversions = read_numbers(body, 1, hello->versions, NSS_HELLO_MAX_VERSIONS);
        break;
    default:
        hello->post_handshake_auth = 1;
        break;
    }
    return 1;
}

/* The message behind its header. False when its structure is broken, or when an
 * extension stands twice: two readers could then see two different hellos. */
static int read_hello(cursor_t message, nss_hello_t *hello)
{
    cursor_t skipped, suites, methods, extensions, body;
    size_t   version, type;
    unsigned seen = 0;

    if (!take(&message, MESSAGE_HEADER, &skipped)
        || !take_number(&message, 2, &version)
        || !take(&message, 32, &skipped)                /* random */
        || !take_vector(&message, 1, &skipped)          /* session id */
        || skipped.left > 32
        || !take_vector(&message, 2, &suites)
        || suites.left == 0 || suites.left % 2 != 0
        || !take_vector(&message, 1, &methods)
        || methods.left == 0) {
        return 0;
    }
    hello->legacy_version = (unsigned)version;
    if (message.left == 0) {
        return 1;                                       /* no extensions at all: legal */
    }
    if (!take_vector(&message, 2, &extensions) || message.left > 0) {
        return 0;
    }
    while (extensions.left > 0) {
        if (!take_number(&extensions, 2, &type)
            || !take_vector(&extensions, 2, &body)
            || !read_extension(type, body, hello, &seen)) {
            return 0;
        }
    }
    return 1;
}

nss_hello_status_t nss_hello_parse(const unsigned char *buf, size_t len,
                                   unsigned char *scratch, size_t scratch_len,
                                   nss_hello_t *hello)
{
    cursor_t           message = { NULL, 0 };
    nss_hello_status_t status;

    memset(hello, 0, sizeof(*hello));
    if (len == 0) {
        return NSS_HELLO_MORE;
    }
    if (buf[0] != RECORD_HANDSHAKE) {
        return sniff_http(buf, len);
    }
    if (len > NSS_HELLO_MAX_BYTES) {
        len = NSS_HELLO_MAX_BYTES;
    }
    status = find_message(buf, len, scratch, scratch_len, &message);
    if (status == NSS_HELLO_MORE && len == NSS_HELLO_MAX_BYTES) {
        return NSS_HELLO_OTHER;
    }
    if (status == NSS_HELLO_COMPLETE && !read_hello(message, hello)) {
        memset(hello, 0, sizeof(*hello));
        return NSS_HELLO_OTHER;
    }
    return status;
}
