/* sidcache: see sidcache.h.
 *
 * SSL_ConfigMPServerSIDCache needs no NSS_Init; it is the only call of libssl in the
 * parent. Four things that it leaves to its caller are done here: its descriptors are
 * kept from programs that httpd starts, its environment variable is removed (children
 * inherit by fork), its thread takes no signal that is meant for httpd, and nobody forks
 * before that thread has come to rest. */
#include "sidcache.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <nspr.h>
#include <prerror.h>
#include <ssl.h>

#include "http_log.h"
#include "nss_messages.h"

APLOG_USE_MODULE(nss);

/* More than httpd has open at start with thousands of log files. */
#define NSS_SIDCACHE_MAX_FDS 65536

/* Longest wait for libssl's thread to come to rest; it takes less than one as a rule. */
#define NSS_SIDCACHE_REST_MS 500

/* Measured with NSS 3.87, rounded up; and what it takes when asked for 0. */
#define NSS_SIDCACHE_ENTRY_BYTES    4096
#define NSS_SIDCACHE_DEFAULT        10000

/* Where libssl may put the (at once unlinked) file behind the cache: in memory if there is
 * room. A file system that is too small must be found out now: libssl makes a file with
 * holes, and the child that touches one dies of SIGBUS. NULL: no room anywhere. */
static const char *nss_sidcache_directory(long entries)
{
    static const char *const candidates[] = { "/dev/shm", "/tmp" };
    unsigned long long need = (unsigned long long)(entries > 0 ? entries : NSS_SIDCACHE_DEFAULT) + 256;

    need *= NSS_SIDCACHE_ENTRY_BYTES;
    for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
        struct statvfs info;
        if (!access(candidates[i], W_OK | X_OK) && !statvfs(candidates[i], &info)
            && (unsigned long long)info.f_bavail * info.f_frsize > need) {
            return candidates[i];
        }
    }
    return NULL;
}

/* Highest descriptor that is open, plus one. */
static int nss_sidcache_top(void)
{
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;
    int top = 0;

    if (!folder) {
        long limit = sysconf(_SC_OPEN_MAX);
        return limit > 0 && limit < NSS_SIDCACHE_MAX_FDS ? (int)limit : NSS_SIDCACHE_MAX_FDS;
    }
    while ((entry = readdir(folder))) {
        int fd = atoi(entry->d_name);
        top = fd >= top ? fd + 1 : top;
    }
    closedir(folder);
    return top;
}

/* One byte a descriptor: open before libssl was asked. */
static char *nss_sidcache_open_fds(int *ptop)
{
    int top = nss_sidcache_top();
    char *open_before = calloc((size_t)top + 1, 1);

    for (int fd = 0; open_before && fd < top; fd++) {
        open_before[fd] = fcntl(fd, F_GETFD) >= 0;
    }
    *ptop = top;
    return open_before;
}

static void nss_sidcache_close_on_exec(const char *open_before, int top)
{
    int now = nss_sidcache_top();

    for (int fd = 3; fd < now; fd++) {
        int flags = (fd < top && open_before[fd]) ? -1 : fcntl(fd, F_GETFD);
        if (flags >= 0) {
            fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
        }
    }
}

/* State of a thread of this process as the kernel shows it (S: it sleeps), 0 when it is gone. */
static char nss_sidcache_thread_state(const char *id)
{
    char path[64];
    char text[512];
    char *after;
    size_t n;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%.20s/stat", id);
    file = fopen(path, "r");
    if (!file) {
        return 0;
    }
    n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    after = strrchr(text, ')');
    return after && after[1] == ' ' ? after[2] : 0;
}

static int nss_sidcache_threads_rest(void)
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int rest = 1;

    while (folder && rest && (entry = readdir(folder))) {
        if (entry->d_name[0] != '.' && atol(entry->d_name) != (long)getpid()) {
            char state = nss_sidcache_thread_state(entry->d_name);
            rest = state == 'S' || state == 0;
        }
    }
    if (!folder) {
        return 0;
    }
    closedir(folder);
    return rest;
}

/* A new thread of NSPR enters itself into a list under a lock. A child that is forked at
 * that moment inherits the lock locked, and its first connection waits for ever. Once the
 * thread sleeps between two rounds, it holds nothing. */
static void nss_sidcache_await_thread(void)
{
    const struct timespec moment = { 0, 1000 * 1000 };

    for (int i = 0; i < NSS_SIDCACHE_REST_MS; i++) {
        nanosleep(&moment, NULL);
        if (nss_sidcache_threads_rest()) {
            return;
        }
    }
}

static SECStatus nss_sidcache_make(const char *directory, long entries, long seconds)
{
    sigset_t all;
    sigset_t before;
    SECStatus status;
    int top;
    char *open_before = nss_sidcache_open_fds(&top);

    if (!open_before) {
        PR_SetError(PR_OUT_OF_MEMORY_ERROR, 0);
        return SECFailure;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    status = SSL_ConfigMPServerSIDCache((int)entries, 0, (PRUint32)seconds, directory);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status == SECSuccess) {
        unsetenv("SSL_INHERITANCE");
        nss_sidcache_close_on_exec(open_before, top);
        nss_sidcache_await_thread();
    }
    free(open_before);
    return status;
}

void nss_sidcache_shutdown(nss_sidcache_t *cache)
{
    if (cache->made && cache->owner == getpid()) {
        SSL_ShutdownServerSessionIDCache();
        cache->made = 0;
    }
}

int nss_sidcache_ensure(nss_sidcache_t *cache, server_rec *s, long entries, long seconds)
{
    const char *directory;

    if (cache->made && cache->entries == entries && cache->seconds == seconds) {
        return 1;
    }
    if (cache->made) {
        ap_log_error(APLOG_MARK, NSS0432_LEVEL, 0, s, NSS0432);
        nss_sidcache_shutdown(cache);
    }
    directory = nss_sidcache_directory(entries);
    if (!directory) {
        ap_log_error(APLOG_MARK, NSS0433_LEVEL, 0, s, NSS0433, entries, entries / 256 + 1);
        return 0;
    }
    if (nss_sidcache_make(directory, entries, seconds) != SECSuccess) {
        PRErrorCode error = PR_GetError();
        ap_log_error(APLOG_MARK, NSS0430_LEVEL, 0, s, NSS0430, entries, directory, (int)error);
        return 0;
    }
    cache->made = 1;
    cache->owner = getpid();
    cache->entries = entries;
    cache->seconds = seconds;
    ap_log_error(APLOG_MARK, NSS0431_LEVEL, 0, s, NSS0431, entries, seconds);
    return 1;
}
