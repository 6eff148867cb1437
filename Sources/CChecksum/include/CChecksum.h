#pragma once
#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) of `length` bytes, going on from `crc`; 0 begins a new sum.
// Uses the SSE4.2 instruction where the processor has it.
uint32_t cchecksum_crc32c(uint32_t crc, const void *bytes, size_t length);

// The same through tables only, on any processor: the fallback, and the twin that tests compare with.
uint32_t cchecksum_crc32c_portable(uint32_t crc, const void *bytes, size_t length);
