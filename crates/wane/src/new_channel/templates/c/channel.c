/*
 * The pager channel as a Wane plugin: what comes in becomes events, what Wane has to tell becomes requests.
 *
 * It works as it is, for a provider that is made up: a webhook is a JSON object with a list of `events`. Replace `happened`
 * by what your provider sends, and `render` by what it wants to get. The rules of the ABI are at the top of wane_plugin.h.
 */
#include "json.h"
#include "wane_plugin.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

WANE_PLUGIN_NOTE("{\"name\":\"wane-channel-pager\",\"version\":\"0.1.0\",\"channel\":\"pager\",\"abi\":\"1.0\","
                 "\"about\":\"The pager channel: webhooks in, texts out\","
                 "\"capabilities\":{\"receipts\":true,\"typing\":true,\"message_limit\":10000},"
                 "\"config\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"account\"],"
                 "\"properties\":{\"account\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":100}}},"
                 "\"secrets\":[{\"name\":\"signing_secret\",\"about\":\"checks the signature of every webhook\"},"
                 "{\"name\":\"token\",\"about\":\"for sending\",\"optional\":true}],"
                 "\"signature\":{\"scheme\":\"hmac-sha256\",\"header\":\"x-pager-signature\",\"prefix\":\"sha256=\","
                 "\"encoding\":\"hex\",\"secret\":\"signing_secret\"}}");

enum {
    MOST_EVENTS = 1000,   /* the host takes no more of one input */
    LONGEST_NAME = 514,   /* of ids and customers, with their quotes */
    LONGEST_TEXT = 10000, /* in bytes */
    LONGEST_ACCOUNT = 1200,
    LONGEST_JSON = 2 * (LONGEST_ACCOUNT + LONGEST_NAME + LONGEST_TEXT) + 1000 /* all of a request, quoted once more */
};
static const int64_t LAST_MS = INT64_C(253402300799999); /* the end of the year 9999 */

/* An instance: what the config says, and room for what is being written. */
struct channel {
    char account[LONGEST_ACCOUNT + 1]; /* a JSON string */
    char json[LONGEST_JSON];
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
    json whole, account;
    struct channel *made;
    if (!json_whole(config.ptr, config.len, &whole) || !json_is(whole, '{') || json_member(whole, "account", &account) != 1)
        return refuse(sink, WANE_MALFORMED, "the config has no `account`");
    made = (struct channel *)malloc(sizeof *made);
    if (!made) return refuse(sink, WANE_FAULT_MEMORY, "no memory");
    if (!json_is(account, '"') || (size_t)(account.end - account.at) >= sizeof made->account) {
        free(made);
        return refuse(sink, WANE_MALFORMED, "the config's `account` is no text or too long");
    }
    snprintf(made->account, sizeof made->account, "%.*s", (int)(account.end - account.at), account.at);
    *instance = made;
    return WANE_OK;
}

static void destroy(void *instance) { free(instance); }

/* A member that is a string of at most so many bytes, its quotes among them, and not empty. */
static int string_of(json object, const char *name, ptrdiff_t longest, json *value) {
    if (json_member(object, name, value) != 1 || !json_is(*value, '"')) return 0;
    return value->end - value->at > 2 && value->end - value->at <= longest;
}

/* The same for a name, which the host takes without control characters. */
static int name_of(json object, const char *name, json *value) {
    return string_of(object, name, LONGEST_NAME, value) && json_is_plain(*value);
}

/* Adds to the text at `at`. Everything that is added has a limit, and all of them together fit. */
static size_t add(struct channel *channel, size_t at, const char *form, ...) {
    va_list values;
    va_start(values, form);
    const int len = vsnprintf(channel->json + at, sizeof channel->json - at, form, values);
    va_end(values);
    return at + (size_t)len;
}

#define PIECE(value) (int)((value).end - (value).at), (value).at

/* One thing that happened, in Wane's words. What counts as the customer's activity is said each time: receipts never do. */
static int32_t happened(struct channel *channel, json incoming, const wane_sink *sink) {
    json id, kind, from, at, more;
    int64_t at_ms;
    if (!json_is(incoming, '{') || !name_of(incoming, "id", &id) || !name_of(incoming, "type", &kind) ||
        !name_of(incoming, "from", &from))
        return refuse(sink, WANE_MALFORMED, "an `id`, `type` or `from` that is not there, empty or too long");
    if (json_member(incoming, "at_ms", &at) != 1 || !json_count(at, &at_ms) || at_ms > LAST_MS)
        return refuse(sink, WANE_MALFORMED, "an `at_ms` that is no instant between the years 1970 and 9999");

    size_t len = add(channel, 0, "{\"id\":%.*s,\"address\":%.*s,\"at_ms\":%lld", PIECE(id), PIECE(from), (long long)at_ms);
    if (json_text_is(kind, "text")) {
        if (!string_of(incoming, "text", LONGEST_TEXT, &more))
            return refuse(sink, WANE_MALFORMED, "a text that is not there, empty or too long");
        len = add(channel, len, ",\"type\":\"message\",\"role\":\"customer\",\"kind\":\"text\",\"activity\":true,\"text\":%.*s}",
                  PIECE(more));
    } else if (json_text_is(kind, "delivered") || json_text_is(kind, "read")) {
        if (!string_of(incoming, "message", LONGEST_NAME, &more))
            return refuse(sink, WANE_MALFORMED, "a receipt of no `message`");
        len = add(channel, len, ",\"type\":\"receipt\",\"role\":\"customer\",\"kind\":%.*s,\"activity\":false,\"target\":%.*s}",
                  PIECE(kind), PIECE(more));
    } else if (json_text_is(kind, "typing")) {
        len = add(channel, len, ",\"type\":\"typing\",\"role\":\"customer\",\"kind\":\"started\",\"activity\":false}");
    } else { /* what the provider adds one day must not stop the rest */
        len = add(channel, len, ",\"type\":\"ignored\",\"kind\":%.*s,\"activity\":false}", PIECE(kind));
    }
    const wane_slice event = {(const uint8_t *)channel->json, len};
    return sink->event(sink->host, event);
}

static int32_t translate(void *instance, const wane_input *input, const wane_sink *sink) {
    json whole, events, key, incoming;
    int count = 0;
    /* Only webhooks are signed, so nothing else may become an event. The host has checked the signature. */
    if (input->kind != WANE_WEBHOOK) return refuse(sink, WANE_UNSUPPORTED, "there are only webhooks");
    if (!json_whole(input->body.ptr, input->body.len, &whole) || !json_is(whole, '{'))
        return refuse(sink, WANE_MALFORMED, "no JSON object");
    if (json_member(whole, "events", &events) != 1 || !json_is(events, '['))
        return refuse(sink, WANE_MALFORMED, "no list of `events`");
    for (const char *at = events.at; json_next(events, &at, &key, &incoming);) {
        if (++count > MOST_EVENTS) return refuse(sink, WANE_MALFORMED, "more than 1000 events");
        /* All or nothing: when one is refused, those before it do not count either. */
        const int32_t code = happened((struct channel *)instance, incoming, sink);
        if (code != WANE_OK) return code;
    }
    return WANE_OK;
}

/* A request's body is a text in JSON that holds JSON: what is quoted in it is quoted once more. */
static size_t quoted(struct channel *channel, size_t at, json value) {
    for (const char *p = value.at; p < value.end; p++) {
        if (*p == '"' || *p == '\\') channel->json[at++] = '\\';
        channel->json[at++] = *p;
    }
    return at;
}

static int32_t render(void *instance, wane_slice effect, const wane_sink *sink) {
    struct channel *channel = (struct channel *)instance;
    const json account = {channel->account, channel->account + strlen(channel->account)};
    json whole, to, said;
    if (!json_whole(effect.ptr, effect.len, &whole) || !json_is(whole, '{'))
        return refuse(sink, WANE_MALFORMED, "no JSON object");
    if (!string_of(whole, "to", LONGEST_NAME, &to)) return refuse(sink, WANE_MALFORMED, "there is nobody to send to");
    if (json_member(whole, "text", &said) != 1 || !json_is(said, '"') || json_text_is(said, ""))
        return sink->suppress(sink->host, text("there is no text to send"));
    if (said.end - said.at > LONGEST_TEXT)
        return sink->suppress(sink->host, text("the text is longer than the provider takes"));

    size_t len = add(channel, 0, "{\"method\":\"POST\",\"url\":\"https://api.pager.example/messages\",\"headers\":["
                                 "[\"Authorization\",\"Bearer {{secret:token}}\"],[\"Content-Type\",\"application/json\"]],"
                                 "\"body\":\"{\\\"account\\\":");
    len = quoted(channel, len, account);
    len = quoted(channel, add(channel, len, ",\\\"to\\\":"), to);
    len = quoted(channel, add(channel, len, ",\\\"text\\\":"), said);
    len = add(channel, len, "}\"}");
    const wane_slice request = {(const uint8_t *)channel->json, len};
    return sink->request(sink->host, request);
}

static const wane_plugin plugin = {
    WANE_MAGIC, sizeof(wane_plugin), WANE_ABI_MAJOR, WANE_ABI_MINOR, 0, {0}, WANE_PLUGIN_MANIFEST,
    create,     destroy,             translate,      render,         0, {0},
};

const wane_plugin *wane_plugin_entry(void) { return &plugin; }
