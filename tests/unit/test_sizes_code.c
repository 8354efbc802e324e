#include "tests/unit/sizes_rig.h"

static addr_t made(struct heap *h, const char *name, size_t size, size_t basicsize)
{
	return heap_object(h, heap_type(h, name, h->object_type, 0, basicsize), size);
}

static addr_t names(struct heap *h, size_t count)
{
	static const addr_t none[8];
	return heap_tuple(h, count, none);
}

/* A code object with 3 locals, 1 cell, 2 free variables and a stack of 4. */
static addr_t code(struct heap *h)
{
	const struct layout *l = h->l;
	addr_t at = made(h, "code", SIZEOF(l, PyCodeObject) + 64, SIZEOF(l, PyCodeObject));
	HPUT(h, at, PyCodeObject, co_nlocals, 3);
	HPUT(h, at, PyCodeObject, co_nlocalsplus, 6);
	HPUT(h, at, PyCodeObject, co_stacksize, 4);
	HPUT(h, at, PyCodeObject, co_framesize,
	     10 + OFFSET(l, _PyInterpreterFrame, localsplus) / h->machine.word);
	HPUT(h, at, PyCodeObject, co_cellvars, names(h, 1));
	HPUT(h, at, PyCodeObject, co_freevars, names(h, 2));
	return at;
}

/* --- code ------------------------------------------------------------------------------------ */

static void size_of_code__counts_what_it_has_beside_itself(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		addr_t at = code(h);
		uint64_t word = h->machine.word, size = SIZEOF(l, PyCodeObject);
		assert_size(h, v, at, size);
		if (HAS(l, PyCodeObject, co_cell2arg)) {
			HPUT(h, at, PyCodeObject, co_cell2arg, HEAP_BASE);
			size += l->version.major < 3 ? 0 : word;
			assert_size(h, v, at, size);
		}
		if (HAS(l, PyCodeObject, co_extra)) {
			addr_t extra = heap_alloc(h, 64);
			HPUT(h, extra, _PyCodeObjectExtra, ce_size, 3);
			HPUT(h, at, PyCodeObject, co_extra, extra);
			size += 3 * word + (sizes_since(h, 3, 7) ? word : 0);
			assert_size(h, v, at, size);
		}
		if (HAS(l, PyCodeObject, co_opcache)) {
			HPUT(h, at, PyCodeObject, co_opcache, HEAP_BASE);
			HPUT(h, at, PyCodeObject, co_opcache_size, 5);
			HPUT(h, at, PyCodeObject, co_code, heap_bytes(h, "0123456789", 10));
			size += 5 + 5 * SIZEOF(l, _PyOpcache);
			assert_size(h, v, at, size);
		}
	}
}

/* 3.11+: the instructions are items, up to the next word. */
static void size_of_code__is_rounded_up(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint64_t word = h->machine.word, size = SIZEOF(l, PyCodeObject) + 7 * 2;
		if (!HAS(l, PyCodeObject, co_code_adaptive))
			continue;
		addr_t at = code(h);
		HPUT(h, (addr_t)GET(l, heap_at(h, at), PyObject, ob_type), PyTypeObject, tp_itemsize,
		     2);
		HPUT(h, at, PyVarObject, ob_size, 7);
		assert_size(h, v, at, (size + word - 1) / word * word);
	}
}

/* --- frames ---------------------------------------------------------------------------------- */

static void size_of_frame__counts_slots(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint64_t word = h->machine.word, slots = 10 * word;
		addr_t at = made(h, "frame", SIZEOF(l, PyFrameObject) + 128, SIZEOF(l, PyFrameObject));
		if (!HAS(l, PyFrameObject, f_frame)) {
			HPUT(h, at, PyFrameObject, f_code, code(h));
			assert_size(h, v, at, SIZEOF(l, PyFrameObject) + slots - word);
			HPUT(h, at, PyFrameObject, f_code, 0);
			assert_size_unknown(h, v, at, SIZEOF(l, PyFrameObject));
			continue;
		}
		addr_t frame = heap_alloc(h, SIZEOF(l, _PyInterpreterFrame));
		HPUT(h, frame, _PyInterpreterFrame, f_executable, code(h));
		HPUT(h, at, PyFrameObject, f_frame, frame);
		assert_size(h, v, at,
			    OFFSET(l, PyFrameObject, _f_frame_data) +
				    OFFSET(l, _PyInterpreterFrame, localsplus) + slots);
		HPUT(h, frame, _PyInterpreterFrame, f_executable, 3);
		assert_size_unknown(h, v, at, SIZEOF(l, PyFrameObject));
	}
}

/* From 3.11 on the frame is part of the generator. */
static void size_of_generator__counts_its_frame(void **state)
{
	static const char *const kinds[] = { "generator", "coroutine", "async_generator" };
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			uint32_t basic = SIZEOF(l, PyGenObject);
			addr_t at = made(h, kinds[i], basic + 128, basic);
			if (!sizes_since(h, 3, 11)) {
				assert_size(h, v, at, basic);
				continue;
			}
			addr_t frame = at + OFFSET(l, PyGenObject, gi_iframe);
			HPUT(h, frame, _PyInterpreterFrame, f_executable, code(h));
			assert_size(h, v, at,
				    OFFSET(l, PyGenObject, gi_iframe) +
					    OFFSET(l, _PyInterpreterFrame, localsplus) +
					    10 * h->machine.word);
			HPUT(h, frame, _PyInterpreterFrame, f_executable, HEAP_BASE + HEAP_SIZE);
			assert_size_unknown(h, v, at, basic);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_of_code__counts_what_it_has_beside_itself),
		cmocka_unit_test(size_of_code__is_rounded_up),
		cmocka_unit_test(size_of_frame__counts_slots),
		cmocka_unit_test(size_of_generator__counts_its_frame),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
