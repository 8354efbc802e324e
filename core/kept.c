#include "core/kept.h"

#include <stdlib.h>
#include "core/checked.h"

enum { ANSWERS_MAX = 1 << 20 };

void kept_release(struct kept *k)
{
	for (size_t i = 0; i < k->list.len; i++)
		if (k->list.items[i].owned)
			free((void *)k->list.items[i].data);
	vec_release(&k->list);
	for (size_t i = 0; i < KEPT_KINDS; i++)
		map_release(&k->index[i]);
}

static bool add(struct kept *k, const struct kept_answer *answer)
{
	bool is_new;
	if (answer->kind >= KEPT_KINDS || k->list.len >= ANSWERS_MAX)
		return false;
	uint64_t *slot = map_insert(&k->index[answer->kind], answer->key, &is_new);
	struct kept_answer *place = slot && is_new ? vec_push(&k->list) : NULL;
	if (!place) {
		if (slot && is_new)
			*slot = 0;
		return false;
	}
	*place = *answer;
	*slot = k->list.len;
	return true;
}

void kept_add(struct kept *k, enum kept_kind kind, uint64_t key, const struct str *answer)
{
	if (!k->keeping || answer->failed || kept_find(k, kind, key))
		return;
	uint8_t *copy = malloc(answer->len + 1);
	if (!copy)
		return;
	memcpy(copy, answer->buf, answer->len);
	const struct kept_answer a = { kind, key, copy, answer->len, true };
	if (!add(k, &a))
		free(copy);
}

bool kept_load(struct kept *k, uint32_t kind, uint64_t key, const uint8_t *data, size_t len)
{
	const struct kept_answer a = { kind, key, data, len, false };
	/* One of a kind that a later pycore knows is no loss. */
	return kind >= KEPT_KINDS || k->list.len >= ANSWERS_MAX || kept_find(k, kind, key) ||
	       add(k, &a);
}

const struct kept_answer *kept_find(const struct kept *k, enum kept_kind kind, uint64_t key)
{
	const uint64_t *slot = map_find(&k->index[kind], key);
	return slot && *slot ? &k->list.items[*slot - 1] : NULL;
}

bool kept_any(const struct kept *k, enum kept_kind kind)
{
	return k->index[kind].len || k->index[kind].has_zero;
}

void kept_put(struct str *s, uint64_t value)
{
	char bytes[8];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(value >> 8 * i);
	str_add(s, bytes, sizeof(bytes));
}

struct kept_reader kept_read(const struct kept_answer *answer)
{
	return (struct kept_reader){ answer->data, answer->data + answer->len, false };
}

const uint8_t *kept_get_bytes(struct kept_reader *r, uint64_t size)
{
	if (r->failed || size > (uint64_t)(r->end - r->at)) {
		r->failed = true;
		return NULL;
	}
	const uint8_t *ret = r->at;
	r->at += size;
	return ret;
}

uint64_t kept_get(struct kept_reader *r)
{
	const uint8_t *p = kept_get_bytes(r, 8);
	uint64_t value = 0;
	for (size_t i = 0; p && i < 8; i++)
		value |= (uint64_t)p[i] << 8 * i;
	return value;
}

const char *kept_get_text(struct kept_reader *r)
{
	if (r->failed || r->at == r->end || r->end[-1])
		return NULL;
	const char *ret = (const char *)r->at;
	r->at = r->end;
	return ret;
}
