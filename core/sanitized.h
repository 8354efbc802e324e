/* Whether AddressSanitizer is built in: its runtime needs what a sandbox takes away (opens, maps,
 * standard error), and its shadow counts as data of ours, which no limit leaves room for. */
#ifndef CORE_SANITIZED_H
#define CORE_SANITIZED_H

#include <stdbool.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1	/* GCC's name for what clang calls a feature */
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

#endif
