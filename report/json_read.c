#include "report/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/str.h"

struct reader {
	const char *p, *end;
	struct arena *arena;
	struct str string;		/* used again and again */
};

static void skip_space(struct reader *r)
{
	while (r->p < r->end && memchr(" \t\r\n", *r->p, 4))
		r->p++;
}

static bool take_char(struct reader *r, char c)
{
	skip_space(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits behind \u. */
static bool take_unit(struct reader *r, uint32_t *ret)
{
	uint32_t unit = 0;
	if (r->end - r->p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(r->p[i]);
		if (digit < 0)
			return false;
		unit = unit << 4 | (uint32_t)digit;
	}
	r->p += 4;
	*ret = unit;
	return true;
}

static bool take_code_point(struct reader *r)
{
	uint32_t c, low;
	if (!take_unit(r, &c))
		return false;
	if (c >= 0xd800 && c < 0xdc00 && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u') {
		const char *before = r->p;
		r->p += 2;
		if (!take_unit(r, &low))
			return false;
		if (low >= 0xdc00 && low < 0xe000)
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		else
			r->p = before;
	}
	str_add_utf8(&r->string, c);
	return true;
}

static bool take_escape(struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (r->p == r->end)
		return false;
	char c = *r->p++;
	if (c == 'u')
		return take_code_point(r);
	const char *known = memchr(from, c, sizeof(from) - 1);
	if (known)
		str_addc(&r->string, to[known - from]);
	return known;
}

/* Behind the opening quote. NULL: malformed, or memory is out. */
static const char *take_string(struct reader *r, size_t *ret_len)
{
	str_reset(&r->string);
	for (;;) {
		const char *from = r->p;
		while (r->p < r->end && *r->p != '"' && *r->p != '\\')
			r->p++;
		str_add(&r->string, from, (size_t)(r->p - from));
		if (r->p == r->end)
			return NULL;
		if (*r->p++ == '"')
			break;
		if (!take_escape(r))
			return NULL;
	}
	*ret_len = r->string.len;
	return r->string.failed ? NULL : arena_copy(r->arena, r->string.buf, r->string.len);
}

static bool take_word(struct reader *r, const char *word)
{
	size_t len = strlen(word);
	if ((size_t)(r->end - r->p) < len || memcmp(r->p, word, len) != 0)
		return false;
	r->p += len;
	return true;
}

/* A value without its children. */
static bool take_value(struct reader *r, struct json *ret)
{
	skip_space(r);
	if (r->p == r->end)
		return false;
	switch (*r->p) {
	case '{':
	case '[':
		ret->type = *r->p++ == '{' ? JSON_OBJECT : JSON_LIST;
		return true;
	case '"':
		r->p++;
		ret->type = JSON_STRING;
		return (ret->text = take_string(r, &ret->len));
	case 't':
	case 'f':
		ret->type = JSON_BOOL;
		ret->truth = *r->p == 't';
		return take_word(r, ret->truth ? "true" : "false");
	case 'n':
		return take_word(r, "null");
	default: {
		const char *from = r->p;
		while (r->p < r->end && memchr("+-.0123456789eE", *r->p, 15))
			r->p++;
		ret->type = JSON_NUMBER;
		ret->len = (size_t)(r->p - from);
		return ret->len && (ret->text = arena_copy(r->arena, from, ret->len));
	}
	}
}

/* An open list or object, and where its next child is to hang. */
struct open_json { struct json *json, **next; };

/* One child of what is open, or its end (*ret NULL). */
static bool take_child(struct reader *r, struct open_json *open, struct json **ret)
{
	bool object = open->json->type == JSON_OBJECT, first = open->next == &open->json->children;
	size_t len;
	*ret = NULL;
	if (take_char(r, object ? '}' : ']'))
		return true;
	if (!first && !take_char(r, ','))
		return false;
	struct json *child = arena_alloc(r->arena, sizeof(*child));
	if (!child || (object && (!take_char(r, '"') || !(child->key = take_string(r, &len)) ||
				  !take_char(r, ':'))))
		return false;
	if (!take_value(r, child))
		return false;
	*open->next = child;
	open->next = &child->next;
	*ret = child;
	return true;
}

static struct json *parse(struct reader *r)
{
	struct open_json stack[JSON_DEPTH];
	size_t depth = 0;
	struct json *root = arena_alloc(r->arena, sizeof(*root)), *latest = root;
	if (!root || !take_value(r, root))
		return NULL;
	do {
		if (latest && latest->type >= JSON_LIST) {
			if (depth == JSON_DEPTH)
				return NULL;
			stack[depth++] = (struct open_json){ latest, &latest->children };
		}
		if (!depth)
			break;
		if (!take_child(r, &stack[depth - 1], &latest))
			return NULL;
		if (!latest)
			depth--;
	} while (depth);
	skip_space(r);
	return r->p == r->end ? root : NULL;
}

const struct json *json_parse(struct arena *arena, const char *text, size_t len)
{
	struct reader r = { .p = text, .end = text + len, .arena = arena, .string = STR_INIT };
	const struct json *root = parse(&r);
	str_release(&r.string);
	return root;
}

const struct json *json_get(const struct json *j, const char *key)
{
	if (!j || j->type != JSON_OBJECT)
		return NULL;
	for (const struct json *child = j->children; child; child = child->next)
		if (streq(child->key, key))
			return child->type == JSON_NULL ? NULL : child;
	return NULL;
}

const char *json_text(const struct json *j)
{
	return j && j->type == JSON_STRING ? j->text : NULL;
}

int64_t json_int(const struct json *j, int64_t otherwise)
{
	char *end;
	if (!j || !j->len || (j->type != JSON_NUMBER && j->type != JSON_STRING))
		return otherwise;
	errno = 0;
	long long number = j->type == JSON_NUMBER ? strtoll(j->text, &end, 10) :
		has_prefix(j->text, "0x") ? (long long)strtoull(j->text, &end, 16) : 0;
	bool whole = (j->type == JSON_NUMBER || has_prefix(j->text, "0x")) && !errno && !*end;
	return whole ? number : otherwise;
}

bool json_true(const struct json *j)
{
	return j && j->type == JSON_BOOL && j->truth;
}
