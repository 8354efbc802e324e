/* Answers that a slim core brings along, because what they were worked out from is left out: how to
 * undo a call at a pc, the symbol at an address, its place in the source, what an allocator says of
 * it. Who works one out keeps it where that is wanted, and asks for it first where there is one: so
 * slim has all of it worked out once, then looks which pages are touched by who has the answers.
 *
 * An answer is bytes under a kind and a key. They come from a file that may be hostile: who reads
 * them checks them, with the helpers below or with his own. Numbers are little-endian. */
#ifndef CORE_KEPT_H
#define CORE_KEPT_H

#include "core/map.h"
#include "core/str.h"
#include "core/vec.h"

enum kept_kind {
	KEPT_ROW = 1,	 /* symbols/unwind_kept.c; key: pc << 1, or pc << 1 | 1 where it is exact */
	KEPT_SYMBOL = 2, /* symbols/symbols.c; key: the address */
	KEPT_PLACES = 3, /* symbols/places.c; key: the address */
	KEPT_ADDRESS = 4, /* analyzers/address_kept.c; key: the address */
	KEPT_KINDS,
};

struct kept_answer {
	uint32_t kind;
	uint64_t key;
	const uint8_t *data; /* in a note of the core, or owned */
	size_t len;
	bool owned;
};

struct kept {
	VEC(struct kept_answer) list;
	struct map index[KEPT_KINDS]; /* key -> index into list, plus 1 */
	bool keeping;		      /* a slim core is being made */
};

void kept_release(struct kept *k);
/* While keeping: a copy of it, the first of a key. Out of memory it is not kept. */
void kept_add(struct kept *k, enum kept_kind kind, uint64_t key, const struct str *answer);
/* One of a core; false: out of memory. It is borrowed. */
bool kept_load(struct kept *k, uint32_t kind, uint64_t key, const uint8_t *data, size_t len);
/* NULL: there is none. */
const struct kept_answer *kept_find(const struct kept *k, enum kept_kind kind, uint64_t key);

/* Is there any of that kind? */
bool kept_any(const struct kept *k, enum kept_kind kind);

/* --- writing and reading numbers ------------------------------------------------------------ */

void kept_put(struct str *s, uint64_t value); /* 8 bytes */
struct kept_reader {
	const uint8_t *at, *end;
	bool failed; /* it was too short; then all that is read is 0 */
};
struct kept_reader kept_read(const struct kept_answer *answer);
uint64_t kept_get(struct kept_reader *r);
/* size bytes where they lie; NULL: there are not so many. */
const uint8_t *kept_get_bytes(struct kept_reader *r, uint64_t size);
/* The rest, which must be a text with its NUL; NULL: it is none. */
const char *kept_get_text(struct kept_reader *r);

#endif
