/* Reads one hex string a line, prints what the ClientHello reader says of it as one line of
 * JSON. The unit tests run it under the sanitizers, each case in a buffer of its own size. */
#include "../../cext/hello.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const STATUS[] = { "COMPLETE", "MORE", "PLAIN_HTTP", "OTHER" };

static void print_numbers(const char *name, const uint16_t *numbers, size_t n)
{
    size_t i;

    printf(", \"%s\": [", name);
    for (i = 0; i < n; i++) {
        printf("%s%u", i ? ", " : "", numbers[i]);
    }
    printf("]");
}

static void print(nss_hello_status_t status, const nss_hello_t *hello)
{
    size_t i, j;

    printf("{\"status\": \"%s\", \"version\": %u, \"sni\": \"%s\", \"sni_present\": %d, \"pha\": %d", STATUS[status],
           hello->legacy_version, hello->sni, hello->sni_present, hello->post_handshake_auth);
    print_numbers("versions", hello->versions, hello->nversions);
    print_numbers("groups", hello->groups, hello->ngroups);
    printf(", \"alpn\": [");
    for (i = 0; i < hello->nalpn; i++) {
        printf("%s\"", i ? ", " : "");
        for (j = 0; j < hello->alpn[i].len; j++) {
            printf("%02x", hello->alpn[i].data[j]);
        }
        printf("\"");
    }
    printf("]}\n");
}

int main(int argc, char **argv)
{
    size_t  scratch_len = argc > 1 ? (size_t)atol(argv[1]) : NSS_HELLO_MAX_BYTES;
    char   *line = NULL;
    size_t  room = 0;
    ssize_t got;

    while ((got = getline(&line, &room, stdin)) >= 0) {
        size_t         len = (size_t)(got > 0 && line[got - 1] == '\n' ? got - 1 : got) / 2;
        unsigned char *buf = malloc(len ? len : 1);
        unsigned char *scratch = malloc(scratch_len ? scratch_len : 1);
        nss_hello_t    hello;
        size_t         i;

        if (buf == NULL || scratch == NULL) {
            return 1;
        }
        for (i = 0; i < len; i++) {
            unsigned byte;

            if (sscanf(line + 2 * i, "%2x", &byte) != 1) {
                return 2;
            }
            buf[i] = (unsigned char)byte;
        }
        print(nss_hello_parse(buf, len, scratch, scratch_len, &hello), &hello);
        free(buf);
        free(scratch);
    }
    free(line);
    return 0;
}
