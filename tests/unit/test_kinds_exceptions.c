/* Exceptions by their args. */
#include "tests/unit/heap_rig.h"

static addr_t draw_exception(struct heap *h, const char *name, addr_t args)
{
	const struct layout *l = h->l;
	size_t size = SIZEOF(l, PyBaseExceptionObject) + 4 * h->machine.word;
	addr_t base =
		heap_type(h, "BaseException", h->object_type, TPFLAGS_BASE_EXC_SUBCLASS, size);
	addr_t at = heap_object(h, heap_type(h, name, base, TPFLAGS_BASE_EXC_SUBCLASS, size), size);
	HPUT(h, at, PyBaseExceptionObject, args, args);
	return at;
}

static bool with_comma(const struct heap *h)
{
	return h->l->version.major < 3 || h->l->version.minor < 7;
}

static void exception__shows_its_args(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t items[] = { heap_text(h, "x"), heap_int(h, 1) };
		assert_repr(h, v, draw_exception(h, "ValueError", heap_tuple(h, 0, NULL)),
			    "ValueError()");
		assert_repr(h, v, draw_exception(h, "ValueError", heap_tuple(h, 1, items)),
			    with_comma(h) ? "ValueError('x',)" : "ValueError('x')");
		assert_repr(h, v, draw_exception(h, "ValueError", heap_tuple(h, 2, items)),
			    "ValueError('x', 1)");
	}
}

static void exception__that_holds_itself_ends(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t args = heap_tuple(h, 2, (addr_t[]){ 0, heap_int(h, 1) });
		addr_t at = draw_exception(h, "KeyError", args);
		heap_word(h, args + OFFSET(h->l, PyTupleObject, ob_item), at);
		assert_repr(h, v, at, "KeyError(KeyError(...), 1)");
	}
}

static void exception__without_args_is_lost(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[64];
		addr_t at = draw_exception(h, "KeyError", 0x99999990);
		snprintf(expected, sizeof(expected), "<lost 0x%" PRIx64 ">", at);
		assert_repr(h, v, at, expected);
	}
}

static void import_error__names_its_module_since_315(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (h->l->version.minor < 15)
			continue;
		addr_t at = draw_exception(h, "ImportError",
					   heap_tuple(h, 1, (addr_t[]){ heap_text(h, "no") }));
		heap_words(h, at + SIZEOF(h->l, PyBaseExceptionObject), 3,
			   (addr_t[]){ 0, heap_text(h, "app"), heap_none(h) });
		assert_repr(h, v, at, "ImportError('no', name='app')");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exception__shows_its_args),
		cmocka_unit_test(exception__that_holds_itself_ends),
		cmocka_unit_test(exception__without_args_is_lost),
		cmocka_unit_test(import_error__names_its_module_since_315),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
