// A state: made, entered, failed, ended. Everything that may raise is under lua_pcall here.
#include "memory.h"
#include "watchdog.h"
#include <stdio.h>
#include <stdlib.h>

_Thread_local clua_state *clua_running;
static _Atomic uint64_t panics;
static const char fatal_sentinel;

static int panicked(lua_State *L) {
    (void)L;
    atomic_fetch_add(&panics, 1);
    return 0;  // Lua aborts
}

const char *clua_nothing(void) { return ""; }
uint64_t clua_panics(void) { return atomic_load(&panics); }

// MARK: errors

static void copy_text(char *out, size_t capacity, const char *text, size_t length) {
    if (length >= capacity) {
        static const char cut[] = "… (cut)";
        size_t kept = capacity - sizeof cut;
        while (kept > 0 && ((unsigned char)text[kept] & 0xC0) == 0x80) kept--;  // no half of a character
        memcpy(out, text, kept);
        memcpy(out + kept, cut, sizeof cut);
    } else {
        memcpy(out, text, length);
        out[length] = 0;
    }
}

static void describe_value(lua_State *L, int index, clua_error *error) {
    switch (lua_type(L, index)) {
    case LUA_TSTRING: {
        size_t length;
        const char *text = lua_tolstring(L, index, &length);
        copy_text(error->message, sizeof error->message, text, length);
        break;
    }
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            snprintf(error->message, sizeof error->message, "%lld", (long long)lua_tointeger(L, index));
        } else {
            snprintf(error->message, sizeof error->message, "%.14g", lua_tonumber(L, index));
        }
        break;
    default:  // a hostile __tostring is never asked
        snprintf(error->message, sizeof error->message, "error called with a %s, not a text", luaL_typename(L, index));
    }
}

static void append(clua_error *error, size_t *used, const char *line) {
    int n = snprintf(error->traceback + *used, sizeof error->traceback - *used, "%s", line);
    if (n > 0) *used += (size_t)n < sizeof error->traceback - *used ? (size_t)n : sizeof error->traceback - *used - 1;
}

enum { TRACE_HEAD = 12, TRACE_TAIL = 8 };

static void write_traceback(lua_State *L, clua_error *error) {
    lua_Debug ar;
    int depth = 0;
    while (lua_getstack(L, depth, &ar)) depth++;
    size_t used = 0;
    char line[256];
    for (int level = 0; level < depth; level++) {
        if (level == TRACE_HEAD && depth > TRACE_HEAD + TRACE_TAIL) {
            snprintf(line, sizeof line, "  … %d more\n", depth - TRACE_HEAD - TRACE_TAIL);
            append(error, &used, line);
            level = depth - TRACE_TAIL;
        }
        if (!lua_getstack(L, level, &ar) || !lua_getinfo(L, "Sln", &ar) || *ar.what == 'C') {
            if (*ar.what != 'C' || !ar.name) continue;
            snprintf(line, sizeof line, "  in %s '%s'\n", ar.namewhat, ar.name);
        } else if (*ar.what == 'm') {
            snprintf(line, sizeof line, "  %s:%d: in the file itself\n", ar.short_src, ar.currentline);
        } else if (ar.name) {
            snprintf(line, sizeof line, "  %s:%d: in %s '%s'\n", ar.short_src, ar.currentline, ar.namewhat, ar.name);
        } else {
            snprintf(line, sizeof line, "  %s:%d: in the function of line %d\n", ar.short_src, ar.currentline, ar.linedefined);
        }
        append(error, &used, line);
    }
}

static void write_place(lua_State *L, clua_error *error) {
    lua_Debug ar;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        if (!lua_getinfo(L, "Sl", &ar) || ar.currentline <= 0) continue;
        snprintf(error->file, sizeof error->file, "%s", ar.short_src);
        error->line = ar.currentline;
        return;
    }
}

// Runs where the error was raised, before anything unwinds. Writes into plain memory: it must not raise itself.
static int handle_error(lua_State *L) {
    clua_state *s = state_of(L);
    clua_error *error = &s->error;
    s->unwinding = 1;
    if (s->is_overspent_noted) return 1;
    memset(error, 0, sizeof *error);
    describe_value(L, 1, error);
    write_place(L, error);
    write_traceback(L, error);
    return 1;
}

static const char *fatal_text(const clua_state *s) {
    switch (s->fatal) {
    case CLUA_TIMEOUT: return "ran over its deadline and was stopped";
    case CLUA_BUDGET: return "used up its budget of instructions and was stopped";
    default: return "outgrew its memory";
    }
}

/// Says where the script was stopped; the traceback was written there.
static void describe_overspending(clua_state *s) {
    clua_error *error = &s->error;
    int n = 0;
    if (!s->is_overspent_noted) memset(error, 0, sizeof *error);
    if (error->line > 0) n = snprintf(error->message, sizeof error->message, "%s:%d: ", error->file, error->line);
    if (s->fatal == CLUA_BUDGET) {
        snprintf(error->message + n, sizeof error->message - (size_t)n, "the strategy used up its budget of %llu instructions in one call",
                 (unsigned long long)s->budget);
    } else {
        snprintf(error->message + n, sizeof error->message - (size_t)n, "the strategy %s%s", fatal_text(s),
                 s->is_broken ? " (inside one instruction that would not end)" : "");
    }
}

static void describe_long_text(clua_state *s, char *out, size_t capacity) {
    int n = s->memory.line > 0 ? snprintf(out, capacity, "%s:%d: ", s->memory.file, s->memory.line) : 0;
    snprintf(out + n, capacity - (size_t)n, "a string would have about %zu bytes of memory; the most is %d", s->memory.long_text, CLUA_STRING_CAP);
    s->memory.long_text = 0;
}

void clua_push_long_text(lua_State *L) {
    char text[160];
    describe_long_text(state_of(L), text, sizeof text);
    lua_pushstring(L, text);
}

static void describe_shortage(clua_state *s) {
    clua_error *error = &s->error;
    int n = 0;
    memset(error, 0, sizeof *error);
    if (s->memory.line > 0) {
        snprintf(error->file, sizeof error->file, "%s", s->memory.file);
        error->line = s->memory.line;
        n = snprintf(error->message, sizeof error->message, "%s:%d: ", s->memory.file, s->memory.line);
    }
    snprintf(error->message + n, sizeof error->message - (size_t)n, "the strategy outgrew its memory of %zu KiB%s",
             s->memory.limit >> 10, s->memory.is_deep ? " (a function calls itself without end)" : "");
}

/// Ends a state for good: its memory comes back at once, and nothing of it is looked at any more.
static void discard(clua_state *s) {
    s->L = NULL;
    clua_release_all(&s->memory);
    s->bar = &s->dead_bar;
    s->bound = s->bar_shown = false;
}

int clua_failed(clua_state *s, int status) {
    if (status == LUA_ERRMEM && !s->fatal && !s->memory.long_text) s->fatal = CLUA_MEMORY;
    if (s->fatal == CLUA_MEMORY) {
        describe_shortage(s);
    } else if (s->fatal) {
        describe_overspending(s);
    } else if (status == LUA_ERRMEM) {
        memset(&s->error, 0, sizeof s->error);
        describe_long_text(s, s->error.message, sizeof s->error.message);
    } else if (status == LUA_ERRERR && !s->error.message[0]) {
        snprintf(s->error.message, sizeof s->error.message, "an error while an error was handled (stack overflow)");
    }
    s->error.kind = s->fatal ? s->fatal : CLUA_FAILED;
    s->unwinding = 0;
    if (s->fatal) {
        s->created_orders = 0;
        discard(s);
        return s->error.kind;
    }
    lua_settop(s->L, s->bound ? AT_TOP : AT_HANDLER);
    clua_forget_created(s);
    return s->error.kind;
}

void clua_raise_fatal(lua_State *L, int kind) {
    clua_state *s = state_of(L);
    if (!s->fatal) s->fatal = kind;
    if (!s->is_overspent_noted) {
        memset(&s->error, 0, sizeof s->error);
        write_place(L, &s->error);
        write_traceback(L, &s->error);
        s->is_overspent_noted = true;
    }
    s->unwinding = 1;
    lua_pushlightuserdata(L, (void *)&fatal_sentinel);
    lua_error(L);
    abort();  // lua_error does not return
}

int clua_rethrow(lua_State *L, int status) {
    clua_state *s = state_of(L);
    if (status == LUA_ERRMEM && !s->fatal && !s->memory.long_text) s->fatal = CLUA_MEMORY;
    return lua_error(L);
}

bool clua_admit_note(clua_state *s, size_t bytes) {
    static const char told[] = "this callback has logged and plotted more than 64 KiB: the rest of it is dropped";
    uint64_t sequence = atomic_load_explicit(&s->sequence, memory_order_relaxed);
    if (s->noted_sequence != sequence) {
        s->noted_sequence = sequence;
        s->noted_bytes = 0;
    }
    if (s->noted_bytes > CLUA_NOTE_BYTES) return false;
    s->noted_bytes += bytes + 32;
    if (s->noted_bytes <= CLUA_NOTE_BYTES) return true;
    s->host.log(s->host.context, CLUA_WARN, (clua_text){told, sizeof told - 1});
    return false;
}

// MARK: entering

bool clua_refused(clua_state *s) {
    if (!s->fatal) return false;
    memset(&s->error, 0, sizeof s->error);
    snprintf(s->error.message, sizeof s->error.message, "the strategy %s earlier; its state is gone", fatal_text(s));
    s->error.kind = CLUA_POISONED;
    return true;
}

void clua_change_thread(clua_state *s) {
    if (s->watched_mark != &clua_running) {
        s->thread = pthread_self();
        s->watched_mark = &clua_running;
        clua_admit_signal();
    }
    if (s->counts) clua_begin_count(s);  // and so at every call
    else s->thread_mark = &clua_running;
}

int clua_protect(clua_state *s, lua_CFunction function, void *argument) {
    lua_pushcfunction(s->L, function);
    lua_pushlightuserdata(s->L, argument);
    s->error.message[0] = 0;
    return clua_enter(s, s->now, 1);
}

// MARK: making and ending

static int prepare(lua_State *L) {
    clua_state *s = state_of(L);
    lua_gc(L, LUA_GCSTOP);
    clua_open_base(L);
    clua_open_strings(L);
    clua_open_tables(L);
    clua_open_maths(L);
    clua_open_times(L);
    clua_open_require(L);
    clua_open_records(L);
    clua_open_instruments(L);
    clua_open_orders(L);
    clua_open_quotes(L);
    clua_open_indicators(L);
    clua_open_modules(L);
    clua_open_budget(L);
    lua_gc(L, LUA_GCRESTART);
    s->loading = true;
    return 0;
}

static bool copy_roots(clua_state *s, const clua_text *roots, size_t count) {
    s->roots = calloc(count + 1, sizeof *s->roots);
    for (size_t i = 0; s->roots && i < count; i++) {
        s->roots[i] = strndup(roots[i].bytes, roots[i].count);
        if (!s->roots[i]) return false;
        s->root_count++;
    }
    return s->roots != NULL;
}

static void free_own(clua_state *s) {
    for (size_t i = 0; i < s->param_count; i++) {
        free((void *)s->params[i].name);
        if (s->params[i].kind == 3) free((void *)s->params[i].text.bytes);
    }
    for (size_t i = 0; i < s->root_count; i++) free(s->roots[i]);
    free(s->roots);
    free(s->params);
    free(s->saved);
    free(s->source);
    clua_close_orders(s);
    free(s);
}

clua_state *clua_open(size_t memory_limit, uint64_t seed, const clua_host *host, const clua_text *roots, size_t root_count) {
    clua_state *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->memory.limit = memory_limit;
    atomic_store(&s->alarm, UINT64_MAX);
    clua_find_lua();
    s->host = *host;
    if (!copy_roots(s, roots, root_count)) {
        free_own(s);
        return NULL;
    }
    clua_seed(s, seed);
    s->L = lua_newstate(clua_allocate, s);
    if (!s->L) {
        free_own(s);
        return NULL;
    }
    *(clua_state **)lua_getextraspace(s->L) = s;
    lua_atpanic(s->L, panicked);
    lua_pushcfunction(s->L, handle_error);
    if (!lua_checkstack(s->L, AT_TOP + LUA_MINSTACK) || clua_protect(s, prepare, NULL) != CLUA_OK) {
        clua_close(s);
        return NULL;
    }
    return s;
}

size_t clua_close(clua_state *s) {
    clua_stop_watching(s);
    if (s->L) lua_close(s->L);
    size_t left = s->memory.used;
    clua_release_all(&s->memory);  // slabs that were kept for what might come
    free_own(s);
    return left;
}

size_t clua_memory_used(const clua_state *s) { return s->memory.used; }
size_t clua_memory_peak(const clua_state *s) { return s->memory.peak; }
void clua_fail_allocation(clua_state *s, uint64_t nth) { s->memory.fail_in = nth; }
const clua_error *clua_last_error(const clua_state *s) { return &s->error; }
int clua_error_kind(const clua_error *error) { return error->kind; }
int clua_error_line(const clua_error *error) { return error->line; }
const char *clua_error_file(const clua_error *error) { return error->file; }
const char *clua_error_message(const clua_error *error) { return error->message; }
const char *clua_error_traceback(const clua_error *error) { return error->traceback; }

void clua_set_refusal(clua_refusal *refusal, const char *message, const char *code) {
    snprintf(refusal->message, sizeof refusal->message, "%s", message);
    snprintf(refusal->code, sizeof refusal->code, "%s", code);
}
const char *clua_name(const clua_state *s) { return s->name; }
const char *clua_result(const clua_state *s) { return s->result; }
bool clua_has(const clua_state *s, int callback) { return s->has[callback]; }
size_t clua_param_count(const clua_state *s) { return s->param_count; }
clua_param clua_param_at(const clua_state *s, size_t index) { return s->params[index]; }
