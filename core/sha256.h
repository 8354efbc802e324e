/* SHA-256 (FIPS 180-4), for names that must come out the same everywhere. */
#ifndef CORE_SHA256_H
#define CORE_SHA256_H

#include <stddef.h>
#include <stdint.h>

void sha256(const void *bytes, size_t len, uint8_t ret[32]);

#endif
