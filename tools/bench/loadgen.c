/* loadgen: a TLS client that does one kind of operation many times, in parallel.
 *
 * It offers exactly one protocol version, one suite, one group and one signature
 * scheme, so that every server under test does the same cryptography, and it checks
 * that this is what was agreed: an operation of another kind counts as a failure.
 *
 * Conversation with the caller: it first prepares (connections, sessions to resume),
 * writes "ready", waits for a line on standard input, does the operations, writes one
 * line of JSON. The caller reads the server's CPU clocks before the line and after it.
 *
 * Memory: each worker owns its SSL_CTX, session and buffer; main owns the workers.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES   16384    /* the size of a full TLS record */
#define MAX_WORKERS    64
#define IO_TIMEOUT_S   20
#define WARM_UP        3        /* operations per worker before "ready" */

typedef enum { MODE_HANDSHAKE, MODE_RESUME, MODE_REQUEST, MODE_KEEPALIVE, MODE_DOWNLOAD, MODE_UPLOAD, MODE_IDLE } bench_mode_t;

static const char *const mode_names[] = { "handshake", "resume", "request", "keepalive", "download", "upload", "idle" };

typedef struct options_t {
    bench_mode_t mode;
    int          port;
    const char  *name;          /* SNI and Host */
    int          version;       /* TLS1_2_VERSION or TLS1_3_VERSION */
    const char  *suite;
    const char  *group;
    const char  *sigalg;
    int          tickets;
    int          parallel;
    long         count;         /* operations, or connections when idle */
    const char  *path;
    long long    bytes;         /* body to send, or to expect */
} options_t;

typedef struct worker_t {
    pthread_t        thread;
    const options_t *o;
    SSL_CTX         *ctx;
    SSL_SESSION     *session;       /* newest one received */
    SSL             *ssl;           /* the persistent connection, when the mode has one */
    long             done, failed, resumed;
    long long        bytes;
    char             why[200];      /* the first failure */
    char             buffer[BUFFER_BYTES];
} worker_t;

static atomic_long next_operation;
static pthread_barrier_t ready_barrier, go_barrier;

static int fail(worker_t *w, const char *what)
{
    if (w->why[0] == '\0') {
        unsigned long code = ERR_get_error();
        char text[120] = "";
        if (code != 0) {
            ERR_error_string_n(code, text, sizeof(text));
        }
        else if (errno != 0) {
            snprintf(text, sizeof(text), "%s", strerror(errno));
        }
        snprintf(w->why, sizeof(w->why), "%s%s%s", what, text[0] ? ": " : "", text);
        for (char *p = w->why; *p; p++) {       /* it goes into JSON */
            if (*p == '"' || *p == '\\' || (unsigned char)*p < 0x20) {
                *p = '\'';
            }
        }
    }
    ERR_clear_error();
    return 0;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    worker_t *w = SSL_get_app_data(ssl);

    SSL_SESSION_free(w->session);
    w->session = session;
    return 1;       /* the reference is ours now */
}

static SSL_CTX *make_context(const options_t *o)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL
        || !SSL_CTX_set_min_proto_version(ctx, o->version)
        || !SSL_CTX_set_max_proto_version(ctx, o->version)
        || !SSL_CTX_set1_groups_list(ctx, o->group)
        || !SSL_CTX_set1_sigalgs_list(ctx, o->sigalg)
        || !(o->version == TLS1_3_VERSION ? SSL_CTX_set_ciphersuites(ctx, o->suite)
                                          : SSL_CTX_set_cipher_list(ctx, o->suite))) {
        ERR_print_errors_fp(stderr);
        exit(2);
    }
    /* A server that closes without close_notify would make the session unusable (so does
     * OpenSSL's own bookkeeping of it, see tls_finish). */
    SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (!o->tickets) {
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);   /* the client's cost is not measured */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, keep_session);
    return ctx;
}

static int tcp_connect(int port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
    struct timeval limit = { .tv_sec = IO_TIMEOUT_S };
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void drop(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);

    SSL_free(ssl);
    close(fd);
}

/* The first of the groups offered: TLS 1.2 needs a second one in the list, for the curve
 * of an ECDSA certificate. */
static int agreed_first_group(SSL *ssl, const options_t *o)
{
    int x25519 = strncmp(o->group, "X25519", 6) == 0;
    EVP_PKEY *key = NULL;
    int same = SSL_get_peer_tmp_key(ssl, &key) && (EVP_PKEY_get_id(key) == EVP_PKEY_X25519) == x25519;

    EVP_PKEY_free(key);
    return same;
}

/* Another suite or group than the one asked for means that the two servers would be
 * compared at different work. */
static const char *wrong_agreement(SSL *ssl, const options_t *o, int resuming)
{
    if (SSL_version(ssl) != o->version) {
        return "another protocol version was agreed";
    }
    if (strcmp(SSL_get_cipher_name(ssl), o->suite) != 0) {
        return "another suite was agreed";
    }
    if (resuming != SSL_session_reused(ssl)) {
        return resuming ? "the session was not resumed" : "a full handshake was resumed";
    }
    if (!resuming && !agreed_first_group(ssl, o)) {
        return "another group was agreed";
    }
    return NULL;
}

static SSL *tls_connect(worker_t *w, int resuming)
{
    SSL_SESSION *offered = resuming ? w->session : NULL;    /* the handshake may replace it */
    const char *wrong;
    SSL *ssl;
    int fd;

    errno = 0;
    fd = tcp_connect(w->o->port);
    if (fd < 0) {
        fail(w, "connect");
        return NULL;
    }
    ssl = SSL_new(w->ctx);
    if (ssl == NULL || !SSL_set_fd(ssl, fd) || !SSL_set_tlsext_host_name(ssl, w->o->name)) {
        abort();
    }
    SSL_set_app_data(ssl, w);
    if (offered != NULL) {
        SSL_set_session(ssl, offered);
    }
    if (SSL_connect(ssl) != 1) {
        fail(w, "handshake");
        drop(ssl);
        return NULL;
    }
    wrong = wrong_agreement(ssl, w->o, offered != NULL);
    if (wrong != NULL) {
        fail(w, wrong);
        drop(ssl);
        return NULL;
    }
    w->resumed += SSL_session_reused(ssl);
    return ssl;
}

/* close_notify, then reads to the server's end: the server has then done all its work,
 * and the TLS 1.3 tickets were seen. */
static int tls_finish(worker_t *w, SSL *ssl)
{
    int got;

    if (SSL_shutdown(ssl) < 0) {
        fail(w, "close_notify");
        drop(ssl);
        return 0;
    }
    shutdown(SSL_get_fd(ssl), SHUT_WR);
    do {
        got = SSL_read(ssl, w->buffer, BUFFER_BYTES);
    } while (got > 0);
    ERR_clear_error();
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    drop(ssl);
    return 1;
}

static int write_all(worker_t *w, SSL *ssl, const char *data, int len)
{
    return SSL_write(ssl, data, len) == len ? 1 : fail(w, "write");
}

/* Reads one response to its end; the length of the body, or -1. */
static long long read_response(worker_t *w, SSL *ssl)
{
    int have = 0;
    char *body, *field;
    long long length, left;

    for (;;) {
        int got = SSL_read(ssl, w->buffer + have, BUFFER_BYTES - 1 - have);
        if (got <= 0) {
            fail(w, "response ended in its header");
            return -1;
        }
        have += got;
        w->buffer[have] = '\0';
        body = strstr(w->buffer, "\r\n\r\n");
        if (body != NULL) {
            break;
        }
    }
    field = strcasestr(w->buffer, "\r\nContent-Length:");
    if (strncmp(w->buffer, "HTTP/1.1 200 ", 13) != 0 || field == NULL || field > body) {
        errno = 0;
        fail(w, "response is not a 200 with a length");
        return -1;
    }
    length = atoll(field + 17);
    left = length - (have - (body + 4 - w->buffer));
    while (left > 0) {
        int got = SSL_read(ssl, w->buffer, left < BUFFER_BYTES ? (int)left : BUFFER_BYTES);
        if (got <= 0) {
            fail(w, "response ended in its body");
            return -1;
        }
        left -= got;
    }
    if (left < 0) {
        fail(w, "response is longer than it says");
        return -1;
    }
    return length;
}

static int get(worker_t *w, SSL *ssl, const char *path, long long expected, int last)
{
    char request[512];
    int len = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nAccept: */*\r\n%s\r\n",
                       path, w->o->name, last ? "Connection: close\r\n" : "");
    long long body;

    if (!write_all(w, ssl, request, len)) {
        return 0;
    }
    body = read_response(w, ssl);
    if (body >= 0 && expected >= 0 && body != expected) {
        return fail(w, "response of another length than expected");
    }
    w->bytes += body > 0 ? body : 0;
    return body >= 0;
}

static int post(worker_t *w, SSL *ssl)
{
    static const char zeros[BUFFER_BYTES];
    char request[512];
    int len = snprintf(request, sizeof(request), "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/octet-stream\r\n"
                       "Content-Length: %lld\r\n\r\n", w->o->path, w->o->name, w->o->bytes);

    if (!write_all(w, ssl, request, len)) {
        return 0;
    }
    for (long long left = w->o->bytes; left > 0; left -= BUFFER_BYTES) {
        if (!write_all(w, ssl, zeros, left < BUFFER_BYTES ? (int)left : BUFFER_BYTES)) {
            return 0;
        }
    }
    w->bytes += w->o->bytes;
    return read_response(w, ssl) >= 0;
}

static int operate(worker_t *w)
{
    SSL *ssl;

    switch (w->o->mode) {
    case MODE_HANDSHAKE:
    case MODE_RESUME:
        ssl = tls_connect(w, w->o->mode == MODE_RESUME);
        return ssl != NULL && tls_finish(w, ssl);
    case MODE_REQUEST:
        ssl = tls_connect(w, 0);
        if (ssl == NULL || get(w, ssl, w->o->path, -1, 1)) {
            return ssl != NULL && tls_finish(w, ssl);
        }
        drop(ssl);
        return 0;
    case MODE_KEEPALIVE:
    case MODE_DOWNLOAD:
        return w->ssl != NULL && get(w, w->ssl, w->o->path, w->o->bytes, 0);
    case MODE_UPLOAD:
        return w->ssl != NULL && post(w, w->ssl);
    default:
        return 0;
    }
}

/* Warm-up: the server's threads, caches and heaps have seen each kind of work once, and
 * there is a session to resume. */
static int prepare(worker_t *w)
{
    if (w->o->mode >= MODE_KEEPALIVE) {
        w->ssl = tls_connect(w, 0);
        if (w->ssl == NULL) {
            return 0;
        }
    }
    for (int i = 0; i < WARM_UP; i++) {
        int ok = w->o->mode >= MODE_KEEPALIVE ? get(w, w->ssl, "/small", -1, 0) : operate(w);
        if (!ok) {
            return 0;
        }
    }
    return 1;
}

static void *work(void *arg)
{
    worker_t *w = arg;
    int prepared = prepare(w);

    w->resumed = 0;
    w->bytes = 0;
    pthread_barrier_wait(&ready_barrier);
    pthread_barrier_wait(&go_barrier);
    while (atomic_fetch_add(&next_operation, 1) < w->o->count) {
        if (prepared && operate(w)) {
            w->done++;
        }
        else if (++w->failed >= 3) {
            break;      /* a broken server must not cost minutes */
        }
    }
    if (w->ssl != NULL) {
        tls_finish(w, w->ssl);
    }
    return NULL;
}

static void say_ready_and_wait(void)
{
    char line[16];

    puts("ready");
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL) {
        exit(1);        /* the caller is gone */
    }
}

static void report(const options_t *o, long done, long failed, long resumed, long long bytes, double seconds, const char *why)
{
    printf("{\"mode\": \"%s\", \"operations\": %ld, \"failures\": %ld, \"resumed\": %ld, \"bytes\": %lld, "
           "\"seconds\": %.6f, \"why\": \"%s\"}\n", mode_names[o->mode], done, failed, resumed, bytes, seconds, why);
    fflush(stdout);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int run_workers(const options_t *o)
{
    static worker_t workers[MAX_WORKERS];
    long done = 0, failed = 0, resumed = 0;
    long long bytes = 0;
    const char *why = "";
    double started;

    pthread_barrier_init(&ready_barrier, NULL, (unsigned)o->parallel + 1);
    pthread_barrier_init(&go_barrier, NULL, (unsigned)o->parallel + 1);
    for (int i = 0; i < o->parallel; i++) {
        workers[i].o = o;
        workers[i].ctx = make_context(o);
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            perror("pthread_create");
            return 2;
        }
    }
    pthread_barrier_wait(&ready_barrier);
    say_ready_and_wait();
    started = now();
    pthread_barrier_wait(&go_barrier);
    for (int i = 0; i < o->parallel; i++) {
        worker_t *w = &workers[i];
        pthread_join(w->thread, NULL);
        done += w->done;
        failed += w->failed;
        resumed += w->resumed;
        bytes += w->bytes;
        why = why[0] ? why : w->why;
    }
    report(o, done, failed, resumed, bytes, now() - started, why);
    return failed != 0;
}

/* Opens connections one after the other, one request each, and holds them. */
static int run_idle(const options_t *o)
{
    static worker_t w;
    struct rlimit files;
    SSL **held = calloc((size_t)o->count, sizeof(*held));
    long open_ones = 0;
    double started = now();

    if (held == NULL) {
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    w.o = o;
    w.ctx = make_context(o);
    while (open_ones < o->count && (held[open_ones] = tls_connect(&w, 0)) != NULL) {
        if (!get(&w, held[open_ones++], o->path, -1, 0)) {
            break;
        }
    }
    say_ready_and_wait();
    report(o, open_ones, o->count - open_ones, 0, w.bytes, now() - started, w.why);
    for (long i = 0; i < open_ones; i++) {
        drop(held[i]);
    }
    free(held);
    return open_ones != o->count;
}

static void usage(void)
{
    fputs("loadgen --mode handshake|resume|request|keepalive|download|upload|idle --port N --name SNI\n"
          "        --version 1.2|1.3 --suite NAME --group NAME --sigalg NAME [--no-tickets]\n"
          "        [--parallel N] [--count N] [--path PATH] [--bytes N]\n", stderr);
    exit(2);
}

static bench_mode_t mode_of(const char *name)
{
    for (int i = 0; i <= MODE_IDLE; i++) {
        if (strcmp(name, mode_names[i]) == 0) {
            return (bench_mode_t)i;
        }
    }
    usage();
    return MODE_IDLE;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        { "mode", 1, NULL, 'm' }, { "port", 1, NULL, 'p' }, { "name", 1, NULL, 'n' }, { "version", 1, NULL, 'v' },
        { "suite", 1, NULL, 's' }, { "group", 1, NULL, 'g' }, { "sigalg", 1, NULL, 'a' }, { "no-tickets", 0, NULL, 't' },
        { "parallel", 1, NULL, 'P' }, { "count", 1, NULL, 'c' }, { "path", 1, NULL, 'u' }, { "bytes", 1, NULL, 'b' },
        { NULL, 0, NULL, 0 } };
    options_t o = { .mode = MODE_HANDSHAKE, .version = TLS1_3_VERSION, .tickets = 1, .parallel = 4, .count = 100,
                    .path = "/small", .bytes = -1 };
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 'm': o.mode = mode_of(optarg); break;
        case 'p': o.port = atoi(optarg); break;
        case 'n': o.name = optarg; break;
        case 'v': o.version = strcmp(optarg, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION; break;
        case 's': o.suite = optarg; break;
        case 'g': o.group = optarg; break;
        case 'a': o.sigalg = optarg; break;
        case 't': o.tickets = 0; break;
        case 'P': o.parallel = atoi(optarg); break;
        case 'c': o.count = atol(optarg); break;
        case 'u': o.path = optarg; break;
        case 'b': o.bytes = atoll(optarg); break;
        default: usage();
        }
    }
    if (!o.port || !o.name || !o.suite || !o.group || !o.sigalg || o.parallel < 1 || o.parallel > MAX_WORKERS || o.count < 1) {
        usage();
    }
    signal(SIGPIPE, SIG_IGN);
    return o.mode == MODE_IDLE ? run_idle(&o) : run_workers(&o);
}
