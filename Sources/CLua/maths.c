// `math.random` from the run's seed (xoshiro256**, Blackman and Vigna 2018, seeded by SplitMix64).
#include "state.h"

static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static uint64_t draw(clua_state *s) {
    uint64_t *r = s->random;
    uint64_t result = rotate(r[1] * 5, 7) * 9, t = r[1] << 17;
    r[2] ^= r[0];
    r[3] ^= r[1];
    r[1] ^= r[2];
    r[0] ^= r[3];
    r[2] ^= t;
    r[3] = rotate(r[3], 45);
    return result;
}

void clua_seed(clua_state *s, uint64_t seed) {
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        s->random[i] = z ^ (z >> 31);
    }
}

/// Even over 0…limit: what lies above is drawn again under the smallest mask that holds the limit.
static uint64_t draw_up_to(clua_state *s, uint64_t limit) {
    if (limit == UINT64_MAX) return draw(s);
    uint64_t mask = limit;
    for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    uint64_t value;
    do value = draw(s) & mask; while (value > limit);
    return value;
}

static int random_number(lua_State *L) {
    clua_state *s = state_of(L);
    lua_Integer low = 1, high;
    switch (lua_gettop(L)) {
    case 0:
        lua_pushnumber(L, (lua_Number)(draw(s) >> 11) * 0x1p-53);
        return 1;
    case 1:
        high = luaL_checkinteger(L, 1);
        if (high == 0) {
            lua_pushinteger(L, (lua_Integer)draw(s));
            return 1;
        }
        break;
    case 2:
        low = luaL_checkinteger(L, 1);
        high = luaL_checkinteger(L, 2);
        break;
    default:
        return luaL_error(L, "wrong number of arguments");
    }
    luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
    uint64_t value = draw_up_to(s, (uint64_t)high - (uint64_t)low);
    lua_pushinteger(L, (lua_Integer)(value + (uint64_t)low));
    return 1;
}

void clua_open_maths(lua_State *L) {
    lua_getglobal(L, LUA_MATHLIBNAME);
    lua_pushcfunction(L, random_number);
    lua_setfield(L, -2, "random");
    // Beside `randomseed` what only some builds of 5.4 still have: a strategy must run on all of them.
    static const char *const absent[] = {"randomseed", "atan2", "cosh", "sinh", "tanh", "pow", "frexp", "ldexp", "log10"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, absent[i]);
    }
    lua_pop(L, 1);
}
