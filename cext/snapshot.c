/* snapshot: see snapshot.h.
 *
 * Acquire takes no lock. Between reading the current pointer and counting itself in, a
 * reader could be overtaken by publish letting go of the last reference; so readers
 * announce themselves in nss_snapshot_entering first, and publish, after it has swapped
 * the pointer, waits until that number was 0 once: whoever enters later sees the new one.
 * The window is a few instructions wide, publish runs a few times a day. */
#include "snapshot.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "apr_allocator.h"
#include "apr_pools.h"
#include "apr_strings.h"

struct nss_snapshot_t {
    apr_pool_t  *pool;
    atomic_uint  refs;
    unsigned     generation;        /* 0: not published */
    int          nservers;
    nss_vhost_t *vhosts;            /* by httpd's server number */
};

static _Atomic(nss_snapshot_t *) nss_snapshot_current;
static atomic_uint nss_snapshot_entering;
static atomic_uint nss_snapshot_counter;

/* A pool under no other pool, with an allocator of its own: the last connection to let go
 * may run on any thread, and httpd's pools are not safe across threads. */
static apr_pool_t *nss_snapshot_pool(void)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;

    if (apr_allocator_create(&allocator) != APR_SUCCESS) {
        return NULL;
    }
    if (apr_pool_create_unmanaged_ex(&pool, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return NULL;
    }
    apr_allocator_owner_set(allocator, pool);
    return pool;
}

/* Virtual hosts with the same settings share one model socket: it is closed once. */
static void nss_snapshot_destroy(nss_snapshot_t *snapshot)
{
    for (int i = 0; i < snapshot->nservers; i++) {
        PRFileDesc *model = snapshot->vhosts[i].model;

        if (!model) {
            continue;
        }
        for (int j = i; j < snapshot->nservers; j++) {
            if (snapshot->vhosts[j].model == model) {
                snapshot->vhosts[j].model = NULL;
            }
        }
        PR_Close(model);
    }
    apr_pool_destroy(snapshot->pool);
}

nss_snapshot_t *nss_snapshot_create(int nservers)
{
    apr_pool_t *pool = nservers > 0 ? nss_snapshot_pool() : NULL;
    nss_snapshot_t *snapshot;

    if (!pool) {
        return NULL;
    }
    snapshot = apr_pcalloc(pool, sizeof(*snapshot));
    snapshot->pool = pool;
    snapshot->nservers = nservers;
    snapshot->vhosts = apr_pcalloc(pool, (apr_size_t)nservers * sizeof(nss_vhost_t));
    atomic_init(&snapshot->refs, 1);
    return snapshot;
}

static int nss_snapshot_compare_vars(const void *one, const void *two)
{
    return strcasecmp(((const nss_var_t *)one)->name, ((const nss_var_t *)two)->name);
}

static void nss_snapshot_copy_cert(apr_pool_t *pool, nss_cert_t *cert, const nss_cert_spec_t *spec)
{
    nss_var_t *vars = apr_pcalloc(pool, (spec->nvars + 1) * sizeof(*vars));

    for (size_t i = 0; i < spec->nvars; i++) {
        vars[i].name = apr_pstrdup(pool, spec->vars[i].name);
        vars[i].value = apr_pstrdup(pool, spec->vars[i].value);
        vars[i].exported = spec->vars[i].exported;
    }
    qsort(vars, spec->nvars, sizeof(*vars), nss_snapshot_compare_vars);
    cert->der.type = siDERCertBuffer;
    cert->der.data = apr_pmemdup(pool, spec->der, spec->der_len);
    cert->der.len = (unsigned)spec->der_len;
    cert->not_after = apr_time_from_sec(spec->not_after);
    cert->vars = vars;
    cert->nvars = spec->nvars;
}

int nss_snapshot_add_vhost(nss_snapshot_t *snapshot, const nss_vhost_spec_t *spec)
{
    nss_vhost_t *vhost;
    nss_cert_t *certs;

    if (snapshot->generation || spec->server < 0 || spec->server >= snapshot->nservers || !spec->model
        || snapshot->vhosts[spec->server].model) {
        return -1;
    }
    certs = apr_pcalloc(snapshot->pool, (spec->ncerts + 1) * sizeof(*certs));
    for (size_t i = 0; i < spec->ncerts; i++) {
        nss_snapshot_copy_cert(snapshot->pool, &certs[i], &spec->certs[i]);
    }
    vhost = &snapshot->vhosts[spec->server];
    vhost->policy = spec->policy;
    vhost->sni = spec->sni;
    vhost->strict_sni = spec->strict_sni;
    vhost->verify_client = spec->verify_client;
    vhost->renegotiation = spec->renegotiation;
    vhost->certs = certs;
    vhost->ncerts = spec->ncerts;
    vhost->model = spec->model;
    return 1;
}

int nss_snapshot_publish(nss_snapshot_t *snapshot)
{
    nss_snapshot_t *before;

    if (snapshot->generation) {
        return -1;
    }
    snapshot->generation = atomic_fetch_add(&nss_snapshot_counter, 1) + 1;
    before = atomic_exchange(&nss_snapshot_current, snapshot);
    while (atomic_load(&nss_snapshot_entering) != 0) {
        sched_yield();
    }
    if (before) {
        nss_snapshot_release(before);
    }
    return 1;
}

void nss_snapshot_discard(nss_snapshot_t *snapshot)
{
    if (snapshot && !snapshot->generation) {
        nss_snapshot_destroy(snapshot);
    }
}

nss_snapshot_t *nss_snapshot_acquire(void)
{
    nss_snapshot_t *snapshot;

    atomic_fetch_add(&nss_snapshot_entering, 1);
    snapshot = atomic_load(&nss_snapshot_current);
    if (snapshot) {
        atomic_fetch_add(&snapshot->refs, 1);
    }
    atomic_fetch_sub(&nss_snapshot_entering, 1);
    return snapshot;
}

void nss_snapshot_release(nss_snapshot_t *snapshot)
{
    if (snapshot && atomic_fetch_sub(&snapshot->refs, 1) == 1) {
        nss_snapshot_destroy(snapshot);
    }
}

const nss_vhost_t *nss_snapshot_vhost(const nss_snapshot_t *snapshot, int index)
{
    if (!snapshot || index < 0 || index >= snapshot->nservers || !snapshot->vhosts[index].model) {
        return NULL;
    }
    return &snapshot->vhosts[index];
}

unsigned nss_snapshot_generation(const nss_snapshot_t *snapshot)
{
    return snapshot->generation;
}
