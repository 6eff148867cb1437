// LD_PRELOAD: the wall clock leaps by CLOCK_LEAP seconds, CLOCK_AFTER seconds after the process has first looked at it. Used by clock.py.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static int (*real)(clockid_t, struct timespec *);

static long leap(void) {
    static struct timespec first;
    struct timespec now;
    real(CLOCK_MONOTONIC, &now);
    if (first.tv_sec == 0) first = now;
    const char *after = getenv("CLOCK_AFTER"), *by = getenv("CLOCK_LEAP");
    return after && by && now.tv_sec - first.tv_sec >= atol(after) ? atol(by) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int status = real(clock, time);
    if (status == 0 && clock == CLOCK_REALTIME) time->tv_sec += leap();
    return status;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
