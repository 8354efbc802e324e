/* Loading objects, telling freed ones, and the shapes that everything else is read with. */
#include "tests/unit/heap_rig.h"

static void object_load__gives_the_type_and_the_bytes(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		struct object o;
		addr_t at = heap_int(h, 7);
		assert_true(object_load(&h->rt, at, &o));
		assert_true(o.at == at);
		assert_ptr_equal(o.p, heap_at(h, at));
		assert_string_equal(o.type->full_name, "int");
	}
}

static void object_load__refuses_what_is_no_object(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		struct object o;
		addr_t at = heap_int(h, 7);
		assert_false(object_load(&h->rt, 0, &o));
		assert_false(object_load(&h->rt, at + 1, &o));
		assert_false(object_load(&h->rt, 0x99999990, &o));
		assert_false(object_load(&h->rt, HEAP_BASE + HEAP_SIZE - 8, &o));
		HPUT(h, at, PyObject, ob_type,
		     heap_int(h, 8)); /* a float's free list looks like this */
		assert_false(object_load(&h->rt, at, &o));
	}
}

static void object_load__refuses_freed_memory(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		struct object o;
		addr_t at = heap_int(h, 7);
		HPUT(h, at, PyObject, ob_refcnt, 0);
		HPUT(h, at, PyObject, ob_ref_local, 0);
		assert_false(object_load(&h->rt, at, &o));
		if (v->word == 4 || !HAS(h->l, PyObject, ob_refcnt))
			continue;
		/* the allocator's link to the next free block fills the first word */
		heap_number(h, at, 8, 0x7f3412345670);
		assert_false(object_load(&h->rt, at, &o));
	}
}

static void object_load__knows_immortal_and_shared_objects(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		struct object o;
		addr_t at = heap_int(h, 7);
		HPUT(h, at, PyObject, ob_refcnt,
		     WIDTH(h->l, PyObject, ob_refcnt) == 4 ? 0xc0000000 : 0xffffffff);
		HPUT(h, at, PyObject, ob_ref_local, 0xffffffff);
		assert_true(object_load(&h->rt, at, &o));
		HPUT(h, at, PyObject, ob_ref_local, 0);
		HPUT(h, at, PyObject, ob_ref_shared, 3 << 2);
		assert_true(object_load(&h->rt, at, &o));
	}
}

static void reference_decode__takes_the_tags_off(void **state)
{
	(void)state;
	struct machine m = { .word = 8 };
	struct layout l = { .machine = &m };
	addr_t value;
	bool is_int;
	assert_true(reference_decode(&l, 0x1000, &value, &is_int) && value == 0x1000 && !is_int);
	assert_false(reference_decode(&l, 0, &value, &is_int));
	l.dialect.references = REFERENCES_DEFERRED_BIT;
	assert_true(reference_decode(&l, 0x1001, &value, &is_int) && value == 0x1000 && !is_int);
	assert_false(reference_decode(&l, 1, &value, &is_int));
	l.dialect.references = REFERENCES_TAGGED;
	assert_true(reference_decode(&l, 0x1001, &value, &is_int) && value == 0x1000 && !is_int);
	assert_false(reference_decode(&l, 1, &value, &is_int));
	assert_true(reference_decode(&l, (uint64_t)-5 << 2 | 3, &value, &is_int) && is_int);
	assert_true((int64_t)value == -5);
	m.word = 4;
	assert_true(reference_decode(&l, (uint32_t)-5 << 2 | 3, &value, &is_int) && is_int);
	assert_true((int64_t)value == -5);
}

static void object_int64__reads_all_that_fit(void **state)
{
	(void)state;
	static const int64_t values[] = { 0, 1, -1, INT32_MAX, -((int64_t)1 << 31) };
	HEAP_EACH(h, v)
	{
		int64_t value;
		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			assert_true(object_int64(&h->rt, heap_int(h, values[i]), &value));
			assert_true(value == values[i]);
		}
		assert_false(object_int64(&h->rt, heap_text(h, "1"), &value));
		assert_false(object_int64(&h->rt, 0x99999990, &value));
		if (HAS(h->l, PyIntObject, ob_ival))
			continue;
		addr_t at = heap_digits(h, h->int_type, false,
					(uint32_t[]){ 1, 1, 1, 1, 1, 1, 1, 1 }, 8);
		assert_false(object_int64(&h->rt, at, &value));
		/* a size that no memory has */
		HPUT(h, at, PyVarObject, ob_size, v->word == 4 ? INT32_MAX : INT64_MAX);
		HPUT(h, at, PyLongObject, lv_tag, UINT64_MAX & ~UINT64_C(3));
		assert_false(object_int64(&h->rt, at, &value));
	}
}

static void object_bytes__gives_host_bytes(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		size_t len = 99;
		addr_t at = heap_bytes(h, "a\0b", 3);
		const uint8_t *p = object_bytes(&h->rt, at, &len);
		assert_int_equal(len, 3);
		assert_memory_equal(p, "a\0b", 3);
		assert_non_null(object_bytes(&h->rt, heap_bytes(h, "", 0), &len));
		assert_int_equal(len, 0);
		assert_null(object_bytes(&h->rt, heap_int(h, 1), &len));
		HPUT(h, at, PyVarObject, ob_size, -1);
		assert_null(object_bytes(&h->rt, at, &len));
		HPUT(h, at, PyVarObject, ob_size, HEAP_SIZE);
		assert_null(object_bytes(&h->rt, at, &len));
	}
}

static void object_sequence__counts_what_is_readable(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		size_t count;
		addr_t items, item;
		addr_t one = heap_int(h, 1);
		addr_t list = heap_list(h, 2, (addr_t[]){ one, one }),
		       tuple = heap_tuple(h, 1, &one);
		assert_true(object_sequence(&h->rt, list, &count, &items));
		assert_int_equal(count, 2);
		assert_true(target_read_word(&h->target, items, &item) && item == one);
		assert_true(object_sequence(&h->rt, tuple, &count, &items));
		assert_int_equal(count, 1);
		assert_true(target_read_word(&h->target, items, &item) && item == one);
		assert_false(object_sequence(&h->rt, one, &count, &items));
		HPUT(h, list, PyVarObject, ob_size, -2);
		assert_false(object_sequence(&h->rt, list, &count, &items));
		HPUT(h, list, PyVarObject, ob_size, 1 << 30);
		assert_true(object_sequence(&h->rt, list, &count, &items));
		assert_true(count > 2 && count < HEAP_SIZE);
		HPUT(h, list, PyListObject, ob_item, 0x77777770);
		assert_true(object_sequence(&h->rt, list, &count, &items));
		assert_int_equal(count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(object_load__gives_the_type_and_the_bytes),
		cmocka_unit_test(object_load__refuses_what_is_no_object),
		cmocka_unit_test(object_load__refuses_freed_memory),
		cmocka_unit_test(object_load__knows_immortal_and_shared_objects),
		cmocka_unit_test(reference_decode__takes_the_tags_off),
		cmocka_unit_test(object_int64__reads_all_that_fit),
		cmocka_unit_test(object_bytes__gives_host_bytes),
		cmocka_unit_test(object_sequence__counts_what_is_readable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
