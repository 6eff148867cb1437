// The string library: our own functions in the place of the standard ones, with a budget in every loop and a cap on what they
// make; and `utf8`, whose standard functions are charged for the text they are given.
#include "strings.h"

static int length_of(lua_State *L) {
    size_t length;
    luaL_checklstring(L, 1, &length);
    lua_pushinteger(L, (lua_Integer)length);
    return 1;
}

static int piece(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    size_t first = clua_first_place(luaL_checkinteger(L, 2), length), last = clua_last_place(luaL_optinteger(L, 3, -1), length);
    if (first > last) {
        lua_pushliteral(L, "");
        return 1;
    }
    step_charge(L, last - first);
    lua_pushlstring(L, text + first - 1, last - first + 1);
    return 1;
}

static int byte(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Integer place = luaL_optinteger(L, 2, 1);
    size_t first = clua_first_place(place, length), last = clua_last_place(luaL_optinteger(L, 3, (lua_Integer)first), length);
    if (first > last) return 0;
    size_t count = last - first + 1;
    clua_charge(L, count);
    luaL_checkstack(L, (int)count, "string slice too long");
    for (size_t i = 0; i < count; i++) lua_pushinteger(L, (unsigned char)text[first - 1 + i]);
    return (int)count;
}

static int from_bytes(lua_State *L) {
    int count = lua_gettop(L);
    luaL_Buffer out;
    clua_charge(L, (size_t)count);
    char *at = luaL_buffinitsize(L, &out, (size_t)count);
    for (int i = 1; i <= count; i++) {
        lua_Unsigned c = (lua_Unsigned)luaL_checkinteger(L, i);
        luaL_argcheck(L, c <= 255, i, "value out of range");
        at[i - 1] = (char)(unsigned char)c;
    }
    luaL_pushresultsize(&out, (size_t)count);
    return 1;
}

static int repeat(lua_State *L) {
    size_t length, gap;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Integer n = luaL_checkinteger(L, 2);
    const char *between = luaL_optlstring(L, 3, "", &gap);
    if (n <= 0 || length + gap == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (n > CLUA_STRING_CAP || (lua_Integer)(length + gap) > (CLUA_STRING_CAP + (lua_Integer)gap) / n) {
        return luaL_error(L, "string.rep would make more than %d bytes", CLUA_STRING_CAP);
    }
    size_t total = length * (size_t)n + gap * (size_t)(n - 1);
    step_charge(L, total + (size_t)n * 8);
    luaL_Buffer out;
    char *at = luaL_buffinitsize(L, &out, total);
    for (lua_Integer i = 0; i < n; i++) {
        if (i > 0) {
            memcpy(at, between, gap);
            at += gap;
        }
        memcpy(at, text, length);
        at += length;
    }
    luaL_pushresultsize(&out, total);
    return 1;
}

static int reverse(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    step_charge(L, length);
    luaL_Buffer out;
    char *at = luaL_buffinitsize(L, &out, length);
    for (size_t i = 0; i < length; i++) at[i] = text[length - 1 - i];
    luaL_pushresultsize(&out, length);
    return 1;
}

/// Letters of one case, from `first` on, become those of the other. Only those of ASCII, as the C locale has it.
static void turn_letters(char *restrict out, const char *restrict in, size_t length, unsigned char first) {
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)in[i], from_first = (unsigned char)(c - first);
        out[i] = (char)(c ^ (from_first < 26 ? 0x20 : 0));
    }
}

static int change_case(lua_State *L, unsigned char first) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    step_charge(L, length);
    luaL_Buffer out;
    turn_letters(luaL_buffinitsize(L, &out, length), text, length, first);
    luaL_pushresultsize(&out, length);
    return 1;
}

static int lower(lua_State *L) { return change_case(L, 'A'); }
static int upper(lua_State *L) { return change_case(L, 'a'); }

// The standard functions of `utf8`, behind a charge for the text they are given.
enum { UTF8_CHAR, UTF8_CODEPOINT, UTF8_CODES, UTF8_LEN, UTF8_OFFSET };
static const char *const utf8_names[CLUA_UTF8] = {"char", "codepoint", "codes", "len", "offset"};

static inline int charged(lua_State *L, int function) {
    clua_charge(L, lua_rawlen(L, 1) / 2 + 1);
    return state_of(L)->utf8[function](L);
}

static int utf8_char(lua_State *L) {
    clua_charge(L, (size_t)lua_gettop(L));
    return state_of(L)->utf8[UTF8_CHAR](L);
}
static int utf8_codepoint(lua_State *L) { return charged(L, UTF8_CODEPOINT); }
static int utf8_codes(lua_State *L) { return charged(L, UTF8_CODES); }
static int utf8_len(lua_State *L) { return charged(L, UTF8_LEN); }
static int utf8_offset(lua_State *L) { return charged(L, UTF8_OFFSET); }

static void open_utf8(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"char", utf8_char}, {"codepoint", utf8_codepoint}, {"codes", utf8_codes}, {"len", utf8_len}, {"offset", utf8_offset}, {NULL, NULL},
    };
    lua_getglobal(L, LUA_UTF8LIBNAME);
    for (int i = 0; i < CLUA_UTF8; i++) {
        lua_getfield(L, -1, utf8_names[i]);
        state_of(L)->utf8[i] = lua_tocfunction(L, -1);
        lua_pop(L, 1);
    }
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}

void clua_open_strings(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"len", length_of}, {"sub", piece}, {"byte", byte}, {"char", from_bytes}, {"rep", repeat}, {"reverse", reverse},
        {"lower", lower}, {"upper", upper}, {NULL, NULL},
    };
    lua_getglobal(L, LUA_STRLIBNAME);
    luaL_setfuncs(L, functions, 0);
    clua_open_search(L);
    clua_open_formats(L);
    clua_open_packing(L);
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    open_utf8(L);
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 3);
}
