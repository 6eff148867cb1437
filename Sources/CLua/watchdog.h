#pragma once
#include "state.h"

void clua_stop_watching(clua_state *s);
