/* See the header. Workers walk parts and set bits; parts may share a page, so bits are set
 * atomically, and a page is made under a lock. Then the blocks are added up. */
#include "cpython_layouts/heap_numbers.h"

#include <stdlib.h>
#include "core/checked.h"
#include "core/jobs.h"
#include "cpython_layouts/heap_deal.h"
#include "cpython_layouts/heap_parts.h"

enum {
	WORD_SHIFT = 3, /* objects begin at multiples of 8 */
	BLOCK_SHIFT = 9,
	PAGE_SHIFT = 16,
	TABLE_SHIFT = 30,
	ADDRESS_BITS = 48,
	PAGE_BLOCKS = 1 << (PAGE_SHIFT - BLOCK_SHIFT),
	TABLE_PAGES = 1 << (TABLE_SHIFT - PAGE_SHIFT),
	TABLES = 1 << (ADDRESS_BITS - TABLE_SHIFT),
	ADDED_BYTES = 48, /* that one more takes, in a map and an array that grow twofold */
};

/* 64 words of the target. */
struct numbers_block {
	uint32_t bits[2];
	uint32_t first; /* number of its first object */
};

struct numbers_page {
	addr_t start;
	struct numbers_block blocks[PAGE_BLOCKS];
};

struct numbers_table {
	struct numbers_page *pages[TABLE_PAGES];
};

struct numbers {
	struct pyheap *heap;
	struct numbers_table **tables; /* TABLES of them; NULL: no object is there */
	VEC(struct numbers_table *) made; /* of these */
	VEC(struct numbers_page *) pages; /* in address order, once made */
	VEC(addr_t) added;
	struct map added_numbers; /* address -> number */
	uint32_t walked, count;   /* by the walk; with those added */
	struct heap_skipped skipped;
	struct budget *budget;
	uint64_t taken; /* bytes of the budget */
	pthread_mutex_t lock;
};

struct numbers_work {
	struct numbers *numbers;
	struct heap_deal deal;
};

enum trouble { NO_TROUBLE, OUT_OF_MEMORY, OVER_LIMIT };

struct numbers_worker {
	struct numbers_work *work;
	struct heap_hand hand;
	enum trouble trouble;
	struct heap_skipped skipped;
};

/* --- the bits -------------------------------------------------------------------------------- */

static struct numbers_page *page_at(const struct numbers *numbers, addr_t at)
{
	if (at >> ADDRESS_BITS)
		return NULL;
	const struct numbers_table *table =
		__atomic_load_n(&numbers->tables[at >> TABLE_SHIFT], __ATOMIC_ACQUIRE);
	return table ? __atomic_load_n(&table->pages[at >> PAGE_SHIFT & (TABLE_PAGES - 1)],
				       __ATOMIC_ACQUIRE)
		     : NULL;
}

static void *take_bytes(struct numbers *numbers, size_t size, enum trouble *trouble)
{
	if (!budget_take(numbers->budget, size)) {
		*trouble = OVER_LIMIT;
		return NULL;
	}
	numbers->taken += size;
	void *bytes = calloc(1, size);
	if (!bytes)
		*trouble = OUT_OF_MEMORY;
	return bytes;
}

static struct numbers_page *page_make_locked(struct numbers *numbers, addr_t at,
					     enum trouble *trouble)
{
	struct numbers_page *page = page_at(numbers, at);
	if (page)
		return page;
	struct numbers_table **table = &numbers->tables[at >> TABLE_SHIFT];
	if (!*table) {
		struct numbers_table *made = take_bytes(numbers, sizeof(*made), trouble);
		struct numbers_table **listed = made ? vec_push(&numbers->made) : NULL;
		if (!listed) {
			*trouble = *trouble ? *trouble : OUT_OF_MEMORY;
			free(made);
			return NULL;
		}
		*listed = made;
		__atomic_store_n(table, made, __ATOMIC_RELEASE);
	}
	page = take_bytes(numbers, sizeof(*page), trouble);
	struct numbers_page **listed = page ? vec_push(&numbers->pages) : NULL;
	if (!listed) {
		*trouble = *trouble ? *trouble : OUT_OF_MEMORY;
		free(page);
		return NULL;
	}
	*listed = page;
	page->start = at & ~((UINT64_C(1) << PAGE_SHIFT) - 1);
	__atomic_store_n(&(*table)->pages[at >> PAGE_SHIFT & (TABLE_PAGES - 1)], page,
			 __ATOMIC_RELEASE);
	return page;
}

static struct numbers_page *page_make(struct numbers *numbers, addr_t at, enum trouble *trouble)
{
	struct numbers_page *page = page_at(numbers, at);
	if (page || at >> ADDRESS_BITS)
		return page;
	pthread_mutex_lock(&numbers->lock);
	page = page_make_locked(numbers, at, trouble);
	pthread_mutex_unlock(&numbers->lock);
	return page;
}

static struct numbers_block *block_of(struct numbers_page *page, addr_t at)
{
	return &page->blocks[at >> BLOCK_SHIFT & (PAGE_BLOCKS - 1)];
}

/* Of a block's 64 words: which is it? */
static unsigned word_of(addr_t at)
{
	return at >> WORD_SHIFT & 63;
}

static uint64_t bits_of(const struct numbers_block *block)
{
	return block->bits[0] | (uint64_t)block->bits[1] << 32;
}

/* --- making them ----------------------------------------------------------------------------- */

static void mark_parts(struct numbers_worker *w, struct heap_iter *it)
{
	struct numbers *numbers = w->work->numbers;
	struct numbers_page *page = NULL;
	struct heap_object o;
	while (!w->trouble && heap_next(it, &o)) {
		addr_t at = o.object.at;
		if (!page || (at - page->start) >> PAGE_SHIFT)
			page = page_make(numbers, at, &w->trouble);
		if (!page || at % (1 << WORD_SHIFT))
			continue;
		unsigned word = word_of(at);
		__atomic_fetch_or(&block_of(page, at)->bits[word / 32], UINT32_C(1) << word % 32,
				  __ATOMIC_RELAXED);
	}
}

static void *mark(void *arg)
{
	struct numbers_worker *w = arg;
	struct numbers_work *work = w->work;
	_cleanup_(owned_heap_iter_free) struct heap_iter *it = heap_objects(work->deal.heap, 0, 0);
	if (!it)
		w->trouble = OUT_OF_MEMORY;
	while (!w->trouble && heap_deal_next(&work->deal, it, &w->hand))
		mark_parts(w, it);
	if (it)
		w->skipped = heap_iter_skipped(it);
	return NULL;
}

static int compare_pages(const void *a, const void *b)
{
	const struct numbers_page *x = *(struct numbers_page *const *)a;
	const struct numbers_page *y = *(struct numbers_page *const *)b;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* false: more than there are numbers. */
static bool add_up(struct numbers *numbers)
{
	uint64_t count = 0;
	vec_sort(&numbers->pages, compare_pages);
	for (size_t i = 0; i < numbers->pages.len; i++) {
		struct numbers_page *page = numbers->pages.items[i];
		for (size_t k = 0; k < PAGE_BLOCKS; k++) {
			page->blocks[k].first = (uint32_t)count;
			count += (uint64_t)__builtin_popcountll(bits_of(&page->blocks[k]));
		}
		if (count >= NO_NUMBER)
			return false;
	}
	numbers->walked = numbers->count = (uint32_t)count;
	return true;
}

static struct error *walk(struct numbers *numbers, const struct numbers_options *options)
{
	struct numbers_work work = {
		.numbers = numbers,
		.deal = heap_deal(numbers->heap, options->progress, "numbering objects"),
	};
	struct numbers_worker workers[JOBS_MAX] = { 0 };
	enum trouble trouble = NO_TROUBLE;
	unsigned jobs = heap_deal_jobs(&work.deal, options->jobs);
	for (unsigned i = 0; i < jobs; i++)
		workers[i].work = &work;
	workers[0].hand.is_main = true;
	runtime_share(numbers->heap->rt, true);
	jobs_run(jobs, mark, workers, sizeof(workers[0]));
	runtime_share(numbers->heap->rt, false);
	progress_end(options->progress);
	for (unsigned i = 0; i < jobs; i++) {
		trouble = workers[i].trouble ? workers[i].trouble : trouble;
		numbers->skipped.lost += workers[i].skipped.lost;
		numbers->skipped.damaged += workers[i].skipped.damaged;
	}
	if (trouble == OVER_LIMIT)
		return error_new(ERROR_UNSUPPORTED, "the heap's objects cannot be numbered within "
						    "the memory limit: raise --memory-limit");
	if (trouble)
		return error_nomem();
	if (!add_up(numbers))
		return error_new(ERROR_UNSUPPORTED, "more than 2^32 objects");
	return NULL;
}

struct error *numbers_make(struct pyheap *heap, const struct numbers_options *options,
			   struct numbers **ret)
{
	_cleanup_(owned_numbers_free) struct numbers *numbers = calloc(1, sizeof(*numbers));
	if (!numbers)
		return error_nomem();
	numbers->heap = heap;
	numbers->budget = options->budget;
	pthread_mutex_init(&numbers->lock, NULL);
	/* Two MiB of address space, of which a few pages are ever touched. */
	numbers->tables = calloc(TABLES, sizeof(struct numbers_table *));
	if (!numbers->tables)
		return error_nomem();
	struct error *err = walk(numbers, options);
	if (!err)
		*ret = take(numbers);
	return err;
}

void numbers_free(struct numbers *numbers)
{
	if (!numbers)
		return;
	for (size_t i = 0; i < numbers->pages.len; i++)
		free(numbers->pages.items[i]);
	for (size_t i = 0; i < numbers->made.len; i++)
		free(numbers->made.items[i]);
	vec_release(&numbers->made);
	free(numbers->tables);
	vec_release(&numbers->pages);
	vec_release(&numbers->added);
	map_release(&numbers->added_numbers);
	budget_give(numbers->budget, numbers->taken);
	pthread_mutex_destroy(&numbers->lock);
	free(numbers);
}

/* --- asking ---------------------------------------------------------------------------------- */

struct runtime *numbers_runtime(const struct numbers *numbers)
{
	return numbers->heap->rt;
}

uint32_t numbers_count(const struct numbers *numbers)
{
	return numbers->count;
}

struct heap_skipped numbers_skipped(const struct numbers *numbers)
{
	return numbers->skipped;
}

uint32_t number_of(const struct numbers *numbers, addr_t at)
{
	struct numbers_page *page = page_at(numbers, at);
	if (page && at % (1 << WORD_SHIFT) == 0) {
		const struct numbers_block *block = block_of(page, at);
		uint64_t bits = bits_of(block), bit = UINT64_C(1) << word_of(at);
		if (bits & bit)
			return block->first + (uint32_t)__builtin_popcountll(bits & (bit - 1));
	}
	const uint64_t *added =
		numbers->added.len ? map_find(&numbers->added_numbers, at) : NULL;
	return added ? (uint32_t)*added : NO_NUMBER;
}

uint32_t numbers_add(struct numbers *numbers, addr_t at)
{
	bool is_new;
	uint32_t number = number_of(numbers, at);
	if (number != NO_NUMBER || numbers->count == NO_NUMBER - 1 ||
	    !budget_take(numbers->budget, ADDED_BYTES))
		return number;
	numbers->taken += ADDED_BYTES;
	uint64_t *slot = map_insert(&numbers->added_numbers, at, &is_new);
	addr_t *place = slot ? vec_push(&numbers->added) : NULL;
	if (!place)
		return NO_NUMBER;
	*place = at;
	*slot = numbers->count;
	return numbers->count++;
}

/* The page that has the number, which is one of the walk's. */
static size_t page_with(const struct numbers *numbers, uint32_t number)
{
	size_t low = 0, high = numbers->pages.len;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (numbers->pages.items[middle]->blocks[0].first <= number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static size_t block_with(const struct numbers_page *page, uint32_t number)
{
	size_t low = 0, high = PAGE_BLOCKS;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (page->blocks[middle].first <= number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static addr_t address_in(const struct numbers_page *page, size_t block, uint64_t bits)
{
	return page->start + ((addr_t)block << BLOCK_SHIFT) +
	       ((addr_t)__builtin_ctzll(bits) << WORD_SHIFT);
}

addr_t number_address(const struct numbers *numbers, uint32_t number)
{
	if (number >= numbers->walked)
		return number < numbers->count ? numbers->added.items[number - numbers->walked]
					       : 0;
	const struct numbers_page *page = numbers->pages.items[page_with(numbers, number)];
	size_t k = block_with(page, number);
	uint64_t bits = bits_of(&page->blocks[k]);
	for (uint32_t n = page->blocks[k].first; n < number && bits; n++)
		bits &= bits - 1;
	return bits ? address_in(page, k, bits) : 0;
}

/* --- one after the other ---------------------------------------------------------------------- */

struct numbers_iter {
	const struct numbers *numbers;
	struct recognizer recognizer;
	uint32_t next, end;
	size_t page, block; /* where next is */
	uint64_t bits;      /* of the block, from next on */
};

struct numbers_iter *numbered_objects(const struct numbers *numbers, uint32_t first, uint32_t end)
{
	struct numbers_iter *it = calloc(1, sizeof(*it));
	if (!it)
		return NULL;
	it->numbers = numbers;
	it->recognizer.heap = numbers->heap;
	numbers_iter_move(it, first, end);
	return it;
}

void numbers_iter_move(struct numbers_iter *it, uint32_t first, uint32_t end)
{
	const struct numbers *numbers = it->numbers;
	it->next = first;
	it->end = MIN(end, numbers->count);
	it->bits = 0;
	if (first >= numbers->walked)
		return;
	it->page = page_with(numbers, first);
	const struct numbers_page *page = numbers->pages.items[it->page];
	it->block = block_with(page, first);
	it->bits = bits_of(&page->blocks[it->block]);
	for (uint32_t n = page->blocks[it->block].first; n < first; n++)
		it->bits &= it->bits - 1;
}

static addr_t next_address(struct numbers_iter *it)
{
	const struct numbers *numbers = it->numbers;
	if (it->next >= numbers->walked)
		return numbers->added.items[it->next - numbers->walked];
	while (!it->bits) {
		if (++it->block == PAGE_BLOCKS) {
			it->block = 0;
			it->page++;
		}
		it->bits = bits_of(&numbers->pages.items[it->page]->blocks[it->block]);
	}
	addr_t at = address_in(numbers->pages.items[it->page], it->block, it->bits);
	it->bits &= it->bits - 1;
	return at;
}

/* As object_load(), with the iterator's own memory of types. */
static bool load(struct numbers_iter *it, addr_t at, struct object *ret)
{
	struct runtime *rt = it->numbers->heap->rt;
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, at, SIZEOF(l, PyObject));
	const struct heap_type *type =
		p ? heap_type_at(&it->recognizer, GET(l, p, PyObject, ob_type)) : NULL;
	p = type ? memory_at(&rt->target->memory, at, type->type->fixed) : NULL;
	if (!p)
		return false;
	*ret = (struct object){ at, p, type->type };
	return true;
}

bool numbers_next(struct numbers_iter *it, uint32_t *ret_number, struct object *ret)
{
	while (it->next < it->end) {
		addr_t at = next_address(it);
		*ret_number = it->next++;
		if (load(it, at, ret))
			return true;
	}
	return false;
}

bool numbers_load(struct numbers_iter *it, uint32_t number, struct object *ret)
{
	addr_t at = number_address(it->numbers, number);
	return at && load(it, at, ret);
}

void numbers_iter_free(struct numbers_iter *it)
{
	free(it);
}
