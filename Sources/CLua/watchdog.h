#pragma once
#include "state.h"

void clua_stop_watching(clua_state *s);
/// Lets the watchdog's signal reach this thread: workers of a thread pool block every signal.
void clua_admit_signal(void);
