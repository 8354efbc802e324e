/* The target's address space, as this process can see it.
 *
 *	address  0x400000       0x7f10_0000                         0x7ffd_0000
 *	         |- python -|   |-- heap --|-- not dumped --|        |- stack -|
 *	extent   CORE           CORE       FILE or LOST              CORE
 *	host     in the map     in the map in the mapped file / none in the map
 *
 * Extents are added, then the memory is sealed: they are sorted, overlaps are resolved (what was
 * added first wins), neighbours whose host bytes are neighbours too become one, and a three-level
 * page directory is laid over them, filled per GiB on first use. Afterwards memory_at() costs a
 * few ns and is thread-safe. Every extent but a LOST one has one contiguous host window that lives
 * as long as the memory.
 *
 * Addresses are addr_t, never pointers; sizes are bytes. Nothing here trusts the core: an extent
 * that wraps the address space is cut. */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/vec.h"

typedef uint64_t addr_t;
#define ADDR_FMT "0x%" PRIx64

enum extent_source {
	EXTENT_CORE,	/* bytes of the core file */
	EXTENT_FILE,	/* bytes of a mapped file on this machine, its build-id compared */
	EXTENT_LOST,	/* was mapped in the process; its bytes are nowhere. why says why */
};

enum { EXTENT_READ = 4, EXTENT_WRITE = 2, EXTENT_EXECUTE = 1 };	/* as ELF's PF_* */

struct extent {
	addr_t start, end;	/* end is exclusive */
	const uint8_t *host;	/* the byte at start; NULL when LOST */
	uint8_t source;		/* enum extent_source */
	uint8_t flags;		/* EXTENT_READ | ... */
	const char *why;	/* LOST: "not dumped", "core truncated"; static or the target's arena */
};

struct memory {
	VEC(struct extent) extents;	/* sorted by start once sealed, not overlapping */
	struct memory_directory *directory;
	bool recording;			/* see memory_record_touches() */
	struct touched *bytes;		/* see memory_record_bytes(); borrowed, NULL: nobody asks */
	bool sealed;
};

#define MEMORY_INIT { 0 }

void memory_release(struct memory *m);
/* Before sealing. false: out of memory. An empty extent is ignored. */
bool memory_add(struct memory *m, const struct extent *extent);
/* false: out of memory. May be called again after more memory_add() (a file found later fills a
 * LOST extent: a LOST extent gives way to any other, whatever the order). */
bool memory_seal(struct memory *m);

/* The host bytes of [addr, addr+len), or NULL when any of them cannot be seen or they are not
 * contiguous here. len 0 gives NULL only where addr itself is not mapped. */
const uint8_t *memory_at(const struct memory *m, addr_t addr, size_t len);
/* How many of the len bytes from addr on memory_at() would give in one piece. Hands out nothing, so
 * that what is counted is not yet touched: a list of a million items of which ten are shown. */
uint64_t memory_span(const struct memory *m, addr_t addr, uint64_t len);
/* Copy, also across extents; false when any byte is lost (buf is then undefined). */
bool memory_read(const struct memory *m, addr_t addr, void *buf, size_t len);
/* memory_at(), else a copy in scratch (len bytes), else NULL: for structs that may straddle. */
const uint8_t *memory_view(const struct memory *m, addr_t addr, void *scratch, size_t len);
/* A NUL-terminated string of at most max bytes: its host bytes and its length without the NUL;
 * NULL when no NUL is met in max readable bytes. */
const char *memory_string(const struct memory *m, addr_t addr, size_t max, size_t *ret_len);

/* The extent that covers addr, LOST ones included; NULL where nothing was mapped. */
const struct extent *memory_extent(const struct memory *m, addr_t addr);

/* From now on remember each 4 KiB page that is handed out (for slim), or no longer; what was
 * remembered stays, also over another memory_seal(). Pages above 2^48 (the vsyscall page) are not
 * remembered. */
void memory_record_touches(struct memory *m, bool on);
/* While touches are recorded: of each page also which bytes. */
void memory_record_bytes(struct memory *m, struct touched *bytes);
/* The first touched page at or above addr: its page-aligned address in *ret; false: none. */
bool memory_next_touched(const struct memory *m, addr_t addr, addr_t *ret);

#endif
