#include "symbols/dwarf.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <libelf.h>
#include <string.h>
#include "core/isolated.h"
#include "core/str.h"
#include "core/vec.h"
#include "symbols/dwarf_file.h"

enum {
	TYPE_STEPS = 32,		/* typedefs and qualifiers peeled off one type */
	PATH_DEPTH = 8,			/* anonymous and base members looked through */
	MEMBERS_MAX = 4096,		/* of one struct */
	DIES_MAX = 50 * 1000 * 1000,	/* top-level entries of one file */
};

struct name {
	const char *text;
	size_t len;
	uint32_t wanted;		/* index of the struct */
	uint32_t rank;			/* 0: the first alternative */
};

struct reader {
	struct dwarf_struct *structs;
	size_t count;
	uint32_t *rank;			/* of the definition in use; UINT32_MAX: none yet */
	VEC(struct name) names;		/* sorted */
	uint64_t dies;
	bool big_endian;
};

/* --- attributes --------------------------------------------------------------------------- */

static bool number_attribute(Dwarf_Die *die, unsigned name, uint64_t *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	if (!dwarf_attr_integrate(die, name, &attribute) || dwarf_formudata(&attribute, &value))
		return false;
	*ret = value;
	return true;
}

/* Where a member lies in its struct: a number, or in DWARF 2 an expression that adds one. */
static uint64_t member_offset(Dwarf_Die *member)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	Dwarf_Op *ops;
	size_t count;
	if (!dwarf_attr_integrate(member, DW_AT_data_member_location, &attribute))
		return 0;
	if (dwarf_formudata(&attribute, &value) == 0)
		return value;
	if (dwarf_getlocation(&attribute, &ops, &count) == 0 && count == 1 &&
	    ops[0].atom == DW_OP_plus_uconst)
		return ops[0].number;
	return UINT32_MAX;	/* too far for any struct: the member is not found */
}

/* The type of a member or typedef with typedefs and qualifiers peeled off. */
static bool plain_type(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Die type = *die;
	for (unsigned i = 0; i < TYPE_STEPS; i++) {
		Dwarf_Attribute attribute;
		Dwarf_Die next;
		if (!dwarf_attr_integrate(&type, DW_AT_type, &attribute) ||
		    !dwarf_formref_die(&attribute, &next))
			return false;
		switch (dwarf_tag(&next)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
			type = next;
			continue;
		default:
			*ret = next;
			return true;
		}
	}
	return false;
}

static bool is_aggregate(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);
	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type || tag == DW_TAG_class_type;
}

/* --- members ------------------------------------------------------------------------------ */

/* A bit field counts its place in one of two ways: DWARF 4+ in bits from the struct's start,
 * DWARF 2 and 3 from the storage unit's most significant bit. Either way it becomes the fewest
 * bytes that hold it, and a shift after loading them in the target's byte order. */
static bool bit_place(const struct reader *r, Dwarf_Die *member, uint64_t storage, uint64_t base,
		      uint64_t bits, struct dwarf_member *ret)
{
	uint64_t first, unit;		/* first: bits from the struct's start, in memory order */
	if (number_attribute(member, DW_AT_data_bit_offset, &first)) {
		first += base * 8;
	} else {
		uint64_t from_top, bytes = storage;
		if (!number_attribute(member, DW_AT_bit_offset, &from_top))
			return false;
		(void)number_attribute(member, DW_AT_byte_size, &bytes);
		if (bytes == 0 || bytes > 8 || from_top + bits > bytes * 8)
			return false;
		first = base * 8 + (r->big_endian ? from_top : bytes * 8 - from_top - bits);
	}
	if (bits > 64 || first > UINT32_MAX)
		return false;
	for (unit = 1; unit <= 8; unit *= 2) {
		uint64_t start = first / (unit * 8) * unit;
		uint64_t shift = first - start * 8;
		if (shift + bits > unit * 8)
			continue;
		ret->offset = (uint32_t)start;
		ret->size = ret->element = (uint32_t)unit;
		ret->bit = (uint8_t)(r->big_endian ? unit * 8 - shift - bits : shift);
		ret->bits = (uint8_t)bits;
		return true;
	}
	return false;
}

/* Fill *ret from a member entry whose struct begins at base. */
static bool member_place(const struct reader *r, Dwarf_Die *member, uint64_t base,
			 struct dwarf_member *ret)
{
	uint64_t offset = member_offset(member) + base, bits = 0;
	Dwarf_Die type, item;
	Dwarf_Word size = 0;
	if (offset >= UINT32_MAX || !plain_type(member, &type))
		return false;
	if (dwarf_aggregate_size(&type, &size) != 0)
		size = 0;		/* a flexible array has none */
	if (size > UINT32_MAX)
		return false;
	if (number_attribute(member, DW_AT_bit_size, &bits) && bits != 0)
		return bit_place(r, member, size, offset, bits, ret);
	ret->offset = (uint32_t)offset;
	ret->size = ret->element = (uint32_t)size;
	ret->bit = ret->bits = 0;
	if (dwarf_tag(&type) == DW_TAG_array_type && plain_type(&type, &item) &&
	    dwarf_aggregate_size(&item, &size) == 0 && size <= UINT32_MAX)
		ret->element = (uint32_t)size;
	return true;
}

static bool looked_through(const char *name)
{
	return !name || !*name || !strcmp(name, "ob_base") || !strcmp(name, "_base") ||
	       !strcmp(name, "base");
}

struct level {
	Dwarf_Die aggregate;
	uint64_t base;			/* of its start, in bytes from the whole struct's start */
	unsigned depth;
};

/* Find the member called name[0..len) in an aggregate, nearest level first: a queue, because what
 * comes from a file is not to be recursed over. */
static bool find_member(Dwarf_Die *aggregate, uint64_t base, const char *name, size_t len,
			Dwarf_Die *ret, uint64_t *ret_base)
{
	struct level queue[16];
	size_t head = 0, tail = 1;
	queue[0] = (struct level){ *aggregate, base, 0 };
	for (; head < tail; head++) {
		Dwarf_Die child;
		unsigned seen = 0;
		if (dwarf_child(&queue[head].aggregate, &child) != 0)
			continue;
		do {
			const char *child_name = dwarf_diename(&child);
			if (dwarf_tag(&child) != DW_TAG_member)
				continue;
			if (child_name && strlen(child_name) == len &&
			    !memcmp(child_name, name, len)) {
				*ret = child;
				*ret_base = queue[head].base;
				return true;
			}
			struct level *next = &queue[tail];
			if (!looked_through(child_name) ||
			    tail == sizeof(queue) / sizeof(queue[0]) ||
			    queue[head].depth == PATH_DEPTH ||
			    !plain_type(&child, &next->aggregate) ||
			    !is_aggregate(&next->aggregate))
				continue;
			next->base = queue[head].base + member_offset(&child);
			next->depth = queue[head].depth + 1;
			tail++;
		} while (++seen < MEMBERS_MAX && dwarf_siblingof(&child, &child) == 0);
	}
	return false;
}

/* One alternative: "long_value.ob_digit", not NUL-terminated. */
static bool resolve_path(const struct reader *r, Dwarf_Die *aggregate, const char *path, size_t len,
			 struct dwarf_member *ret)
{
	Dwarf_Die die = *aggregate, member;
	uint64_t base = 0;
	for (;;) {
		const char *dot = memchr(path, '.', len);
		size_t part = dot ? (size_t)(dot - path) : len;
		if (!find_member(&die, base, path, part, &member, &base))
			return false;
		if (!dot)
			return member_place(r, &member, base, ret);
		base += member_offset(&member);
		if (!plain_type(&member, &die) || !is_aggregate(&die))
			return false;
		path += part + 1;
		len -= part + 1;
	}
}

static bool resolve_member(const struct reader *r, Dwarf_Die *aggregate,
			   struct dwarf_member *member)
{
	const char *path = member->paths;
	for (;;) {
		size_t len = strcspn(path, "|");
		struct dwarf_member found = { .paths = member->paths, .found = true };
		if (resolve_path(r, aggregate, path, len, &found)) {
			*member = found;
			return true;
		}
		if (path[len] == '\0')
			return false;
		path += len + 1;
	}
}

/* --- structs ------------------------------------------------------------------------------ */

/* A definition of structs[i] under its rank-th name: taken when it is better than what we have and
 * has at least one of the members. */
static void read_definition(struct reader *r, Dwarf_Die *aggregate, uint32_t i, uint32_t rank)
{
	struct dwarf_struct *wanted = &r->structs[i];
	Dwarf_Word size;
	bool any = wanted->count == 0;
	if (rank >= r->rank[i] || dwarf_hasattr(aggregate, DW_AT_declaration) ||
	    dwarf_aggregate_size(aggregate, &size) != 0 || size == 0)
		return;
	for (size_t m = 0; m < wanted->count && !any; m++) {
		struct dwarf_member probe = { .paths = wanted->members[m].paths };
		any = resolve_member(r, aggregate, &probe);
	}
	if (!any)
		return;
	for (size_t m = 0; m < wanted->count; m++) {
		wanted->members[m].found = false;
		(void)resolve_member(r, aggregate, &wanted->members[m]);
	}
	wanted->size = size;
	r->rank[i] = rank;
}

static int compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->text, y->text, len);
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Two structs may want the same name: all of them are looked at. */
static void read_named(struct reader *r, Dwarf_Die *die, const char *text)
{
	struct name key = { .text = text, .len = strlen(text) };
	struct name *end = r->names.items + r->names.len;
	struct name *at = bsearch(&key, r->names.items, r->names.len, sizeof(key), compare_names);
	Dwarf_Die aggregate = *die;
	if (!at)
		return;
	if (dwarf_tag(die) == DW_TAG_typedef && !plain_type(die, &aggregate))
		return;
	if (!is_aggregate(&aggregate))
		return;
	while (at > r->names.items && compare_names(at - 1, &key) == 0)
		at--;
	for (; at < end && compare_names(at, &key) == 0; at++)
		read_definition(r, &aggregate, at->wanted, at->rank);
}

static bool collect_names(struct reader *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const char *text = r->structs[i].names;
		for (uint32_t rank = 0;; rank++) {
			size_t len = strcspn(text, "|");
			struct name *name = vec_push(&r->names);
			if (!name)
				return false;
			*name = (struct name){ text, len, (uint32_t)i, rank };
			if (text[len] == '\0')
				break;
			text += len + 1;
		}
	}
	vec_sort(&r->names, compare_names);
	return true;
}

static void read_unit(struct reader *r, Dwarf_Die *unit)
{
	Dwarf_Die die;
	if (dwarf_child(unit, &die) != 0)
		return;
	do {
		int tag = dwarf_tag(&die);
		if (tag == DW_TAG_typedef || is_aggregate(&die)) {
			const char *name = dwarf_diename(&die);
			if (name)
				read_named(r, &die, name);
		}
	} while (++r->dies < DIES_MAX && dwarf_siblingof(&die, &die) == 0);
}

/* --- in a process of its own ---------------------------------------------------------------- */

struct request {
	const struct mapped_file *file;
	struct dwarf_struct *structs;
	size_t count;
};

/* What comes back of a struct, and then of each of its members. */
struct told_struct {
	uint64_t size;
};
struct told_member {
	uint32_t found, offset, size, element;
	uint8_t bit, bits;
};

static bool read_all(struct reader *r, Dwarf *dwarf)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	uint8_t unit_type;
	bool ok = collect_names(r);
	while (ok && r->dies < DIES_MAX &&
	       dwarf_get_units(dwarf, cu, &cu, NULL, &unit_type, &unit, NULL) == 0)
		read_unit(r, &unit);
	return ok;
}

static void tell(const struct dwarf_struct *structs, size_t count, struct str *answer)
{
	for (size_t i = 0; i < count; i++) {
		const struct told_struct told = { structs[i].size };
		str_add(answer, (const char *)&told, sizeof(told));
		for (size_t k = 0; k < structs[i].count; k++) {
			const struct dwarf_member *m = &structs[i].members[k];
			struct told_member member;
			memset(&member, 0, sizeof(member));
			member.found = m->found;
			member.offset = m->offset;
			member.size = m->size;
			member.element = m->element;
			member.bit = m->bit;
			member.bits = m->bits;
			str_add(answer, (const char *)&member, sizeof(member));
		}
	}
}

/* The answer is a reason for none, or an empty one and what was found. */
static bool answer_structs(const void *arg, struct str *answer)
{
	const struct request *request = arg;
	struct reader r = { .structs = request->structs, .count = request->count };
	struct dwarf_file file;
	const char *why;
	GElf_Ehdr header;
	if (!dwarf_file_open(request->file, DWARF_TYPES, &file, &why)) {
		str_adds(answer, why);
		return true;
	}
	r.big_endian = gelf_getehdr(file.elf, &header) && header.e_ident[EI_DATA] == ELFDATA2MSB;
	r.rank = malloc((r.count + 1) * sizeof(*r.rank));
	if (!r.rank)
		return false;
	memset(r.rank, 0xff, r.count * sizeof(*r.rank));
	if (!read_all(&r, file.dwarf))
		return false;
	str_addc(answer, '\0');
	tell(r.structs, r.count, answer);
	vec_release(&r.names);
	free(r.rank);
	dwarf_file_close(&file);
	return true;
}

/* --- ours ----------------------------------------------------------------------------------- */

static void take_member(const struct told_member *told, struct dwarf_member *ret)
{
	ret->found = told->found != 0;
	ret->offset = told->offset;
	ret->size = told->size;
	ret->element = told->element;
	ret->bit = told->bit;
	ret->bits = told->bits;
}

/* false: not of the size that it must have. */
static bool take_answer(const struct str *answer, struct dwarf_struct *structs, size_t count)
{
	size_t size = 1;
	for (size_t i = 0; i < count; i++)
		size += sizeof(struct told_struct) + structs[i].count * sizeof(struct told_member);
	if (answer->len != size)
		return false;
	const char *p = answer->buf + 1;
	for (size_t i = 0; i < count; i++) {
		struct told_struct told;
		memcpy(&told, p, sizeof(told));
		p += sizeof(told);
		structs[i].size = told.size;
		for (size_t k = 0; k < structs[i].count; k++) {
			struct told_member member;
			memcpy(&member, p, sizeof(member));
			p += sizeof(member);
			take_member(&member, &structs[i].members[k]);
		}
	}
	return true;
}

/* Make *r something that the other process sees; NULL: there is no room. Names and paths are
 * literals, which it has too. */
static const void *share(struct request *r)
{
	r->file = dwarf_file_share(r->file, DWARF_TYPES);
	struct dwarf_struct *structs = (void *)isolated_share(r->structs, r->count * sizeof(*r->structs));
	bool ok = r->file && structs;
	for (size_t i = 0; ok && i < r->count; i++) {
		size_t size = structs[i].count * sizeof(*structs[i].members);
		structs[i].members = (void *)isolated_share(structs[i].members, size);
		ok = structs[i].members || !size;
	}
	r->structs = structs;
	return ok ? isolated_share(r, sizeof(*r)) : NULL;
}

struct error *dwarf_read_structs(const struct mapped_file *file, struct dwarf_struct *structs,
				 size_t count)
{
	const char *path = file->path ? file->path : "the file", *why;
	struct request request = { file, structs, count };
	_str_ struct str answer = STR_INIT;
	const void *shared = share(&request);
	if (!shared)
		return error_new(ERROR_UNSUPPORTED, "%s: is too large to be read in a sandbox", path);
	if (!isolated_ask(answer_structs, shared, &isolated_defaults, &answer, &why))
		return error_new(ERROR_UNSUPPORTED, "%s: its debug information cannot be read: %s",
				 path, why);
	/* Made by what we read: to be cut, and never a format. */
	if (answer.buf[0])
		return error_new(ERROR_UNSUPPORTED, "%s: %.80s", path, answer.buf);
	if (!take_answer(&answer, structs, count))
		return error_new(ERROR_UNSUPPORTED, "%s: its debug information cannot be read", path);
	return NULL;
}
