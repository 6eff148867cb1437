#include "CChecksum.h"

#include <pthread.h>
#include <string.h>

#define POLYNOMIAL 0x82F63B78u

// Three independent streams hide the three-cycle latency of the crc32 instruction; each is this long, long strides first.
#define LONG_STRIDE 8192
#define SHORT_STRIDE 256

static uint32_t byte_table[8][256];
static uint32_t long_shift[4][256];
static uint32_t short_shift[4][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

// Fills `table` with the operator "append `length` zero bytes": linear over GF(2), so one look-up for each byte of the sum.
static void fill_shift(uint32_t table[4][256], size_t length) {
    uint32_t basis[32];
    for (int bit = 0; bit < 32; bit++) {
        uint32_t sum = 1u << bit;
        for (size_t i = 0; i < length; i++) sum = (sum >> 8) ^ byte_table[0][sum & 0xFF];
        basis[bit] = sum;
    }
    for (int part = 0; part < 4; part++) {
        for (int value = 0; value < 256; value++) {
            uint32_t sum = 0;
            for (int bit = 0; bit < 8; bit++)
                if (value >> bit & 1) sum ^= basis[part * 8 + bit];
            table[part][value] = sum;
        }
    }
}

static void fill_tables(void) {
    for (uint32_t value = 0; value < 256; value++) {
        uint32_t sum = value;
        for (int bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >> 1) ^ POLYNOMIAL : sum >> 1;
        byte_table[0][value] = sum;
    }
    for (int slice = 1; slice < 8; slice++)
        for (int value = 0; value < 256; value++) {
            uint32_t sum = byte_table[slice - 1][value];
            byte_table[slice][value] = (sum >> 8) ^ byte_table[0][sum & 0xFF];
        }
    fill_shift(long_shift, LONG_STRIDE);
    fill_shift(short_shift, SHORT_STRIDE);
}

static uint64_t load64(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    return word;
}

uint32_t cchecksum_crc32c_portable(uint32_t crc, const void *start, size_t length) {
    pthread_once(&once, fill_tables);
    const uint8_t *bytes = start;
    uint32_t sum = ~crc;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (; length >= 8; bytes += 8, length -= 8) {
        uint64_t word = load64(bytes) ^ sum;
        sum = byte_table[7][word & 0xFF] ^ byte_table[6][word >> 8 & 0xFF] ^ byte_table[5][word >> 16 & 0xFF]
            ^ byte_table[4][word >> 24 & 0xFF] ^ byte_table[3][word >> 32 & 0xFF] ^ byte_table[2][word >> 40 & 0xFF]
            ^ byte_table[1][word >> 48 & 0xFF] ^ byte_table[0][word >> 56];
    }
#endif
    for (; length > 0; bytes++, length--) sum = (sum >> 8) ^ byte_table[0][(sum ^ *bytes) & 0xFF];
    return ~sum;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

static uint32_t shifted(uint32_t table[4][256], uint32_t sum) {
    return table[0][sum & 0xFF] ^ table[1][sum >> 8 & 0xFF] ^ table[2][sum >> 16 & 0xFF] ^ table[3][sum >> 24];
}

// Takes whole triples of strides off the front of the bytes.
__attribute__((target("sse4.2"))) static uint64_t
sum_strides(uint64_t sum, const uint8_t **bytes, size_t *length, size_t stride, uint32_t table[4][256]) {
    while (*length >= 3 * stride) {
        const uint8_t *at = *bytes;
        uint64_t second = 0, third = 0;
        for (const uint8_t *end = at + stride; at < end; at += 8) {
            sum = _mm_crc32_u64(sum, load64(at));
            second = _mm_crc32_u64(second, load64(at + stride));
            third = _mm_crc32_u64(third, load64(at + 2 * stride));
        }
        sum = shifted(table, (uint32_t)sum) ^ second;
        sum = shifted(table, (uint32_t)sum) ^ third;
        *bytes += 3 * stride;
        *length -= 3 * stride;
    }
    return sum;
}

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const void *start, size_t length) {
    const uint8_t *bytes = start;
    uint64_t sum = (uint32_t)~crc;
    sum = sum_strides(sum, &bytes, &length, LONG_STRIDE, long_shift);
    sum = sum_strides(sum, &bytes, &length, SHORT_STRIDE, short_shift);
    for (; length >= 8; bytes += 8, length -= 8) sum = _mm_crc32_u64(sum, load64(bytes));
    for (; length > 0; bytes++, length--) sum = _mm_crc32_u8((uint32_t)sum, *bytes);
    return ~(uint32_t)sum;
}
#endif

uint32_t cchecksum_crc32c(uint32_t crc, const void *bytes, size_t length) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) {
        pthread_once(&once, fill_tables);
        return crc32c_sse42(crc, bytes, length);
    }
#endif
    return cchecksum_crc32c_portable(crc, bytes, length);
}
