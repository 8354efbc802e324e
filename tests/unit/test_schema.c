#include "tests/unit/report_rig.h"

#include <sys/wait.h>
#include <unistd.h>

static char *schema_of(const struct record *root)
{
	char *written = NULL;
	size_t len;
	FILE *out = open_memstream(&written, &len);
	assert_true(report_schema(root, "bt", out));
	fclose(out);
	return written;
}

static char *document(void)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_JSON });
	struct value pid = value_int(42), local = value_str("x");
	report_row(rig->report, &rig_process, &pid);
	report_open(rig->report, &rig_thread, rig_thread_values(42, "Main"));
	report_open(rig->report, &rig_frame, rig_frame_values("b.py", 0));
	report_row(rig->report, &rig_local, &local);
	report_note(rig->report, NOTE_LOSS, "a page");
	assert_true(report_end(rig->report));
	char *copy = strdup(rig->written);
	rig_free(rig);
	return copy;
}

/* python3 with jsonschema is the judge, where it is installed. Exit 77: it is not. */
static int judge(const char *schema, const char *instance)
{
	static const char script[] =
		"import sys, json\n"
		"try:\n import jsonschema\nexcept ImportError:\n sys.exit(77)\n"
		"schema, doc = json.loads(sys.argv[1]), json.loads(sys.argv[2])\n"
		"jsonschema.Draft202012Validator.check_schema(schema)\n"
		"sys.exit(0 if jsonschema.Draft202012Validator(schema).is_valid(doc) else 1)\n";
	pid_t child = fork();
	if (child == 0) {
		execlp("python3", "python3", "-c", script, schema, instance, (char *)NULL);
		_exit(77);
	}
	int status = 0;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void schema__accepts_the_document_it_describes(void **state)
{
	char *schema = schema_of(&rig_root), *doc = document();
	int verdict = judge(schema, doc);
	free(schema);
	free(doc);
	if (verdict == 77)
		skip();
	assert_int_equal(verdict, 0);
}

static void schema__refuses_a_dropped_key_and_a_wrong_type(void **state)
{
	char *schema = schema_of(&rig_root), *doc = document();
	char *key = strstr(doc, "\"locals\"");
	assert_non_null(key);
	key[1] = 'X';
	int dropped = judge(schema, doc);
	key[1] = 'l';
	char *number = strstr(doc, "\"pid\": 42");
	assert_non_null(number);
	memcpy(number, "\"pid\":\"4\"", 9);
	int wrong = judge(schema, doc);
	free(schema);
	free(doc);
	if (dropped == 77)
		skip();
	assert_int_equal(dropped, 1);
	assert_int_equal(wrong, 1);
}

static void schema__hides_columns_that_are_for_text_alone(void **state)
{
	char *schema = schema_of(&rig_root);
	assert_null(strstr(schema, "width"));
	assert_non_null(strstr(
		schema,
		"\"line\": {\"description\": \"1-based\", \"anyOf\": [{\"type\": \"integer\"}, "
		"{\"type\": \"null\"}, {\"$ref\": \"#/$defs/lost\"}]}"));
	assert_non_null(
		strstr(schema, "\"required\": [\"pycore\", \"notes\", \"process\", \"threads\"]"));
	free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schema__accepts_the_document_it_describes),
		cmocka_unit_test(schema__refuses_a_dropped_key_and_a_wrong_type),
		cmocka_unit_test(schema__hides_columns_that_are_for_text_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
