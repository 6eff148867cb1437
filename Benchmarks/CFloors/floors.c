#include "CFloors.h"

#include <stdlib.h>
#include <string.h>

int64_t floor_scan32(const floor_event *events, size_t count) {
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += events[i].exchange_time ^ events[i].tick ^ events[i].size;
    return sum;
}

int64_t floor_scan64(const void *records, size_t bytes) {
    const int64_t *words = records;
    int64_t sum = 0;
    for (size_t i = 0; i + 8 <= bytes / 8; i += 8) sum += words[i] ^ words[i + 2] ^ words[i + 3];
    return sum;
}

/* One book: sizes by slot for both sides, and the best slot of each. */
typedef struct {
    int64_t *bids, *asks;
    int64_t best_bid, best_ask, slots;
} flat_book;

static flat_book flat_open(size_t slots) {
    flat_book book = {calloc(slots, sizeof(int64_t)), calloc(slots, sizeof(int64_t)), -1, (int64_t)slots, (int64_t)slots};
    if (!book.bids || !book.asks) abort();
    return book;
}

static void flat_close(flat_book *book) {
    free(book->bids);
    free(book->asks);
}

static inline void flat_set(flat_book *book, int64_t slot, int side, int64_t size) {
    if (side > 0) {
        book->bids[slot] = size;
        if (size) {
            if (slot > book->best_bid) book->best_bid = slot;
        } else if (slot == book->best_bid) {
            do book->best_bid--;
            while (book->best_bid >= 0 && !book->bids[book->best_bid]);
        }
    } else {
        book->asks[slot] = size;
        if (size) {
            if (slot < book->best_ask) book->best_ask = slot;
        } else if (slot == book->best_ask) {
            do book->best_ask++;
            while (book->best_ask < book->slots && !book->asks[book->best_ask]);
        }
    }
}

static inline int64_t flat_take(flat_book *book, const floor_event *event, int32_t lowest) {
    if (event->kind != 1) return event->size;
    flat_set(book, (int64_t)event->tick - lowest, event->side, event->size);
    return book->best_bid + book->best_ask;
}

int64_t floor_book(const floor_event *events, size_t count, int32_t lowest, size_t slots) {
    flat_book book = flat_open(slots);
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += flat_take(&book, &events[i], lowest);
    flat_close(&book);
    return sum;
}

int64_t floor_books(const floor_event *events, size_t count, int32_t lowest, size_t slots) {
    flat_book venue = flat_open(slots), desk = flat_open(slots);
    int64_t sum = 0;
    size_t at_venue = 0, at_desk = 0;
    while (at_desk < count) {
        if (at_venue < count && events[at_venue].exchange_time <= events[at_desk].local_time)
            sum += flat_take(&venue, &events[at_venue++], lowest);
        else
            sum += flat_take(&desk, &events[at_desk++], lowest);
    }
    flat_close(&venue);
    flat_close(&desk);
    return sum;
}
