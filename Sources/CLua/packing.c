// `string.pack`, `packsize` and `unpack`: section 6.4.2 of the manual.
#include "strings.h"

enum { WIDEST_INTEGER = 16 };
enum { SIGNED, UNSIGNED, FLOAT, DOUBLE, CHARACTERS, COUNTED, ENDED, PADDING, ALIGNED, NOTHING };

typedef struct {
    lua_State *L;
    const char *at, *end;
    bool is_little;
    size_t alignment;
} reader;

typedef struct {
    int kind;
    size_t size, padding;
} option;

static bool is_digit(const reader *r) { return r->at < r->end && *r->at >= '0' && *r->at <= '9'; }

static bool read_size(reader *r, size_t *out) {
    if (!is_digit(r)) return false;
    size_t size = 0;
    do size = size * 10 + (size_t)(*r->at++ - '0'); while (is_digit(r) && size <= ((size_t)INT32_MAX - 9) / 10);
    *out = size;
    return true;
}

/// The size after an integer's letter, or `usual`.
static size_t integer_size(reader *r, size_t usual) {
    size_t size = usual;
    if (read_size(r, &size) && (size < 1 || size > WIDEST_INTEGER)) {
        luaL_error(r->L, "integral size (%I) out of limits [1,%d]", (LUAI_UACINT)size, WIDEST_INTEGER);
    }
    return size;
}

static option read_letter(reader *r) {
    char c = *r->at++;
    size_t size = 0;
    switch (c) {
    case 'b': return (option){SIGNED, 1, 0};
    case 'B': return (option){UNSIGNED, 1, 0};
    case 'h': return (option){SIGNED, sizeof(short), 0};
    case 'H': return (option){UNSIGNED, sizeof(short), 0};
    case 'i': return (option){SIGNED, integer_size(r, sizeof(int)), 0};
    case 'I': return (option){UNSIGNED, integer_size(r, sizeof(int)), 0};
    case 'l': return (option){SIGNED, sizeof(long), 0};
    case 'L': return (option){UNSIGNED, sizeof(long), 0};
    case 'j': return (option){SIGNED, sizeof(lua_Integer), 0};
    case 'J': return (option){UNSIGNED, sizeof(lua_Integer), 0};
    case 'T': return (option){UNSIGNED, sizeof(size_t), 0};
    case 'f': return (option){FLOAT, sizeof(float), 0};
    case 'd': case 'n': return (option){DOUBLE, sizeof(double), 0};
    case 's': return (option){COUNTED, integer_size(r, sizeof(size_t)), 0};
    case 'z': return (option){ENDED, 0, 0};
    case 'x': return (option){PADDING, 1, 0};
    case 'X': return (option){ALIGNED, 0, 0};
    case 'c':
        if (!read_size(r, &size)) luaL_error(r->L, "missing size for format option 'c'");
        return (option){CHARACTERS, size, 0};
    case ' ': break;
    case '<': r->is_little = true; break;
    case '>': r->is_little = false; break;
    case '=': r->is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__; break;
    case '!': r->alignment = integer_size(r, _Alignof(max_align_t) < 8 ? _Alignof(max_align_t) : 8); break;
    default: luaL_error(r->L, "invalid format option '%c'", c);
    }
    return (option){NOTHING, 0, 0};
}

/// The next option, and how many bytes it is from `total` to where it may stand.
static option read_option(reader *r, size_t total) {
    clua_charge(r->L, 2);
    option o = read_letter(r);
    size_t align = o.size;
    if (o.kind == ALIGNED) {
        option next = {CHARACTERS, 0, 0};
        if (r->at < r->end) next = read_letter(r);
        if (next.kind == CHARACTERS || next.size == 0) luaL_argerror(r->L, 1, "invalid next option for option 'X'");
        align = next.size;
    }
    if (align <= 1 || o.kind == CHARACTERS || o.kind == PADDING) return o;
    if (align > r->alignment) align = r->alignment;
    if (align & (align - 1)) luaL_argerror(r->L, 1, "format asks for alignment not power of 2");
    o.padding = (align - (total & (align - 1))) & (align - 1);
    return o;
}

static reader begin(lua_State *L) {
    size_t length;
    const char *format = luaL_checklstring(L, 1, &length);
    return (reader){L, format, format + length, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, 1};
}

/// The bytes of a number in the order asked for; beyond eight they repeat its sign.
static void write_integer(const reader *r, lua_Unsigned value, size_t size, bool is_negative, char *out) {
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = i < 8 ? (unsigned char)(value >> (8 * i)) : is_negative ? 0xFF : 0;
        out[r->is_little ? i : size - 1 - i] = (char)byte;
    }
}

static lua_Integer read_integer(const reader *r, const char *in, size_t size, bool is_signed) {
    lua_Unsigned value = 0;
    for (size_t i = size < 8 ? size : 8; i-- > 0;) value = value << 8 | (unsigned char)in[r->is_little ? i : size - 1 - i];
    if (size < 8) {
        lua_Unsigned sign = (lua_Unsigned)1 << (size * 8 - 1);
        return is_signed ? (lua_Integer)((value ^ sign) - sign) : (lua_Integer)value;
    }
    unsigned char beyond = is_signed && (lua_Integer)value < 0 ? 0xFF : 0;
    for (size_t i = 8; i < size; i++) {
        if ((unsigned char)in[r->is_little ? i : size - 1 - i] == beyond) continue;
        luaL_error(r->L, "%d-byte integer does not fit into Lua Integer", (int)size);
    }
    return (lua_Integer)value;
}

/// Turns the bytes of a float from the machine's order to the one asked for, or back.
static void order_bytes(const reader *r, const char *in, char *out, size_t size) {
    bool is_same = r->is_little == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    for (size_t i = 0; i < size; i++) out[i] = in[is_same ? i : size - 1 - i];
}

static void pack_integer(reader *r, luaL_Buffer *out, const option *o, int index) {
    lua_Integer value = luaL_checkinteger(r->L, index);
    if (o->kind == SIGNED && o->size < 8) {
        lua_Integer limit = (lua_Integer)1 << (o->size * 8 - 1);
        luaL_argcheck(r->L, -limit <= value && value < limit, index, "integer overflow");
    } else if (o->size < 8) {
        luaL_argcheck(r->L, (lua_Unsigned)value < (lua_Unsigned)1 << (o->size * 8), index, "unsigned overflow");
    }
    write_integer(r, (lua_Unsigned)value, o->size, o->kind == SIGNED && value < 0, luaL_prepbuffsize(out, WIDEST_INTEGER));
    luaL_addsize(out, o->size);
}

static void pack_float(reader *r, luaL_Buffer *out, const option *o, int index) {
    double wide = luaL_checknumber(r->L, index);
    float narrow = (float)wide;
    char *at = luaL_prepbuffsize(out, sizeof wide);
    order_bytes(r, o->kind == FLOAT ? (const char *)&narrow : (const char *)&wide, at, o->size);
    luaL_addsize(out, o->size);
}

static void add_zeros(luaL_Buffer *out, size_t count) {
    while (count > 0) {
        size_t some = count < LUAL_BUFFERSIZE ? count : LUAL_BUFFERSIZE;
        memset(luaL_prepbuffsize(out, some), 0, some);
        luaL_addsize(out, some);
        count -= some;
    }
}

static void pack_text(reader *r, luaL_Buffer *out, const option *o, int index) {
    size_t length;
    const char *text = luaL_checklstring(r->L, index, &length);
    step_charge(r->L, length + o->size);
    if (o->kind == CHARACTERS) {
        luaL_argcheck(r->L, length <= o->size, index, "string longer than given size");
        clua_check_length(r->L, luaL_bufflen(out) + o->size, "string.pack");
    } else if (o->kind == COUNTED) {
        luaL_argcheck(r->L, o->size >= 8 || length < (size_t)1 << (o->size * 8), index, "string length does not fit in given size");
        write_integer(r, length, o->size, false, luaL_prepbuffsize(out, WIDEST_INTEGER));
        luaL_addsize(out, o->size);
    } else {
        luaL_argcheck(r->L, strlen(text) == length, index, "string contains zeros");
    }
    luaL_addlstring(out, text, length);
    if (o->kind == CHARACTERS) add_zeros(out, o->size - length);
    if (o->kind == ENDED) luaL_addchar(out, 0);
}

static int pack(lua_State *L) {
    reader r = begin(L);
    int index = 1;
    luaL_Buffer out;
    lua_pushnil(L);  // a mark between the arguments and what the buffer keeps here: an argument too few is nil
    luaL_buffinit(L, &out);
    while (r.at < r.end) {
        option o = read_option(&r, luaL_bufflen(&out));
        add_zeros(&out, o.padding);
        switch (o.kind) {
        case SIGNED: case UNSIGNED: pack_integer(&r, &out, &o, ++index); break;
        case FLOAT: case DOUBLE: pack_float(&r, &out, &o, ++index); break;
        case CHARACTERS: case COUNTED: case ENDED: pack_text(&r, &out, &o, ++index); break;
        case PADDING: luaL_addchar(&out, 0); break;
        default: break;
        }
        clua_check_length(L, luaL_bufflen(&out), "string.pack");
    }
    luaL_pushresult(&out);
    return 1;
}

static int pack_size(lua_State *L) {
    reader r = begin(L);
    size_t total = 0;
    while (r.at < r.end) {
        option o = read_option(&r, total);
        luaL_argcheck(L, o.kind != COUNTED && o.kind != ENDED, 1, "variable-length format");
        luaL_argcheck(L, total <= (size_t)INT32_MAX - o.padding - o.size, 1, "format result too large");
        total += o.padding + o.size;
    }
    lua_pushinteger(L, (lua_Integer)total);
    return 1;
}

/// Pushes the value of the option at `in`, of which `left` bytes are there; answers how many beyond its size it took.
static size_t unpack_value(reader *r, const option *o, const char *in, size_t left) {
    lua_State *L = r->L;
    union { char bytes[8]; float narrow; double wide; } number;
    size_t length;
    switch (o->kind) {
    case SIGNED: case UNSIGNED: lua_pushinteger(L, read_integer(r, in, o->size, o->kind == SIGNED)); return 0;
    case FLOAT: case DOUBLE:
        order_bytes(r, in, number.bytes, o->size);
        lua_pushnumber(L, o->kind == FLOAT ? (lua_Number)number.narrow : number.wide);
        return 0;
    case CHARACTERS:
        step_charge(L, o->size);
        lua_pushlstring(L, in, o->size);
        return 0;
    case COUNTED:
        length = (size_t)read_integer(r, in, o->size, false);
        luaL_argcheck(L, length <= left - o->size, 2, "data string too short");
        step_charge(L, length);
        lua_pushlstring(L, in + o->size, length);
        return length;
    default: {
        const char *zero = memchr(in, 0, left);
        luaL_argcheck(L, zero != NULL, 2, "unfinished string for format 'z'");
        step_charge(L, (size_t)(zero - in));
        lua_pushlstring(L, in, (size_t)(zero - in));
        return (size_t)(zero - in) + 1;
    }
    }
}

static int unpack(lua_State *L) {
    reader r = begin(L);
    size_t length;
    const char *data = luaL_checklstring(L, 2, &length);
    size_t at = clua_first_place(luaL_optinteger(L, 3, 1), length) - 1;
    luaL_argcheck(L, at <= length, 3, "initial position out of string");
    int count = 0;
    while (r.at < r.end) {
        option o = read_option(&r, at);
        luaL_argcheck(L, o.padding <= length - at && o.size <= length - at - o.padding, 2, "data string too short");
        at += o.padding;
        luaL_checkstack(L, 2, "too many results");
        if (o.kind < PADDING) {
            at += unpack_value(&r, &o, data + at, length - at);
            count++;
        }
        at += o.size;
    }
    lua_pushinteger(L, (lua_Integer)at + 1);
    return count + 1;
}

void clua_open_packing(lua_State *L) {
    static const luaL_Reg functions[] = {{"pack", pack}, {"packsize", pack_size}, {"unpack", unpack}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
