/* meliae's lines of drawn objects. */
#include "analyzers/heap_dump.h"
#include "tests/unit/pools_rig.h"

#include <fcntl.h>
#include "cpython_layouts/sizes.h"

/* The fifth block of the pool of draw_objects(), as an instance of a C type of three words. */
static struct drawn draw_slice(const char *table, addr_t *ret)
{
	struct drawn d = draw_objects(table);
	size_t size = SIZEOF(d.h->l, PyObject) + 3 * 8;
	addr_t type = heap_type(d.h, "slice", d.h->object_type, TPFLAGS_HAVE_GC, size);
	HPUT(d.h, type, PyTypeObject, tp_traverse, 0x1000);
	*ret = block(4) + SIZEOF(d.h->l, PyGC_Head);
	draw_object(d.h, *ret, type);
	load(&d);
	return d;
}

static void put_words(struct drawn *d, addr_t slice, addr_t a, addr_t b, addr_t c)
{
	heap_words(d->h, slice + SIZEOF(d->h->l, PyObject), 3, (addr_t[]){ a, b, c });
}

static const char *dump(struct drawn *d, struct heap_dumped *dumped)
{
	static char text[1 << 16];
	char path[] = "/tmp/pycore-test-dump-XXXXXX";
	struct new_file to = { .fd = mkstemp(path), .path = path };
	const struct heap_dump_options options = { .path = "map.json", .jobs = 2 };
	assert_true(to.fd >= 0);
	unlink(path);
	struct error *err = heap_dump(&d->h->rt, d->heap, &to, &options, dumped);
	if (err)
		fail_msg("%s", err->message);
	ssize_t len = pread(to.fd, text, sizeof(text) - 1, 0);
	assert_true(len > 0);
	assert_int_equal(dumped->bytes, len);
	text[len] = 0;
	close(to.fd);
	return text;
}

/* `{"address": AT` and what follows must be a line. */
static void assert_line(const char *text, addr_t at, const char *rest)
{
	char begin[64];
	snprintf(begin, sizeof(begin), "{\"address\": %" PRIu64 ",", at);
	const char *line = strstr(text, begin);
	if (!line || strncmp(line + strlen(begin), rest, strlen(rest)) != 0)
		fail_msg("no line %s%s in\n%s", begin, rest, text);
}

static uint64_t size_of(struct drawn *d, addr_t at)
{
	struct object o;
	uint64_t size = 0;
	assert_true(object_load(&d->h->rt, at, &o));
	object_size(&d->h->rt, &o, &size);
	return size;
}

static void heap_dump__writes_keys_as_meliae_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		addr_t slice;
		char expected[512];
		struct heap_dumped dumped;
		struct drawn d = draw_slice(with_pools[i], &slice);
		addr_t text = heap_unicode(d.h, 4, (uint32_t[]){ 'a', '"', '/', '\\', 10, 0x7f, 0xe9,
								 0x20ac, 0x1f600 }, 9);
		addr_t bytes = heap_bytes(d.h, "b\xff\n", 3), number = heap_int(d.h, -7);
		put_words(&d, slice, text, bytes, number);
		const char *all = dump(&d, &dumped);
		snprintf(expected, sizeof(expected), " \"type\": \"slice\", \"size\": %" PRIu64
			 ", \"refs\": [%" PRIu64 ", %" PRIu64 ", %" PRIu64 "]}\n",
			 size_of(&d, slice), text, bytes, number);
		assert_line(all, slice, expected);
		snprintf(expected, sizeof(expected), " \"type\": \"str\", \"size\": %" PRIu64
			 ", \"len\": 9, \"value\": \"a\\\"\\/\\\\\\u000a\\u007f\\u00e9\\u20ac\\ud83d"
			 "\\ude00\", \"refs\": []}\n", size_of(&d, text));
		assert_line(all, text, expected);
		snprintf(expected, sizeof(expected), " \"type\": \"bytes\", \"size\": %" PRIu64
			 ", \"len\": 3, \"value\": \"b\\u00ff\\u000a\", \"refs\": []}\n",
			 size_of(&d, bytes));
		assert_line(all, bytes, expected);
		snprintf(expected, sizeof(expected), " \"type\": \"int\", \"size\": %" PRIu64
			 ", \"value\": -7, \"refs\": []}\n", size_of(&d, number));
		assert_line(all, number, expected);
		assert_int_equal(dumped.objects, 3);
		assert_int_equal(dumped.others, 3);
		undraw(&d);
	}
}

static void heap_dump__has_a_line_for_what_cannot_be_read(void **state)
{
	(void)state;
	addr_t slice;
	struct heap_dumped dumped;
	struct drawn d = draw_slice("3.13", &slice);
	put_words(&d, slice, 0x4000, slice + 8, 0x4000);
	const char *all = dump(&d, &dumped);
	assert_line(all, 0x4000, " \"type\": \"<unknown>\", \"size\": 0, \"refs\": []}\n");
	assert_line(all, slice + 8, " \"type\": \"<unknown>\", \"size\": 0, \"refs\": []}\n");
	assert_int_equal(dumped.others, 2);
	undraw(&d);
}

static void heap_dump__writes_a_dict_as_keys_and_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		addr_t slice;
		char expected[256];
		struct heap_dumped dumped;
		struct drawn d = draw_slice(with_pools[i], &slice);
		HPUT(d.h, d.h->dict_type, PyTypeObject, tp_traverse, 0x2000);
		HPUT(d.h, d.h->dict_type, PyTypeObject, tp_flags,
		     TPFLAGS_READY | TPFLAGS_HAVE_GC | TPFLAGS_DICT_SUBCLASS);
		addr_t a = heap_text(d.h, "a"), b = heap_text(d.h, "b"), one = heap_int(d.h, 1),
		       two = heap_int(d.h, 2);
		addr_t dict = heap_dict(d.h, 2, (addr_t[]){ a, one, b, two });
		put_words(&d, slice, dict, 0, 0);
		snprintf(expected, sizeof(expected), "\"len\": 2, \"refs\": [%" PRIu64 ", %" PRIu64
			 ", %" PRIu64 ", %" PRIu64 "]}\n", a, one, b, two);
		assert_non_null(strstr(dump(&d, &dumped), expected));
		undraw(&d);
	}
}

static void heap_dump__says_that_the_disk_is_full(void **state)
{
	(void)state;
	addr_t slice;
	struct heap_dumped dumped;
	const struct heap_dump_options options = { .path = "map.json" };
	struct new_file to = { .fd = open("/dev/full", O_WRONLY | O_CLOEXEC),
			       .path = (char *)"map.json" };
	if (to.fd < 0)
		skip();
	struct drawn d = draw_slice("3.14", &slice);
	struct error *err = heap_dump(&d.h->rt, d.heap, &to, &options, &dumped);
	assert_non_null(err);
	assert_string_equal(err->message, "map.json: cannot be written: No space left on device");
	error_free(err);
	close(to.fd);
	undraw(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_dump__writes_keys_as_meliae_does),
		cmocka_unit_test(heap_dump__has_a_line_for_what_cannot_be_read),
		cmocka_unit_test(heap_dump__writes_a_dict_as_keys_and_values),
		cmocka_unit_test(heap_dump__says_that_the_disk_is_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
