/* libFuzzer's entry to a connection's path from the network's bytes to httpd's brigades and back.
 * The input is a script: its first bytes choose the client, every further one is taken by
 * whoever acts next, network (readpath_httpd.c) or application (below). NSS draws random numbers, so
 * one script meets other keys at every run; what it does to records stays the same.
 *
 * What must hold, whatever is cut, torn, changed, doubled or put in between:
 *  - what the application reads is a beginning of what the client wrote, byte for byte, and the
 *    other way round;
 *  - after a failure there is not one byte more;
 *  - a non-blocking read comes back empty only when the network has said that nothing is there;
 *  - no brigade is longer than what was asked for; a look ahead takes nothing away;
 *  - on the wire there are TLS records and nothing else.
 */
#include "readpath.h"

#include <string.h>
#include <unistd.h>

#include <sanitizer/lsan_interface.h>

#include <cert.h>
#include <keyhi.h>
#include <nss.h>
#include <pk11pub.h>
#include <sslproto.h>

#include "apr_general.h"
#include "http_connection.h"

#define MAX_ACTIONS 60

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct app_t {
    conn_rec *c;
    wire_t   *wire;
    size_t    got;          /* of the client's stream */
    size_t    sent;
    int       blurred;      /* blank lines were dropped, nobody knows how many */
} app_t;

unsigned script_byte(script_t *script)
{
    if (script->len == 0) {
        return 0;
    }
    script->len--;
    return *script->data++;
}

unsigned script_word(script_t *script)
{
    unsigned high = script_byte(script);

    return high << 8 | script_byte(script);
}

/* ---- the server ---- */

static PRFileDesc *make_model(int demanding)
{
    PRFileDesc       *model = SSL_ImportFD(NULL, PR_NewTCPSocket());
    CERTCertificate  *cert = PK11_FindCertFromNickname("server", NULL);
    SECKEYPrivateKey *key = cert ? PK11_FindKeyByAnyCert(cert, NULL) : NULL;
    SSLVersionRange   versions = { SSL_LIBRARY_VERSION_TLS_1_2, SSL_LIBRARY_VERSION_TLS_1_3 };

    REQUIRE(model && key);
    REQUIRE(SSL_OptionSet(model, SSL_HANDSHAKE_AS_SERVER, PR_TRUE) == SECSuccess);
    REQUIRE(SSL_OptionSet(model, SSL_ENABLE_SESSION_TICKETS, PR_TRUE) == SECSuccess);
    REQUIRE(SSL_OptionSet(model, SSL_REQUEST_CERTIFICATE, demanding) == SECSuccess);
    REQUIRE(SSL_OptionSet(model, SSL_REQUIRE_CERTIFICATE, demanding ? SSL_REQUIRE_ALWAYS : SSL_REQUIRE_NEVER) == SECSuccess);
    REQUIRE(SSL_OptionSet(model, SSL_ENABLE_RENEGOTIATION,
                          demanding ? SSL_RENEGOTIATE_REQUIRES_XTN : SSL_RENEGOTIATE_NEVER) == SECSuccess);
    REQUIRE(SSL_VersionRangeSet(model, &versions) == SECSuccess);
    REQUIRE(SSL_ConfigServerCert(model, cert, key, NULL, 0) == SECSuccess);
    SECKEY_DestroyPrivateKey(key);
    CERT_DestroyCertificate(cert);
    return model;
}

static void publish(void)
{
    nss_snapshot_t *snapshot = nss_snapshot_create(2);
    int i;

    REQUIRE(snapshot);
    for (i = 0; i < 2; i++) {
        nss_vhost_spec_t spec = { .server = i, .model = make_model(i), .policy = (uint32_t)i, .sni = 1,
                                  .verify_client = i ? NSS_VERIFY_REQUIRE : NSS_VERIFY_NONE };

        REQUIRE(nss_snapshot_add_vhost(snapshot, &spec) == 1);
    }
    REQUIRE(nss_snapshot_publish(snapshot) == 1);
}

static void end(void)
{
    SSL_ShutdownServerSessionIDCache();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static apr_pool_t *pool;
    const char *database = getenv("READPATH_DATABASE");

    (void)argc;
    (void)argv;
    REQUIRE(database);
    __lsan_disable();           /* what lives until the end: it hangs on APR's pools, where nobody looks */
    REQUIRE(apr_initialize() == APR_SUCCESS && apr_pool_create(&pool, NULL) == APR_SUCCESS);
    REQUIRE(NSS_Init(database) == SECSuccess);
    REQUIRE(SSL_ConfigServerSessionIDCache(100, 100, 100, database + strlen("sql:")) == SECSuccess);
    atexit(end);
    readpath_httpd_init(pool);
    readpath_client_init();
    publish();
    __lsan_enable();
    return 0;
}

/* ---- the application ---- */

/* What was read must be the client's stream, or its beginning. */
static size_t check_data(app_t *app, apr_bucket_brigade *bb, size_t at)
{
    size_t total = 0;
    apr_bucket *e;

    for (e = APR_BRIGADE_FIRST(bb); e != APR_BRIGADE_SENTINEL(bb); e = APR_BUCKET_NEXT(e)) {
        const char *data;
        apr_size_t len, i;

        if (APR_BUCKET_IS_METADATA(e)) {
            continue;
        }
        REQUIRE(apr_bucket_read(e, &data, &len, APR_BLOCK_READ) == APR_SUCCESS);
        total += len;
        if (app->wire->cc->state == NSS_CONN_PLAIN || app->blurred) {
            continue;
        }
        REQUIRE(app->wire->client);
        for (i = 0; i < len; i++, at++) {
            REQUIRE(at < app->wire->client->sent && (unsigned char)data[i] == readpath_pattern(at));
        }
    }
    return total;
}

static void check_status(const app_t *app, apr_status_t rv, apr_read_type_e block, size_t got, int was_open)
{
    int state = app->wire->cc->state;

    REQUIRE(rv == APR_SUCCESS || got == 0);
    REQUIRE(was_open || state == NSS_CONN_PLAIN || got == 0);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        REQUIRE(block == APR_NONBLOCK_READ && app->wire->dry);
    }
}

static void do_read(app_t *app, ap_input_mode_t mode, unsigned how)
{
    static const apr_off_t sizes[] = { 1, 2, 100, 8000, 8192, 16384, 40000, 1 << 20 };
    apr_read_type_e block = how & 1 ? APR_NONBLOCK_READ : APR_BLOCK_READ;
    apr_off_t       want = sizes[how >> 1 & 7];
    apr_bucket_brigade *bb = apr_brigade_create(app->c->pool, app->c->bucket_alloc);
    int             was_open = app->wire->cc->state == NSS_CONN_OPEN || app->wire->cc->state == NSS_CONN_NEW;
    apr_status_t    rv = ap_get_brigade(app->c->input_filters, bb, mode, block, want);
    size_t          got = check_data(app, bb, app->got);

    check_status(app, rv, block, got, was_open);
    if (mode == AP_MODE_READBYTES || mode == AP_MODE_SPECULATIVE) {
        REQUIRE(got <= (size_t)want);
    }
    if (mode == AP_MODE_READBYTES || mode == AP_MODE_GETLINE) {
        app->got += got;
    }
    apr_brigade_destroy(bb);
}

static void do_skip_blank(app_t *app, unsigned how)
{
    size_t before = app->got;

    do_read(app, AP_MODE_EATCRLF, how);
    if (app->wire->client && before < app->wire->client->sent && readpath_pattern(before) == '\n') {
        app->blurred = 1;
    }
}

static apr_bucket *data_bucket(app_t *app, size_t len)
{
    char *data = malloc(len ? len : 1);
    size_t i;

    REQUIRE(data);
    for (i = 0; i < len; i++) {
        data[i] = (char)readpath_pattern(app->sent + i);
    }
    app->sent += len;
    return apr_bucket_heap_create(data, len, free, app->c->bucket_alloc);
}

static apr_bucket *end_bucket(apr_bucket_alloc_t *list)
{
    apr_bucket *e = apr_bucket_alloc(sizeof(*e), list);

    APR_BUCKET_INIT(e);
    e->free = apr_bucket_free;
    e->list = list;
    e->length = 0;
    e->start = 0;
    e->data = NULL;
    e->type = &ap_bucket_type_eoc;
    return e;
}

/* Data in some buckets, then what how asks for. All of it must arrive when nobody interfered. */
static void do_write(app_t *app, unsigned how, size_t len)
{
    apr_bucket_alloc_t *list = app->c->bucket_alloc;
    apr_bucket_brigade *bb = apr_brigade_create(app->c->pool, list);
    wire_t *wire = app->wire;
    int     flush = how & 1;
    apr_status_t rv;

    APR_BRIGADE_INSERT_TAIL(bb, data_bucket(app, len / 3));
    if (how & 2) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(list));
    }
    APR_BRIGADE_INSERT_TAIL(bb, data_bucket(app, len - len / 3));
    if (flush) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(list));
    }
    if (how & 4) {
        APR_BRIGADE_INSERT_TAIL(bb, end_bucket(list));
    }
    rv = ap_pass_brigade(app->c->output_filters, bb);
    readpath_client_pump(wire);
    if (rv == APR_SUCCESS && flush && wire->client && !wire->client->dead && !wire->tampered
        && wire->cc->state == NSS_CONN_OPEN) {
        REQUIRE(wire->client->got == app->sent);
    }
    apr_brigade_destroy(bb);
}

static void act(app_t *app)
{
    script_t *script = app->wire->script;
    unsigned  what = script_byte(script);
    unsigned  how = what >> 3;

    switch (what & 7) {
    case 0:
    case 1:
        do_read(app, AP_MODE_READBYTES, how);
        break;
    case 2:
        do_read(app, AP_MODE_SPECULATIVE, how);
        break;
    case 3:
        do_read(app, AP_MODE_GETLINE, how);
        break;
    case 4:
        do_skip_blank(app, how);
        break;
    case 5:
        do_read(app, how & 2 ? AP_MODE_EXHAUSTIVE : AP_MODE_INIT, how);
        break;
    default:
        do_write(app, how, script_word(script) % 50000);
        break;
    }
}

static void run(script_t *script, wire_t *wire, apr_pool_t *pool, int early)
{
    app_t app = { .c = readpath_connection(pool, wire), .wire = wire };
    int   actions;

    REQUIRE(nss_conn_pre_connection(app.c, NULL) == OK);
    wire->cc = nss_conn_get(app.c);
    if (early) {
        do_write(&app, early, 100);             /* a protocol in which the server speaks first */
    }
    (void)nss_conn_process_connection(app.c);
    REQUIRE(wire->cc->state != NSS_CONN_HANDSHAKE);
    for (actions = 0; actions < MAX_ACTIONS && script->len > 0; actions++) {
        act(&app);
    }
    if (!app.c->aborted) {
        do_write(&app, 4 | (script->len & 1), 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "localhost", "demanding.example", NULL, "unknown.example" };
    script_t script = { data, size };
    unsigned who = script_byte(&script);
    unsigned how = script_byte(&script);
    client_options_t options = {
        .name = names[who >> 1 & 3],
        .low = SSL_LIBRARY_VERSION_TLS_1_2,
        .high = who & 8 ? SSL_LIBRARY_VERSION_TLS_1_2 : SSL_LIBRARY_VERSION_TLS_1_3,
        .resume = (who & 16) != 0,
        .alpn = (who & 32) != 0,
        .certificate = (who & 64) != 0
    };
    client_t    client = { NULL, 0, 0, 0, 0 };
    wire_t      wire = { .script = &script };
    apr_pool_t *pool;

    REQUIRE(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    if (!(who & 1)) {
        REQUIRE(readpath_client_open(&wire, &client, &options));
        wire.client = &client;
    }
    run(&script, &wire, pool, how & 8 ? (int)(how & 3) | 1 : 0);
    apr_pool_destroy(pool);
    if (client.fd) {
        readpath_client_close(&client);
    }
    readpath_wire_free(&wire);
    return 0;
}
