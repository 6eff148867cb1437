// `string.format`: as the manual has it, but that nothing it makes shows an address or the machine's own idea of a NaN.
#include "strings.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>

/// Digits before the point of the largest double, and room for sign, point, exponent and 99 digits after it.
enum { WIDEST = 110 + 308, SPEC = 16 };

/// One directive: `%`, flags, width, precision, and the letter that says what it is.
typedef struct {
    char text[SPEC + 8];
    size_t length;
    char letter;
    bool has_precision;
} directive;

static void refuse(lua_State *L, const char *start, const char *end) {
    lua_pushlstring(L, start, end - start < 20 ? (size_t)(end - start) : 20);
    luaL_error(L, "invalid conversion '%%%s' to 'format'", lua_tostring(L, -1));
}

static const char *skip_digits(const char *at, const char *end) {
    for (int i = 0; i < 2 && at < end && isdigit((unsigned char)*at); i++) at++;
    return at;
}

/// Flags that the letter may have before it; nil for one that is none.
static const char *flags_of(char letter) {
    switch (letter) {
    case 'd': case 'i': return "-+0 ";
    case 'u': return "-0";
    case 'o': case 'x': case 'X': return "-#0";
    case 'a': case 'A': case 'e': case 'E': case 'f': case 'g': case 'G': return "-+#0 ";
    case 'c': case 's': case 'p': return "-";
    case 'q': return "";
    default: return NULL;
    }
}

/// Reads the directive after the `%` before `start`; answers where it ends.
static const char *read_directive(lua_State *L, const char *start, const char *end, directive *out) {
    const char *at = start, *flags = start;
    while (at < end && *at && strchr("-+#0 ", *at)) at++;
    const char *after_flags = at;
    at = skip_digits(at, end);
    out->has_precision = at < end && *at == '.';
    if (out->has_precision) at = skip_digits(at + 1, end);
    out->letter = at < end ? *at : 0;
    const char *allowed = flags_of(out->letter);
    size_t length = (size_t)(at - start);
    if (out->letter == 'q' && length > 0) luaL_error(L, "specifier '%%q' cannot have modifiers");
    bool is_good = allowed && length < SPEC && !(out->has_precision && strchr("cp", out->letter));
    for (; is_good && flags < after_flags; flags++) is_good = strchr(allowed, *flags) != NULL;
    if (!is_good) refuse(L, start, at < end ? at + 1 : at);
    out->text[0] = '%';
    memcpy(out->text + 1, start, length);
    out->length = length + 1;
    return at + 1;
}

/// The directive as C wants it, the letter being `suffix`.
static const char *spelt(directive *d, const char *suffix) {
    strcpy(d->text + d->length, suffix);
    return d->text;
}

static void add_integer(lua_State *L, luaL_Buffer *out, directive *d, int index) {
    char letter[] = {'l', 'l', d->letter, 0};
    long long value = luaL_checkinteger(L, index);
    char *at = luaL_prepbuffsize(out, WIDEST);
    luaL_addsize(out, (size_t)snprintf(at, WIDEST, spelt(d, letter), value));
}

static void add_number(lua_State *L, luaL_Buffer *out, directive *d, int index) {
    char letter[] = {d->letter, 0};
    double value = luaL_checknumber(L, index);
    if (isnan(value)) value = NAN;  // its sign differs from machine to machine
    char *at = luaL_prepbuffsize(out, WIDEST);
    luaL_addsize(out, (size_t)snprintf(at, WIDEST, spelt(d, letter), value));
}

static void add_character(lua_State *L, luaL_Buffer *out, directive *d, int index) {
    int value = (int)luaL_checkinteger(L, index);
    char *at = luaL_prepbuffsize(out, WIDEST);
    luaL_addsize(out, (size_t)snprintf(at, WIDEST, spelt(d, "c"), value));
}

static void add_text(lua_State *L, luaL_Buffer *out, directive *d, int index) {
    size_t length;
    if (lua_type(L, index) != LUA_TSTRING) {
        clua_push_text(L, index, NULL);
        lua_replace(L, index);
    }
    const char *text = lua_tolstring(L, index, &length);
    step_charge(L, length);
    if (d->length == 1 || (!d->has_precision && length >= 100)) {
        luaL_addlstring(out, text, length);
        return;
    }
    luaL_argcheck(L, strlen(text) == length, index, "string contains zeros");
    char *at = luaL_prepbuffsize(out, WIDEST);
    luaL_addsize(out, (size_t)snprintf(at, WIDEST, spelt(d, "s"), text));
}

static void quote_text(lua_State *L, luaL_Buffer *out, int index) {
    size_t length;
    const char *text = lua_tolstring(L, index, &length), *end = text + length;
    clua_charge(L, length / 4 + 1);
    luaL_addchar(out, '"');
    for (; text < end; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || c == '\n') {
            luaL_addchar(out, '\\');
            luaL_addchar(out, (char)c);
        } else if (iscntrl(c)) {
            char code[8];
            bool is_before_digit = text + 1 < end && isdigit((unsigned char)text[1]);
            luaL_addlstring(out, code, (size_t)snprintf(code, sizeof code, is_before_digit ? "\\%03d" : "\\%d", c));
        } else {
            luaL_addchar(out, (char)c);
        }
    }
    luaL_addchar(out, '"');
}

static size_t quote_number(char *out, size_t capacity, lua_Number value) {
    const char *special = value == HUGE_VAL ? "1e9999" : value == -HUGE_VAL ? "-1e9999" : isnan(value) ? "(0/0)" : NULL;
    if (special) return (size_t)snprintf(out, capacity, "%s", special);
    return (size_t)snprintf(out, capacity, "%a", value);
}

static void quote(lua_State *L, luaL_Buffer *out, int index) {
    char text[64];
    size_t length;
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        quote_text(L, out, index);
        return;
    case LUA_TNUMBER:
        if (!lua_isinteger(L, index)) {
            length = quote_number(text, sizeof text, lua_tonumber(L, index));
        } else {
            lua_Integer value = lua_tointeger(L, index);  // the least one cannot be written in decimals
            length = (size_t)snprintf(text, sizeof text, value == LUA_MININTEGER ? "0x%llx" : "%lld", (long long)value);
        }
        break;
    case LUA_TNIL: case LUA_TBOOLEAN:
        length = (size_t)snprintf(text, sizeof text, "%s", lua_isnil(L, index) ? "nil" : lua_toboolean(L, index) ? "true" : "false");
        break;
    default:
        luaL_argerror(L, index, "value has no literal form");
        return;
    }
    luaL_addlstring(out, text, length);
}

static void add(lua_State *L, luaL_Buffer *out, directive *d, int index) {
    switch (d->letter) {
    case 'd': case 'i': case 'u': case 'o': case 'x': case 'X': add_integer(L, out, d, index); return;
    case 'c': add_character(L, out, d, index); return;
    case 's': add_text(L, out, d, index); return;
    case 'q': quote(L, out, index); return;
    case 'p': luaL_error(L, "string.format has no %%p here: an address differs from run to run"); return;
    default: add_number(L, out, d, index);
    }
}

int clua_format(lua_State *L) {
    size_t length;
    int top = lua_gettop(L), index = 1;
    const char *at = luaL_checklstring(L, 1, &length), *end = at + length;
    luaL_Buffer out;
    step_charge(L, length);
    luaL_buffinit(L, &out);
    while (at < end) {
        const char *percent = memchr(at, '%', (size_t)(end - at));
        luaL_addlstring(&out, at, (size_t)((percent ? percent : end) - at));
        if (!percent) break;
        at = percent + 1;
        if (at < end && *at == '%') {
            luaL_addchar(&out, *at++);
            continue;
        }
        if (++index > top) return luaL_argerror(L, index, "no value");
        directive d;
        at = read_directive(L, at, end, &d);
        clua_charge(L, 8);
        add(L, &out, &d, index);
        clua_check_length(L, luaL_bufflen(&out), "string.format");
    }
    luaL_pushresult(&out);
    return 1;
}

void clua_open_formats(lua_State *L) {
    lua_pushcfunction(L, clua_format);
    lua_setfield(L, -2, "format");
}
