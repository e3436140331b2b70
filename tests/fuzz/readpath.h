/* readpath: a TLS connection without httpd and without a network, for the fuzzer. The filters
 * and all below them are the module's own, libssl and APR are real. What is made here:
 *
 *     readpath_httpd.c   the few ap_* functions they call, and the filter at the network's end
 *     readpath_client.c  a client of NSS in the same process, over memory
 *     fuzz_readpath.c    the script that drives both, and what must hold whatever it says
 *
 * Memory: all of it belongs to the wire of one run; readpath_wire_free gives it back.
 */
#ifndef READPATH_H
#define READPATH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <nspr.h>
#include <ssl.h>
#include <sslexp.h>

#include "conf.h"
#include "conn.h"
#include "io.h"

#define REQUIRE(truth)                                                              \
    do {                                                                            \
        if (!(truth)) {                                                             \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #truth);   \
            abort();                                                                \
        }                                                                           \
    } while (0)

/* Bytes in one piece of exactly their size, so that reading past them is seen. */
typedef struct bytes_t {
    unsigned char *data;
    size_t         len;
} bytes_t;

void bytes_add(bytes_t *bytes, const void *data, size_t len);
void bytes_drop(bytes_t *bytes, size_t n);          /* from the front */

/* What is left of the fuzzer's input. After its end every byte is 0. */
typedef struct script_t {
    const uint8_t *data;
    size_t         len;
} script_t;

unsigned script_byte(script_t *script);
unsigned script_word(script_t *script);             /* two bytes, the high one first */

typedef struct client_t {
    PRFileDesc *fd;
    int         done;           /* its handshake is over */
    int         dead;           /* it refused what came */
    size_t      sent;           /* plaintext bytes */
    size_t      got;
} client_t;

/* One connection. */
typedef struct wire_t {
    script_t  *script;
    client_t  *client;          /* NULL: the script's own bytes only */
    bytes_t    up;              /* for the server, not yet delivered */
    bytes_t    down;            /* what the server has sent, not yet read by the client */
    bytes_t    record;          /* the server's record that is not whole yet */
    unsigned   steps;
    int        tampered;        /* what arrives is not what the client sent */
    int        ended;           /* the client's side is closed */
    int        refuses;         /* writes fail */
    int        dry;             /* the last answer was: nothing there yet */
    int        timed_out;
    nss_conn_t *cc;
} wire_t;

void readpath_wire_free(wire_t *wire);

/* ---- readpath_httpd.c ---- */

extern server_rec readpath_servers[2];

void readpath_httpd_init(apr_pool_t *p);
conn_rec *readpath_connection(apr_pool_t *p, wire_t *wire);

/* ---- readpath_client.c ---- */

/* Byte number at of what either side sends: a stream that shows loss, doubling and disorder. */
unsigned char readpath_pattern(size_t at);

typedef struct client_options_t {
    const char *name;
    PRUint16    low, high;
    int         resume;         /* use and fill the client's session cache */
    int         alpn;
    int         certificate;    /* answer a request for one */
} client_options_t;

void readpath_client_init(void);
int readpath_client_open(wire_t *wire, client_t *client, const client_options_t *options);
void readpath_client_close(client_t *client);

/* Lets the client read what came and answer it. */
void readpath_client_pump(wire_t *wire);
void readpath_client_write(wire_t *wire, size_t len);

#endif
