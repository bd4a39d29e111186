/*
 * A channel plugin of Wane: ABI 1. C11 and C++11.
 *
 * A plugin is a codec: it makes events of a provider's requests, and requests of Wane's effects. It opens no socket, reads
 * no clock, starts no thread, and keeps no pointer that it was given after the call in which it got it.
 *
 * It exports one symbol, `wane_plugin_entry`, and carries its manifest in an ELF note (WANE_PLUGIN_NOTE).
 *
 * Rules
 *  - Text is UTF-8. Instants are milliseconds since 1970-01-01T00:00:00Z. Integers have a fixed width and the machine's order of bytes.
 *  - Slices need not end with a zero byte. What the host passes is valid during the call; what a plugin passes to a
 *    callback is copied before the callback returns. Nobody frees memory of the other side.
 *  - A field behind the end given by a struct's `size` does not exist. Structs with a `size` get longer at their end in
 *    later minor versions; nothing else of a struct ever changes. wane_slice and wane_header stay as they are.
 *  - Fields that are reserved are written as zeros and not read.
 *  - An instance is called by one thread at a time, not always the same one, and never from inside a callback.
 *  - No exception, longjmp or panic leaves a function of the plugin.
 *
 * ABI 1 is frozen: docs/abi.md says what may be added, and how.
 */
#ifndef WANE_PLUGIN_H
#define WANE_PLUGIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WANE_ABI_MAJOR 1
#define WANE_ABI_MINOR 0

/* Kinds of input. A plugin returns WANE_UNSUPPORTED for one that it does not know. */
#define WANE_WEBHOOK 1u      /* a provider's webhook */
#define WANE_HANDSHAKE 2u    /* a provider's question whether the address is ours */
#define WANE_CLIENT_FRAME 3u /* a frame of a web or in-app client */

/* What a call returns: zero, a refusal (above zero), or a fault (below). Any other number is a fault. */
#define WANE_OK 0
#define WANE_IGNORED 1        /* understood, and nothing follows from it */
#define WANE_BAD_SIGNATURE 2  /* the provider is answered 401 */
#define WANE_MALFORMED 3      /* not of the documented form: 400 */
#define WANE_UNSUPPORTED 4    /* of an unknown kind: acknowledged, nothing happens */
#define WANE_DUPLICATE 5      /* seen before */
#define WANE_RETRY_LATER 6    /* 503 */
#define WANE_OUTSIDE_WINDOW 7 /* the channel's window for answers is closed: nothing is sent */
#define WANE_FAULT_BUG (-1)
#define WANE_FAULT_PANIC (-2)
#define WANE_FAULT_LIMIT (-3)
#define WANE_FAULT_MEMORY (-4)
#define WANE_FAULT_MISUSE (-5) /* the other side does not keep to the ABI */

typedef struct wane_slice {
    const uint8_t *ptr; /* may be null when len is 0 */
    uint64_t len;
} wane_slice;

typedef struct wane_header {
    wane_slice name; /* in lower case in an input */
    wane_slice value;
} wane_header;

/* A request as it came. */
typedef struct wane_input {
    uint32_t size;
    uint32_t kind;
    int64_t received_at_ms; /* the plugin's only clock */
    wane_slice account;     /* where address or config tell; otherwise empty */
    wane_slice method;
    wane_slice path;  /* the whole address as the provider knows it, or only the path */
    wane_slice query; /* what stands behind `?`, undecoded */
    const wane_header *headers;
    uint64_t header_count;
    wane_slice body;
} wane_input;

/*
 * Where a plugin puts what it makes. A callback that returns anything but WANE_OK wants no more: the plugin stops and
 * returns WANE_FAULT_LIMIT. `host` is the first argument of every callback.
 */
typedef struct wane_sink {
    uint32_t size;
    uint32_t reserved;
    void *host;
    /* In `translate`: an event, one JSON object. */
    int32_t (*event)(void *host, wane_slice json);
    /* In `translate`, at most once: what the provider is answered. Without it: 200 and no body. */
    int32_t (*reply)(void *host, uint32_t status, const wane_header *headers, uint64_t header_count, wane_slice body);
    /* In `render`: a request to send, one JSON object. */
    int32_t (*request)(void *host, wane_slice json);
    /* In `render`, at most once: there is nothing to send, and why. */
    int32_t (*suppress)(void *host, wane_slice why);
    /* Why the call is about to return `code`. It is logged: no private data. */
    void (*fail)(void *host, int32_t code, wane_slice detail);
} wane_sink;

/* The descriptor. It and all it points to live as long as the process. */
typedef struct wane_plugin {
    uint64_t magic; /* WANE_MAGIC */
    uint32_t size;  /* sizeof(wane_plugin) */
    uint16_t abi_major;
    uint16_t abi_minor;
    uint16_t min_host_minor; /* the least minor version that the host must have */
    uint16_t reserved[3];
    wane_slice manifest; /* JSON; the same bytes as in the note */
    /* `config`: JSON that fits the manifest's schema. On success *instance is not null. */
    int32_t (*create)(wane_slice config, const wane_sink *sink, void **instance);
    /* Called once for each instance, also after a fault. */
    void (*destroy)(void *instance);
    int32_t (*translate)(void *instance, const wane_input *input, const wane_sink *sink);
    /* `effect`: one JSON object. */
    int32_t (*render)(void *instance, wane_slice effect, const wane_sink *sink);
    /* The extension of that name (`wane.typing`) and revision, or null. The field may be null. */
    const void *(*get_extension)(wane_slice id, uint32_t revision);
    const void *later[4]; /* nulls */
} wane_plugin;

/* The bytes `WanePlug` as a number of the machine. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define WANE_MAGIC UINT64_C(0x57616e65506c7567)
#else
#define WANE_MAGIC UINT64_C(0x67756c50656e6157)
#endif

/*
 * The manifest where it can be read without running code: WANE_PLUGIN_NOTE("{ ... }"); once, at file level; then
 * WANE_PLUGIN_MANIFEST in the descriptor. Zero bytes at the end of a manifest are not part of it.
 */
#define WANE_PLUGIN_NOTE(json)                                                                                           \
    static const struct {                                                                                                \
        uint32_t name_len, len, kind;                                                                                    \
        char name[8];                                                                                                    \
        char manifest[sizeof(json)];                                                                                     \
    } wane_note __attribute__((used, aligned(4), section(".note.wane"))) = {5, sizeof(json), 1, "Wane", json}
#define WANE_PLUGIN_MANIFEST {(const uint8_t *)wane_note.manifest, sizeof(wane_note.manifest)}

/* The one exported symbol. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const wane_plugin *wane_plugin_entry(void);

#ifdef __cplusplus
}
#endif

#endif
