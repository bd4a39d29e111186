/* A plugin of ABI 1.0 in C, kept as it was built. The first byte of a webhook, or the length of an effect, says what it does. */
#include "wane_plugin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

WANE_PLUGIN_NOTE("{\"name\":\"frozen-pager\",\"version\":\"1.0.0\",\"channel\":\"pager\",\"abi\":\"1.0\","
                 "\"config\":{\"type\":\"object\",\"properties\":{\"account\":{\"type\":\"string\"}}},"
                 "\"secrets\":[{\"name\":\"token\",\"about\":\"for sending\"}]}");

struct pager {
    unsigned calls;
};

static wane_slice text(const char *text) {
    const wane_slice slice = {(const uint8_t *)text, strlen(text)};
    return slice;
}

static int32_t refuse(const wane_sink *sink, int32_t code, const char *why) {
    sink->fail(sink->host, code, text(why));
    return code;
}

static int32_t create(wane_slice config, const wane_sink *sink, void **instance) {
    (void)config;
    *instance = calloc(1, sizeof(struct pager));
    return *instance ? WANE_OK : refuse(sink, WANE_FAULT_MEMORY, "no memory");
}

static void destroy(void *instance) { free(instance); }

static int32_t translate(void *instance, const wane_input *input, const wane_sink *sink) {
    struct pager *pager = (struct pager *)instance;
    char json[256];
    pager->calls++;
    if (input->kind == WANE_HANDSHAKE) return sink->reply(sink->host, 200, NULL, 0, input->query);
    if (input->kind != WANE_WEBHOOK) return refuse(sink, WANE_UNSUPPORTED, "no clients");
    if (input->body.len == 0) return WANE_IGNORED;
    switch (input->body.ptr[0]) {
    case 'r': {
        const wane_header header = {text("x-pager"), input->header_count ? input->headers[0].value : text("none")};
        return sink->reply(sink->host, 202, &header, 1, text("heard"));
    }
    case 'u': return WANE_BAD_SIGNATURE;
    case 'l': return refuse(sink, WANE_RETRY_LATER, "the pager rests");
    case 'b': return refuse(sink, WANE_FAULT_BUG, "told to");
    case 'm':
        snprintf(json, sizeof json,
                 "{\"type\":\"message\",\"role\":\"customer\",\"id\":\"p%u\",\"address\":\"+1555\",\"at_ms\":%lld,\"calls\":%u}",
                 pager->calls, (long long)input->received_at_ms, pager->calls);
        return sink->event(sink->host, text(json));
    default: return refuse(sink, WANE_MALFORMED, "not one of `bmrlu`");
    }
}

static int32_t render(void *instance, wane_slice effect, const wane_sink *sink) {
    (void)instance;
    if (effect.len > 1000) return refuse(sink, WANE_OUTSIDE_WINDOW, "the pager is off");
    if (effect.len > 500) return sink->suppress(sink->host, text("too long for a pager"));
    return sink->request(sink->host, text("{\"method\":\"POST\",\"url\":\"https://pager.example/ring\","
                                          "\"headers\":[[\"Authorization\",\"Bearer {{secret:token}}\"]]}"));
}

static const void *get_extension(wane_slice id, uint32_t revision) {
    (void)id, (void)revision;
    return NULL;
}

static const wane_plugin plugin = {
    WANE_MAGIC, sizeof(wane_plugin), WANE_ABI_MAJOR, WANE_ABI_MINOR, 0, {0}, WANE_PLUGIN_MANIFEST,
    create,     destroy,             translate,      render,         get_extension, {0},
};

const wane_plugin *wane_plugin_entry(void) { return &plugin; }
