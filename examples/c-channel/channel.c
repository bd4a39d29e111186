/* A channel for a made-up pager provider: it posts `<id> <sender> <text>`, and is rung by `POST /ring`. */
#include "wane_plugin.h"
#include <stdio.h>
#include <string.h>

WANE_PLUGIN_NOTE("{\"name\":\"c-pager\",\"version\":\"1.0.0\",\"channel\":\"pager\",\"abi\":\"1.0\","
                 "\"secrets\":[{\"name\":\"token\",\"about\":\"for sending\",\"optional\":true}]}");

static wane_slice bytes(const char *text, size_t len) {
    const wane_slice slice = {(const uint8_t *)text, len};
    return slice;
}

static int32_t refuse(const wane_sink *sink, int32_t code, const char *why) {
    sink->fail(sink->host, code, bytes(why, strlen(why)));
    return code;
}

static int plain(uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+';
}

/* The length of a word before a blank, 0 if there is none; such a word needs no escaping in JSON. */
static size_t word(const uint8_t *at, const uint8_t *end) {
    size_t n = 0;
    while (at + n < end && plain(at[n])) n++;
    return at + n < end && at[n] == ' ' && n <= 64 ? n : 0;
}

static int32_t create(wane_slice config, const wane_sink *sink, void **instance) {
    static int nothing; /* this codec remembers nothing */
    (void)config, (void)sink;
    *instance = &nothing;
    return WANE_OK;
}

static void destroy(void *instance) { (void)instance; }

static int32_t translate(void *instance, const wane_input *input, const wane_sink *sink) {
    const uint8_t *id = input->body.ptr, *end = id + input->body.len;
    char json[256];
    (void)instance;
    if (input->body.len == 0) return WANE_IGNORED;
    const size_t id_len = word(id, end);
    const uint8_t *from = id + id_len + 1;
    const size_t from_len = id_len ? word(from, end) : 0;
    if (!from_len) return refuse(sink, WANE_MALFORMED, "not `<id> <sender> <text>`");
    const int len = snprintf(json, sizeof json,
                             "{\"type\":\"message\",\"role\":\"customer\",\"kind\":\"text\",\"id\":\"%.*s\",\"address\":\"%.*s\"}",
                             (int)id_len, (const char *)id, (int)from_len, (const char *)from);
    return sink->event(sink->host, bytes(json, (size_t)len));
}

/* A channel that sends texts would read `text` and `to` of the effect with a JSON library; this one only rings. */
static int32_t render(void *instance, wane_slice effect, const wane_sink *sink) {
    static const char request[] = "{\"method\":\"POST\",\"url\":\"https://pager.example/ring\","
                                  "\"headers\":[[\"Authorization\",\"Bearer {{secret:token}}\"]]}";
    (void)instance, (void)effect;
    return sink->request(sink->host, bytes(request, sizeof request - 1));
}

static const wane_plugin plugin = {
    WANE_MAGIC, sizeof(wane_plugin), WANE_ABI_MAJOR, WANE_ABI_MINOR, 0, {0}, WANE_PLUGIN_MANIFEST,
    create,     destroy,             translate,      render,         0, {0},
};

const wane_plugin *wane_plugin_entry(void) { return &plugin; }
