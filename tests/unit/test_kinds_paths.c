/* pathlib's paths, as they were given and as they were parsed. */
#include "tests/unit/heap_rig.h"

static addr_t path_class(struct heap *h)
{
	addr_t pure = heap_class_with_dict(h, "pathlib", "PurePath", h->object_type);
	return heap_class_with_dict(h, "pathlib", "PosixPath", pure);
}

static addr_t draw_raw(struct heap *h, size_t count, const char *const *parts)
{
	addr_t items[8];
	for (size_t i = 0; i < count; i++)
		items[i] = heap_text(h, parts[i]);
	addr_t list = heap_list(h, count, items);
	return heap_instance(h, path_class(h), 1, (addr_t[]){ heap_text(h, "_raw_paths"), list });
}
#define RAW(h, ...)                                                                                \
	draw_raw(h, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *),                      \
		 (const char *[]){ __VA_ARGS__ })

static void path__as_given_is_joined_and_normalised(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (h->l->dialect.unicode_27)
			continue;
		assert_repr(h, v, RAW(h, "a//b/./c/"), "PosixPath('a/b/c')");
		assert_repr(h, v, RAW(h, "a", "b", "/c", "d"), "PosixPath('/c/d')");
		assert_repr(h, v, RAW(h, "//x/y"), "PosixPath('//x/y')");
		assert_repr(h, v, RAW(h, "///x"), "PosixPath('/x')");
		assert_repr(h, v, RAW(h, "."), "PosixPath('.')");
		assert_repr(h, v, RAW(h, ""), "PosixPath('.')");
		assert_repr(h, v, RAW(h, "../x"), "PosixPath('../x')");
		assert_repr(h, v, RAW(h, "it's"), "PosixPath(\"it's\")");
		assert_repr(h, v, draw_raw(h, 0, NULL), "PosixPath('.')");
	}
}

static void path__that_was_parsed_is_put_together(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (h->l->dialect.unicode_27)
			continue;
		addr_t parts = heap_list(
			h, 3,
			(addr_t[]){ heap_text(h, "/"), heap_text(h, "a"), heap_text(h, "b") });
		addr_t items[] = { heap_text(h, "_drv"),   heap_text(h, ""),
				   heap_text(h, "_root"),  heap_text(h, "/"),
				   heap_text(h, "_parts"), parts };
		assert_repr(h, v, heap_instance(h, path_class(h), 3, items), "PosixPath('/a/b')");
		items[4] = heap_text(h, "_tail_cached");
		items[5] = heap_list(h, 1, (addr_t[]){ heap_text(h, "a") });
		assert_repr(h, v, heap_instance(h, path_class(h), 3, items), "PosixPath('/a')");
		addr_t text[] = { heap_text(h, "_str"), heap_text(h, "/known") };
		assert_repr(h, v, heap_instance(h, path_class(h), 1, text), "PosixPath('/known')");
	}
}

static void path__of_windows_shows_slashes(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (h->l->dialect.unicode_27)
			continue;
		addr_t pure = heap_class_with_dict(h, "pathlib", "PurePath", h->object_type);
		addr_t class = heap_class_with_dict(h, "pathlib", "PureWindowsPath", pure);
		addr_t text[] = { heap_text(h, "_str"), heap_text(h, "c:\\x\\y") };
		assert_repr(h, v, heap_instance(h, class, 1, text), "PureWindowsPath('c:/x/y')");
	}
}

static void path__without_anything_is_shown_by_address(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[64];
		addr_t at = heap_instance(h, path_class(h), 0, NULL);
		snprintf(expected, sizeof(expected), "<pathlib.PosixPath object at 0x%" PRIx64 ">",
			 at);
		assert_repr(h, v, at, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path__as_given_is_joined_and_normalised),
		cmocka_unit_test(path__that_was_parsed_is_put_together),
		cmocka_unit_test(path__of_windows_shows_slashes),
		cmocka_unit_test(path__without_anything_is_shown_by_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
