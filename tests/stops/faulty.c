/* Laid over libc with LD_PRELOAD: a disk that fails, and a kernel that lies, from the moment on when the file `fault` is there.
   Its first byte says how: E, every sync fails; L, a write says that it wrote more than it was given. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

static char fault(void) {
    char kind = 0;
    int file = open("fault", O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        if (read(file, &kind, 1) != 1) {
            kind = 0;
        }
        close(file);
    }
    return kind;
}

int fdatasync(int file) {
    if (fault() == 'E') {
        errno = EIO;
        return -1;
    }
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(file);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    ssize_t wrote = ((ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64"))(file, bytes, count, offset);
    return fault() == 'L' ? wrote + 1 : wrote;
}
