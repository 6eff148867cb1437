// The hang guard: a thread that looks now and then whether the same call is still running, and if it is over its deadline
// sends a signal to the thread that runs it. The handler sets the hook there, as lua.c does; setting it from another thread
// would be a race. Until then it costs a call two stores.
#define _GNU_SOURCE
#include "watchdog.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

/// Ignored by default, so that one that comes late does no harm.
enum { WATCH_SIGNAL = SIGURG };

struct watchdog {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stop;
    int64_t deadline;
    void (*stuck)(void);
};

// Fires at every instruction from now on, so that nothing the script does outlives it.
static void overdue(lua_State *L, lua_Debug *activation) {
    (void)activation;
    clua_raise_fatal(L, CLUA_TIMEOUT);
}

static void on_signal(int number) {
    (void)number;
    clua_state *s = clua_running;
    if (!s || !(atomic_load_explicit(&s->sequence, memory_order_relaxed) & 1)) return;
    s->fatal = CLUA_TIMEOUT;
    lua_sethook(s->L, overdue, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

void clua_admit_signal(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, WATCH_SIGNAL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void add(struct timespec *time, int64_t nanoseconds) {
    int64_t sum = time->tv_nsec + nanoseconds;
    time->tv_sec += sum / 1000000000;
    time->tv_nsec = sum % 1000000000;
}

/// The time that the running thread has spent, in ns: not the wall's, so that neither a busy machine nor a suspended process
/// makes a callback look hung. Nothing a script can call sleeps.
static int64_t spent(const clua_state *s) {
    clockid_t clock;
    struct timespec now;
    if (pthread_getcpuclockid(s->thread, &clock) != 0 || clock_gettime(clock, &now) != 0) return 0;
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *watch(void *argument) {
    clua_state *s = argument;
    struct watchdog *w = s->watchdog;
    int64_t period = w->deadline / 8 > 1000000 ? w->deadline / 8 : 1000000;
    uint64_t seen = 0;
    int64_t first = 0;
    struct timespec next;
    pthread_mutex_lock(&w->mutex);
    while (!w->stop) {
        clock_gettime(CLOCK_MONOTONIC, &next);
        add(&next, period);
        pthread_cond_timedwait(&w->wake, &w->mutex, &next);
        uint64_t sequence = atomic_load_explicit(&s->sequence, memory_order_acquire);
        if (!(sequence & 1)) continue;  // nothing runs, and perhaps nothing ever ran
        int64_t now = spent(s);
        if (sequence != seen) {
            seen = sequence;
            first = now;
        } else if (!w->stop && now - first >= w->deadline) {
            pthread_kill(s->thread, WATCH_SIGNAL);
            if (w->stuck && now - first >= 2 * w->deadline) {
                w->stuck();
                w->stuck = NULL;
            }
        }
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

bool clua_watch(clua_state *s, int64_t nanoseconds, void (*stuck)(void)) {
    if (s->watchdog || nanoseconds <= 0) return false;
    struct watchdog *w = calloc(1, sizeof *w);
    if (!w) return false;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(WATCH_SIGNAL, &action, NULL);
    w->deadline = nanoseconds;
    w->stuck = stuck;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    s->watchdog = w;
    if (pthread_create(&w->thread, NULL, watch, s) != 0) {
        s->watchdog = NULL;
        free(w);
        return false;
    }
    return true;
}

void clua_stop_watching(clua_state *s) {
    struct watchdog *w = s->watchdog;
    if (!w) return;
    pthread_mutex_lock(&w->mutex);
    w->stop = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    pthread_mutex_destroy(&w->mutex);
    pthread_cond_destroy(&w->wake);
    free(w);
    s->watchdog = NULL;
}
