/* What abrt's readers ask of a report, of documents that no core of ours has. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include "analyzers/report_crash.h"

static const struct report_format *find(const char *name)
{
	const struct report_format *format = report_formats;
	while (strcmp(format->name, name) != 0)
		format++;
	return format;
}

/* The report, read back. */
static const struct json *write_and_read(struct arena *arena, const char *format, const char *document)
{
	struct crash crash = { .distribution = "" };
	struct output *o = calloc(1, sizeof(*o));
	char *bytes = NULL;
	size_t len = 0;
	assert_non_null(o);
	assert_true(crash_load(&crash, arena, document, strlen(document)));
	o->file = open_memstream(&bytes, &len);
	find(format)->write(&crash, o);
	assert_true(output_flush(o));
	fclose(o->file);
	const struct json *root = json_parse(arena, bytes, len);
	free(bytes);
	free(o);
	assert_non_null(root);
	return root;
}

#define FRAMES(...)                                                                                \
	"{\"process\": {\"executable\": \"/usr/bin/python3\"}, \"notes\": [], "                       \
	"\"threads\": [{\"crashed\": true, \"frames\": [" __VA_ARGS__ "]}]}"

static void ureport__has_a_file_name_in_every_frame(void **state)
{
	struct arena arena = ARENA_INIT;
	const char *document = FRAMES("{\"file\": \"<string>\", \"line\": null, \"name\": \"f\"}");
	const struct json *frame =
		json_get(json_get(write_and_read(&arena, "ureport", document), "problem"), "stacktrace")
			->children;
	assert_string_equal(json_text(json_get(frame, "file_name")), "<string>");
	assert_null(json_get(frame, "special_file"));
	/* lines count from 1 */
	assert_null(json_get(frame, "file_line"));
	/* satyr itself knows such files */
	frame = json_get(write_and_read(&arena, "satyr-python", document), "stacktrace")->children;
	assert_string_equal(json_text(json_get(frame, "special_file")), "string");
	assert_null(json_get(frame, "file_name"));
	arena_release(&arena);
}

static void ureport__cuts_what_is_longer_than_a_column(void **state)
{
	struct arena arena = ARENA_INIT;
	char document[4096], name[1201] = "";
	for (size_t i = 0; i < sizeof(name) - 1; i += 2)
		memcpy(name + i, "\xc3\xa9", 2);	/* two bytes, one character */
	snprintf(document, sizeof(document), FRAMES("{\"file\": \"/%s\", \"line\": 1, \"name\": \"f\"}"),
		 name);
	const struct json *root = write_and_read(&arena, "ureport", document);
	const struct json *frame = json_get(json_get(root, "problem"), "stacktrace")->children;
	assert_int_equal(json_get(frame, "file_name")->len, 1 + 2 * 511);
	assert_in_range(json_get(root, "reason")->len, 1, 2 * 512);
	arena_release(&arena);
}

static void ureport__is_of_the_core_where_there_is_no_python_frame(void **state)
{
	struct arena arena = ARENA_INIT;
	const struct json *problem =
		json_get(write_and_read(&arena, "ureport", FRAMES("")), "problem");
	assert_string_equal(json_text(json_get(problem, "type")), "core");
	assert_string_equal(json_text(json_get(problem, "executable")), "/usr/bin/python3");
	assert_null(json_get(problem, "exception_name"));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ureport__has_a_file_name_in_every_frame),
		cmocka_unit_test(ureport__cuts_what_is_longer_than_a_column),
		cmocka_unit_test(ureport__is_of_the_core_where_there_is_no_python_frame),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
