/*
 * A channel for a made-up pager provider, and its foils: -DFOIL_... puts in one fault, `foils.toml` tells which and what finds
 * it. Without any it is a good plugin.
 *
 * A request is lines, each ended: `msg <id> <from> <at> <text>`, `call <id> <from> <at>`, `rcpt <id> <from> <at>`; instants are
 * seconds. `GET ?pin=<pin>&echo=<word>` is a handshake.
 */
#include "wane_plugin.h"
#include <ctype.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef FOIL_MAJOR
#define FOIL_MAJOR WANE_ABI_MAJOR
#endif
#ifndef FOIL_MAGIC
#define FOIL_MAGIC WANE_MAGIC
#endif
#ifndef FOIL_MIN_HOST
#define FOIL_MIN_HOST 0
#endif

#ifdef FOIL_UNSIGNED
#define SIGNED ""
#else
#define SIGNED ",\"signature\":{\"scheme\":\"hmac-sha256\",\"header\":\"x-pager-signature\",\"encoding\":\"hex\",\"secret\":\"key\"}"
#endif

WANE_PLUGIN_NOTE("{\"name\":\"pager\",\"version\":\"1.0.0\",\"channel\":\"pager\",\"abi\":\"1.0\","
                 "\"capabilities\":{\"receipts\":true},\"config\":{\"type\":\"object\",\"properties\":{\"account\":{\"type\":\"string\"}}},"
                 "\"secrets\":[{\"name\":\"key\",\"about\":\"checks signatures\"},{\"name\":\"token\",\"about\":\"for sending\",\"optional\":true},"
                 "{\"name\":\"pin\",\"about\":\"answers the handshake\",\"to_plugin\":true}]" SIGNED "}");

#define MOST_LINES 1000
#define MOST_TEXT 512
#define DAY_MS 86400000LL

typedef struct {
    char pin[64];
    const uint8_t *kept;
    const wane_sink *sink;
    unsigned refused;
} instance;

static _Thread_local int here;
static unsigned everywhere;

static int32_t refuse(instance *self, const wane_sink *sink, int32_t code, const char *why) {
    char detail[160];
    int len = snprintf(detail, sizeof detail, "%s", why);
    (void)self, (void)here, (void)everywhere;
#ifdef FOIL_ADDRESS
    len = snprintf(detail, sizeof detail, "%s at %p", why, (void *)&everywhere);
#elif defined(FOIL_MEMORY)
    len = snprintf(detail, sizeof detail, "%s, the %u. time", why, ++self->refused);
#elif defined(FOIL_GLOBAL)
    len = snprintf(detail, sizeof detail, "%s, the %u. time", why, ++everywhere);
#elif defined(FOIL_THREAD_LOCAL)
    len = snprintf(detail, sizeof detail, "%s%s", why, here ? "" : ", elsewhere");
#elif defined(FOIL_TELLS_SECRET)
    len = snprintf(detail, sizeof detail, "%s (pin %s)", why, self->pin);
#endif
    sink->fail(sink->host, code, (wane_slice){(const uint8_t *)detail, (uint64_t)len});
    return code;
}

/* The text behind a key of flat JSON, as it stands there. */
static int field(wane_slice json, const char *key, char *to, size_t room) {
    const char *at = (const char *)json.ptr, *end = at + json.len;
    const size_t len = strlen(key);
    size_t n = 0;
    for (; at + len < end; at++)
        if (memcmp(at, key, len) == 0) break;
    if (at + len >= end) return 0;
    for (at += len; at < end && *at != '"' && *at != ',' && *at != '}' && n + 1 < room; n++) {
        if (*at == '\\' && n + 2 < room) to[n++] = *at++;
        if (at < end) to[n] = *at++;
    }
    to[n] = 0;
    return 1;
}

static int32_t create(wane_slice config, const wane_sink *sink, void **made) {
    instance *self = calloc(1, sizeof *self);
    (void)sink;
    if (!self) return WANE_FAULT_MEMORY;
    field(config, "\"pin\":\"", self->pin, sizeof self->pin);
    here = 1;
    *made = self;
    return WANE_OK;
}

static void destroy(void *self) { free(self); }

static int good_utf8(const uint8_t *at, size_t len) {
    for (size_t i = 0; i < len;) {
        const uint8_t c = at[i];
        const size_t more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : c >= 0xf0 && c < 0xf5 ? 3 : 9;
        if (more == 9 || i + more >= len) return 0;
        for (size_t k = 1; k <= more; k++)
            if ((at[i + k] & 0xc0) != 0x80) return 0;
        if ((c == 0xe0 && at[i + 1] < 0xa0) || (c == 0xed && at[i + 1] > 0x9f) || (c == 0xf0 && at[i + 1] < 0x90) ||
            (c == 0xf4 && at[i + 1] > 0x8f))
            return 0;
        i += more + 1;
    }
    return 1;
}

/* At most so many bytes, cut between letters. */
static size_t cut(const uint8_t *text, size_t len, size_t most) {
    if (len <= most) return len;
#ifndef FOIL_CUTS_LETTERS
    while (most > 0 && (text[most] & 0xc0) == 0x80) most--;
#endif
    (void)text;
    return most;
}

static size_t escaped(char *to, const uint8_t *text, size_t len) {
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
#ifndef FOIL_BARE_QUOTES
        if (text[i] == '"' || text[i] == '\\') to[n++] = '\\';
#endif
        if (text[i] < 0x20) n += (size_t)sprintf(to + n, "\\u%04x", text[i]);
        else to[n++] = (char)text[i];
    }
    return n;
}

static size_t word(const uint8_t *at, const uint8_t *end, int digits) {
    size_t n = 0;
    while (at + n < end && (digits ? isdigit(at[n]) : isalnum(at[n]) || at[n] == '+')) n++;
    return n <= (digits ? 11 : 32) ? n : 0;
}

typedef struct {
    const uint8_t *id, *from, *text;
    size_t id_len, from_len, text_len;
    long long at;
    char kind;
} line;

/* One line without its end. */
static int read_line(const uint8_t *at, const uint8_t *end, line *into) {
    static const char *const kinds[] = {"msg ", "call ", "rcpt "};
    size_t n = 0, which = 0;
    for (; which < 3; which++) {
        n = strlen(kinds[which]);
        if ((size_t)(end - at) >= n && memcmp(at, kinds[which], n) == 0) break;
    }
    if (which == 3) return 0;
    into->kind = kinds[which][0];
    into->id = at += n;
    if (!(into->id_len = word(at, end, 0)) || (at += into->id_len) >= end || *at++ != ' ') return 0;
    into->from = at;
    if (!(into->from_len = word(at, end, 0)) || (at += into->from_len) >= end || *at++ != ' ') return 0;
    if (!(n = word(at, end, 1))) return 0;
    for (into->at = 0; n--; at++) into->at = into->at * 10 + (*at - '0');
    if (into->kind != 'm') return at == end;
    if (at >= end || *at++ != ' ' || at == end || !good_utf8(at, (size_t)(end - at))) return 0;
    into->text = at;
    into->text_len = (size_t)(end - at);
    return into->at <= 253402300799LL;
}

static int32_t tell(const line *one, const wane_sink *sink) {
    static const char *const forms[] = {"\"type\":\"message\",\"role\":\"customer\",\"kind\":\"text\"", "\"type\":\"call\",\"role\":\"customer\",\"kind\":\"missed\"",
                                        "\"type\":\"receipt\",\"kind\":\"delivered\""};
    char json[MOST_TEXT * 6 + 512];
    const int which = one->kind == 'm' ? 0 : one->kind == 'c' ? 1 : 2;
    const char *activity = which == 2 ? "false" : "true";
    long long at = one->at * 1000;
#ifdef FOIL_RECEIPT_ACTIVITY
    activity = "true";
#endif
#ifdef FOIL_SECONDS
    if (which == 1) at = one->at;
#endif
    int n = snprintf(json, sizeof json, "{%s,\"id\":\"%.*s\",\"address\":\"%.*s\",\"at_ms\":%lld,\"activity\":%s", forms[which],
                     (int)one->id_len, (const char *)one->id, (int)one->from_len, (const char *)one->from, at, activity);
    if (which == 0) {
        n += sprintf(json + n, ",\"text\":\"");
        n += (int)escaped(json + n, one->text, cut(one->text, one->text_len, MOST_TEXT));
        json[n++] = '"';
    }
    json[n++] = '}';
    return sink->event(sink->host, (wane_slice){(const uint8_t *)json, (uint64_t)n});
}

/* The value of a key in a query, without decoding: pins and words have plain letters. */
static wane_slice asked(wane_slice query, const char *key) {
    const size_t len = strlen(key);
    for (uint64_t i = 0; i + len <= query.len; i++)
        if ((i == 0 || query.ptr[i - 1] == '&') && memcmp(query.ptr + i, key, len) == 0) {
            uint64_t end = i + len;
            while (end < query.len && query.ptr[end] != '&') end++;
            return (wane_slice){query.ptr + i + len, end - i - len};
        }
    return (wane_slice){0, 0};
}

static int32_t handshake(instance *self, const wane_input *input, const wane_sink *sink) {
    const wane_slice pin = asked(input->query, "pin="), word = asked(input->query, "echo=");
#ifndef FOIL_ANY_PIN
    if (pin.len == 0 || pin.len != strlen(self->pin) || memcmp(pin.ptr, self->pin, pin.len) != 0)
        return refuse(self, sink, WANE_BAD_SIGNATURE, "another pin");
#endif
    (void)pin;
    return word.len ? sink->reply(sink->host, 200, 0, 0, word) : refuse(self, sink, WANE_MALFORMED, "no `echo`");
}

static int32_t translate(void *made, const wane_input *input, const wane_sink *sink) {
    instance *self = made;
    const uint8_t *at = input->body.ptr, *end = at + input->body.len;
    size_t count = 0;
    line one;
#ifndef FOIL_UNSIGNED_GET
    if (input->kind == WANE_HANDSHAKE) return handshake(self, input, sink);
#else
    if (input->kind == WANE_HANDSHAKE && input->body.len == 0) return handshake(self, input, sink);
#endif
#ifdef FOIL_KEEPS_POINTER
    if (self->kept) (void)*(const volatile uint8_t *)self->kept;
    self->kept = input->body.len ? input->body.ptr : 0;
#endif
#ifdef FOIL_KEEPS_SINK
    if (self->sink) (void)*(const volatile uint32_t *)&self->sink->size;
    self->sink = sink;
#endif
#ifdef FOIL_READS_BEHIND
    if (input->body.len) (void)*(const volatile uint8_t *)end;
#endif
#ifdef FOIL_LEAKS
    if (open("/dev/null", O_RDONLY) < 0) return WANE_FAULT_LIMIT;
#endif
#ifdef FOIL_ABORTS
    if (input->body.len && *at == '{') abort();
#endif
#ifdef FOIL_EXITS
    if (input->body.len && *at == '7') exit(0);
#endif
#ifdef FOIL_HANGS
    for (volatile int on = input->body.len == 0; on;) {}
#endif
#ifdef FOIL_SLOW
    struct timespec begun, now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begun);
    do clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while ((now.tv_sec - begun.tv_sec) * 1000000000LL + now.tv_nsec - begun.tv_nsec < 2000000);
#endif
    if (input->body.len == 0) return WANE_IGNORED;
    /* All of it is read before any of it is told: a request counts whole or not at all. */
    for (const uint8_t *next = at; next < end; count++) {
        const uint8_t *stop = memchr(next, '\n', (size_t)(end - next));
#ifdef FOIL_TAKES_CUT
        if (!stop) stop = end;
#endif
        if (!stop || !read_line(next, stop, &one)) return refuse(self, sink, WANE_MALFORMED, "not the lines of a pager");
        next = stop + 1;
    }
#ifndef FOIL_OVERFLOWS
    if (count > MOST_LINES) return refuse(self, sink, WANE_MALFORMED, "more than 1000 lines");
#endif
#ifdef FOIL_FIRST_ONLY
    count = 1;
#endif
    for (size_t n = 0; n < count; n++) {
        const uint8_t *from = at;
#ifdef FOIL_REVERSED
        for (size_t skip = count - 1 - n; skip--;) from = (const uint8_t *)memchr(from, '\n', (size_t)(end - from)) + 1;
#endif
        const uint8_t *stop = memchr(from, '\n', (size_t)(end - from));
        read_line(from, stop ? stop : end, &one);
        const int32_t code = tell(&one, sink);
#ifndef FOIL_OVERFLOWS
        if (code != WANE_OK) return WANE_FAULT_LIMIT;
#endif
        (void)code;
#ifndef FOIL_REVERSED
        at = stop ? stop + 1 : end;
#endif
    }
    return WANE_OK;
}

static int32_t say_nothing(const wane_sink *sink, const char *why) {
    return sink->suppress(sink->host, (wane_slice){(const uint8_t *)why, strlen(why)});
}

static int32_t render(void *made, wane_slice effect, const wane_sink *sink) {
    char to[64] = "", text[1024] = "", kind[64] = "", now[32] = "", last[32] = "", json[2048];
    (void)made;
    field(effect, "\"effect\":\"", kind, sizeof kind);
    field(effect, "\"now_ms\":", now, sizeof now);
    if (!field(effect, "\"text\":\"", text, sizeof text) || !*text) return say_nothing(sink, "no_text");
    if (!field(effect, "\"to\":\"", to, sizeof to) || !word((const uint8_t *)to, (const uint8_t *)to + strlen(to), 0) || strchr(to, '\\'))
        return say_nothing(sink, "nobody");
#ifndef FOIL_NO_WINDOW
    if (field(effect, "\"last_in_ms\":", last, sizeof last) && atoll(now) - atoll(last) > DAY_MS) return say_nothing(sink, "window_closed");
#endif
    (void)last;
    const int n = snprintf(json, sizeof json,
                           "{\"method\":\"POST\",\"url\":\"https://pager.example/send\",\"headers\":[[\"Content-Type\",\"application/json\"],"
                           "[\"Authorization\",\"Bearer {{secret:token}}\"]],\"body\":\"{\\\"to\\\":\\\"%s\\\",\\\"bytes\\\":%zu}\"}",
                           to, strlen(text));
    const wane_slice request = {(const uint8_t *)json, (uint64_t)n};
#ifdef FOIL_CLOSES_TWICE
    if (strcmp(kind, "session_closed") == 0 && sink->request(sink->host, request) != WANE_OK) return WANE_FAULT_LIMIT;
#endif
    return sink->request(sink->host, request);
}

#ifdef FOIL_THREAD
static void *idle(void *nothing) {
    pause();
    return nothing;
}
__attribute__((constructor)) static void begin(void) {
    pthread_t thread;
    pthread_create(&thread, 0, idle, 0);
}
#endif
#ifdef FOIL_EXITS_EARLY
__attribute__((constructor)) static void begin(void) { _exit(0); }
#endif

static const wane_plugin plugin = {
    FOIL_MAGIC, sizeof(wane_plugin), FOIL_MAJOR, WANE_ABI_MINOR, FOIL_MIN_HOST, {0}, WANE_PLUGIN_MANIFEST,
    create,     destroy,             translate,  render,         0,             {0},
};

#ifdef FOIL_TWO_SYMBOLS
__attribute__((visibility("default"))) int pager_version(void);
int pager_version(void) { return 1; }
#endif

const wane_plugin *wane_plugin_entry(void) { return &plugin; }
