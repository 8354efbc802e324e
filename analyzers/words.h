/* Facts put into words, the same in every command. Each appends to out. */
#ifndef ANALYZERS_WORDS_H
#define ANALYZERS_WORDS_H

#include "core/str.h"
#include "core/target.h"
#include "cpython_layouts/runtime.h"

/* "3.12.1", "3.15.0rc2" */
void words_version(struct str *out, const struct python_version *version);
/* "Python 3.13.5 (free-threaded, debug)"; nothing when rt is NULL. */
void words_python(struct str *out, const struct runtime *rt);
/* "died of SIGSEGV (Segmentation fault) at 0x10: address not mapped to object" */
void words_signal(struct str *out, const struct process *process);
/* "SIGSEGV at 0x10" */
void words_signal_short(struct str *out, const struct process *process);
/* "2026-11-23 08:40:12 UTC" */
void words_time(struct str *out, int64_t seconds);
/* "1.2 GiB" */
void words_bytes(struct str *out, uint64_t bytes);
/* "3 threads", "1 thread" */
void words_count(struct str *out, uint64_t count, const char *noun);
/* "libc.so.6" of a path */
const char *path_base(const char *path);

#endif
