/* list[int], int | str, memoryviews, C's named tuples. */
#include "tests/unit/heap_rig.h"

static void alias__names_classes_plainly(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		size_t word = h->machine.word, size = SIZEOF(h->l, PyObject) + 4 * word;
		addr_t type = heap_type(h, "types.GenericAlias", h->object_type, 0, size);
		addr_t at = heap_object(h, type, size),
		       dots = heap_object(h, heap_type(h, "ellipsis", h->object_type, 0, word * 2),
					  size);
		heap_words(h, at + SIZEOF(h->l, PyObject), 2,
			   (addr_t[]){ h->tuple_type,
				       heap_tuple(h, 2, (addr_t[]){ h->int_type, dots }) });
		assert_repr(h, v, at, "tuple[int, ...]");
		addr_t either = heap_object(
			h, heap_type(h, "types.UnionType", h->object_type, 0, size), size);
		heap_word(h, either + SIZEOF(h->l, PyObject),
			  heap_tuple(h, 3, (addr_t[]){ h->int_type, at, h->none_type }));
		assert_repr(h, v, either, "int | tuple[int, ...] | None");
	}
}

static void memoryview__says_when_it_was_released(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		char expected[64];
		size_t size = SIZEOF(l, PyMemoryViewObject) + 64;
		addr_t at =
			heap_object(h, heap_type(h, "memoryview", h->object_type, 0, size), size);
		snprintf(expected, sizeof(expected), "<memory at 0x%" PRIx64 ">", at);
		assert_repr(h, v, at, expected);
		if (l->version.major < 3)
			continue;
		heap_number(h, at + OFFSET(l, PyMemoryViewObject, view) - 2 * h->machine.word, 4,
			    1);
		snprintf(expected, sizeof(expected), "<released memory at 0x%" PRIx64 ">", at);
		assert_repr(h, v, at, expected);
	}
}

static void structseq__takes_its_names_from_the_members(void **state)
{
	(void)state;
	static const char *const names[] = { "major", "minor" };
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		size_t def = SIZEOF(l, PyMemberDef);
		addr_t members = heap_alloc(h, 3 * def), one = heap_int(h, 1);
		for (size_t i = 0; i < 2; i++)
			HPUT(h, members + i * def, PyMemberDef, name, heap_raw(h, names[i], 5));
		addr_t type = heap_type(h, "sys.version_info", h->tuple_type,
					TPFLAGS_TUPLE_SUBCLASS, OFFSET(l, PyTupleObject, ob_item));
		HPUT(h, type, PyTypeObject, tp_members, members);
		HPUT(h, type, PyTypeObject, tp_dict,
		     heap_dict(h, 2,
			       (addr_t[]){ heap_text(h, "__repr__"), one,
					   heap_text(h, "n_sequence_fields"), one }));
		addr_t at = heap_tuple(h, 2, (addr_t[]){ heap_int(h, 3), heap_int(h, 12) });
		HPUT(h, at, PyObject, ob_type, type);
		assert_repr(h, v, at, "sys.version_info(major=3, minor=12)");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alias__names_classes_plainly),
		cmocka_unit_test(memoryview__says_when_it_was_released),
		cmocka_unit_test(structseq__takes_its_names_from_the_members),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
