/*
 * Changes a good webhook and a good effect in twenty thousand ways, always the same ones, and hands each to the plugin in a
 * piece of memory of its exact size. Prints how many were taken and how many were not.
 */
#include "wane_plugin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 0x9E3779B97F4A7C15u;

static uint64_t draw(uint64_t below) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state % below;
}

static int32_t take(void *host, wane_slice json) {
    for (uint64_t i = 0; i < json.len; i++) *(unsigned *)host += json.ptr[i];
    return WANE_OK;
}
static int32_t reply(void *host, uint32_t status, const wane_header *headers, uint64_t count, wane_slice body) {
    (void)host, (void)status, (void)headers, (void)count, (void)body;
    return WANE_OK;
}
static void fail(void *host, int32_t code, wane_slice why) { (void)code, take(host, why); }

static const char *const good[] = {
    "{\"events\":[{\"id\":\"m-1\",\"type\":\"text\",\"from\":\"u\\u00e4\\ud83d\\ude00\",\"at_ms\":5,\"text\":\"h\xc3\xa4\xf0\x9f\x98\x80\"}]}",
    "{ \"x\" : [1, -2.5e+3, true, null, {\"y\":[]}], \"events\" : [ {\"id\":\"r\",\"type\":\"read\",\"from\":\"u\",\"at_ms\":7,\"message\":\"m\"} ] }",
    "{\"to\":\"u\",\"text\":\"a \\\"b\\\" \\\\ c\",\"more\":{\"channel_state\":{}}}",
};

int main(void) {
    const wane_plugin *plugin = wane_plugin_entry();
    unsigned sum = 0, taken = 0, refused = 0;
    const wane_sink sink = {sizeof(wane_sink), 0, &sum, take, reply, take, take, fail};
    const char config[] = "{\"account\":\"shop\"}";
    void *instance = NULL;
    if (plugin->create((wane_slice){(const uint8_t *)config, sizeof config - 1}, &sink, &instance) != WANE_OK) return 1;
    for (unsigned round = 0; round < 20000; round++) {
        const char *from = good[round % 3];
        size_t len = strlen(from);
        uint8_t *body = malloc(len);
        memcpy(body, from, len);
        for (uint64_t changes = 1 + draw(3); changes; changes--) {
            switch (draw(4)) {
            case 0: body[draw(len)] ^= (uint8_t)(1u << draw(8)); break;
            case 1: body[draw(len)] = (uint8_t)draw(256); break;
            case 2: body[draw(len)] = (uint8_t)"{}[]\":,\\u0-eE.n"[draw(15)]; break;
            default: len = 1 + draw(len); break;
            }
        }
        uint8_t *exact = malloc(len); /* so that one byte too far is seen */
        memcpy(exact, body, len);
        free(body);
        int32_t code;
        if (round % 3 == 2) {
            code = plugin->render(instance, (wane_slice){exact, len}, &sink);
        } else {
            wane_input input = {0};
            input.size = sizeof input, input.kind = WANE_WEBHOOK, input.body = (wane_slice){exact, len};
            code = plugin->translate(instance, &input, &sink);
        }
        free(exact);
        if (code != WANE_OK && code != WANE_MALFORMED) return 2;
        taken += code == WANE_OK, refused += code != WANE_OK;
    }
    plugin->destroy(instance);
    printf("%u %u\n", taken, refused);
    return 0;
}
