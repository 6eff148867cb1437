#ifndef PERIGEE_CFLOORS_H
#define PERIGEE_CFLOORS_H

#include <stddef.h>
#include <stdint.h>

/* What the work of a backtest costs at the least, in plain C, so that every figure of ours can be a ratio. */

/* A market event as small as it can be: what an engine would read if it were made for nothing else. */
typedef struct {
    int64_t exchange_time, local_time;
    int32_t tick;
    uint16_t kind; /* 1 level, 2 trade, 0 anything else */
    int16_t side;  /* 1 bid or buyer, -1 ask or seller */
    int64_t size;
} floor_event;

/* Reads every record once; the answer is a sum, so that nothing can be left out. */
int64_t floor_scan32(const floor_event *events, size_t count);
int64_t floor_scan64(const void *records, size_t bytes);

/* Flat arrays a side, one slot a tick, from `lowest` on; the touch is read after every event. */
int64_t floor_book(const floor_event *events, size_t count, int32_t lowest, size_t slots);
/* The same for two books: one takes each event at its exchange time, the other at its local time. */
int64_t floor_books(const floor_event *events, size_t count, int32_t lowest, size_t slots);

/* A bare Lua state with the functions below. */
typedef struct floor_lua floor_lua;
floor_lua *floor_lua_open(void);
void floor_lua_close(floor_lua *lua);
/* One protected call an event, four numbers each: of an empty function, and of one that counts. The answer is the count. */
int64_t floor_lua_empty(floor_lua *lua, const floor_event *events, size_t count);
int64_t floor_lua_count(floor_lua *lua, const floor_event *events, size_t count);
/* One protected call a bar, in which Lua updates two moving sums held in C and compares them. The answer is the crosses. */
int64_t floor_lua_bars(floor_lua *lua, const double *closes, size_t count);

/* How often malloc, calloc, realloc and their kin were called by this thread so far. */
uint64_t bench_allocations(void);

/* Removes a folder with all that is in it. */
int bench_remove_folder(const char *path);
/* Does so, too, when this process is interrupted or asked to end. */
void bench_remove_when_stopped(const char *path);
/* What is printed appears line by line, also in a pipe. */
void bench_print_by_line(void);

#endif
