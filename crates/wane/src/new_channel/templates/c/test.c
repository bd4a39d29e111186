/* What comes in, what goes out, and what is refused: a host as small as can be. It is linked with channel.c. */
#include "wane_plugin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the plugin said in the last call, one piece a line, with what it is in front. */
static char said[65536];
static int failed;

static void say(const char *what, wane_slice piece) {
    const size_t len = strlen(said);
    snprintf(said + len, sizeof said - len, "%s %.*s\n", what, (int)piece.len, (const char *)piece.ptr);
}
static int32_t event(void *host, wane_slice json) { return (void)host, say("event", json), WANE_OK; }
static int32_t request(void *host, wane_slice json) { return (void)host, say("request", json), WANE_OK; }
static int32_t suppress(void *host, wane_slice why) { return (void)host, say("suppress", why), WANE_OK; }
static void fail(void *host, int32_t code, wane_slice why) { (void)host, (void)code, say("fail", why); }
static int32_t reply(void *host, uint32_t status, const wane_header *headers, uint64_t count, wane_slice body) {
    return (void)host, (void)status, (void)headers, (void)count, say("reply", body), WANE_OK;
}
static const wane_sink sink = {sizeof(wane_sink), 0, NULL, event, reply, request, suppress, fail};

static wane_slice slice(const char *text) {
    const wane_slice slice = {(const uint8_t *)text, strlen(text)};
    return slice;
}

static void expect(const char *name, int32_t code, int32_t expected, const char *words) {
    const int good = code == expected && strstr(said, words);
    printf("%s %s\n", good ? "ok  " : "FAIL", name);
    if (!good) printf("     code %d, expected %d and `%s`; said: %s\n", code, expected, words, said);
    failed += !good;
}

int main(void) {
    const wane_plugin *plugin = wane_plugin_entry();
    void *instance = NULL;
    char body[4096];

    said[0] = 0;
    expect("a config without an account is refused", plugin->create(slice("{}"), &sink, &instance), WANE_MALFORMED, "account");
    said[0] = 0;
    expect("a config is taken", plugin->create(slice("{\"account\":\"sh\\\"op\"}"), &sink, &instance), WANE_OK, "");

#define HEARS(name, json, code, words)                                                                                  \
    do {                                                                                                                \
        wane_input input;                                                                                               \
        memset(&input, 0, sizeof input);                                                                                \
        input.size = sizeof input, input.kind = WANE_WEBHOOK, input.body = slice(json);                                 \
        said[0] = 0;                                                                                                    \
        expect(name, plugin->translate(instance, &input, &sink), code, words);                                          \
    } while (0)
#define EVENT(kind) "{\"id\":\"m-1\",\"type\":\"" kind "\",\"from\":\"u-77\",\"at_ms\":5,\"text\":\"hi\",\"message\":\"m-0\"}"

    HEARS("a text is the customer's message", "{\"events\":[" EVENT("text") "]}", WANE_OK,
          "event {\"id\":\"m-1\",\"address\":\"u-77\",\"at_ms\":5,\"type\":\"message\",\"role\":\"customer\",\"kind\":\"text\","
          "\"activity\":true,\"text\":\"hi\"}");
    HEARS("a receipt is no activity", "{\"events\":[" EVENT("text") " , " EVENT("read") "]}", WANE_OK,
          "\"kind\":\"read\",\"activity\":false,\"target\":\"m-0\"}");
    HEARS("an unknown type is passed over", "{\"events\":[" EVENT("hologram") "]}", WANE_OK, "\"ignored\"");
    HEARS("no events are fine", "{\"events\":[ ]}", WANE_OK, "");
    HEARS("no JSON is refused", "{", WANE_MALFORMED, "no JSON");
    HEARS("a duplicate key is refused", "{\"events\":[],\"events\":[]}", WANE_MALFORMED, "no list");
    HEARS("half of a pair is refused", "{\"events\":[],\"x\":\"\\ud83d\"}", WANE_MALFORMED, "no JSON");
    HEARS("a name with a control character is refused",
          "{\"events\":[{\"id\":\"1\\u0007\",\"type\":\"text\",\"from\":\"u\",\"at_ms\":5,\"text\":\"hi\"}]}", WANE_MALFORMED, "`id`");
    HEARS("an instant in words is refused",
          "{\"events\":[{\"id\":\"1\",\"type\":\"text\",\"from\":\"u\",\"at_ms\":\"now\",\"text\":\"hi\"}]}", WANE_MALFORMED, "at_ms");
    memset(body, '[', sizeof body - 1), body[sizeof body - 1] = 0;
    HEARS("deep nesting is refused", body, WANE_MALFORMED, "no JSON");

    said[0] = 0;
    expect("a notice becomes a request",
           plugin->render(instance, slice("{\"to\":\"u-77\",\"text\":\"a \\\"b\\\"\"}"), &sink), WANE_OK,
           "\"body\":\"{\\\"account\\\":\\\"sh\\\\\\\"op\\\",\\\"to\\\":\\\"u-77\\\",\\\"text\\\":\\\"a \\\\\\\"b\\\\\\\"\\\"}\"}");
    said[0] = 0;
    expect("without a text nothing is sent", plugin->render(instance, slice("{\"to\":\"u-77\"}"), &sink), WANE_OK, "suppress");
    plugin->destroy(instance);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
