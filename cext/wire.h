/* wire: records between the parent and the planner, as nsspy/conf/wire.py describes them:
 * a field is a netstring, a record the netstring of its fields' netstrings.
 *
 * Memory: a buffer owns malloc'd bytes, because what it holds outlives httpd's
 * configuration pools; nss_wire_free gives them back. Fields read point into the bytes
 * they were read from.
 */
#ifndef NSS_WIRE_H
#define NSS_WIRE_H

#include <stddef.h>

typedef struct nss_wire_t {
    unsigned char *data;
    size_t         len;
    size_t         size;
    int            failed;      /* no memory: nothing more is added */
} nss_wire_t;

typedef struct nss_wire_field_t {
    const unsigned char *data;
    size_t               len;
} nss_wire_field_t;

void nss_wire_free(nss_wire_t *wire);

/* Appends bytes as they are. */
void nss_wire_add(nss_wire_t *wire, const void *data, size_t len);

/* Appends bytes as a netstring. */
void nss_wire_add_string(nss_wire_t *wire, const void *data, size_t len);

/* Appends text and numbers as netstrings; NULL counts as "". */
void nss_wire_add_text(nss_wire_t *wire, const char *text);
void nss_wire_add_number(nss_wire_t *wire, long number);

/* Appends what fields holds as one record and empties it. */
void nss_wire_add_record(nss_wire_t *wire, nss_wire_t *fields);

/* Takes the netstring at *pat out of data. 1: done, *pat is behind it; 0: the end was
 * reached; -1: what stands there is none. */
int nss_wire_next(const unsigned char *data, size_t len, size_t *pat, nss_wire_field_t *field);

/* The fields of a record; returns their number, -1 when there are more than max or the
 * bytes are none. */
int nss_wire_split(const nss_wire_field_t *record, nss_wire_field_t *fields, int max);

/* True when the field is exactly this text. */
int nss_wire_is(const nss_wire_field_t *field, const char *text);

/* The field as a number; fallback when it is none. */
long nss_wire_number(const nss_wire_field_t *field, long fallback);

#endif
