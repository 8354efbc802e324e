#include "symbols/places.h"

#include <string.h>
#include "core/arena.h"
#include "core/map.h"
#include "core/str.h"
#include "core/trace.h"
#include "symbols/debugfile.h"
#include "symbols/demangle.h"
#include "symbols/dwarf_file.h"
#include "symbols/places_read.h"
#include "symbols/symbols_parts.h"

/* zlib unpacks some 160 MB/s, so that this is a few hundredths of a second. */
#define CHEAP_UNPACKING ((uint64_t)3 << 20)

struct place_list {
	struct place *items;	/* in the arena */
	size_t count;
};

struct readable_name {
	const char *name, *readable;	/* in the arena */
};

struct places {
	struct arena arena;
	struct map by_addr;		/* index into lists, plus 1; 0: asked, and nothing told */
	VEC(struct place_list) lists;
	struct map by_name;		/* hash of the name -> index into names, plus 1 */
	VEC(struct readable_name) names;
	bool no_places, no_names;	/* who was asked gave no answer: not again */
	struct str packed;		/* whose debug information was left packed, in this places_ask() */
	uint64_t packed_bytes;
};

void places_free(struct places *p)
{
	if (!p)
		return;
	arena_release(&p->arena);
	map_release(&p->by_addr);
	map_release(&p->by_name);
	vec_release(&p->lists);
	vec_release(&p->names);
	str_release(&p->packed);
	free(p);
}

static struct places *places_of(struct symbols *s)
{
	if (!s->places)
		s->places = calloc(1, sizeof(*s->places));
	if (s->places && !s->places->packed.buf)
		s->places->packed = (struct str)STR_INIT;
	return s->places;
}

/* --- names ---------------------------------------------------------------------------------- */

static uint64_t hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325;	/* FNV-1a */
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3;
	return hash;
}

/* Names that share a hash: the later ones stay as they are. */
static struct readable_name *find_name(const struct places *p, const char *name)
{
	const uint64_t *at = p ? map_find(&p->by_name, hash_name(name)) : NULL;
	return at && *at ? &p->names.items[*at - 1] : NULL;
}

static bool want_name(struct places *p, struct places_request *r, const char *name)
{
	bool is_new;
	if (!name || !demangle_wanted(name))
		return true;
	uint64_t *at = map_insert(&p->by_name, hash_name(name), &is_new);
	if (!at)
		return false;
	if (!is_new)
		return true;
	struct readable_name *entry = vec_push(&p->names);
	const char **asked = entry ? vec_push(&r->names) : NULL;
	if (!asked)
		return false;
	*at = p->names.len;
	entry->name = *asked = arena_copy(&p->arena, name, strlen(name));
	return *asked != NULL;
}

/* --- addresses ------------------------------------------------------------------------------ */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static void remember_packed(struct places *p, const char *name)
{
	enum { ENOUGH = 80 };
	if (p->packed.len <= ENOUGH)
		str_printf(&p->packed, "%s%s", p->packed.len ? ", " : "",
			   p->packed.len + strlen(name) > ENOUGH ? "..." : name);
}

/* The module's file in the request; UINT32_MAX: it has no debug information, or too much of it. */
static uint32_t want_file(struct symbols *s, struct places_request *r, struct module_symbols *ms,
			  enum places_effort effort)
{
	const struct mapped_file *f = symbols_debug_file(s, ms->module);
	if (!f)
		return UINT32_MAX;
	for (size_t i = 0; i < r->files.len; i++)
		if (r->files.items[i].file == f)
			return (uint32_t)i;
	uint64_t packed = dwarf_file_packed(f->data, f->size, DWARF_LINES);
	if (effort == PLACES_CHEAP && packed > CHEAP_UNPACKING) {
		if (!ms->places_remarked) {
			remember_packed(s->places, base_name(ms->module->path));
			s->places->packed_bytes += packed;
		}
		ms->places_remarked = true;
		return UINT32_MAX;
	}
	struct places_file *file = vec_push(&r->files);
	if (!file)
		return UINT32_MAX;
	if (s->files && !ms->shared_mapping.data)
		(void)debugfile_find_shared(s->files, s->target->machine, f, &ms->shared_mapping);
	*file = (struct places_file){ f, ms->shared_mapping.data ? &ms->shared_mapping : NULL };
	return (uint32_t)(r->files.len - 1);
}

static bool take_kept(struct symbols *s, addr_t addr);

static bool want_place(struct symbols *s, struct places_request *r, const struct place_question *q,
		       enum places_effort effort, addr_t *asked, size_t *asked_len)
{
	bool is_new;
	struct module_symbols *ms = q->module ? symbols_of_module(s, q->module) : NULL;
	if (!ms)
		return true;
	uint64_t *at = map_insert(&s->places->by_addr, q->addr, &is_new);
	if (!at || !is_new)
		return at != NULL;
	/* What a slim core brings along is all that there was: the same wherever it is read. */
	if (take_kept(s, q->addr) || (s->target->slim && kept_any(&s->target->kept, KEPT_PLACES)))
		return true;
	uint32_t file = want_file(s, r, ms, effort);
	if (file == UINT32_MAX)
		return true;
	struct places_question *question = vec_push(&r->questions);
	if (!question)
		return false;
	*question = (struct places_question){ file, q->addr - q->module->bias };
	asked[(*asked_len)++] = q->addr;
	return true;
}

/* --- the answer ----------------------------------------------------------------------------- */

struct told {
	const char *data;
	size_t at, size;
};

static bool told_u32(struct told *t, uint32_t *ret)
{
	if (t->size - t->at < sizeof(*ret))
		return false;
	memcpy(ret, t->data + t->at, sizeof(*ret));
	t->at += sizeof(*ret);
	return true;
}

/* "" becomes NULL. */
static bool told_string(struct told *t, struct arena *arena, const char **ret)
{
	uint32_t len;
	if (!told_u32(t, &len) || len > PLACES_STRING || len > t->size - t->at)
		return false;
	const char *copy = len ? arena_copy(arena, t->data + t->at, len) : NULL;
	t->at += len;
	*ret = copy && *copy ? copy : NULL;
	return true;
}

static bool told_place(struct told *t, struct arena *arena, struct place *ret)
{
	if (!told_u32(t, &ret->line) || !told_u32(t, &ret->column) ||
	    !told_string(t, arena, &ret->function) || !told_string(t, arena, &ret->linkage) ||
	    !told_string(t, arena, &ret->file))
		return false;
	if (ret->linkage && ret->function && streq(ret->linkage, ret->function))
		ret->linkage = NULL;
	return true;
}

static bool take_places(struct places *p, struct told *t, addr_t addr)
{
	uint32_t count;
	if (!told_u32(t, &count) || count > PLACES_DEPTH)
		return false;
	if (!count)
		return true;
	struct place *items = arena_alloc(&p->arena, count * sizeof(*items));
	struct place_list *list = items ? vec_push(&p->lists) : NULL;
	uint64_t *at = list ? map_find(&p->by_addr, addr) : NULL;
	if (!at)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!told_place(t, &p->arena, &items[i]))
			return false;
	*list = (struct place_list){ items, count };
	*at = p->lists.len;
	return true;
}

/* The same of a slim core. */
static bool take_kept(struct symbols *s, addr_t addr)
{
	const struct kept_answer *answer = kept_find(&s->target->kept, KEPT_PLACES, addr);
	if (!answer)
		return false;
	struct told t = { (const char *)answer->data, 0, answer->len };
	take_places(s->places, &t, addr);
	return true;
}

static void keep(struct symbols *s, addr_t addr, const struct told *t, size_t from)
{
	_str_ struct str slice = STR_INIT;
	str_add(&slice, t->data + from, t->at - from);
	kept_add(&s->target->kept, KEPT_PLACES, addr, &slice);
}

static bool take_answer(struct symbols *s, const struct str *answer, const struct places_request *r,
			const addr_t *asked, size_t first_name)
{
	struct places *p = s->places;
	struct told t = { answer->buf, 0, answer->len };
	for (size_t i = 0; i < r->questions.len; i++) {
		size_t from = t.at;
		if (!take_places(p, &t, asked[i]))
			return false;
		if (s->target->kept.keeping)
			keep(s, asked[i], &t, from);
	}
	for (size_t i = 0; i < r->names.len; i++)
		if (!told_string(&t, &p->arena, &p->names.items[first_name + i].readable))
			return false;
	return t.at == t.size;
}

/* --- all ------------------------------------------------------------------------------------ */

#define SHARE(list)                                                                                \
	(!(list)->len || ((list)->items = (void *)isolated_share(                                  \
				  (list)->items, (list)->len * sizeof(*(list)->items))))

/* Make *r something that the other process sees; NULL: there is no room. */
static const void *share(struct places_request *r)
{
	bool ok = SHARE(&r->files) && SHARE(&r->questions) && SHARE(&r->names);
	for (size_t i = 0; ok && i < r->files.len; i++) {
		struct places_file *f = &r->files.items[i];
		ok = (f->file = dwarf_file_share(f->file, DWARF_LINES)) &&
		     (!f->shared || (f->shared = dwarf_file_share(f->shared, DWARF_LINES)));
	}
	for (size_t i = 0; ok && i < r->names.len; i++)
		ok = (r->names.items[i] = isolated_share(r->names.items[i], strlen(r->names.items[i]) + 1));
	return ok ? isolated_share(r, sizeof(*r)) : NULL;
}

/* NULL: answered. */
static const char *ask(struct symbols *s, const struct places_request *r, const addr_t *asked,
		       size_t first_name)
{
	const char *why = NULL;
	_str_ struct str answer = STR_INIT;
	struct places_request shared = *r;
	trace(SYMBOLS, "asking for %zu addresses in %zu files, and for %zu names", r->questions.len,
	      r->files.len, r->names.len);
	const void *request = share(&shared);
	if (!request)
		return "the files are too large";
	if (isolated_ask(places_read, request, &isolated_defaults, &answer, &why) &&
	    !take_answer(s, &answer, r, asked, first_name))
		why = "what it says makes no sense";
	return why;
}

/* What a hostile file costs is what is in files: then the names are asked for once more, alone. */
static void ask_bravely(struct symbols *s, struct places_request *r, const addr_t *asked,
			size_t first_name)
{
	struct places *p = s->places;
	const char *why = NULL;
	if (p->no_places)
		r->questions.len = r->files.len = 0;
	if (r->questions.len) {
		why = ask(s, r, asked, first_name);
		if (!why)
			return;
		p->no_places = true;
		remark_info(&s->target->remarks, "no source lines and inlined calls: the process that was to read "
			    "them from debug information gave no answer (%s)", why);
		r->questions.len = r->files.len = 0;
	}
	if (!r->names.len || p->no_names)
		return;
	why = ask(s, r, asked, first_name);
	if (!why)
		return;
	p->no_names = true;
	remark_info(&s->target->remarks, "names of C++ and Rust are shown as linkers know them: the process that "
		    "was to read them gave no answer (%s)", why);
}

void places_ask(struct symbols *s, const struct place_question *list, size_t count,
		enum places_effort effort)
{
	struct places_request r = { .files = VEC_INIT, .questions = VEC_INIT, .names = VEC_INIT };
	_free_ addr_t *asked = calloc(count + 1, sizeof(*asked));
	struct places *p = places_of(s);
	bool ok = asked && p;
	size_t first_name = ok ? p->names.len : 0, asked_len = 0;
	for (size_t i = 0; ok && i < count; i++)
		ok = want_name(p, &r, list[i].name) &&
		     (effort == PLACES_NONE || want_place(s, &r, &list[i], effort, asked, &asked_len));
	if (ok && p->packed.len)
		remark_info(&s->target->remarks,
			    "no source lines and inlined calls of %s: packed in debug files (%u MiB); "
			    "--lines=all unpacks them", p->packed.buf, (unsigned)(p->packed_bytes >> 20));
	if (p) {
		str_reset(&p->packed);
		p->packed_bytes = 0;
	}
	if (ok)
		ask_bravely(s, &r, asked, first_name);
	vec_release(&r.files);
	vec_release(&r.questions);
	vec_release(&r.names);
}

const struct place *places_at(const struct symbols *s, addr_t addr, size_t *ret_count)
{
	const uint64_t *at = s->places ? map_find(&s->places->by_addr, addr) : NULL;
	if (!at || !*at)
		return NULL;
	const struct place_list *list = &s->places->lists.items[*at - 1];
	*ret_count = list->count;
	return list->items;
}

const char *places_name(struct symbols *s, const char *name)
{
	if (!name || !demangle_wanted(name))
		return name;
	struct readable_name *known = find_name(s->places, name);
	if (!known) {
		places_ask(s, &(struct place_question){ .name = name }, 1, PLACES_NONE);
		known = find_name(s->places, name);
	}
	return known && known->readable && streq(known->name, name) ? known->readable : name;
}
