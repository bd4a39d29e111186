/*
 * As much JSON as a channel needs: check a text once, then look into it. Nothing is decoded: a value is the piece of text that
 * it stands in, and a string that goes from one JSON text into another is copied as it is, with its quotes and escapes.
 */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JSON_DEEPEST 32

/* A value's text. Every one of them lies in a text that json_whole has checked. */
typedef struct json {
    const char *at, *end;
} json;

static const char *json_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) p++;
    return p;
}

/* Behind a character outside ASCII, or null when it is no UTF-8. */
static const char *json_utf8(const char *p, const char *end) {
    const unsigned char first = (unsigned char)p[0];
    const int more = first >= 0xC2 && first <= 0xDF ? 1 : first >= 0xE0 && first <= 0xEF ? 2 : first >= 0xF0 && first <= 0xF4 ? 3 : 0;
    if (more == 0 || end - p <= more) return NULL;
    const unsigned char second = (unsigned char)p[1];
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return NULL;
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return NULL;
    for (int i = 1; i <= more; i++)
        if (((unsigned char)p[i] & 0xC0) != 0x80) return NULL;
    return p + more + 1;
}

/* The number of four hexadecimal digits, or -1. */
static long json_hex(const char *p, const char *end) {
    long value = 0;
    if (end - p < 4) return -1;
    for (int i = 0; i < 4; i++) {
        const char c = p[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Behind an escape, of which p is the backslash, or null. Halves of a pair count as one. */
static const char *json_escape(const char *p, const char *end) {
    if (end - p < 2) return NULL;
    if (p[1] != 'u') return p[1] != 0 && strchr("\"\\/bfnrt", p[1]) ? p + 2 : NULL;
    const long unit = json_hex(p + 2, end);
    if (unit < 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) return NULL;
    if (unit < 0xD800 || unit > 0xDBFF) return p + 6;
    if (end - p < 12 || p[6] != '\\' || p[7] != 'u') return NULL;
    const long second = json_hex(p + 8, end);
    return second >= 0xDC00 && second <= 0xDFFF ? p + 12 : NULL;
}

/* Behind a string, of which p is the first quote, or null. */
static const char *json_string(const char *p, const char *end) {
    for (p++; p && p < end;) {
        const unsigned char c = (unsigned char)*p;
        if (c == '"') return p + 1;
        if (c < 0x20) return NULL;
        p = c == '\\' ? json_escape(p, end) : c < 0x80 ? p + 1 : json_utf8(p, end);
    }
    return NULL;
}

static const char *json_digits(const char *p, const char *end) {
    const char *start = p;
    while (p < end && *p >= '0' && *p <= '9') p++;
    return p > start ? p : NULL;
}

static const char *json_number(const char *p, const char *end) {
    if (p < end && *p == '-') p++;
    const char *first = p;
    p = json_digits(p, end);
    if (!p || (*first == '0' && p > first + 1)) return NULL;
    if (p < end && *p == '.' && !(p = json_digits(p + 1, end))) return NULL;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        p = json_digits(p, end);
    }
    return p;
}

static const char *json_value(const char *p, const char *end, int depth);

/* Behind an object or array, of which p is the bracket, or null. */
static const char *json_members(const char *p, const char *end, int depth) {
    const char close = *p == '{' ? '}' : ']';
    p = json_space(p + 1, end);
    if (p < end && *p == close) return p + 1;
    while (p < end) {
        if (close == '}') {
            if (*p != '"' || !(p = json_string(p, end))) return NULL;
            p = json_space(p, end);
            if (p == end || *p++ != ':') return NULL;
            p = json_space(p, end);
        }
        if (!(p = json_value(p, end, depth))) return NULL;
        p = json_space(p, end);
        if (p < end && *p == close) return p + 1;
        if (p == end || *p++ != ',') return NULL;
        p = json_space(p, end);
    }
    return NULL;
}

/* Behind a value that begins at p, or null. */
static const char *json_value(const char *p, const char *end, int depth) {
    static const char *const words[] = {"true", "false", "null"};
    if (p == end || depth == 0) return NULL;
    if (*p == '{' || *p == '[') return json_members(p, end, depth - 1);
    if (*p == '"') return json_string(p, end);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t len = strlen(words[i]);
        if ((size_t)(end - p) >= len && memcmp(p, words[i], len) == 0) return p + len;
    }
    return json_number(p, end);
}

/* Whether the text is one value and nothing else; then that value is in *value. */
static int json_whole(const void *text, uint64_t len, json *value) {
    const char *start = (const char *)text, *end = start + len;
    if (len == 0) return 0;
    value->at = json_space(start, end);
    value->end = json_value(value->at, end, JSON_DEEPEST);
    return value->end && json_space(value->end, end) == end;
}

static int json_is(json value, char first) { return value.end > value.at && *value.at == first; }

/* The string between its quotes, as it stands. */
static int json_text_is(json string, const char *text) {
    const size_t len = strlen(text);
    return (size_t)(string.end - string.at) == len + 2 && memcmp(string.at + 1, text, len) == 0;
}

/* Whether a string has no control characters, written out or as escapes. */
static int json_is_plain(json string) {
    for (const char *p = string.at; p < string.end; p++) {
        const unsigned char c = (unsigned char)*p;
        if (c == 0x7F || (c == 0xC2 && (unsigned char)p[1] < 0xA0)) return 0;
        if (c != '\\') continue;
        const long unit = *++p == 'u' ? json_hex(p + 1, string.end) : strchr("bfnrt", *p) ? 0 : 0x20;
        if (unit < 0x20 || (unit >= 0x7F && unit < 0xA0)) return 0;
    }
    return 1;
}

/*
 * Walks through an object or array: start with *p as its text's start. Gives 1 and a key (of an object) and a value, or 0 at
 * its end.
 */
static int json_next(json whole, const char **p, json *key, json *value) {
    const char *at = json_space(*p + 1, whole.end);
    if (at >= whole.end || *at == '}' || *at == ']') return 0;
    if (*whole.at == '{') {
        key->at = at, key->end = json_string(at, whole.end);
        at = json_space(json_space(key->end, whole.end) + 1, whole.end);
    }
    value->at = at, value->end = json_value(at, whole.end, JSON_DEEPEST);
    *p = json_space(value->end, whole.end); /* a comma, or the bracket at the end */
    if (**p != ',') *p -= 1;                /* which is then found again */
    return 1;
}

/* The member of that name: 1 when it is there once, 0 when it is not, -1 when it is there more than once. */
static int json_member(json object, const char *name, json *value) {
    const char *p = object.at;
    json key = {NULL, NULL}, each = {NULL, NULL};
    int found = 0;
    while (json_next(object, &p, &key, &each))
        if (json_text_is(key, name)) *value = each, found = found ? -1 : 1;
    return found;
}

/* A whole number of at most 18 digits that is not negative. */
static int json_count(json number, int64_t *value) {
    if (number.end - number.at > 18 || number.end == number.at) return 0;
    *value = 0;
    for (const char *p = number.at; p < number.end; p++) {
        if (*p < '0' || *p > '9') return 0;
        *value = *value * 10 + (*p - '0');
    }
    return 1;
}

#endif
