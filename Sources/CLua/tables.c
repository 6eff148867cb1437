// The table library: our own functions in the place of the standard ones, with a budget in every loop. They honour metamethods
// as the manual has it.
#include "tables.h"
#include "strings.h"

static void check_metamethod(lua_State *L, int index, const char *name) {
    lua_pushstring(L, name);
    if (lua_rawget(L, -2) == LUA_TNIL) luaL_checktype(L, index, LUA_TTABLE);  // raises
    lua_pop(L, 1);
}

static void check_table(lua_State *L, int index, bool reads, bool writes, bool has_length) {
    if (lua_type(L, index) == LUA_TTABLE) return;
    if (!lua_getmetatable(L, index)) luaL_checktype(L, index, LUA_TTABLE);
    if (reads) check_metamethod(L, index, "__index");
    if (writes) check_metamethod(L, index, "__newindex");
    if (has_length) check_metamethod(L, index, "__len");
    lua_pop(L, 1);
}

lua_Integer clua_check_list(lua_State *L, int index, bool reads, bool writes) {
    check_table(L, index, reads, writes, true);
    return luaL_len(L, index);
}

/// Moves [first, last] of the table at 1 one place up (`by` 1) or down (`by` -1), nearest end first.
static void shift(lua_State *L, lua_Integer first, lua_Integer last, int by) {
    for (lua_Integer i = by > 0 ? last : first; by > 0 ? i >= first : i <= last; i -= by) {
        clua_charge(L, 1);
        lua_geti(L, 1, i);
        lua_seti(L, 1, (lua_Integer)((lua_Unsigned)i + (lua_Unsigned)by));
    }
}

static int insert(lua_State *L) {
    lua_Integer end = (lua_Integer)((lua_Unsigned)clua_check_list(L, 1, true, true) + 1), place = end;
    switch (lua_gettop(L)) {
    case 2:
        break;
    case 3:
        place = luaL_checkinteger(L, 2);
        luaL_argcheck(L, (lua_Unsigned)place - 1 < (lua_Unsigned)end, 2, "position out of bounds");
        shift(L, place, end - 1, 1);
        break;
    default:
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_seti(L, 1, place);
    return 0;
}

static int take_out(lua_State *L) {
    lua_Integer length = clua_check_list(L, 1, true, true), place = luaL_optinteger(L, 2, length);
    if (place != length) luaL_argcheck(L, (lua_Unsigned)place - 1 <= (lua_Unsigned)length, 2, "position out of bounds");
    lua_geti(L, 1, place);
    if (place < length) shift(L, place + 1, length, -1);
    lua_pushnil(L);
    lua_seti(L, 1, place < length ? length : place);
    return 1;
}

static int move(lua_State *L) {
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3), to = luaL_checkinteger(L, 4);
    int target = lua_isnoneornil(L, 5) ? 1 : 5;
    check_table(L, 1, true, false, false);
    check_table(L, target, false, true, false);
    if (last >= first) {
        luaL_argcheck(L, first > 0 || last < LUA_MAXINTEGER + first, 3, "too many elements to move");
        lua_Integer count = last - first + 1;
        luaL_argcheck(L, to <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
        bool overlaps = to > first && to <= last && (target == 1 || lua_compare(L, 1, target, LUA_OPEQ));
        for (lua_Integer i = 0; i < count; i++) {
            lua_Integer from = overlaps ? count - 1 - i : i;
            clua_charge(L, 1);
            lua_geti(L, 1, first + from);
            lua_seti(L, target, to + from);
        }
    }
    lua_pushvalue(L, target);
    return 1;
}

static void add_part(lua_State *L, luaL_Buffer *out, lua_Integer place) {
    lua_geti(L, 1, place);
    if (!lua_isstring(L, -1)) {
        luaL_error(L, "invalid value (%s) at index %I in table for 'concat'", luaL_typename(L, -1), (LUAI_UACINT)place);
    }
    luaL_addvalue(out);
}

static int concat(lua_State *L) {
    lua_Integer length = clua_check_list(L, 1, true, false);
    size_t gap;
    const char *between = luaL_optlstring(L, 2, "", &gap);
    lua_Integer first = luaL_optinteger(L, 3, 1), last = luaL_optinteger(L, 4, length);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    for (lua_Integer i = first; i <= last; i++) {
        size_t before = luaL_bufflen(&out);
        add_part(L, &out, i);
        if (i < last) luaL_addlstring(&out, between, gap);
        step_charge(L, luaL_bufflen(&out) - before);
        clua_check_length(L, luaL_bufflen(&out), "table.concat");
        if (i == LUA_MAXINTEGER) break;
    }
    luaL_pushresult(&out);
    return 1;
}

static int pack(lua_State *L) {
    int count = lua_gettop(L);
    clua_charge(L, (size_t)count);
    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    for (int i = count; i >= 1; i--) lua_seti(L, 1, i);
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    return 1;
}

static int unpack(lua_State *L) {
    lua_Integer first = luaL_optinteger(L, 2, 1), last = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
    if (first > last) return 0;
    lua_Unsigned count = (lua_Unsigned)last - (lua_Unsigned)first;
    if (count >= INT32_MAX || !lua_checkstack(L, (int)(count + 1))) return luaL_error(L, "too many results to unpack");
    for (lua_Unsigned i = 0; i <= count; i++) {
        clua_charge(L, 1);
        lua_geti(L, 1, first + (lua_Integer)i);
    }
    return (int)count + 1;
}

void clua_open_tables(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"insert", insert}, {"remove", take_out}, {"move", move}, {"concat", concat}, {"pack", pack}, {"unpack", unpack}, {NULL, NULL},
    };
    lua_getglobal(L, LUA_TABLIBNAME);
    luaL_setfuncs(L, functions, 0);
    clua_open_sort(L);
    lua_pop(L, 1);
}
