/* python_embed: CPython inside a child. The only file of the shim that includes Python.h
 * is python_embed.c. */
#ifndef NSS_PYTHON_EMBED_H
#define NSS_PYTHON_EMBED_H

#include "httpd.h"

/* In child_init, after mod_wsgi's: starts CPython, then the engine with the planner's bytes
 * (NULL: there are none, which is an error) and nss_pcache's socket (or -1). */
void nss_python_start_child(apr_pool_t *pchild, server_rec *s, const unsigned char *plan,
                            apr_size_t plan_len, int pcache_fd);

/* True while calls may enter Python: from the end of child_init to the end of the child. */
int nss_python_is_open(void);

/* The Python that runs planner and engine: executable of NSSPythonHome, or of the
 * build. NULL when neither exists; *pwhy then says what was tried. */
const char *nss_python_executable(apr_pool_t *p, const server_rec *main_server, const char **pwhy);

/* The module's file as httpd loaded it; NULL when it is unknown. */
const char *nss_python_module_path(void);

/* A file beside the module, as nss_pcache is. NULL when the module's place is unknown. */
const char *nss_python_beside_module(apr_pool_t *p, const char *name);

/* Version of the libpython in this process, for the log ("3.11.2"). Starts nothing. */
const char *nss_python_version(apr_pool_t *p);

#endif
