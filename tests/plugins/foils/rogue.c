/* A plugin that does what no plugin may: the first byte of a webhook says what. */
#define _GNU_SOURCE
#include "wane_plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

WANE_PLUGIN_NOTE("{\"name\":\"rogue\",\"version\":\"1\",\"channel\":\"foil\",\"abi\":\"1.0\"}");

#define SAY(what, text) sink->what(sink->host, (wane_slice){(const uint8_t *)(text), strlen(text)})

static int made;

static int32_t create(wane_slice config, const wane_sink *sink, void **instance) {
    (void)config, (void)sink;
#ifdef ROGUE_CREATE
    ROGUE_CREATE;
#endif
    *instance = &made;
    return WANE_OK;
}

static void destroy(void *instance) { (void)instance; }

static int crash(void) {
    volatile int *nowhere = (int *)8;
    return *nowhere;
}

static int32_t deep(int32_t n) {
    volatile char waste[4096];
    if (n < 0) return 0;
    waste[0] = (char)n;
    return deep(n + 1) + waste[0];
}

static void nap(long milliseconds) {
    struct timespec length = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&length, 0);
}

static void *thread(void *nothing) { return nothing; }

/* What could be done of all that must not be possible: empty if nothing. */
static void tried(char *said) {
    int descriptors = 0;
    pthread_t other;
    said[0] = 0;
    if (open("/etc/passwd", O_RDONLY) >= 0 || open("/proc/self/environ", O_RDONLY) >= 0) strcat(said, "read ");
    if (open("/tmp/wane-rogue", O_WRONLY | O_CREAT, 0600) >= 0) strcat(said, "write ");
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0) strcat(said, "network ");
    if (kill(getppid(), 0) == 0 || kill(-1, 0) == 0) strcat(said, "kill ");
    if (setsid() >= 0 || setpgid(0, 0) == 0) strcat(said, "leave ");
    if (system("true") == 0) strcat(said, "run ");
    if (pthread_create(&other, 0, thread, 0) == 0) strcat(said, "thread ");
    if (getenv("PATH") || getenv("HOME") || getenv("CARGO")) strcat(said, "environment ");
    for (int fd = 3; fd < 256; fd++) descriptors += write(fd, "", 0) == 0 || errno != EBADF;
    if (descriptors) strcat(said, "descriptors ");
    if (mmap(0, (size_t)1 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) strcat(said, "memory ");
}

static int32_t translate(void *instance, const wane_input *input, const wane_sink *sink) {
    static char said[512], json[1024], waste[1 << 20];
    (void)instance;
    switch (input->body.len ? input->body.ptr[0] : 0) {
    case 'g': return SAY(event, "{\"type\":\"message\",\"address\":\"u1\",\"id\":\"good\"}");
    case 's': return crash();
    case 'r': return deep(0) > 0;
    case 'a': abort();
    case 'e': exit(0);
    case 'q': _exit(7);
    case 'k': return raise(SIGKILL);
    case 'c': close(0); nap(3600000); return WANE_OK;
    case 'b': return write(0, "garbage", 7) < 0;
    case 'h': return write(0, "\x40\0\0\0\6half", 9) < 0 || raise(SIGKILL);
    case 'l': return write(0, "\xff\xff\xff\xff\6", 5) < 0;
    case 'f': for (;;) if (write(0, waste, sizeof waste) < 0) return WANE_OK;
    case 'z': nap(3600000); return WANE_OK;
    case 'w': nap(400); return SAY(event, "{\"type\":\"message\",\"address\":\"u1\",\"id\":\"woke\"}");
    case 'i': for (;;) made++;
    case 'F': if (fork() >= 0) return WANE_OK; sink->fail(sink->host, WANE_MALFORMED, (wane_slice){(const uint8_t *)"no fork", 7}); return WANE_MALFORMED;
    case 't':
        tried(said);
        snprintf(json, sizeof json, "{\"type\":\"message\",\"address\":\"u1\",\"could\":\"%s\"}", said);
        return SAY(event, json);
    default: return WANE_IGNORED;
    }
}

static int32_t render(void *instance, wane_slice effect, const wane_sink *sink) {
    (void)instance, (void)effect;
    return SAY(suppress, "nothing");
}

static const wane_plugin plugin = {
    WANE_MAGIC, sizeof(wane_plugin), WANE_ABI_MAJOR, 0, 0, {0}, WANE_PLUGIN_MANIFEST, create, destroy, translate, render, 0, {0},
};

const wane_plugin *wane_plugin_entry(void) { return &plugin; }
