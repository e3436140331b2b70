/* wire: see wire.h. */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ten digits: no honest field is longer than a gigabyte. */
#define NSS_WIRE_MAX_DIGITS 10

void nss_wire_free(nss_wire_t *wire)
{
    free(wire->data);
    memset(wire, 0, sizeof(*wire));
}

static int nss_wire_reserve(nss_wire_t *wire, size_t more)
{
    size_t size = wire->size ? wire->size : 256;
    unsigned char *data;

    if (wire->failed || more > (size_t)-1 / 4 - wire->len) {
        wire->failed = 1;
        return 0;
    }
    while (size < wire->len + more) {
        size *= 2;
    }
    if (size == wire->size) {
        return 1;
    }
    data = realloc(wire->data, size);
    if (!data) {
        wire->failed = 1;
        return 0;
    }
    wire->data = data;
    wire->size = size;
    return 1;
}

void nss_wire_add(nss_wire_t *wire, const void *data, size_t len)
{
    if (len && nss_wire_reserve(wire, len)) {
        memcpy(wire->data + wire->len, data, len);
        wire->len += len;
    }
}

void nss_wire_add_string(nss_wire_t *wire, const void *data, size_t len)
{
    char head[32];
    int digits = snprintf(head, sizeof(head), "%zu:", len);

    nss_wire_add(wire, head, (size_t)digits);
    nss_wire_add(wire, data, len);
    nss_wire_add(wire, ",", 1);
}

void nss_wire_add_text(nss_wire_t *wire, const char *text)
{
    nss_wire_add_string(wire, text ? text : "", text ? strlen(text) : 0);
}

void nss_wire_add_number(nss_wire_t *wire, long number)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%ld", number);

    nss_wire_add_string(wire, text, (size_t)len);
}

void nss_wire_add_record(nss_wire_t *wire, nss_wire_t *fields)
{
    nss_wire_add_string(wire, fields->data, fields->len);
    wire->failed |= fields->failed;
    fields->len = 0;
}

int nss_wire_next(const unsigned char *data, size_t len, size_t *pat, nss_wire_field_t *field)
{
    size_t at = *pat;
    size_t n = 0;
    int digits = 0;

    if (at == len) {
        return 0;
    }
    while (at < len && data[at] >= '0' && data[at] <= '9' && digits < NSS_WIRE_MAX_DIGITS) {
        n = n * 10 + (size_t)(data[at++] - '0');
        digits++;
    }
    if (!digits || at == len || data[at++] != ':' || n >= len - at || data[at + n] != ',') {
        return -1;
    }
    field->data = data + at;
    field->len = n;
    *pat = at + n + 1;
    return 1;
}

int nss_wire_split(const nss_wire_field_t *record, nss_wire_field_t *fields, int max)
{
    size_t at = 0;
    int count = 0;
    int more;
    nss_wire_field_t field;

    while ((more = nss_wire_next(record->data, record->len, &at, &field)) == 1) {
        if (count == max) {
            return -1;
        }
        fields[count++] = field;
    }
    return more == 0 ? count : -1;
}

int nss_wire_is(const nss_wire_field_t *field, const char *text)
{
    size_t len = strlen(text);
    return field->len == len && !memcmp(field->data, text, len);
}

long nss_wire_number(const nss_wire_field_t *field, long fallback)
{
    char text[24];
    char *end;
    long number;

    if (!field->len || field->len >= sizeof(text)) {
        return fallback;
    }
    memcpy(text, field->data, field->len);
    text[field->len] = 0;
    number = strtol(text, &end, 10);
    return *end ? fallback : number;
}
