#pragma once
// What the files of this target share; Swift never sees it.
#include "CLua.h"
#include <lua5.4/lua.h>
#include <lua5.4/lauxlib.h>
#include <lua5.4/lualib.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

struct clua_error {
    int32_t kind;
    int32_t line;
    char file[64];
    char message[2048];
    char traceback[4096];
};

struct clua_refusal {
    char message[512];
    char code[32];
};

/// Caps that a script meets.
enum {
    CLUA_STRING_CAP = 1 << 20,
    CLUA_SOURCE_CAP = 256 << 10,
    CLUA_SAVE_CAP = 1 << 20,
    CLUA_SAVE_DEPTH = 64,
    CLUA_LOG_CAP = 4096,
    CLUA_DEPTH_CAP = 10000,
    CLUA_ORDERS_PER_CALL = 100,
    CLUA_TIMERS_PER_CALL = 64,
    CLUA_TIMERS = 10000,
    CLUA_TAG_CAP = 32,
    CLUA_SERIES_CAP = 128,
    CLUA_NAME_CAP = 256,    // of an instrument, a currency, a venue: what the host compares at no cost
    CLUA_NOTE_BYTES = 64 << 10,  // of what one callback logs and plots
    CLUA_SMALL_BLOCK = 512,
    CLUA_UTF8 = 5,  // functions of that library
};

/// Fixed places on the main stack, so that entering a callback neither searches nor allocates.
enum {
    AT_HANDLER = 1,
    AT_CALLBACK,
    AT_INSTRUMENTS = AT_CALLBACK + CLUA_CALLBACKS,
    AT_BAR, AT_TIMERS, AT_KNOWN, AT_BUY, AT_SELL,
    AT_KEYS, AT_BAR_FIELDS, AT_BAR_METATABLE, AT_BAR_INDEX,
    AT_FIRST_INSTRUMENT,  // most runs have one: it is pushed without a look into the table
    AT_TOP = AT_FIRST_INSTRUMENT
};

/// The same things where C functions called from Lua find them: in the registry, under the addresses of these.
extern const char clua_instruments_key, clua_bar_key, clua_timers_key, clua_known_key, clua_intervals_key;
extern const char clua_callbacks_key, clua_params_key, clua_keys_key;
extern const char clua_bar_fields_key, clua_bar_metatable_key, clua_bar_index_key;

/// Whole numbers under which the registry holds what C functions called from Lua push often: behind Lua's own. From
/// `REGISTRY_ORDERS` on: the userdata of live orders, a place each.
enum {
    REGISTRY_ORDER_METATABLE = LUA_RIDX_LAST + 1, REGISTRY_ORDER_METHODS, REGISTRY_BUY, REGISTRY_SELL, REGISTRY_STATES,
    REGISTRY_ORDERS = REGISTRY_STATES + CLUA_UNKNOWN + 1
};

/// Names of fields whose interned addresses are kept, so that a field is found by comparing pointers.
enum {
    KEY_CLOSE, KEY_TIME, KEY_OPEN, KEY_HIGH, KEY_LOW, KEY_VOLUME, KEY_TRADES, KEY_INTERVAL,
    KEY_STATE, KEY_ID, KEY_PRICE, KEY_QTY, KEY_FILLED, KEY_REMAINING, KEY_SIDE, KEY_INST, KEY_AVG_PRICE, KEY_REASON,
    KEY_TAG, KEY_VENUE_ID, KEY_TYPE, KEY_TIF, KEY_STOP, KEY_UPDATED,
    KEY_POST_ONLY, KEY_REDUCE_ONLY, KEY_ALLOW_DUPLICATE,
    KEY_DOWN, KEY_UP, KEY_NEAREST, KEY_METHODS, KEY_COUNT, KEY_PLACES = 128
};

/// What a full userdata is. Scripts cannot make userdata, so the first word of every one is ours and tells its kind.
enum { KIND_INSTRUMENT = 0x51A7, KIND_ORDER, KIND_TIMER, KIND_INDICATOR, KIND_BAR, KIND_PARAMS, KIND_QUOTE };

typedef struct {
    uint32_t kind;
    uint32_t shape;  // which metatable, where a kind has several
    uint64_t id;     // the place among its kind when keys are put in order
} object;

typedef struct {
    object head;
    clua_instrument facts;
    uint64_t top_epoch, last_epoch, holding_epoch, profit_epoch;
    clua_top top;
    clua_last last;
    clua_holding holding;
} instrument;

/// `now` is read anew where it is of an older epoch than the state's; 0 is older than any.
typedef struct {
    object head;
    uint64_t epoch;
    clua_order now;
} order;

/// Which place in the registry holds a live order's userdata: a table of twice as many entries as orders at least.
typedef struct {
    uint64_t number;  // 0: no order
    uint32_t place;
} live_order;

typedef struct {
    live_order *entries;
    uint32_t *free_places;
    uint32_t mask, count, free_count, next_place;
} live_orders;

typedef struct {
    object head;
    clua_bar now;
    bool valid;
} bar;

typedef struct slab slab;
typedef struct large_block large_block;

typedef struct {
    size_t used, peak, limit;
    size_t slab_bytes;  // of the slabs that small blocks lie in
    slab *slabs, *with_room[CLUA_SMALL_BLOCK / 16 + 1];
    large_block *large;
    uint64_t fail_in;   // growths until all fail; 0: none will
    size_t long_text;   // bytes of a string that was refused for its length alone
    char file[64];      // where the script was when it was last refused
    int line;
    bool is_deep, was_refused, is_shrinking;
} memory;

struct clua_state {
    lua_State *L;
    memory memory;
    clua_host host;
    int64_t now, started;
    /// Counts entries: whatever was read under an older number is stale.
    uint64_t epoch;
    /// Odd while a script runs. Read by the watchdog.
    _Atomic uint64_t sequence;
    pthread_t thread;
    /// Address of a variable of that thread: tells it at less cost than asking for the thread itself.
    const void *thread_mark, *watched_mark;
    /// Set once, by the hang guard or by a refusal of memory; then no `pcall` of the script catches anything any more.
    volatile int fatal;
    /// Work of the script: steps of library loops and, where they are counted, instructions of the VM.
    uint64_t spent;
    /// Where the next look at the budget is due. The signal handler sets it to 0.
    _Atomic uint64_t alarm;
    uint64_t budget;            // of one call, where instructions are counted; 0 for none
    bool counts;                // instructions are counted
    bool is_overspent_noted;    // the error says where the script was stopped
    /// Something is on its way out to the call that entered the script: the last resort of the hang guard keeps off.
    volatile sig_atomic_t unwinding;
    volatile sig_atomic_t is_broken;  // it was torn out of Lua's own code: its state must not be looked at any more
    uint64_t noted_sequence;    // the call that the next belongs to
    size_t noted_bytes;         // of its log and plots
    uint64_t drained;           // see budget.c
    uint32_t drain_prologue;
    bool is_draining, is_counting;
    bool loading, stopping, bound;
    bool has[CLUA_CALLBACKS];
    uint64_t random[4];
    uint32_t instrument_count, interval_count, live_timers;
    uint32_t created_orders, created_timers;
    uint64_t created_order[CLUA_ORDERS_PER_CALL];
    clua_error error;
    char name[128];
    char result[4096];
    char file[64];
    char **roots;
    size_t root_count;
    char *source;  // of the module being read
    char *saved;
    size_t saved_count, saved_capacity;
    clua_param *params;
    size_t param_count;
    bar *bar, dead_bar;
    uint32_t bar_reads;  // fields of bars that the script has read, a bit each
    bool bar_shown;      // the table of those answers for the record; to be ended before anything but `on_bar` runs
    struct watchdog *watchdog;
    const void *key[KEY_COUNT];
    uint8_t key_places[KEY_PLACES];  // by address: number of the key plus one, or of another one before it
    live_orders live;
    lua_CFunction utf8[CLUA_UTF8];  // the standard ones
};

/// The state that runs on this thread, for the signal handler of the hang guard.
extern _Thread_local clua_state *clua_running;

static inline clua_state *state_of(lua_State *L) { return *(clua_state **)lua_getextraspace(L); }

// state.c
/// Runs `function(argument)` under protection; answers CLUA_OK…
int clua_protect(clua_state *s, lua_CFunction function, void *argument);
/// What `lua_pcall` answered was no success, or the call was stopped: notes the error, puts the stack right.
int clua_failed(clua_state *s, int status);
void clua_change_thread(clua_state *s);
void clua_hide_bar(clua_state *s);
/// Calls what is on the main stack: a function and its arguments.
static inline __attribute__((always_inline)) int clua_enter_bar(clua_state *s, int64_t now, int arguments) {
    s->now = now;
    s->epoch++;
    s->created_orders = s->created_timers = 0;
    if (__builtin_expect(s->thread_mark != &clua_running, 0)) clua_change_thread(s);
    clua_running = s;
    uint64_t sequence = atomic_load_explicit(&s->sequence, memory_order_relaxed) + 1;
    atomic_store_explicit(&s->sequence, sequence, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    int status = lua_pcallk(s->L, arguments, 0, AT_HANDLER, 0, NULL);
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&s->sequence, sequence + 1, memory_order_relaxed);
    clua_running = NULL;
    return __builtin_expect(status == LUA_OK && !s->fatal, 1) ? CLUA_OK : clua_failed(s, status);
}
static inline __attribute__((always_inline)) int clua_enter(clua_state *s, int64_t now, int arguments) {
    if (__builtin_expect(s->bar_shown, 0)) clua_hide_bar(s);
    return clua_enter_bar(s, now, arguments);
}
bool clua_refused(clua_state *s);
// records.c. Like `clua_hide_bar` it neither raises nor asks for memory: the keys are there.
void clua_show_bar(clua_state *s, const clua_bar *values);
void clua_raise_fatal(lua_State *L, int kind) __attribute__((noreturn));
/// Beyond the alarm: raises where the call is over its deadline or its budget.
void clua_overspent(lua_State *L);
/// Charges the work of a library loop, in units of about an instruction of the VM. Raises where the budget is spent.
static inline __attribute__((always_inline)) void clua_charge(lua_State *L, size_t units) {
    clua_state *s = state_of(L);
    s->spent += units;
    if (__builtin_expect(s->spent >= atomic_load_explicit(&s->alarm, memory_order_relaxed), 0)) clua_overspent(L);
}
/// Begins the count of a call.
void clua_begin_count(clua_state *s);
/// What `pcall` answers for a string that was refused for its length alone: pushes it.
void clua_push_long_text(lua_State *L);
/// True for a note of `bytes` that still fits into what one callback may write.
bool clua_admit_note(clua_state *s, size_t bytes);
/// Raises again what a protected call has just answered, whatever it was.
int clua_rethrow(lua_State *L, int status);

// names.c
/// The known name nearest to `name`.
const char *clua_nearest(const char *name, const char *const *known, size_t count);
const char *clua_kind_name(lua_State *L, int index);

// base.c, keys.c, strings.c, tables.c, maths.c, times.c, require.c: the libraries. Each leaves the stack as it was.
void clua_open_base(lua_State *L);
void clua_open_strings(lua_State *L);
void clua_open_tables(lua_State *L);
void clua_open_maths(lua_State *L);
void clua_open_times(lua_State *L);
void clua_open_require(lua_State *L);
int clua_next(lua_State *L);
int clua_pairs(lua_State *L);
/// Pushes an array of the keys of the table at `index` in their order; answers how many. Raises for a key without order.
lua_Integer clua_push_keys(lua_State *L, int index);
/// Pushes the text of the value at `index`: no address, `__tostring` honoured.
const char *clua_push_text(lua_State *L, int index, size_t *length);
/// `string.format` over the arguments of this call; pushes one string.
int clua_format(lua_State *L);
void clua_seed(clua_state *s, uint64_t seed);
int clua_push_date(lua_State *L, int64_t nanoseconds);

// values.c
int clua_encode(lua_State *L);
int clua_decode(lua_State *L);

// objects: instruments.c, orders.c, place.c, records.c, modules.c, indicators.c
void clua_open_instruments(lua_State *L);
void clua_open_orders(lua_State *L);
void clua_open_records(lua_State *L);
void clua_open_modules(lua_State *L);
void clua_open_indicators(lua_State *L);
void clua_open_quotes(lua_State *L);
void clua_push_quote(lua_State *L, const clua_quote *fields);
int clua_request_quote(lua_State *L);
/// The tag among the options at `index`: nil, or what is wrong with it.
const char *clua_read_tag(lua_State *L, int index, char *out);
/// Raises that another kind of object was expected at `index`.
void *clua_raise_kind(lua_State *L, int index, uint32_t kind);
/// The object at `index`, or an error that says what was expected. No script has a light userdata.
static inline void *clua_check(lua_State *L, int index, uint32_t kind) {
    object *o = lua_touserdata(L, index);
    return __builtin_expect(o && o->kind == kind, 1) ? o : clua_raise_kind(L, index, kind);
}
/// Makes a metatable that nobody sees, whose objects are read-only; leaves it on the stack.
void clua_new_metatable(lua_State *L, const char *name);
/// The field's name among the keys from `first` to `last`, or -1.
static inline int clua_find_key(lua_State *L, int index, int first, int last) {
    const clua_state *s = state_of(L);
    const void *name = lua_topointer(L, index);
    for (size_t i = (uintptr_t)name >> 4 & (KEY_PLACES - 1); s->key_places[i]; i = (i + 1) & (KEY_PLACES - 1)) {
        int key = s->key_places[i] - 1;
        if (s->key[key] == name) return key >= first && key <= last ? key : -1;
    }
    return -1;
}
/// Pushes the userdata of an order: the same one for the same number as long as anybody holds it.
order *clua_push_order(lua_State *L, const clua_order *fields);
/// The same for an order of which the desk is only asked when the script reads a field.
void clua_push_order_number(lua_State *L, uint64_t number);
void clua_close_orders(clua_state *s);
const char *clua_push_order_id(lua_State *L, const clua_order *o);
int clua_place(lua_State *L, int side);
/// Nil where every key of the table is one of the names; else the least other one, left on the stack.
const char *clua_unknown_key(lua_State *L, int index, const char *const *names, size_t count);
/// Pushes nil, the message and the code.
int clua_push_refusal(lua_State *L, const clua_refusal *refusal);
int clua_refuse(lua_State *L, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/// Marks what a failed callback had asked for as never sent.
void clua_forget_created(clua_state *s);
/// The state, or an error while the file is still being read.
clua_state *clua_desk(lua_State *L, const char *function);
/// A number that is one, not a text that looks like one; false also for an integer that no double holds.
bool clua_plain_number(lua_State *L, int index, double *out);
clua_text clua_text_at(lua_State *L, int index);
/// Names of fields, nil-ended, and methods, by object.
extern const char *const clua_instrument_fields[], *const clua_order_fields[], *const clua_bar_fields[], *const clua_quote_fields[];
extern const luaL_Reg clua_instrument_methods[], clua_order_methods[], clua_timer_methods[], clua_indicator_methods[], clua_quote_methods[];
/// Pushes a table of the named fields of the userdata at 1, and what walks it: `pairs` over a record.
int clua_pairs_of(lua_State *L, const char *const *names);
