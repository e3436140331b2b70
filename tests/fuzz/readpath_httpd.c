/* readpath_httpd: see readpath.h. The functions have httpd's names and meaning, cut down to what
 * the filters ask of them. */
#include "readpath.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "apr_strings.h"
#include "http_connection.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_ssl.h"
#include "http_vhost.h"
#include "scoreboard.h"

#define MAX_STEPS 300

module nss_module;
server_rec readpath_servers[2];
static nss_srv_t settings[2];
static apr_pool_t *forever;

static ap_filter_rec_t network_in_rec, network_out_rec;

/* ---- memory: each bucket's bytes where the sanitizer sees their ends ---- */

void *apr_bucket_alloc(apr_size_t size, apr_bucket_alloc_t *list)
{
    (void)list;
    return malloc(size);
}

void apr_bucket_free(void *block)
{
    free(block);
}

/* ---- the network ---- */

/* The server speaks TLS records and nothing else, once it has found TLS. */
static void check_records(wire_t *wire, const char *data, size_t len)
{
    if (wire->cc->state == NSS_CONN_PLAIN) {
        return;
    }
    bytes_add(&wire->record, data, len);
    while (wire->record.len >= 5) {
        const unsigned char *head = wire->record.data;
        size_t length = (size_t)head[3] << 8 | head[4];

        REQUIRE(head[0] >= 20 && head[0] <= 23 && head[1] == 3 && head[2] <= 4 && length <= 16384 + 2048);
        if (wire->record.len < 5 + length) {
            return;
        }
        bytes_drop(&wire->record, 5 + length);
    }
}

static apr_status_t network_out(ap_filter_t *f, apr_bucket_brigade *bb)
{
    wire_t *wire = f->ctx;
    apr_bucket *e;

    if (!bb) {
        return APR_SUCCESS;
    }
    for (e = APR_BRIGADE_FIRST(bb); e != APR_BRIGADE_SENTINEL(bb); e = APR_BUCKET_NEXT(e)) {
        const char *data;
        apr_size_t len;

        if (!APR_BUCKET_IS_METADATA(e)) {
            REQUIRE(apr_bucket_read(e, &data, &len, APR_BLOCK_READ) == APR_SUCCESS);
            check_records(wire, data, len);
            bytes_add(&wire->down, data, len);
        }
    }
    apr_brigade_cleanup(bb);
    if (wire->refuses) {
        f->c->aborted = 1;
        return APR_ECONNRESET;
    }
    return APR_SUCCESS;
}

static void insert_up(wire_t *wire, const void *data, size_t len)
{
    bytes_t before = wire->up;

    wire->up = (bytes_t) { NULL, 0 };
    bytes_add(&wire->up, data, len);
    bytes_add(&wire->up, before.data, before.len);
    free(before.data);
    wire->tampered = 1;
}

static void insert_script(wire_t *wire, int record)
{
    unsigned char *data = calloc(1, 5 + 65536);
    size_t         at = 0, i, len;

    REQUIRE(data);
    if (record) {
        data[at++] = (unsigned char)(19 + script_byte(wire->script) % 6);
        data[at++] = 3;
        data[at++] = 3;
    }
    len = script_word(wire->script);
    if (record) {
        data[at++] = (unsigned char)(len >> 8);
        data[at++] = (unsigned char)len;
    }
    for (i = 0; i < len && (record || wire->script->len > 0); i++) {
        data[at++] = (unsigned char)script_byte(wire->script);
    }
    insert_up(wire, data, at);
    free(data);
}

static void insert_bucket(conn_rec *c, apr_bucket_brigade *bb, const unsigned char *data, size_t len)
{
    char *copy = malloc(len ? len : 1);

    REQUIRE(copy);
    if (len) {
        memcpy(copy, data, len);
    }
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_heap_create(copy, len, free, c->bucket_alloc));
}

static apr_status_t deliver(conn_rec *c, wire_t *wire, apr_bucket_brigade *bb, unsigned op, size_t n)
{
    size_t first;

    n = n < wire->up.len ? n : wire->up.len;
    first = op & 16 ? n / 2 : n;
    if (op & 32) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(c->bucket_alloc));
        insert_bucket(c, bb, NULL, 0);
    }
    insert_bucket(c, bb, wire->up.data, first);
    if (first < n) {
        insert_bucket(c, bb, wire->up.data + first, n - first);
    }
    bytes_drop(&wire->up, n);
    wire->dry = 0;
    return APR_SUCCESS;
}

/* What happens before bytes are delivered. 0: the connection ended, *prv says how. */
static int perform(wire_t *wire, unsigned op, apr_status_t *prv)
{
    client_t *client = wire->client;
    int open = client && client->done && !client->dead;

    switch (op & 15) {
    case 4:
        if (wire->up.len) {
            wire->up.data[script_word(wire->script) % wire->up.len] ^= (unsigned char)(1 << (op >> 5));
            wire->tampered = 1;
        }
        return 1;
    case 5:
        if (wire->up.len) {
            bytes_drop(&wire->up, 1 + script_byte(wire->script) % wire->up.len);
            wire->tampered = 1;
        }
        return 1;
    case 6:
    case 7:
        insert_script(wire, (op & 15) == 6);
        return 1;
    case 8:
        wire->ended = 1;
        *prv = APR_EOF;
        return 0;
    case 9:
        wire->timed_out = 1;
        *prv = APR_TIMEUP;
        return 0;
    case 10:
        wire->ended = 1;
        *prv = APR_ECONNRESET;
        return 0;
    case 11:
        readpath_client_write(wire, script_word(wire->script) % 40000);
        return 1;
    case 12:
        if (open) {
            (void)SSL_KeyUpdate(client->fd, (op & 16) != 0);
        }
        return 1;
    case 13:
        if (open) {
            (void)SSL_ReHandshake(client->fd, (op & 16) != 0);
        }
        return 1;
    case 14:
        if (open) {
            (void)PR_Shutdown(client->fd, PR_SHUTDOWN_SEND);
        }
        return 1;
    case 15:
        if (wire->up.len) {
            insert_up(wire, wire->up.data, wire->up.len);
        }
        wire->refuses |= (op & 0xf0) == 0xf0;
        return 1;
    default:
        return 1;
    }
}

static apr_status_t network_in(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode, apr_read_type_e block,
                               apr_off_t readbytes)
{
    wire_t *wire = f->ctx;

    REQUIRE(mode == AP_MODE_READBYTES && readbytes > 0);
    while (!wire->ended && wire->steps++ < MAX_STEPS) {
        unsigned op = script_byte(wire->script);
        apr_status_t rv = APR_SUCCESS;

        readpath_client_pump(wire);
        if (!perform(wire, op, &rv)) {
            return rv;
        }
        readpath_client_pump(wire);
        if (block == APR_NONBLOCK_READ && (wire->up.len == 0 || (op & 64))) {
            wire->dry = 1;
            return op & 128 ? APR_EAGAIN : APR_SUCCESS;
        }
        if (wire->up.len) {
            size_t most = (op & 15) == 2 ? 1 + script_byte(wire->script) : (op & 15) == 3 ? 1 : wire->up.len;

            return deliver(f->c, wire, bb, op, most);
        }
        if (wire->script->len == 0) {
            break;
        }
    }
    wire->ended = 1;
    if (wire->steps & 1) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(f->c->bucket_alloc));
        return APR_SUCCESS;
    }
    return APR_EOF;
}

void readpath_wire_free(wire_t *wire)
{
    free(wire->up.data);
    free(wire->down.data);
    free(wire->record.data);
}

/* ---- filters ---- */

static ap_filter_rec_t *make_filter(const char *name, ap_in_filter_func in, ap_out_filter_func out)
{
    ap_filter_rec_t *rec = apr_pcalloc(forever, sizeof(*rec));

    rec->name = name;
    if (in) {
        rec->filter_func.in_func = in;
    }
    else {
        rec->filter_func.out_func = out;
    }
    return rec;
}

ap_filter_rec_t *ap_register_input_filter(const char *name, ap_in_filter_func func, ap_init_filter_func init,
                                          ap_filter_type type)
{
    (void)init;
    (void)type;
    return make_filter(name, func, NULL);
}

ap_filter_rec_t *ap_register_output_filter(const char *name, ap_out_filter_func func, ap_init_filter_func init,
                                           ap_filter_type type)
{
    (void)init;
    (void)type;
    return make_filter(name, NULL, func);
}

static ap_filter_t *add_filter(ap_filter_t **pfirst, ap_filter_rec_t *rec, void *ctx, conn_rec *c)
{
    ap_filter_t *f = apr_pcalloc(c->pool, sizeof(*f));

    f->frec = rec;
    f->ctx = ctx;
    f->c = c;
    f->next = *pfirst;
    *pfirst = f;
    return f;
}

ap_filter_t *ap_add_input_filter_handle(ap_filter_rec_t *rec, void *ctx, request_rec *r, conn_rec *c)
{
    (void)r;
    return add_filter(&c->input_filters, rec, ctx, c);
}

ap_filter_t *ap_add_output_filter_handle(ap_filter_rec_t *rec, void *ctx, request_rec *r, conn_rec *c)
{
    (void)r;
    return add_filter(&c->output_filters, rec, ctx, c);
}

apr_status_t ap_get_brigade(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode, apr_read_type_e block,
                            apr_off_t readbytes)
{
    return f->frec->filter_func.in_func(f, bb, mode, block, readbytes);
}

apr_status_t ap_pass_brigade(ap_filter_t *f, apr_bucket_brigade *bb)
{
    return f->frec->filter_func.out_func(f, bb);
}

static apr_status_t eoc_read(apr_bucket *e, const char **pdata, apr_size_t *plen, apr_read_type_e block)
{
    (void)e;
    (void)block;
    *pdata = NULL;
    *plen = 0;
    return APR_SUCCESS;
}

const apr_bucket_type_t ap_bucket_type_eoc = {
    "EOC", 5, APR_BUCKET_METADATA, apr_bucket_destroy_noop, eoc_read,
    apr_bucket_setaside_noop, apr_bucket_split_notimpl, apr_bucket_simple_copy
};

/* ---- servers and names ---- */

nss_srv_t *nss_conf_server(const server_rec *s)
{
    return &settings[s - readpath_servers];
}

int ap_vhost_iterate_given_conn(conn_rec *c, ap_vhost_iterate_conn_cb func, void *baton)
{
    return func(baton, c, &readpath_servers[0]) || func(baton, c, &readpath_servers[1]);
}

int ap_cstr_casecmp(const char *one, const char *two)
{
    return strcasecmp(one, two);
}

int ap_strcasecmp_match(const char *text, const char *pattern)
{
    return strcasecmp(text, pattern);
}

void ap_str_tolower(char *text)
{
    for (; *text; text++) {
        *text = (char)(*text >= 'A' && *text <= 'Z' ? *text + 32 : *text);
    }
}

int ap_array_str_contains(const apr_array_header_t *array, const char *text)
{
    int i;

    for (i = 0; i < array->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(array, i, const char *), text)) {
            return 1;
        }
    }
    return 0;
}

/* ---- protocols, logs, the rest ---- */

const char *ap_get_protocol(conn_rec *c)
{
    (void)c;
    return "http/1.1";
}

const char *ap_select_protocol(conn_rec *c, request_rec *r, server_rec *s, const apr_array_header_t *choices)
{
    (void)c;
    (void)r;
    (void)s;
    return ap_array_str_contains(choices, "h2") ? "h2" : NULL;
}

apr_status_t ap_switch_protocol(conn_rec *c, request_rec *r, server_rec *s, const char *protocol)
{
    (void)c;
    (void)r;
    (void)s;
    REQUIRE(!strcmp(protocol, "h2"));
    return APR_SUCCESS;
}

int ap_ssl_conn_is_ssl(conn_rec *c)
{
    (void)c;
    return 0;
}

int ap_update_child_status_from_server(ap_sb_handle_t *handle, int status, conn_rec *c, server_rec *s)
{
    (void)handle;
    (void)status;
    (void)c;
    (void)s;
    return 0;
}

/* Lines are put together, as httpd would, and thrown away; READPATH_LOG shows them. */
static void log_line(const char *format, va_list args)
{
    static char line[8192];

    apr_vsnprintf(line, sizeof(line), format, args);
    REQUIRE(!strchr(line, '\n'));
    if (getenv("READPATH_LOG")) {
        fprintf(stderr, "%s\n", line);
    }
}

void ap_log_cerror_(const char *file, int line, int module_index, int level, apr_status_t status, const conn_rec *c,
                    const char *format, ...)
{
    va_list args;

    (void)file, (void)line, (void)module_index, (void)level, (void)status, (void)c;
    va_start(args, format);
    log_line(format, args);
    va_end(args);
}

void ap_log_cserror_(const char *file, int line, int module_index, int level, apr_status_t status, const conn_rec *c,
                     const server_rec *s, const char *format, ...)
{
    va_list args;

    (void)file, (void)line, (void)module_index, (void)level, (void)status, (void)c, (void)s;
    va_start(args, format);
    log_line(format, args);
    va_end(args);
}

void readpath_httpd_init(apr_pool_t *p)
{
    int i;

    forever = p;
    for (i = 0; i < 2; i++) {
        readpath_servers[i].server_hostname = i ? "demanding.example" : "localhost";
        readpath_servers[i].log.level = APLOG_TRACE8;
        settings[i] = (nss_srv_t) { .server = &readpath_servers[i], .index = i, .engine = 1 };
    }
    network_in_rec.filter_func.in_func = network_in;
    network_out_rec.filter_func.out_func = network_out;
    nss_module.module_index = 0;
    nss_io_register_filters(p);
}

conn_rec *readpath_connection(apr_pool_t *p, wire_t *wire)
{
    conn_rec *c = apr_pcalloc(p, sizeof(*c));

    c->pool = p;
    c->bucket_alloc = apr_bucket_alloc_create(p);
    c->base_server = &readpath_servers[0];
    c->conn_config = apr_pcalloc(p, sizeof(void *));
    REQUIRE(apr_sockaddr_info_get(&c->client_addr, "127.0.0.1", APR_INET, 40000, 0, p) == APR_SUCCESS);
    c->local_addr = c->client_addr;
    c->client_ip = (char *)"127.0.0.1";
    add_filter(&c->input_filters, &network_in_rec, wire, c);
    add_filter(&c->output_filters, &network_out_rec, wire, c);
    return c;
}
