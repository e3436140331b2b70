/* python_embed: CPython inside a child. The only file of the shim that includes Python.h
 * is python_embed.c. */
#ifndef NSS_PYTHON_EMBED_H
#define NSS_PYTHON_EMBED_H

#include "httpd.h"

/* Hook: APR_HOOK_REALLY_LAST, after mod_wsgi.c. Starts CPython, then the engine. */
void nss_python_child_init_hook(apr_pool_t *pchild, server_rec *s);

/* The Python that runs planner and engine: executable of NSSPythonHome, or of the
 * build. NULL when neither exists; *pwhy then says what was tried. */
const char *nss_python_executable(apr_pool_t *p, const server_rec *main_server, const char **pwhy);

#endif
