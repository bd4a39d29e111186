/* Plugins that are wrong in ways that the SDK does not allow. -DFOIL_... says which; without, it is a good one. */
#include "wane_plugin.h"

#ifndef FOIL_ABI
#define FOIL_ABI "1.0"
#endif

#define MANIFEST(version)                                                                                                \
    "{\"name\":\"c-foil\",\"version\":\"" version "\",\"channel\":\"foil\",\"abi\":\"" FOIL_ABI "\"}"

#ifndef FOIL_VERSION
#define FOIL_VERSION "1"
#endif
#ifndef FOIL_NO_NOTE
#ifdef FOIL_BAD_MANIFEST
WANE_PLUGIN_NOTE("{\"name\":\"c-foil\"");
#else
WANE_PLUGIN_NOTE(MANIFEST(FOIL_VERSION));
#endif
#else
static const struct {
    const char manifest[2];
} wane_note = {"{}"};
#endif

#define SAY(what, text) sink->what(sink->host, (wane_slice){(const uint8_t *)(text), sizeof(text) - 1})
#define EVENT(id) "{\"type\":\"message\",\"address\":\"u1\",\"id\":\"" id "\"}"

static int made;

static int32_t create(wane_slice config, const wane_sink *sink, void **instance) {
    (void)config, (void)sink;
#ifdef FOIL_NO_INSTANCE
    (void)made;
    *instance = 0;
#else
    *instance = &made;
#endif
    return WANE_OK;
}

static void destroy(void *instance) { (void)instance; }

static int32_t translate(void *instance, const wane_input *input, const wane_sink *sink) {
    (void)instance;
    switch (input->body.len ? input->body.ptr[0] : 0) {
    case 'g': return SAY(event, EVENT("good-" FOIL_VERSION));
    case 'u': return SAY(event, "{\"type\":\"message\",\"address\":\"\xff\"}");
    case 'j': return SAY(event, "{\"type\":\"message\",");
    case 'a': return SAY(event, "[\"message\",\"u1\"]");
    case 't': return SAY(event, "{\"type\":7,\"address\":\"u1\"}");
    case 'o': return SAY(event, "{\"type\":\"message\",\"address\":\"\"}");
    case 'y': return SAY(event, "{\"type\":\"message\",\"address\":\"u1\",\"at_ms\":9223372036854775807}");
    case 'n': return sink->event(sink->host, (wane_slice){0, 5});
    case 'h': return sink->event(sink->host, (wane_slice){input->body.ptr, UINT64_MAX});
    case 'c': SAY(event, EVENT("x")); return 42;
    case 'm': SAY(event, EVENT("x")); return -99;
    case 'r': return sink->reply(sink->host, 200, 0, 3, (wane_slice){0, 0});
    case 'f': sink->fail(sink->host, WANE_MALFORMED, (wane_slice){(const uint8_t *)"\xff", 1}); return WANE_MALFORMED;
    default: return WANE_IGNORED;
    }
}

static int32_t render(void *instance, wane_slice effect, const wane_sink *sink) {
    (void)instance, (void)effect;
    return SAY(suppress, "nothing");
}

#ifndef FOIL_MAGIC
#define FOIL_MAGIC WANE_MAGIC
#endif
#ifndef FOIL_MAJOR
#define FOIL_MAJOR WANE_ABI_MAJOR
#endif
#ifndef FOIL_MIN_HOST
#define FOIL_MIN_HOST 0
#endif
#ifndef FOIL_SIZE
#define FOIL_SIZE sizeof(wane_plugin)
#endif
#ifdef FOIL_NO_RENDER
#define RENDER 0
#else
#define RENDER render
#endif
#ifdef FOIL_OTHER_MANIFEST
#define TOLD {(const uint8_t *)"{}", 2}
#else
#define TOLD WANE_PLUGIN_MANIFEST
#endif

static const wane_plugin plugin = {
    FOIL_MAGIC, FOIL_SIZE, FOIL_MAJOR, 7, FOIL_MIN_HOST, {0}, TOLD, create, destroy, translate, RENDER, 0, {0},
};

#ifdef FOIL_NO_SYMBOL
const wane_plugin *another_entry(void);
const wane_plugin *another_entry(void) { (void)render; return &plugin; }
#else
const wane_plugin *wane_plugin_entry(void) {
    (void)render;
#ifdef FOIL_NULL
    (void)plugin;
    return 0;
#else
    return &plugin;
#endif
}
#endif
