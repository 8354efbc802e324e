/* Everything that fields.def asks for, in one translation unit: one CPython's own headers, and for
 * structs that live in its .c files the same members declared again (the places of facts, not
 * code; `pycore layout --check EXE` compares them with the real debug information).
 *
 * Compiled, never run: with -g -fno-eliminate-unused-debug-types, for the machine in question, then
 * read by gen/dump_table.c. See docs/adding-a-python.md. */

#define PY_SSIZE_T_CLEAN
#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE 1
#endif
#if !__has_include("Python.h")
#error "no Python.h: pass -I with the directory of this CPython's headers (python3-dev has them)"
#endif
#include "Python.h"
#include "frameobject.h"
#include "structmember.h"
#include "datetime.h"
#if PY_MAJOR_VERSION == 2
#include "longintrepr.h"
#endif

#define V(major, minor) (((major) << 8) | (minor))
#define VERSION (PY_VERSION_HEX >> 16)

#if VERSION >= V(3, 7) && !__has_include("internal/pycore_pystate.h") &&                          \
	!__has_include("internal/pystate.h")
#error "no internal headers (Include/internal) beside Python.h: install the complete -dev package"
#endif

#if VERSION >= V(3, 13)
#include "internal/pycore_runtime.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_tstate.h"
#include "internal/pycore_frame.h"
#include "internal/pycore_code.h"
#include "internal/pycore_dict.h"
#include "internal/pycore_gc.h"
#include "internal/pycore_gil.h"
#include "internal/pycore_typeobject.h"
#include "internal/pycore_namespace.h"
#include "internal/pycore_moduleobject.h"
#if __has_include("internal/pycore_debug_offsets.h")
#include "internal/pycore_debug_offsets.h"
#endif
#if __has_include("internal/pycore_interpframe.h")
#include "internal/pycore_interpframe.h"
#include "internal/pycore_genobject.h"
#endif
#elif VERSION >= V(3, 11)
#include "internal/pycore_runtime.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_frame.h"
#include "internal/pycore_code.h"
#include "internal/pycore_dict.h"
#include "internal/pycore_gc.h"
#include "internal/pycore_gil.h"
#include "internal/pycore_namespace.h"
#include "internal/pycore_moduleobject.h"
#include "internal/pycore_typeobject.h"
#elif VERSION >= V(3, 9)
#include "internal/pycore_code.h"
#include "internal/pycore_runtime.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_gc.h"
#include "internal/pycore_gil.h"
#elif VERSION >= V(3, 8)
#include "internal/pycore_pystate.h"
#include "internal/pycore_code.h"
#include "internal/pycore_gil.h"
#include "internal/pycore_object.h"
#elif VERSION >= V(3, 7)
#include "internal/pystate.h"
#include "internal/gil.h"
#include "internal/mem.h"
#endif

/* --- Python/pystate.c, Modules/gcmodule.c ---------------------------------------------------- */

#if VERSION < V(3, 7)
/* Modules/gcmodule.c (2.7 - 3.6); 2.7.15 made it pad by double, 3.7's header by PyGC_Head */
struct gc_generation {
	PyGC_Head head;
	int threshold;
	int count;
};
#endif

/* --- Objects/obmalloc.c: 2.7 - 3.11; a header from 3.12 on --------------------------------------- */

#if VERSION < V(3, 12)
struct pool_header {
	union {
		unsigned char *_padding;
		unsigned int count;
	} ref;
	unsigned char *freeblock;
	struct pool_header *nextpool;
	struct pool_header *prevpool;
	unsigned int arenaindex;
	unsigned int szidx;
	unsigned int nextoffset;
	unsigned int maxnextoffset;
};
struct arena_object {
	uintptr_t address;
	unsigned char *pool_address;
	unsigned int nfreepools;
	unsigned int ntotalpools;
	struct pool_header *freepools;
	struct arena_object *nextarena;
	struct arena_object *prevarena;
};
#endif

/* --- dictionaries and sets -------------------------------------------------------------------- */

#if VERSION >= V(3, 0) && VERSION < V(3, 11)
/* Objects/dict-common.h: 3.6 - 3.10 */
typedef struct {
	Py_hash_t me_hash;
	PyObject *me_key;
	PyObject *me_value;
} PyDictKeyEntry;

struct _dictkeysobject {
	Py_ssize_t dk_refcnt;
	Py_ssize_t dk_size;
	void *dk_lookup;
	Py_ssize_t dk_usable;
	Py_ssize_t dk_nentries;
	char dk_indices[];
};
#endif

#if VERSION >= V(3, 6)
/* Objects/odictobject.c: 3.5+ */
typedef struct _odictnode _ODictNode;
struct _odictnode {
	PyObject *key;
	Py_hash_t hash;
	_ODictNode *next;
	_ODictNode *prev;
};
struct _odictobject {
	PyDictObject od_dict;
	_ODictNode *od_first;
	_ODictNode *od_last;
	_ODictNode **od_fast_nodes;
	Py_ssize_t od_fast_nodes_size;
	void *od_resize_sentinel;
	size_t od_state;
	PyObject *od_inst_dict;
	PyObject *od_weakreflist;
};
#endif

#if VERSION < V(3, 5)
/* Objects/dictobject.c: 2.7 */
typedef struct {
	PyObject_HEAD
	PyDictObject *dv_dict;
} dictviewobject;
#endif

/* Modules/_collectionsmodule.c */
#if VERSION < V(3, 0)
/* 2.7.6 moved the links behind the items, and maxlen */
typedef struct BLOCK {
#if PY_VERSION_HEX < 0x02070600
	struct BLOCK *leftlink;
	struct BLOCK *rightlink;
	PyObject *data[62];
#else
	PyObject *data[62];
	struct BLOCK *rightlink;
	struct BLOCK *leftlink;
#endif
} block;
typedef struct {
	PyObject_HEAD
	block *leftblock;
	block *rightblock;
	Py_ssize_t leftindex;
	Py_ssize_t rightindex;
	Py_ssize_t len;
#if PY_VERSION_HEX < 0x02070600
	Py_ssize_t maxlen;
	long state;
#else
	long state;
	Py_ssize_t maxlen;
#endif
	PyObject *weakreflist;
} dequeobject;
#else
/* 3.5+ */
typedef struct BLOCK {
	struct BLOCK *leftlink;
	PyObject *data[64];
	struct BLOCK *rightlink;
} block;
typedef struct {
	PyObject_VAR_HEAD
	block *leftblock;
	block *rightblock;
	Py_ssize_t leftindex;
	Py_ssize_t rightindex;
	size_t state;
	Py_ssize_t maxlen;
	PyObject *weakreflist;
#if VERSION >= V(3, 11)
	Py_ssize_t numfreeblocks;
	block *freeblocks[16];
#endif
} dequeobject;
#endif

/* Modules/_collectionsmodule.c, every version */
typedef struct {
	PyDictObject dict;
	PyObject *default_factory;
} defdictobject;

/* --- small objects --------------------------------------------------------------------- */

/* Objects/rangeobject.c */
#if VERSION < V(3, 0)
typedef struct {
	PyObject_HEAD
	long start;
	long step;
	long len;
} rangeobject;
#else
typedef struct {
	PyObject_HEAD
	PyObject *start;
	PyObject *stop;
	PyObject *step;
	PyObject *length;
} rangeobject;
#endif

/* Objects/descrobject.c */
#if VERSION < V(3, 0)
typedef struct {
	PyObject_HEAD
	PyObject *dict;
} proxyobject;
#else
typedef struct {
	PyObject_HEAD
	PyObject *mapping;
} mappingproxyobject;
#endif

/* Objects/descrobject.c, and its header from 3.12 on; 3.10 added the name */
#if __has_include("internal/pycore_descrobject.h")
#include "internal/pycore_descrobject.h"
#else
typedef struct {
	PyObject_HEAD
	PyObject *prop_get;
	PyObject *prop_set;
	PyObject *prop_del;
	PyObject *prop_doc;
#if VERSION >= V(3, 10)
	PyObject *prop_name;
#endif
	int getter_doc;
} propertyobject;
#endif

/* Objects/funcobject.c: 2.7 has no dictionary behind */
typedef struct {
	PyObject_HEAD
	PyObject *sm_callable;
#if VERSION >= V(3, 0)
	PyObject *sm_dict;
#endif
} staticmethod;
typedef struct {
	PyObject_HEAD
	PyObject *cm_callable;
#if VERSION >= V(3, 0)
	PyObject *cm_dict;
#endif
} classmethod;

/* Modules/_functoolsmodule.c: 3.7 added a flag, 3.9 made it a vectorcall, 3.14 the placeholders */
typedef struct {
	PyObject_HEAD
	PyObject *fn;
	PyObject *args;
	PyObject *kw;
	PyObject *dict;
	PyObject *weakreflist;
#if VERSION >= V(3, 14)
	PyObject *placeholder;
	Py_ssize_t phcount;
#endif
#if VERSION >= V(3, 9)
	void *vectorcall;
#elif VERSION >= V(3, 7)
	int use_fastcall;
#endif
} partialobject;

#if VERSION >= V(3, 3)
/* Objects/namespaceobject.c: 3.3+ */
typedef struct {
	PyObject_HEAD
	PyObject *ns_dict;
} _PyNamespaceObject;
#endif

/* Modules/arraymodule.c */
struct arraydescr {
#if VERSION >= V(3, 15)
	char typecode[3];
#elif VERSION >= V(3, 0)
	char typecode;
#else
	int typecode;
#endif
	int itemsize;
	void *getitem;
	void *setitem;
#if VERSION >= V(3, 7)
	void *compareitems;
#endif
#if VERSION >= V(3, 0) && VERSION < V(3, 15)
	char *formats;
#endif
#if VERSION >= V(3, 0)
	int is_integer_type;
	int is_signed;
#endif
};
typedef struct {
	PyObject_VAR_HEAD
	char *ob_item;
	Py_ssize_t allocated;
	const struct arraydescr *ob_descr;
	PyObject *weakreflist;
#if VERSION >= V(3, 0)
	Py_ssize_t ob_exports;
#endif
} arrayobject;

/* Objects/moduleobject.c, in internal/pycore_moduleobject.h from 3.11 on */
#if VERSION < V(3, 0)
typedef struct {
	PyObject_HEAD
	PyObject *md_dict;
} PyModuleObject;
#elif VERSION < V(3, 11)
typedef struct {
	PyObject_HEAD
	PyObject *md_dict;
	struct PyModuleDef *md_def;
	void *md_state;
	PyObject *md_weaklist;
	PyObject *md_name;
} PyModuleObject;
#endif

/* --- extension modules ----------------------------------------------------------------- */

#if VERSION >= V(3, 0)
/* Modules/_datetimemodule.c: 3.2+ */
typedef struct {
	PyObject_HEAD
	PyObject *offset;
	PyObject *name;
} PyDateTime_TimeZone;

/* Modules/_decimal/_decimal.c and libmpdec/mpdecimal.h: 3.3+, CONFIG_64 */
typedef struct {
	uint8_t flags;
	Py_ssize_t exp;
	Py_ssize_t digits;
	Py_ssize_t len;
	Py_ssize_t alloc;
	size_t *data;
} mpd_t;
typedef struct {
	PyObject_HEAD
	Py_hash_t hash;
	mpd_t dec;
	size_t data[4];
} PyDecObject;
#endif

#if VERSION >= V(3, 13)
/* Modules/_threadmodule.c: 3.13+ */
typedef struct {
	struct llist_node node;
	struct llist_node shutdown_node;
	unsigned long long ident;
	unsigned long os_handle;
	int has_os_handle;
	int state;
	PyMutex mutex;
	uint8_t thread_is_exiting;
	uint8_t once;
	Py_ssize_t refcount;
} ThreadHandle;
typedef struct {
	PyObject_HEAD
	ThreadHandle *handle;
} PyThreadHandleObject;
#endif

/* Objects/codeobject.c; 3.6 pointed to what 3.7 put behind */
#if VERSION >= V(3, 6)
typedef struct {
	Py_ssize_t ce_size;
#if VERSION < V(3, 7)
	void **ce_extras;
#else
	void *ce_extras[1];
#endif
} _PyCodeObjectExtra;
#endif

/* Modules/_io/bufferedio.c, the same in every version (what lies between is not) */
typedef struct {
	PyObject_HEAD
	PyObject *raw;
	int ok;
	int detached;
	int readable;
	int writable;
	char finalizing;
	int fast_closed_checks;
	off_t abs_pos;
	char *buffer;
	off_t pos;
	off_t raw_pos;
	off_t read_end;
	off_t write_pos;
	off_t write_end;
	void *lock;
	volatile unsigned long owner;
	Py_ssize_t buffer_size;
	Py_ssize_t buffer_mask;
	PyObject *dict;
	PyObject *weakreflist;
} buffered;

/* Modules/_io/bytesio.c */
typedef struct {
	PyObject_HEAD
#if VERSION < V(3, 5)
	char *buf;
	Py_ssize_t pos;
	Py_ssize_t string_size;
	size_t buf_size;
	PyObject *dict;
	PyObject *weakreflist;
#else
	PyObject *buf;
	Py_ssize_t pos;
	Py_ssize_t string_size;
	PyObject *dict;
	PyObject *weakreflist;
	Py_ssize_t exports;
#endif
} bytesio;

/* Modules/_struct.c; `repeat` came with 3.4, `ready` with 3.15 */
typedef struct {
	const void *fmtdef;
	Py_ssize_t offset;
	Py_ssize_t size;
#if VERSION >= V(3, 0)
	Py_ssize_t repeat;
#endif
} formatcode;
typedef struct {
	PyObject_HEAD
	Py_ssize_t s_size;
	Py_ssize_t s_len;
	formatcode *s_codes;
	PyObject *s_format;
	PyObject *weakreflist;
#if VERSION >= V(3, 15)
	_Bool ready;
#endif
} PyStructObject;

#if VERSION >= V(3, 0)
/* Modules/itertoolsmodule.c */
typedef struct {
	PyObject_HEAD
	PyObject *pools;
	Py_ssize_t *indices;
	PyObject *result;
	int stopped;
} productobject;
typedef struct {
	PyObject_HEAD
	PyObject *pool;
	Py_ssize_t *indices;
	PyObject *result;
	Py_ssize_t r;
	int stopped;
} combinationsobject;
typedef struct {
	PyObject_HEAD
	PyObject *pool;
	Py_ssize_t *indices;
	Py_ssize_t *cycles;
	PyObject *result;
	Py_ssize_t r;
	int stopped;
} permutationsobject;

/* Modules/_elementtree.c */
typedef struct {
	PyObject *attrib;
	Py_ssize_t length;
	Py_ssize_t allocated;
	PyObject **children;
	PyObject *_children[4];
} ElementObjectExtra;
typedef struct {
	PyObject_HEAD
	PyObject *tag;
	PyObject *text;
	PyObject *tail;
	ElementObjectExtra *extra;
	PyObject *weakreflist;
} ElementObject;

/* Modules/_ctypes/ctypes.h, with libffi's ffi_type */
typedef struct {
	size_t size;
	unsigned short alignment;
	unsigned short type;
	void **elements;
} ffi_type;
typedef struct {
#if VERSION < V(3, 13)
	PyDictObject dict;
#else
	int initialized;
#endif
	Py_ssize_t size;
	Py_ssize_t align;
	Py_ssize_t length;
	ffi_type ffi_type_pointer;
	PyObject *proto;
	void *setfunc;
	void *getfunc;
	void *paramfunc;
	PyObject *argtypes;
	PyObject *converters;
	PyObject *restype;
	PyObject *checker;
#if VERSION >= V(3, 13)
	PyObject *module;
#if VERSION >= V(3, 14)
	PyObject *pointer_type;
#endif
#endif
	int flags;
	char *format;
	int ndim;
	Py_ssize_t *shape;
} StgInfo;
#endif

#if VERSION >= V(3, 13)
/* Modules/_queuemodule.c: 3.13 made a ring of its list */
typedef struct {
	PyObject_HEAD
	_Bool has_threads_waiting;
	struct {
		Py_ssize_t put_idx;
		Py_ssize_t get_idx;
		PyObject **items;
		Py_ssize_t items_cap;
		Py_ssize_t num_items;
	} buf;
	PyObject *weakreflist;
} simplequeueobject;
#endif
