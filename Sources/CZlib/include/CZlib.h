#pragma once
#include <zlib.h>

// zlib's own inflateInit2/deflateInit2 are macros, which Swift cannot call.
int czlib_inflate_init(z_stream *stream, int window_bits);
int czlib_deflate_init(z_stream *stream, int level, int window_bits);
