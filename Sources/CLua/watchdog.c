// The hang guard: a thread that looks now and then whether the same call is still running, and if it is over its deadline
// sends a signal to the thread that runs it. The handler sets the hook there, as lua.c does; setting it from another thread
// would be a race. Until then it costs a call two stores.
//
// A hook is heard between two instructions. Some single ones can be made to last for minutes: a table whose keys all meet in one
// place when it grows, a long chain of jumps in the compiler, a collection of a full heap. So half a deadline later the handler
// looks where it has interrupted the thread: in Lua's own code, which calls nobody and holds nothing, it raises the error that
// needs neither stack nor memory. Lua is left as it stands, and the state's memory is given back without asking it.
#define _GNU_SOURCE
#include "watchdog.h"
#include <errno.h>
#include <signal.h>
#if __linux__
#include <link.h>
#include <ucontext.h>
#endif
#include <stdlib.h>
#include <time.h>

/// Ignored by default, so that one that comes late does no harm.
enum { WATCH_SIGNAL = SIGURG };

struct watchdog {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stop;
    _Atomic bool is_last_resort;
    int64_t deadline;
    void (*stuck)(void);
};

// Fires at every instruction from now on, so that nothing the script does outlives it.
static void overdue(lua_State *L, lua_Debug *activation) {
    (void)activation;
    clua_raise_fatal(L, CLUA_TIMEOUT);
}

// MARK: the last resort

/// Where Lua's own code lies; nothing where it is not a library of its own.
static uintptr_t lua_low, lua_high;
static pthread_once_t lua_found = PTHREAD_ONCE_INIT;
static const char shortage_key;

#if __linux__
static int look_at_object(struct dl_phdr_info *info, size_t size, void *argument) {
    (void)size;
    (void)argument;
    const uintptr_t theirs = (uintptr_t)&lua_pcallk, ours = (uintptr_t)&clua_watch;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + part->p_vaddr, high = low + part->p_memsz;
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || theirs < low || theirs >= high) continue;
        if (ours >= low && ours < high) continue;
        lua_low = low;
        lua_high = high;
    }
    return 0;
}
#endif

static void find_lua_once(void) {
#if __linux__
    dl_iterate_phdr(look_at_object, NULL);
#endif
}

void clua_find_lua(void) { pthread_once(&lua_found, find_lua_once); }

static bool was_in_lua(const void *context) {
#if __linux__ && defined(__x86_64__)
    uintptr_t at = (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif __linux__ && defined(__aarch64__)
    uintptr_t at = (uintptr_t)((const ucontext_t *)context)->uc_mcontext.pc;
#else
    (void)context;
    uintptr_t at = 0;
#endif
    return at >= lua_low && at < lua_high;
}

void clua_open_budget(lua_State *L) {
    // The very string by which Lua knows a shortage of memory: raised, it runs no handler and asks for nothing.
    lua_pushliteral(L, "not enough memory");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &shortage_key);
}

/// A call of a script is under way, and nothing of it is on its way out already.
static bool may_tear(clua_state *s, const void *context) {
    lua_Debug ar;
    return s->watchdog && atomic_load(&s->watchdog->is_last_resort) && !s->unwinding && was_in_lua(context)
        && lua_getstack(s->L, 0, &ar);
}

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    clua_state *s = clua_running;
    if (!s || !(atomic_load_explicit(&s->sequence, memory_order_relaxed) & 1)) return;
    if (!s->fatal) s->fatal = CLUA_TIMEOUT;
    atomic_store_explicit(&s->alarm, 0, memory_order_relaxed);
    if (may_tear(s, context)) {
        s->unwinding = s->is_broken = 1;
        lua_rawgetp(s->L, LUA_REGISTRYINDEX, &shortage_key);
        lua_error(s->L);
    }
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

/// What is done about a call that has run for `elapsed` ns.
static void act(clua_state *s, struct watchdog *w, int64_t elapsed) {
    if (elapsed < w->deadline) return;
    atomic_store(&w->is_last_resort, elapsed >= w->deadline + w->deadline / 2);
    pthread_kill(s->thread, WATCH_SIGNAL);
    if (w->stuck && elapsed >= 4 * w->deadline) {
        w->stuck();
        w->stuck = NULL;
    }
}

static void *watch(void *argument) {
    clua_state *s = argument;
    struct watchdog *w = s->watchdog;
    const int64_t shortest = 1000000, period = w->deadline / 8 > shortest ? w->deadline / 8 : shortest;
    uint64_t seen = 0;
    int64_t first = 0, now = 0;
    struct timespec next;
    pthread_mutex_lock(&w->mutex);
    while (!w->stop) {
        clock_gettime(CLOCK_MONOTONIC, &next);
        add(&next, now - first >= w->deadline ? shortest : period);
        pthread_cond_timedwait(&w->wake, &w->mutex, &next);
        uint64_t sequence = atomic_load_explicit(&s->sequence, memory_order_acquire);
        if (!(sequence & 1)) {  // nothing runs, and perhaps nothing ever ran
            now = first;
            continue;
        }
        now = spent(s);
        if (sequence != seen) {
            seen = sequence;
            first = now;
        } else if (!w->stop) {
            act(s, w, now - first);
        }
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

bool clua_watch(clua_state *s, int64_t nanoseconds, void (*stuck)(void)) {
    if (s->watchdog || nanoseconds <= 0) return false;
    struct watchdog *w = calloc(1, sizeof *w);
    if (!w) return false;
    // Not deferred: the handler may leave by an error, and the next signal must come through.
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_RESTART | SA_SIGINFO | SA_NODEFER};
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
