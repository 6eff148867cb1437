// Dates without a time zone and without a clock: `os.time`, `os.clock`, `os.date`, `clock.date` answer from the engine's.
#include "state.h"
#include <stdio.h>
#include <time.h>

static int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/// Days since 1970-01-01 of a civil date (Hinnant, "chrono-compatible low-level date algorithms").
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2;
    int64_t era = floor_divide(year, 400), of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil(int64_t seconds, struct tm *out) {
    int64_t days = floor_divide(seconds, 86400), rest = seconds - days * 86400;
    int64_t shifted = days + 719468, era = floor_divide(shifted, 146097), of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), m = (5 * of_year + 2) / 153;
    int64_t month = m < 10 ? m + 3 : m - 9;
    year += era * 400 + (month <= 2);
    memset(out, 0, sizeof *out);
    out->tm_year = (int)(year - 1900);
    out->tm_mon = (int)month - 1;
    out->tm_mday = (int)(of_year - (153 * m + 2) / 5 + 1);
    out->tm_hour = (int)(rest / 3600);
    out->tm_min = (int)(rest / 60 % 60);
    out->tm_sec = (int)(rest % 60);
    out->tm_wday = (int)(((days + 4) % 7 + 7) % 7);
    out->tm_yday = (int)(days - days_of(year, 1, 1));
    out->tm_zone = "UTC";
}

static void set_integer(lua_State *L, const char *name, lua_Integer value) {
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

static void push_fields(lua_State *L, const struct tm *t) {
    lua_createtable(L, 0, 12);
    set_integer(L, "year", t->tm_year + 1900);
    set_integer(L, "month", t->tm_mon + 1);
    set_integer(L, "day", t->tm_mday);
    set_integer(L, "hour", t->tm_hour);
    set_integer(L, "min", t->tm_min);
    set_integer(L, "sec", t->tm_sec);
    set_integer(L, "wday", t->tm_wday + 1);
    set_integer(L, "yday", t->tm_yday + 1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "isdst");
}

int clua_push_date(lua_State *L, int64_t nanoseconds) {
    struct tm t;
    int64_t seconds = floor_divide(nanoseconds, 1000000000);
    civil(seconds, &t);
    push_fields(L, &t);
    set_integer(L, "ns", nanoseconds - seconds * 1000000000);
    return 1;
}

/// Years for which a `struct tm` and nanoseconds in 64 bits have room to spare.
static int64_t check_seconds(lua_State *L, int index, lua_Integer seconds) {
    luaL_argcheck(L, seconds > -62135596800 - 86400 * 366 && seconds < 253402300800, index, "time out of range");
    return seconds;
}

static int push_formatted(lua_State *L, const char *format, size_t length, const struct tm *t) {
    static const char plain[] = "aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%";
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    for (const char *at = format, *end = format + length; at < end; at++) {
        if (*at != '%') {
            luaL_addchar(&out, *at);
            continue;
        }
        if (++at == end || *at == 0 || !strchr(plain, *at)) {
            return luaL_error(L, "invalid conversion specifier '%%%s' in a date format", at < end ? (char[]){*at, 0} : "");
        }
        char directive[] = {'%', *at, 0}, text[256];
        size_t n = strftime(text, sizeof text, directive, t);
        luaL_addlstring(&out, text, n);
    }
    luaL_pushresult(&out);
    return 1;
}

static int os_clock(lua_State *L) {
    clua_state *s = state_of(L);
    lua_pushnumber(L, (lua_Number)(s->now - s->started) / 1e9);
    return 1;
}

static int64_t field(lua_State *L, const char *name, int64_t absent) {
    int whole;
    int type = lua_getfield(L, 1, name);
    lua_Integer value = lua_tointegerx(L, -1, &whole);
    if (!whole) {
        if (type != LUA_TNIL) luaL_error(L, "field '%s' is not an integer", name);
        if (absent == INT64_MIN) luaL_error(L, "field '%s' missing in date table", name);
        value = absent;
    }
    if (value < -1000000000 || value > 1000000000) luaL_error(L, "field '%s' is out of range", name);
    lua_pop(L, 1);
    return value;
}

static int os_time(lua_State *L) {
    if (lua_isnoneornil(L, 1)) {
        lua_pushinteger(L, floor_divide(state_of(L)->now, 1000000000));
        return 1;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    int64_t month = field(L, "month", INT64_MIN) - 1;
    int64_t year = field(L, "year", INT64_MIN) + floor_divide(month, 12);
    int64_t days = days_of(year, month - floor_divide(month, 12) * 12 + 1, 1) + field(L, "day", INT64_MIN) - 1;
    int64_t seconds = days * 86400 + field(L, "hour", 12) * 3600 + field(L, "min", 0) * 60 + field(L, "sec", 0);
    lua_pushinteger(L, check_seconds(L, 1, seconds));
    return 1;
}

static int os_date(lua_State *L) {
    size_t length;
    const char *format = luaL_optlstring(L, 1, "%c", &length);
    int64_t now = floor_divide(state_of(L)->now, 1000000000);
    struct tm t;
    civil(lua_isnoneornil(L, 2) ? now : check_seconds(L, 2, luaL_checkinteger(L, 2)), &t);
    if (length > 0 && *format == '!') {  // every date here is UTC
        format++;
        length--;
    }
    if (length >= 2 && memcmp(format, "*t", 2) == 0) {
        push_fields(L, &t);
        return 1;
    }
    return push_formatted(L, format, length, &t);
}

static lua_Integer optional_time(lua_State *L, int index) {
    return lua_isnoneornil(L, index) ? state_of(L)->now : luaL_checkinteger(L, index);
}

static int clock_now(lua_State *L) {
    lua_pushinteger(L, state_of(L)->now);
    return 1;
}

static int clock_date(lua_State *L) { return clua_push_date(L, optional_time(L, 1)); }

static int clock_format(lua_State *L) {
    int64_t nanoseconds = optional_time(L, 1), seconds = floor_divide(nanoseconds, 1000000000);
    struct tm t;
    civil(seconds, &t);
    size_t length;
    const char *format = luaL_optlstring(L, 2, NULL, &length);
    if (format) return push_formatted(L, format, length, &t);
    char text[80];
    int n = snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                     t.tm_hour, t.tm_min, t.tm_sec);
    long rest = (long)(nanoseconds - seconds * 1000000000);
    if (rest % 1000) {
        n += snprintf(text + n, sizeof text - (size_t)n, ".%09ld", rest);
    } else if (rest % 1000000) {
        n += snprintf(text + n, sizeof text - (size_t)n, ".%06ld", rest / 1000);
    } else if (rest) {
        n += snprintf(text + n, sizeof text - (size_t)n, ".%03ld", rest / 1000000);
    }
    snprintf(text + n, sizeof text - (size_t)n, "Z");
    lua_pushstring(L, text);
    return 1;
}

bool clua_read_span(clua_text text, int64_t *nanoseconds) {
    static const struct { const char *suffix; int64_t each; } units[] = {
        {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000},
        {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000},
    };
    __int128 value = 0, scale = 1;
    size_t at = 0, digits = 0;
    for (bool point = false; at < text.count; at++) {
        char c = text.bytes[at];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') break;
        if (++digits > 18) return false;
        value = value * 10 + (c - '0');
        if (point) scale *= 10;
    }
    if (digits == 0) return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t n = strlen(units[i].suffix);
        if (text.count - at != n || memcmp(text.bytes + at, units[i].suffix, n) != 0) continue;
        value *= units[i].each;
        if (value % scale != 0 || value / scale > INT64_MAX / 4) return false;
        *nanoseconds = (int64_t)(value / scale);
        return true;
    }
    return false;
}

void clua_open_times(lua_State *L) {
    static const luaL_Reg os[] = {{"clock", os_clock}, {"date", os_date}, {"time", os_time}, {NULL, NULL}};
    static const luaL_Reg clock[] = {{"now", clock_now}, {"date", clock_date}, {"format", clock_format}, {NULL, NULL}};
    luaL_newlib(L, os);
    lua_setglobal(L, "os");
    luaL_newlib(L, clock);
    lua_setglobal(L, "clock");
}
