#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/session.h"

static const struct analyzer needy = { .name = "bt", .needs = NEEDS_TARGET | NEEDS_RUNTIME };
static const struct analyzer modest = { .name = "layout", .needs = WANTS_RUNTIME };

/* inputs_from() for these words; NULL: it went well, else the message (static). */
static const char *inputs(const struct analyzer *command, const char *core_option,
			  struct inputs *ret, const char *first, const char *second,
			  const char *third)
{
	static char message[200];
	const char *words[] = { first, second, third };
	struct common common = { .core = core_option };
	struct arguments arguments = { 0 };
	for (size_t i = 0; i < 3 && words[i]; i++)
		*vec_push(&arguments.words) = words[i];
	*ret = (struct inputs){ 0 };
	struct error *err = inputs_from(&common, &arguments, command, command->needs, ret);
	arguments_release(&arguments);
	if (!err)
		return NULL;
	assert_int_equal(err->code, ERROR_USAGE);
	snprintf(message, sizeof(message), "%s", err->message);
	error_free(err);
	return message;
}

static void inputs_from__takes_the_usual_shape_and_gdbs(void **state)
{
	struct inputs in;
	assert_null(inputs(&needy, NULL, &in, "core", NULL, NULL));
	assert_string_equal(in.core, "core");
	assert_null(in.executable);
	assert_null(inputs(&needy, NULL, &in, "core", "exe", NULL));
	assert_string_equal(in.executable, "exe");
	assert_null(inputs(&needy, "core", &in, "/proc/self/exe", NULL, NULL));
	assert_string_equal(in.core, "core");
	assert_string_equal(in.executable, "/proc/self/exe");
	assert_null(in.gone);
	assert_null(inputs(&needy, "core", &in, NULL, NULL, NULL));
	assert_null(in.executable);
}

/* coredumpctl gives the path that the process had; it may have been upgraded since. */
static void inputs_from__lets_gdbs_executable_be_gone(void **state)
{
	struct inputs in;
	assert_null(inputs(&needy, "core", &in, "/nowhere/python3 (deleted)", NULL, NULL));
	assert_null(in.executable);
	assert_string_equal(in.gone, "/nowhere/python3 (deleted)");
}

static void inputs_from__refuses_more_than_a_core_and_an_executable(void **state)
{
	struct inputs in;
	assert_string_equal(inputs(&needy, NULL, &in, "a", "b", "c"),
			    "too many files: 'c' is neither the core nor the executable");
	assert_string_equal(inputs(&needy, "a", &in, "b", "c", NULL),
			    "too many files: 'c' is neither the core nor the executable");
}

static void inputs_from__wants_a_core_where_one_is_needed(void **state)
{
	struct inputs in;
	assert_non_null(strstr(inputs(&needy, NULL, &in, NULL, NULL, NULL), "pycore bt CORE"));
	assert_null(inputs(&modest, NULL, &in, NULL, NULL, NULL));
	assert_null(in.core);
}

static void inputs_from__finds_the_core_on_standard_input_in_either_place(void **state)
{
	int saved = dup(STDIN_FILENO), null = open("/dev/null", O_RDONLY);
	assert_true(saved >= 0 && null >= 0);
	dup2(null, STDIN_FILENO);
	struct inputs in;
	assert_null(inputs(&needy, NULL, &in, "exe", "-", NULL));
	assert_string_equal(in.core, "-");
	assert_string_equal(in.executable, "exe");
	assert_null(inputs(&needy, NULL, &in, "-", "exe", NULL));
	assert_string_equal(in.core, "-");
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(null);
}

static void session_open__opens_no_target_where_no_core_is_given(void **state)
{
	struct common common = { .json = true, .output = "out" };
	struct inputs none = { 0 };
	struct session s = { 0 };
	const struct opening opening = { &common, &none, WANTS_RUNTIME, NULL, NULL };
	assert_null(session_open_files(&s, &opening));
	assert_null(session_open(&s, &opening));
	assert_null(s.target);
	assert_false(s.text_form);
	assert_string_equal(s.output, "out");
	session_release(&s);
}

static void session_open__fails_on_what_is_not_there(void **state)
{
	struct common common = { 0 };
	struct inputs in = { .core = "/nonexistent/core" };
	struct session s = { 0 };
	const struct opening opening = { &common, &in, NEEDS_TARGET, NULL, NULL };
	struct error *err = session_open_files(&s, &opening);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	error_free(err);
	session_release(&s);

	common.sysroot = "/nonexistent/root";
	s = (struct session){ 0 };
	err = session_open_files(&s, &opening);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "/nonexistent/root"));
	error_free(err);
	session_release(&s);
}

/*	dir/core       an input          dir/hard  the same by a hard link
 *	dir/soft ->    core              dir/else  another file        dir/new  not there */
static void output_check__refuses_every_way_to_an_input(void **state)
{
	char dir[] = "/tmp/pycore-session-XXXXXX", paths[5][64];
	const char *const names[] = { "core", "hard", "soft", "else", "new" };
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < 5; i++)
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", dir, names[i]);
	assert_int_equal(close(open(paths[0], O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(close(open(paths[3], O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(link(paths[0], paths[1]), 0);
	assert_int_equal(symlink(paths[0], paths[2]), 0);

	struct inputs as_core = { .core = paths[0] },
		      as_executable = { .core = "-", .executable = paths[0] };
	struct session s = { 0 };
	for (size_t i = 0; i < 5; i++) {
		struct error *a = output_check(paths[i], &as_core, &s),
			     *b = output_check(paths[i], &as_executable, &s);
		assert_int_equal(a != NULL, i < 3);
		assert_int_equal(b != NULL, i < 3);
		error_free(a);
		error_free(b);
	}
	for (size_t i = 0; i < 4; i++)
		unlink(paths[i]);
	rmdir(dir);
	assert_null(output_check("/dev/null", &as_core, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inputs_from__takes_the_usual_shape_and_gdbs),
		cmocka_unit_test(inputs_from__lets_gdbs_executable_be_gone),
		cmocka_unit_test(inputs_from__refuses_more_than_a_core_and_an_executable),
		cmocka_unit_test(inputs_from__wants_a_core_where_one_is_needed),
		cmocka_unit_test(inputs_from__finds_the_core_on_standard_input_in_either_place),
		cmocka_unit_test(session_open__opens_no_target_where_no_core_is_given),
		cmocka_unit_test(session_open__fails_on_what_is_not_there),
		cmocka_unit_test(output_check__refuses_every_way_to_an_input),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
