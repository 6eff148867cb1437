#pragma once
#include "state.h"

void clua_stop_watching(clua_state *s);
/// Lets the watchdog's signal reach this thread: workers of a thread pool block every signal.
void clua_admit_signal(void);
/// Keeps what the last resort needs, and finds where Lua's own code lies.
void clua_open_budget(lua_State *L);
void clua_find_lua(void);
