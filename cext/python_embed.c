/* python_embed: see python_embed.h.
 *
 * Where two worlds meet: httpd's child_init runs on the child's only thread, before any
 * worker exists. CPython is initialised there once, the GIL is released, and from then on
 * every entry is through cffi, which takes the GIL itself. CPython is never finalised: a
 * worker may still be inside when the child ends.
 *
 * Beside mod_wsgi the interpreter is already there and is not ours: nothing of it is
 * changed, its module path least of all, apart from the moment in which nsspy is imported. */
#include <Python.h>

#include <dlfcn.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "httpd.h"
#include "http_config.h"
#include "http_log.h"
#include "apr_strings.h"
#include "bridge.h"
#include "conf.h"
#include "nss_messages.h"
#include "python_embed.h"

APLOG_USE_MODULE(nss);

/* Written by build_shim.py into cffi's file. */
int nss_shim_start_python(void);

/* Shut first when a child ends: after that nothing may enter Python. */
static atomic_int nss_python_gate;
static server_rec *nss_python_main_server;

int nss_python_is_open(void)
{
    return atomic_load(&nss_python_gate);
}

static apr_status_t nss_python_shut(void *unused)
{
    (void)unused;
    atomic_store(&nss_python_gate, 0);
    return APR_SUCCESS;
}

/* ---- where Python is ------------------------------------------------------ */

static int nss_python_may_run(const char *path)
{
    struct stat info;
    return !stat(path, &info) && S_ISREG(info.st_mode) && !access(path, X_OK);
}

/* home is a prefix, a virtual environment or the program itself. */
static const char *nss_python_in_home(apr_pool_t *p, const char *home)
{
    static const char *const names[] = { "python3", "python" };

    if (nss_python_may_run(home)) {
        return home;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *path = apr_pstrcat(p, home, "/bin/", names[i], NULL);
        if (nss_python_may_run(path)) {
            return path;
        }
    }
    return NULL;
}

const char *nss_python_module_path(void)
{
    Dl_info info;
    return dladdr((const void *)&nss_module, &info) ? info.dli_fname : NULL;
}

const char *nss_python_beside_module(apr_pool_t *p, const char *name)
{
    const char *path = nss_python_module_path();
    const char *slash = path ? strrchr(path, '/') : NULL;

    if (!slash) {
        return NULL;
    }
    return apr_pstrcat(p, apr_pstrmemdup(p, path, (apr_size_t)(slash - path + 1)), name, NULL);
}

const char *nss_python_executable(apr_pool_t *p, const server_rec *main_server, const char **pwhy)
{
    const char *home = nss_conf_global(main_server, "NSSPythonHome");
    const char *near;
    const char *found;

    if (home) {
        home = ap_server_root_relative(p, home);
        found = home ? nss_python_in_home(p, home) : NULL;
        *pwhy = apr_psprintf(p, "NSSPythonHome %s has no bin/python3 that may be run", home ? home : "(no path)");
        return found;
    }
    if (nss_python_may_run(NSS_PYTHON_EXECUTABLE)) {
        return NSS_PYTHON_EXECUTABLE;
    }
    near = nss_python_beside_module(p, "../.venv");
    found = near ? nss_python_in_home(p, near) : NULL;
    *pwhy = apr_psprintf(p, "neither %s nor %s/bin/python3 may be run", NSS_PYTHON_EXECUTABLE,
                         near ? near : "../.venv beside the module");
    return found;
}

const char *nss_python_version(apr_pool_t *p)
{
    const char *text = Py_GetVersion();
    return apr_pstrmemdup(p, text, strcspn(text, " "));
}

/* The second number decides: within it libpython keeps its binary interface. */
static int nss_python_version_fits(void)
{
    const char *built = APR_STRINGIFY(PY_MAJOR_VERSION) "." APR_STRINGIFY(PY_MINOR_VERSION) ".";
    return !strncmp(Py_GetVersion(), built, strlen(built));
}

/* ---- starting it ----------------------------------------------------------- */

/* NULL, or why not. On success the GIL is free. */
static const char *nss_python_initialise(apr_pool_t *p, const char *executable)
{
    PyConfig config;
    PyStatus status;

    PyConfig_InitIsolatedConfig(&config);
    config.install_signal_handlers = 0;
    config.parse_argv = 0;
    /* The program's place is what makes the virtual environment found. */
    status = PyConfig_SetBytesString(&config, &config.program_name, executable);
    if (!PyStatus_Exception(status)) {
        status = PyConfig_SetBytesString(&config, &config.executable, executable);
    }
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) {
        return apr_pstrdup(p, status.err_msg ? status.err_msg : "no reason given");
    }
    PyEval_SaveThread();
    return NULL;
}

/* In somebody else's interpreter: the site directory of executable's environment is put
 * on sys.path for the imports and taken off again. Returns the former sys.path. */
static PyObject *nss_python_lend_path(apr_pool_t *p, const char *executable)
{
    const char *bin = strrchr(executable, '/');
    const char *top = apr_pstrmemdup(p, executable, bin ? (apr_size_t)(bin - executable) : 0);
    const char *site = apr_pstrcat(p, top, "/../lib/python" APR_STRINGIFY(PY_MAJOR_VERSION) "."
                                   APR_STRINGIFY(PY_MINOR_VERSION) "/site-packages", NULL);
    PyObject *path = PySys_GetObject("path");                 /* borrowed */
    PyObject *before = path ? PySequence_List(path) : NULL;
    PyObject *module = PyImport_ImportModule("site");
    PyObject *done = module ? PyObject_CallMethod(module, "addsitedir", "s", site) : NULL;

    if (!before || !done) {
        PyErr_Print();
    }
    Py_XDECREF(done);
    Py_XDECREF(module);
    return before;
}

static void nss_python_return_path(PyObject *before)
{
    PyObject *path = PySys_GetObject("path");

    if (before && path && PyList_Check(path)
        && PyList_SetSlice(path, 0, PyList_GET_SIZE(path), before)) {
        PyErr_Print();
    }
    Py_XDECREF(before);
}

/* True when nsspy.bridge is attached. */
static int nss_python_attach(apr_pool_t *p, const char *executable, int foreign)
{
    PyObject *before = NULL;
    int done;

    if (foreign) {
        PyGILState_STATE state = PyGILState_Ensure();
        before = nss_python_lend_path(p, executable);
        PyGILState_Release(state);
    }
    done = nss_shim_start_python() == 0;
    if (foreign) {
        PyGILState_STATE state = PyGILState_Ensure();
        nss_python_return_path(before);
        PyGILState_Release(state);
    }
    return done;
}

/* True when Python runs and the engine is loaded; otherwise the reason was logged. */
static int nss_python_start(apr_pool_t *pchild, server_rec *s)
{
    const char *why = NULL;
    const char *executable;
    int foreign = Py_IsInitialized();

    if (!nss_python_version_fits()) {
        ap_log_error(APLOG_MARK, NSS0440_LEVEL, 0, s, NSS0440, PY_VERSION, nss_python_version(pchild));
        return 0;
    }
    executable = nss_python_executable(pchild, s, &why);
    if (!executable) {
        ap_log_error(APLOG_MARK, NSS0410_LEVEL, 0, s, NSS0410, why);
        return 0;
    }
    why = foreign ? NULL : nss_python_initialise(pchild, executable);
    if (why) {
        ap_log_error(APLOG_MARK, NSS0441_LEVEL, 0, s, NSS0441, executable, why);
        return 0;
    }
    if (!nss_python_attach(pchild, executable, foreign)) {
        ap_log_error(APLOG_MARK, NSS0442_LEVEL, 0, s, NSS0442, executable);
        return 0;
    }
    return 1;
}

void nss_python_start_child(apr_pool_t *pchild, server_rec *s, const unsigned char *plan,
                            apr_size_t plan_len, int pcache_fd)
{
    int result;

    nss_python_main_server = s;
    if (!plan) {
        ap_log_error(APLOG_MARK, NSS0444_LEVEL, 0, s, NSS0444);
        return;
    }
    if (!nss_python_start(pchild, s)) {
        return;
    }
    /* Cleanups run last in, first out: this one, registered as late as can be, comes early. */
    apr_pool_pre_cleanup_register(pchild, NULL, nss_python_shut);
    atomic_store(&nss_python_gate, 1);
    result = nss_python_child_init(plan, plan_len, pcache_fd);
    if (result <= 0) {
        ap_log_error(APLOG_MARK, NSS0443_LEVEL, 0, s, NSS0443, result);
    }
}

/* ---- bridge.h: what C offers to Python -------------------------------------- */

void nss_bridge_log(int level, int server, const char *text, size_t len)
{
    server_rec *s = nss_python_main_server;
    int masked = level >= APLOG_EMERG && level <= APLOG_TRACE8 ? level : APLOG_ERR;

    for (int i = 0; i < server && s; i++) {
        s = s->next;
    }
    ap_log_error(APLOG_MARK, masked, 0, s ? s : nss_python_main_server, "%.*s", (int)len, text);
}
