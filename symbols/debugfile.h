/* The separate file with a module's symbols and DWARF, as distributions ship it.
 *
 *	/usr/lib/debug/.build-id/ab/cdef....debug      by build-id
 *	DIR/NAME  DIR/.debug/NAME  /usr/lib/debug/DIR/NAME   by .gnu_debuglink, checked by its CRC
 *
 * A file is taken only when it is proved to belong to the module: equal build-ids, or, where the
 * module has none, the CRC that .gnu_debuglink gives. */
#ifndef SYMBOLS_DEBUGFILE_H
#define SYMBOLS_DEBUGFILE_H

#include "core/target.h"
#include "core/elffile.h"

/* true: *ret is a mapped ELF file that the caller owns. */
bool debugfile_find(struct files *files, const struct machine *machine, const struct module *module,
		    struct mapped_file *ret);

/* What dwz moved out of several debug files into one that they share (.gnu_debugaltlink): proved by the
 * build-id that the link gives. true: *ret is a mapped ELF file that the caller owns. */
bool debugfile_find_shared(struct files *files, const struct machine *machine,
			   const struct mapped_file *debug, struct mapped_file *ret);

/* The CRC-32 of .gnu_debuglink (the one of zlib and Ethernet). */
uint32_t debugfile_crc(const uint8_t *data, size_t size);

#endif
