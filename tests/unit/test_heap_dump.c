/* meliae's lines of drawn objects. */
#include "analyzers/heap_dump.h"
#include "tests/unit/pools_rig.h"

#include <fcntl.h>
#include <sys/stat.h>
#include "analyzers/session.h"
#include "cpython_layouts/sizes.h"

static char directory[] = "/tmp/pycore-test-dump-XXXXXX";
static char path[64];

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/map.json", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

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

static struct error *dump_to(struct drawn *d, const char *to, struct heap_dumped *dumped)
{
	struct files files = { 0 };
	struct session s = { .files = &files, .target = &d->h->target, .runtime = &d->h->rt };
	return heap_dump(&s, d->heap, to, dumped);
}

static char *dump(struct drawn *d, struct heap_dumped *dumped)
{
	static char text[1 << 16];
	struct error *err = dump_to(d, path, dumped);
	if (err)
		fail_msg("%s", err->message);
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text) - 1);
	assert_true(len > 0);
	assert_int_equal(dumped->file_bytes, len);
	text[len] = 0;
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

static void heap_dump__leaves_nothing_of_a_file_that_failed(void **state)
{
	(void)state;
	addr_t slice;
	struct heap_dumped dumped;
	struct stat st;
	char nowhere[96];
	struct drawn d = draw_slice("3.14", &slice);
	snprintf(nowhere, sizeof(nowhere), "%s/none/map.json", directory);
	struct error *err = dump_to(&d, nowhere, &dumped);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	error_free(err);
	/* a FIFO is not replaced */
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	err = dump_to(&d, path, &dumped);
	assert_non_null(err);
	error_free(err);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	unlink(path);
	undraw(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_dump__writes_keys_as_meliae_does),
		cmocka_unit_test(heap_dump__has_a_line_for_what_cannot_be_read),
		cmocka_unit_test(heap_dump__writes_a_dict_as_keys_and_values),
		cmocka_unit_test(heap_dump__leaves_nothing_of_a_file_that_failed),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
