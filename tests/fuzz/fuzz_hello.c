/* libFuzzer's entry to the ClientHello reader. Beside the sanitizers, which see reads out of
 * bounds, it holds the reader to its promises:
 *  - what it says of a beginning it says of the whole (else a client could change its answer
 *    by sending slowly);
 *  - cutting the message into other records changes nothing;
 *  - all that it points to lies in the two buffers, and names are what hello.h says.
 */
#include "../../cext/hello.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(truth)                                                              \
    do {                                                                            \
        if (!(truth)) {                                                             \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #truth);   \
            abort();                                                                \
        }                                                                           \
    } while (0)

/* One reading in buffers of exactly the size that is needed. */
typedef struct reading_t {
    unsigned char     *buf;
    unsigned char     *scratch;
    size_t             len;
    nss_hello_status_t status;
    nss_hello_t        hello;
} reading_t;

static void reading_make(reading_t *reading, const unsigned char *data, size_t len)
{
    reading->buf = malloc(len ? len : 1);
    reading->scratch = malloc(NSS_HELLO_MAX_BYTES);
    REQUIRE(reading->buf && reading->scratch);
    if (len) {
        memcpy(reading->buf, data, len);
    }
    memset(reading->scratch, 0xA5, NSS_HELLO_MAX_BYTES);
    memset(&reading->hello, 0xA5, sizeof(reading->hello));
    reading->len = len;
    reading->status = nss_hello_parse(reading->buf, len, reading->scratch, NSS_HELLO_MAX_BYTES, &reading->hello);
}

static void reading_free(reading_t *reading)
{
    free(reading->buf);
    free(reading->scratch);
}

static int lies_in(const nss_hello_str_t *text, const unsigned char *from, size_t len)
{
    return text->data >= from && text->len <= len && (size_t)(text->data - from) <= len - text->len;
}

static void check_name(const char *name)
{
    size_t len = strlen(name);

    REQUIRE(len <= NSS_HELLO_MAX_NAME);
    REQUIRE(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len);
    REQUIRE(strstr(name, "..") == NULL && name[0] != '.' && (len == 0 || name[len - 1] != '.'));
}

static void check_result(const reading_t *one)
{
    const nss_hello_t *hello = &one->hello;
    static const nss_hello_t nothing;
    size_t             i;

    if (one->status != NSS_HELLO_COMPLETE) {
        REQUIRE(!memcmp(hello, &nothing, sizeof(nothing)));
        return;
    }
    REQUIRE(memchr(hello->sni, 0, sizeof(hello->sni)) != NULL);
    check_name(hello->sni);
    REQUIRE(hello->sni_present || hello->sni[0] == '\0');
    REQUIRE(hello->nalpn <= NSS_HELLO_MAX_ALPN);
    REQUIRE(hello->nversions <= NSS_HELLO_MAX_VERSIONS);
    REQUIRE(hello->ngroups <= NSS_HELLO_MAX_GROUPS);
    for (i = 0; i < hello->nalpn; i++) {
        REQUIRE(hello->alpn[i].len > 0 && hello->alpn[i].len <= 255);
        REQUIRE(lies_in(&hello->alpn[i], one->buf, one->len)
                || lies_in(&hello->alpn[i], one->scratch, NSS_HELLO_MAX_BYTES));
    }
}

static void check_same(const nss_hello_t *a, const nss_hello_t *b)
{
    size_t i;

    REQUIRE(a->legacy_version == b->legacy_version && a->sni_present == b->sni_present);
    REQUIRE(!strcmp(a->sni, b->sni) && a->post_handshake_auth == b->post_handshake_auth);
    REQUIRE(a->nversions == b->nversions && !memcmp(a->versions, b->versions, sizeof(a->versions)));
    REQUIRE(a->ngroups == b->ngroups && !memcmp(a->groups, b->groups, sizeof(a->groups)));
    REQUIRE(a->nalpn == b->nalpn);
    for (i = 0; i < a->nalpn; i++) {
        REQUIRE(a->alpn[i].len == b->alpn[i].len && !memcmp(a->alpn[i].data, b->alpn[i].data, a->alpn[i].len));
    }
}

static void check_beginnings(const reading_t *whole)
{
    size_t step = whole->len / 16 + 1;
    size_t len;

    for (len = 0; len < whole->len; len += len < 48 ? 1 : step) {
        reading_t part;

        reading_make(&part, whole->buf, len);
        check_result(&part);
        REQUIRE(part.status == NSS_HELLO_MORE || part.status == whole->status);
        if (part.status == NSS_HELLO_COMPLETE) {
            check_same(&part.hello, &whole->hello);
        }
        reading_free(&part);
    }
}

/* The content of all records, in records of size bytes each. */
static void check_recut(const reading_t *whole, size_t size)
{
    unsigned char *content = malloc(whole->len);
    unsigned char *cut = malloc(6 * whole->len + 5);
    size_t         have = 0, out = 0, at = 0;
    reading_t      other;

    REQUIRE(content && cut);
    while (whole->len - at >= 5) {
        size_t length = (size_t)whole->buf[at + 3] << 8 | whole->buf[at + 4];

        if (whole->buf[at] != 22) {
            break;
        }
        if (length > whole->len - at - 5) {
            length = whole->len - at - 5;       /* the message may end before its record does */
        }
        memcpy(content + have, whole->buf + at + 5, length);
        have += length;
        at += 5 + length;
    }
    for (at = 0; at < have; at += size) {
        size_t length = have - at < size ? have - at : size;

        cut[out++] = 22;
        cut[out++] = 3;
        cut[out++] = 1;
        cut[out++] = (unsigned char)(length >> 8);
        cut[out++] = (unsigned char)length;
        memcpy(cut + out, content + at, length);
        out += length;
    }
    reading_make(&other, cut, out);
    check_result(&other);
    /* Only the headers of many small records can make it too long. */
    REQUIRE(other.status == NSS_HELLO_COMPLETE || out > NSS_HELLO_MAX_BYTES);
    if (other.status == NSS_HELLO_COMPLETE) {
        check_same(&other.hello, &whole->hello);
    }
    reading_free(&other);
    free(content);
    free(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    reading_t whole;

    reading_make(&whole, data, size);
    check_result(&whole);
    check_beginnings(&whole);
    if (whole.status == NSS_HELLO_COMPLETE) {
        check_recut(&whole, 1);
        check_recut(&whole, 3 + size % 61);
        check_recut(&whole, 16 * 1024);
    }
    reading_free(&whole);
    return 0;
}
