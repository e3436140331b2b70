/* nss_pcache: keeps PINs (and the key of the session tickets) across restarts of httpd.
 *
 * A program of its own, because httpd's parent must hold no secret and its children do not
 * live long enough. It is started by the parent before any child exists, holds one end of a
 * SOCK_SEQPACKET pair as descriptor 3 and nothing else, and ends when the last holder of the
 * other end has closed it: parent, children and planner are the only ones that have it.
 *
 * A request is one datagram with exactly one descriptor attached, on which the answer is
 * sent; so many children may ask at once over one socket, and none reads another's answer.
 *
 *   S key value   store        G key   get        D key   delete        P ""   ping
 *   U uid ""      let this uid ask too; from the parent's uid alone
 *
 * key and value are netstrings. Answer: "+" done, "-" no such key, "!" refused; then a
 * netstring, the value for G, else empty. The kernel says who asks (SO_PASSCRED): root, the
 * uid that started httpd, and the uids given as arguments are heard.
 *
 * Nothing is written anywhere, standard output and error included. Secrets are locked into
 * memory where the system allows it, overwritten when they go, and not in core files.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define PC_SOCKET       3
#define PC_MAX_KEY      256
#define PC_MAX_VALUE    4096
#define PC_MAX_ENTRIES  256
#define PC_MAX_UIDS     16
#define PC_MAX_FDS      8
/* Command, two netstrings with their lengths and commas, and a byte to see what is longer. */
#define PC_MAX_DATAGRAM (1 + PC_MAX_KEY + 8 + PC_MAX_VALUE + 8)

typedef struct pc_entry_t {
    size_t         key_len;
    unsigned char  key[PC_MAX_KEY];
    size_t         value_len;
    unsigned char *value;               /* malloc'd, value_len bytes */
} pc_entry_t;

typedef struct pc_bytes_t {
    const unsigned char *data;
    size_t               len;
} pc_bytes_t;

typedef struct pc_request_t {
    unsigned char buffer[PC_MAX_DATAGRAM + 1];
    size_t        len;
    int           whole;                /* neither data nor descriptors were cut off */
    int           known_sender;
    struct ucred  sender;
    int           fds[PC_MAX_FDS];
    int           nfds;
} pc_request_t;

static pc_entry_t pc_entries[PC_MAX_ENTRIES];
static size_t pc_count;
static uid_t pc_uids[PC_MAX_UIDS];
static size_t pc_nuids;
static volatile sig_atomic_t pc_stop;

/* ---- entries -------------------------------------------------------------- */

static pc_entry_t *pc_find(pc_bytes_t key)
{
    for (size_t i = 0; i < pc_count; i++) {
        if (pc_entries[i].key_len == key.len && !memcmp(pc_entries[i].key, key.data, key.len)) {
            return &pc_entries[i];
        }
    }
    return NULL;
}

static void pc_clear_value(pc_entry_t *entry)
{
    if (entry->value) {
        explicit_bzero(entry->value, entry->value_len);
        free(entry->value);
    }
    entry->value = NULL;
    entry->value_len = 0;
}

static void pc_delete(pc_entry_t *entry)
{
    pc_entry_t *last = &pc_entries[--pc_count];

    pc_clear_value(entry);
    if (entry != last) {
        *entry = *last;
    }
    explicit_bzero(last, sizeof(*last));
}

static int pc_store(pc_bytes_t key, pc_bytes_t value)
{
    pc_entry_t *entry = pc_find(key);
    unsigned char *copy = malloc(value.len ? value.len : 1);

    if (!copy || (!entry && pc_count == PC_MAX_ENTRIES)) {
        free(copy);
        return 0;
    }
    memcpy(copy, value.data, value.len);
    if (!entry) {
        entry = &pc_entries[pc_count++];
        memcpy(entry->key, key.data, key.len);
        entry->key_len = key.len;
    }
    pc_clear_value(entry);
    entry->value = copy;
    entry->value_len = value.len;
    return 1;
}

/* ---- who may ask ------------------------------------------------------------ */

static int pc_is_allowed(uid_t uid)
{
    for (size_t i = 0; i < pc_nuids; i++) {
        if (pc_uids[i] == uid) {
            return 1;
        }
    }
    return 0;
}

static int pc_allow(uid_t uid)
{
    if (pc_is_allowed(uid)) {
        return 1;
    }
    if (pc_nuids == PC_MAX_UIDS) {
        return 0;
    }
    pc_uids[pc_nuids++] = uid;
    return 1;
}

static int pc_parse_uid(const char *text, size_t len, uid_t *puid)
{
    char digits[16];
    char *end;
    unsigned long number;

    if (!len || len >= sizeof(digits) || text[0] < '0' || text[0] > '9') {
        return 0;
    }
    memcpy(digits, text, len);
    digits[len] = 0;
    errno = 0;
    number = strtoul(digits, &end, 10);
    if (*end || errno || number >= UINT_MAX) {
        return 0;
    }
    *puid = (uid_t)number;
    return 1;
}

/* ---- requests ---------------------------------------------------------------- */

/* The netstring at the front of *prest, at most max bytes long; *prest moves behind it. */
static int pc_take(pc_bytes_t *prest, size_t max, pc_bytes_t *out)
{
    size_t at = 0;
    size_t len = 0;

    while (at < prest->len && at < 5 && prest->data[at] >= '0' && prest->data[at] <= '9') {
        len = len * 10 + (size_t)(prest->data[at++] - '0');
    }
    if (!at || at >= prest->len || prest->data[at] != ':' || len > max) {
        return 0;
    }
    at++;
    if (prest->len - at <= len || prest->data[at + len] != ',') {
        return 0;
    }
    out->data = prest->data + at;
    out->len = len;
    prest->data += at + len + 1;
    prest->len -= at + len + 1;
    return 1;
}

/* The status byte of the answer; *pvalue is set for G. */
static char pc_execute(const pc_request_t *request, pc_bytes_t *pvalue)
{
    pc_bytes_t rest = { request->buffer + 1, request->len - 1 };
    pc_bytes_t key = { NULL, 0 };
    pc_bytes_t value = { (const unsigned char *)"", 0 };
    char command = (char)request->buffer[0];
    pc_entry_t *entry;
    uid_t uid;

    if (!pc_take(&rest, PC_MAX_KEY, &key) || (rest.len && !pc_take(&rest, PC_MAX_VALUE, &value)) || rest.len) {
        return '!';
    }
    switch (command) {
    case 'S':
        return pc_store(key, value) ? '+' : '!';
    case 'G':
        entry = pc_find(key);
        if (entry) {
            pvalue->data = entry->value;
            pvalue->len = entry->value_len;
        }
        return entry ? '+' : '-';
    case 'D':
        entry = pc_find(key);
        if (entry) {
            pc_delete(entry);
        }
        return entry ? '+' : '-';
    case 'P':
        return '+';
    case 'U':
        return request->sender.uid == getuid() && pc_parse_uid((const char *)key.data, key.len, &uid)
               && pc_allow(uid) ? '+' : '!';
    default:
        return '!';
    }
}

static void pc_answer(int fd, char status, pc_bytes_t value)
{
    unsigned char answer[1 + 8 + PC_MAX_VALUE + 1];
    int head = snprintf((char *)answer, 10, "%c%zu:", status, value.len);
    size_t len = (size_t)head;

    memcpy(answer + len, value.data, value.len);
    len += value.len;
    answer[len++] = ',';
    /* Who does not read its answer gets none; nobody waits for it. */
    while (send(fd, answer, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EINTR && !pc_stop) {
    }
    explicit_bzero(answer, sizeof(answer));
}

static void pc_serve(const pc_request_t *request)
{
    pc_bytes_t value = { (const unsigned char *)"", 0 };
    char status = '!';

    if (request->nfds != 1) {
        return;
    }
    if (request->whole && request->known_sender && pc_is_allowed(request->sender.uid) && request->len) {
        status = pc_execute(request, &value);
    }
    pc_answer(request->fds[0], status, value);
}

static void pc_read_control(pc_request_t *request, struct msghdr *message)
{
    for (struct cmsghdr *one = CMSG_FIRSTHDR(message); one; one = CMSG_NXTHDR(message, one)) {
        if (one->cmsg_level != SOL_SOCKET) {
            continue;
        }
        if (one->cmsg_type == SCM_CREDENTIALS && one->cmsg_len == CMSG_LEN(sizeof(struct ucred))) {
            memcpy(&request->sender, CMSG_DATA(one), sizeof(struct ucred));
            request->known_sender = 1;
        }
        else if (one->cmsg_type == SCM_RIGHTS) {
            size_t count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);

            /* The kernel gives as many as fit, and the sender's credentials take their part first. */
            request->nfds = (int)(count < PC_MAX_FDS ? count : PC_MAX_FDS);
            memcpy(request->fds, CMSG_DATA(one), (size_t)request->nfds * sizeof(int));
        }
    }
}

/* 1: a datagram was read, 0: all others have closed, -1: the socket failed. */
static int pc_receive(pc_request_t *request)
{
    union {
        char           bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(PC_MAX_FDS * sizeof(int))];
        struct cmsghdr aligned;
    } control;
    struct iovec part = { request->buffer, sizeof(request->buffer) };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                              .msg_controllen = sizeof(control.bytes) };
    ssize_t len = recvmsg(PC_SOCKET, &message, MSG_CMSG_CLOEXEC);

    if (len < 0) {
        return errno == EINTR ? 1 : -1;
    }
    pc_read_control(request, &message);
    /* An empty datagram reads as 0 bytes too, but it has a sender. */
    if (!len && !request->known_sender) {
        return 0;
    }
    request->len = (size_t)len;
    request->whole = !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && request->len <= PC_MAX_DATAGRAM;
    return 1;
}

static int pc_loop(void)
{
    static pc_request_t request;
    int state = 1;

    while (!pc_stop && state == 1) {
        request.nfds = 0;
        request.len = 0;
        request.known_sender = 0;
        state = pc_receive(&request);
        if (state == 1) {
            pc_serve(&request);
        }
        for (int i = 0; i < request.nfds; i++) {
            close(request.fds[i]);
        }
        explicit_bzero(&request, sizeof(request));
    }
    return state < 0 ? 1 : 0;
}

/* ---- start ----------------------------------------------------------------------- */

static void pc_on_term(int signal_number)
{
    (void)signal_number;
    pc_stop = 1;
}

/* Signals that a terminal or httpd sends to its process group must not end it: EOF does. */
static void pc_set_signals(void)
{
    static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGTSTP, SIGWINCH };
    struct sigaction action;
    sigset_t none;

    memset(&action, 0, sizeof(action));
    action.sa_handler = SIG_IGN;
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        sigaction(ignored[i], &action, NULL);
    }
    action.sa_handler = pc_on_term;         /* without SA_RESTART: recvmsg returns */
    sigaction(SIGTERM, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Descriptors 0 to 2 become /dev/null, all above the socket are closed. */
static int pc_close_all(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0) {
        return 0;
    }
    for (int fd = 0; fd < PC_SOCKET; fd++) {
        if (dup2(null, fd) < 0) {
            return 0;
        }
    }
    if (syscall(SYS_close_range, PC_SOCKET + 1, ~0U, 0)) {
        long top = sysconf(_SC_OPEN_MAX);
        for (long fd = PC_SOCKET + 1; fd < (top > 0 && top < 65536 ? top : 65536); fd++) {
            close((int)fd);
        }
    }
    return 1;
}

static void pc_protect_memory(void)
{
    struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    /* An ordinary user may lock little or nothing: then the secrets can be swapped out. */
    if (mlockall(MCL_CURRENT | MCL_FUTURE)) {
        errno = 0;
    }
}

static int pc_set_uids(int argc, char **argv)
{
    uid_t uid;

    pc_allow(0);
    pc_allow(getuid());
    for (int i = 1; i < argc; i++) {
        if (!pc_parse_uid(argv[i], strlen(argv[i]), &uid) || !pc_allow(uid)) {
            return 0;
        }
    }
    return 1;
}

static int pc_is_our_socket(void)
{
    int type = 0;
    socklen_t len = sizeof(type);

    return !getsockopt(PC_SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_SEQPACKET;
}

/* Exit status: 0 all others have closed, or SIGTERM; 1 the socket failed; 2 started wrongly. */
int main(int argc, char **argv)
{
    int on = 1;
    int status;

    if (!pc_is_our_socket() || !pc_set_uids(argc, argv)) {
        fputs("usage: nss_pcache [uid...]\n"
              "Keeps PINs for httpd. It is started by mod_nss, which gives it its socket as descriptor 3;\n"
              "there is no use in starting it by hand.\n", stderr);
        return 2;
    }
    pc_set_signals();
    pc_protect_memory();
    if (!pc_close_all() || chdir("/") || setsockopt(PC_SOCKET, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on))) {
        return 2;
    }
    status = pc_loop();
    while (pc_count) {
        pc_delete(&pc_entries[pc_count - 1]);
    }
    return status;
}
