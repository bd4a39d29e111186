/* Prints the size of every struct of the header, the offset of every field, and every number: one `name number` a line. */
#include "wane_plugin.h"
#include <stddef.h>
#include <stdio.h>

#define SIZE(type) printf(#type " %zu\n", sizeof(type))
#define FIELD(type, field) printf(#type "." #field " %zu\n", offsetof(type, field))
#define NUMBER(name) printf(#name " %lld\n", (long long)(name))

int main(void) {
    SIZE(wane_slice), FIELD(wane_slice, ptr), FIELD(wane_slice, len);
    SIZE(wane_header), FIELD(wane_header, name), FIELD(wane_header, value);
    SIZE(wane_input), FIELD(wane_input, size), FIELD(wane_input, kind), FIELD(wane_input, received_at_ms);
    FIELD(wane_input, account), FIELD(wane_input, method), FIELD(wane_input, path), FIELD(wane_input, query);
    FIELD(wane_input, headers), FIELD(wane_input, header_count), FIELD(wane_input, body);
    SIZE(wane_sink), FIELD(wane_sink, size), FIELD(wane_sink, reserved), FIELD(wane_sink, host), FIELD(wane_sink, event);
    FIELD(wane_sink, reply), FIELD(wane_sink, request), FIELD(wane_sink, suppress), FIELD(wane_sink, fail);
    SIZE(wane_plugin), FIELD(wane_plugin, magic), FIELD(wane_plugin, size), FIELD(wane_plugin, abi_major);
    FIELD(wane_plugin, abi_minor), FIELD(wane_plugin, min_host_minor), FIELD(wane_plugin, reserved);
    FIELD(wane_plugin, manifest), FIELD(wane_plugin, create), FIELD(wane_plugin, destroy), FIELD(wane_plugin, translate);
    FIELD(wane_plugin, render), FIELD(wane_plugin, get_extension), FIELD(wane_plugin, later);
    NUMBER(WANE_OK), NUMBER(WANE_IGNORED), NUMBER(WANE_BAD_SIGNATURE), NUMBER(WANE_MALFORMED), NUMBER(WANE_UNSUPPORTED);
    NUMBER(WANE_DUPLICATE), NUMBER(WANE_RETRY_LATER), NUMBER(WANE_OUTSIDE_WINDOW), NUMBER(WANE_FAULT_BUG);
    NUMBER(WANE_FAULT_PANIC), NUMBER(WANE_FAULT_LIMIT), NUMBER(WANE_FAULT_MEMORY), NUMBER(WANE_FAULT_MISUSE);
    NUMBER(WANE_WEBHOOK), NUMBER(WANE_HANDSHAKE), NUMBER(WANE_CLIENT_FRAME);
    NUMBER(WANE_ABI_MAJOR), NUMBER(WANE_ABI_MINOR), NUMBER(WANE_MAGIC);
    return 0;
}
