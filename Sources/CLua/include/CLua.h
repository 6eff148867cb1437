#pragma once
// The one barrier that Lua's longjmp may cross.
//
// Swift sees only the functions of this header: none of them can raise. Whatever may raise runs inside lua_pcall of a C
// function on this side. A host function (`clua_host`) is called by a C trampoline that has copied its arguments into plain
// data; it returns before anything is pushed or raised, so no Swift frame is ever skipped.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef struct clua_state clua_state;

/// Callbacks of a strategy, in the order of `clua_callback_name`.
enum {
    CLUA_ON_START, CLUA_ON_QUOTE, CLUA_ON_BOOK, CLUA_ON_TRADE, CLUA_ON_BAR, CLUA_ON_ORDER, CLUA_ON_FILL, CLUA_ON_RFQ,
    CLUA_ON_STATUS, CLUA_ON_RECONCILE, CLUA_ON_STOP, CLUA_ON_SAVE, CLUA_ON_LOAD, CLUA_ON_RFQ_REFUSED, CLUA_CALLBACKS
};

/// Why a call did not return cleanly. From `CLUA_TIMEOUT` on the state is poisoned and every later call is refused.
enum { CLUA_OK, CLUA_FAILED, CLUA_TIMEOUT, CLUA_MEMORY, CLUA_POISONED, CLUA_BUDGET };

/// Swift would import these two as tuples of thousands of elements, which costs a minute of every build: it sees them from outside.
typedef struct clua_error clua_error;
int clua_error_kind(const clua_error *error);
int clua_error_line(const clua_error *error);
const char *clua_error_file(const clua_error *error);
const char *clua_error_message(const clua_error *error);
const char *clua_error_traceback(const clua_error *error);

/// Bytes that belong to somebody else and live as long as the call.
typedef struct {
    const char *bytes;
    size_t count;
} clua_text;

/// A refusal: a sentence for people and a word for programs. Both are cut where they are too long.
typedef struct clua_refusal clua_refusal;
void clua_set_refusal(clua_refusal *refusal, const char *message, const char *code);

typedef struct {
    const char *symbol, *venue, *base, *quote;
    double tick, lot, min_qty, min_notional, maker_fee, taker_fee;
} clua_instrument;

typedef struct {
    bool has_bid, has_ask;
    double bid, bid_qty, ask, ask_qty;
    double mid, spread;  // where both sides are there
} clua_top;

typedef struct {
    bool exists;
    int8_t side;  // 1 buy, -1 sell, 0 not known
    double price, qty;
    int64_t time;
} clua_last;

typedef struct {
    bool has_average;
    int64_t lots;
    double position, average, realised, unrealised;
} clua_holding;

typedef struct {
    double price, qty;
} clua_level;

enum {
    CLUA_PENDING_NEW, CLUA_OPEN, CLUA_PARTIALLY_FILLED, CLUA_PENDING_CANCEL, CLUA_FILLED, CLUA_CANCELLED, CLUA_REJECTED,
    CLUA_EXPIRED, CLUA_UNKNOWN
};

/// What a script can know of one order; copied into its userdata, which the script may keep for ever.
typedef struct {
    uint64_t number;  // the host's own
    uint32_t instrument;
    uint8_t side;     // 0 buy, 1 sell
    uint8_t state;
    uint8_t type;     // 0 market, 1 limit, 2 stop, 3 stop-limit
    uint8_t tif;      // 0 GTC, 1 IOC, 2 FOK, 3 GTD
    bool has_price, has_stop, has_average, is_acknowledged;
    double price, stop, qty, filled, remaining, average;
    int64_t time, updated;
    char reason[40], tag[33];
} clua_order;

/// What an order is called: made only where a script asks.
typedef struct {
    char id[40], venue_id[64];
} clua_order_names;

/// An order as a script asks for it: numbers still as Lua had them.
typedef struct {
    uint32_t instrument;
    uint8_t side;
    uint8_t tif;
    bool has_price, has_stop, post_only, reduce_only, allow_duplicate, has_expire;
    double qty, price, stop;
    int64_t expire;
    char tag[33];
} clua_request;

/// A firm price for one size; copied into its userdata.
typedef struct {
    uint32_t request, instrument;
    uint8_t answer;
    uint8_t side;  // 0 buy, 1 sell
    int64_t ticks, lots;  // the host's own numbers of price and size
    double price, qty;
    int64_t expires;
} clua_quote;

typedef struct {
    int64_t time;
    double open, high, low, close, volume;
    int64_t trades;
    uint32_t interval;  // place in the list of interval texts
} clua_bar;

typedef struct {
    double price, qty, fee;
    const char *fee_currency;
    bool maker;
    int64_t time;
    uint64_t id;
} clua_fill;

typedef struct {
    const char *name;
    uint8_t kind;  // 0 integer, 1 float, 2 boolean, 3 string
    int64_t integer;
    double number;
    clua_text text;
} clua_param;

enum { CLUA_DEBUG, CLUA_INFO, CLUA_WARN, CLUA_ERROR };
enum { CLUA_QUOTES, CLUA_BOOK, CLUA_TRADES, CLUA_BARS };
enum { CLUA_DOWN, CLUA_UP, CLUA_NEAREST };

/// Most values one indicator takes or gives.
enum { CLUA_INDICATOR_WIDTH = 8 };

/// What the host answers for a script. `int` answers: 1 yes, 0 no (with `refusal` filled in where there is one).
typedef struct {
    void *_Nullable context;
    void (*log)(void *_Nullable context, int level, clua_text text);
    void (*module)(void *_Nullable context, clua_text name, clua_text source);

    int64_t (*find_instrument)(void *_Nullable context, bool named, clua_text symbol, clua_refusal *refusal);
    void (*top)(void *_Nullable context, uint32_t instrument, clua_top *out);
    void (*last)(void *_Nullable context, uint32_t instrument, clua_last *out);
    int64_t (*event_time)(void *_Nullable context, uint32_t instrument);
    void (*holding)(void *_Nullable context, uint32_t instrument, clua_holding *out);
    /// Fills in the average and the P&L, which cost more.
    void (*profit)(void *_Nullable context, uint32_t instrument, clua_holding *out);
    /// Up to `count` levels from the `from`-th (0 is best); answers how many there were.
    size_t (*levels)(void *_Nullable context, uint32_t instrument, int side, size_t from, size_t count, clua_level *out);
    /// (bid − ask) ÷ (bid + ask) over `count` levels; 0 where there is nothing.
    int (*imbalance)(void *_Nullable context, uint32_t instrument, size_t count, double *out);
    int (*round)(void *_Nullable context, uint32_t instrument, bool quantity, double value, int mode, double *out);
    int (*subscribe)(void *_Nullable context, uint32_t instrument, int what, int64_t interval, clua_text text, uint32_t place, bool on, clua_refusal *refusal);

    int (*submit)(void *_Nullable context, const clua_request *request, uint64_t *order, clua_refusal *refusal);
    int (*cancel)(void *_Nullable context, uint64_t order, clua_refusal *refusal);
    int (*amend)(void *_Nullable context, uint64_t order, bool has_price, double price, bool has_qty, double qty, clua_refusal *refusal);
    int64_t (*cancel_all)(void *_Nullable context, uint32_t instrument);
    /// Numbers of orders that are not final, oldest first, from the `from`-th; answers how many it wrote.
    size_t (*open_orders)(void *_Nullable context, uint32_t instrument, size_t from, size_t capacity, uint64_t *out);
    /// Leaves `out` alone where the desk no longer knows the order.
    int (*describe_order)(void *_Nullable context, uint64_t order, clua_order *out);
    /// Needs no desk: an order may be named long after it is gone.
    void (*name_order)(void *_Nullable context, uint64_t order, bool is_acknowledged, clua_order_names *out);
    int (*request_quote)(void *_Nullable context, uint32_t instrument, int side, double qty, uint32_t *number, clua_refusal *refusal);
    int (*accept_quote)(void *_Nullable context, const clua_quote *quote, const char *tag, clua_order *order, clua_refusal *refusal);

    int (*set_timer)(void *_Nullable context, int64_t at, int64_t every, uint64_t *number, clua_refusal *refusal);
    void (*cancel_timer)(void *_Nullable context, uint64_t number);

    int (*balance)(void *_Nullable context, clua_text currency, clua_text venue, double *total, double *available);
    double (*equity)(void *_Nullable context);
    double (*drawdown)(void *_Nullable context);
    void (*plot)(void *_Nullable context, clua_text series, double value);
    void (*stop)(void *_Nullable context, clua_text reason);

    /// Answers a handle ≥ 0, or -1 with a refusal.
    int64_t (*make_indicator)(void *_Nullable context, const char *name, const double *arguments, size_t count, clua_refusal *refusal);
    void (*drop_indicator)(void *_Nullable context, uint32_t handle);
    /// Answers how many values there are, 0 until warm; -1 where the input is not one for this indicator.
    int (*update_indicator)(void *_Nullable context, uint32_t handle, const double *values, size_t count, double *out, clua_refusal *refusal);
    int (*update_indicator_bar)(void *_Nullable context, uint32_t handle, const clua_bar *bar, double *out, clua_refusal *refusal);
    int (*indicator_value)(void *_Nullable context, uint32_t handle, double *out);
    void (*reset_indicator)(void *_Nullable context, uint32_t handle);
} clua_host;

// Making and ending a state.

/// Nil where there is no memory for the state itself. `roots` are the folders `require` looks in, in this order.
clua_state *_Nullable clua_open(size_t memory_limit, uint64_t seed, const clua_host *host, const clua_text *_Nullable roots, size_t root_count);
/// Answers what was still allocated after Lua had closed: always 0.
size_t clua_close(clua_state *state);
size_t clua_memory_used(const clua_state *state);
size_t clua_memory_peak(const clua_state *state);
/// From the `nth` growth of memory from now on, every one fails; 0 ends that.
void clua_fail_allocation(clua_state *state, uint64_t nth);
/// How often Lua's panic function ran in this process: always 0.
uint64_t clua_panics(void);
const clua_error *clua_last_error(const clua_state *state);

// Loading.

int clua_add_instrument(clua_state *state, const clua_instrument *instrument);
/// Runs the file and binds its callbacks and parameters; `keys` and `values` are the `--set` pairs.
int clua_load(
    clua_state *state, clua_text source, const char *file, const clua_text *_Nullable keys, const clua_text *_Nullable values,
    size_t count);
bool clua_has(const clua_state *state, int callback);
const char *clua_callback_name(int callback);
/// The strategy's `name`, or an empty text.
const char *clua_name(const clua_state *state);
size_t clua_param_count(const clua_state *state);
/// The `index`-th parameter in order of name; its texts live as long as the state.
clua_param clua_param_at(const clua_state *state, size_t index);
/// Runs any chunk, for tests; its first result, as text, is then `clua_result`.
int clua_run(clua_state *state, clua_text source, const char *name);
const char *clua_result(const clua_state *state);

// Callbacks. `now` is the engine's clock; answers one of CLUA_OK…

int clua_on_start(clua_state *state, int64_t now);
int clua_on_quote(clua_state *state, int64_t now, uint32_t instrument);
int clua_on_book(clua_state *state, int64_t now, uint32_t instrument);
int clua_on_trade(clua_state *state, int64_t now, uint32_t instrument, double price, double qty, int side, int64_t time);
int clua_on_bar(clua_state *state, int64_t now, uint32_t instrument, const clua_bar *bar);
int clua_on_order(clua_state *state, int64_t now, const clua_order *order);
int clua_on_fill(clua_state *state, int64_t now, const clua_order *order, const clua_fill *fill);
int clua_on_rfq(clua_state *state, int64_t now, const clua_quote *quote);
int clua_on_rfq_refused(clua_state *state, int64_t now, uint32_t request, uint32_t instrument, const char *reason);
/// `instrument` below 0: `venue` is what changed.
// What a start or a reconnect found.
typedef struct {
    int64_t adopted, cancelled, fills;
    double position_change;
} clua_reconciled;
int clua_on_reconcile(clua_state *state, int64_t now, clua_reconciled what);
int clua_on_status(clua_state *state, int64_t now, int64_t instrument, const char *venue, const char *status);
int clua_on_stop(clua_state *state, int64_t now, clua_text reason);
int clua_on_timer(clua_state *state, int64_t now, uint64_t number);
/// The bytes live until the next save; an empty text where the strategy keeps nothing.
int clua_on_save(clua_state *state, int64_t now, clua_text *out);
int clua_on_load(clua_state *state, int64_t now, clua_text saved);

/// Copies the order's fields into the userdata a script may hold. Allocates nothing, runs no script.
void clua_refresh_order(clua_state *state, const clua_order *order);

// The hang guard.

/// From now on a call that runs longer is stopped; costs nothing until then. Answers false where no thread could be had.
///
/// One that runs for half as long again without meeting another instruction is torn out of Lua's own code, and its state thrown
/// away. What is left is code of the host: `stuck` is called, once and on a thread of its own, where a call is there after four
/// times the deadline.
bool clua_watch(clua_state *state, int64_t nanoseconds, void (*_Nullable stuck)(void));

/// From now on the work of every call is counted: instructions of the VM, and steps of library loops. A call that does more than
/// `budget` is stopped at the same instruction on every machine; 0 for no limit. Costs every instruction some time.
int clua_count_work(clua_state *state, uint64_t budget);
/// The work of the call that has just ended; 0 where none was, or nothing is counted.
uint64_t clua_work(clua_state *state);

/// Calls `visit` for everything that can be reached from the globals, hidden metatables and upvalues included; for tests.
int clua_reach(clua_state *state, void *_Nullable context, void (*visit)(void *_Nullable context, const char *path, const char *type));

/// Objects a script meets.
enum { CLUA_INSTRUMENT, CLUA_ORDER, CLUA_BAR, CLUA_TIMER, CLUA_INDICATOR, CLUA_QUOTE };
/// The `index`-th field or method of such an object, nil after the last: so that a test can compare the annotations with them.
const char *_Nullable clua_member(int object, size_t index);
/// An empty text.
const char *clua_nothing(void);
/// Reads `100ms`, `1.5s`, `2h`; false where it is not a length of time that fits.
bool clua_read_span(clua_text text, int64_t *nanoseconds);

#pragma clang assume_nonnull end
