#pragma once
// The system's Lua as it is, all libraries open: what our own string and table functions are compared with. Tests only.
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin
/// Runs a chunk in a new state; its first result, as text, or the error's message, is left in `out`, cut where it is too long.
/// Answers whether it ran.
int stock_run(const char *source, size_t count, char *out, size_t capacity);
#pragma clang assume_nonnull end
