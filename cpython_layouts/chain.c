#include "cpython_layouts/chain.h"

#include <stdio.h>

struct chain chain_start(addr_t first, size_t limit)
{
	return (struct chain){
		.at = first,
		.limit = limit,
		.end = first ? CHAIN_OPEN : CHAIN_END,
		.anchor = first,
		.next_anchor = 1,
	};
}

bool chain_goes_on(struct chain *c)
{
	if (c->end != CHAIN_OPEN)
		return false;
	if (c->count >= c->limit) {
		c->end = CHAIN_LIMIT;
		return false;
	}
	return true;
}

/* Brent's: the anchor stays while twice as many steps are taken as before it was set, so a cycle
 * of length n entered after m steps is noticed within 3 * max(m, n) steps, with one comparison a
 * step and no memory. */
void chain_step(struct chain *c, addr_t next)
{
	if (c->end != CHAIN_OPEN)
		return;
	c->count++;
	if (!next) {
		c->end = CHAIN_END;
		return;
	}
	c->at = next;
	if (next == c->anchor) {
		c->end = CHAIN_CYCLE;
		return;
	}
	if (c->count == c->next_anchor) {
		c->anchor = next;
		c->next_anchor *= 2;
	}
}

void chain_fault(struct chain *c)
{
	if (c->end == CHAIN_OPEN)
		c->end = CHAIN_FAULT;
}

const char *chain_end_text(const struct chain *c, char *buf, size_t size)
{
	switch (c->end) {
	case CHAIN_OPEN:
		snprintf(buf, size, "goes on at " ADDR_FMT, c->at);
		break;
	case CHAIN_END:
		snprintf(buf, size, "ends after %zu", c->count);
		break;
	case CHAIN_FAULT:
		snprintf(buf, size, "leads to " ADDR_FMT ", which cannot be read", c->at);
		break;
	case CHAIN_CYCLE:
		snprintf(buf, size, "comes back to " ADDR_FMT, c->at);
		break;
	case CHAIN_LIMIT:
		snprintf(buf, size, "is longer than %zu", c->limit);
		break;
	}
	return buf;
}
