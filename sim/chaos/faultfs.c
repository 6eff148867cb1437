// LD_PRELOAD: fails chosen calls on chosen files, so that every write of a run can be made to fail once. Used by disk.py.
//   FAULT_PATH  what the file's path must hold           FAULT_OP    write (write, pwrite) | sync (fsync, fdatasync) | open | rename
//   FAULT_N     the call that fails, from 1              FAULT_KIND  ENOSPC | EIO | EINTR | SHORT
//   FAULT_STAY  1: every later one too                   FAULT_LOG   a file that is made when it happens
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int count;

static int meant(const char *op, const char *path) {
    const char *wanted = getenv("FAULT_OP"), *part = getenv("FAULT_PATH"), *n = getenv("FAULT_N");
    if (!wanted || !part || !n || strcmp(op, wanted) || !strstr(path, part)) return 0;
    int now = atomic_fetch_add(&count, 1) + 1, stay = getenv("FAULT_STAY") != NULL;
    if (stay ? now < atoi(n) : now != atoi(n)) return 0;
    int log = open(getenv("FAULT_LOG") ? getenv("FAULT_LOG") : "/dev/null", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (log >= 0) close(log);
    return 1;
}

static int meant_fd(const char *op, int fd) {
    char link[64], path[4096];
    if (fd < 3 || !getenv("FAULT_OP")) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return meant(op, path);
}

static int kind(void) {
    const char *k = getenv("FAULT_KIND");
    return !k || !strcmp(k, "ENOSPC") ? ENOSPC : !strcmp(k, "EIO") ? EIO : !strcmp(k, "EINTR") ? EINTR : 0;
}

ssize_t write(int fd, const void *bytes, size_t n) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    if (!meant_fd("write", fd)) return real(fd, bytes, n);
    if (kind()) return errno = kind(), -1;
    return real(fd, bytes, n > 1 ? n / 2 : n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite");
    if (!meant_fd("write", fd)) return real(fd, bytes, n, at);
    if (kind()) return errno = kind(), -1;
    return real(fd, bytes, n > 1 ? n / 2 : n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at) { return pwrite(fd, bytes, n, at); }

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    if (meant_fd("sync", fd)) return errno = kind() ? kind() : EIO, -1;
    return real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    if (meant_fd("sync", fd)) return errno = kind() ? kind() : EIO, -1;
    return real(fd);
}

int rename(const char *from, const char *to) {
    static int (*real)(const char *, const char *);
    if (!real) real = dlsym(RTLD_NEXT, "rename");
    if (meant("rename", to)) return errno = kind() ? kind() : EIO, -1;
    return real(from, to);
}
