/* `pycore layout` and its --check: a small "libpython" is compiled here, true or with one member
 * moved, and the report read. */
#include "tests/unit/test.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>
#include "analyzers/layout.h"
#include "core/machine.h"
#include "cpython_layouts/runtime.h"
#include "report/report.h"

extern const struct analyzer analyzer_layout;

struct result {
	char *text;
	size_t len;
	struct error *err;
	bool loss;
};

static struct result run(struct session *session, struct layout_config config)
{
	struct result r = { 0 };
	struct report_options options = { .form = REPORT_TEXT,
					  .command = "layout",
					  .version = "1" };
	FILE *out = open_memstream(&r.text, &r.len);
	assert_non_null(out);
	struct report *report = report_new(analyzer_layout.root, &options, out);
	assert_non_null(report);
	r.err = analyzer_layout.run(session, &config, report);
	report_end(report);
	r.loss = report_has_loss(report);
	report_free(report);
	fclose(out);
	return r;
}

static void result_release(struct result *r)
{
	error_free(r->err);
	free(r->text);
}

static void expect_text(const struct result *r, const char *wanted)
{
	if (!strstr(r->text, wanted))
		fail_msg("no \"%s\" in:\n%s", wanted, r->text);
}

static struct result check(const char *path)
{
	struct session session = { 0 };
	struct error *err = files_new(NULL, &session.files);
	assert_null(err);
	struct result r = run(&session, (struct layout_config){ .check = path });
	files_free(session.files);
	return r;
}

/* Where 3.12 keeps them; extra members go in front of a tuple's items. */
static const char source[] =
	"typedef struct _typeobject PyTypeObject;\n"
	"typedef struct _object { long ob_refcnt; PyTypeObject *ob_type; } PyObject;\n"
	"typedef struct { PyObject ob_base; long ob_size; } PyVarObject;\n"
	"typedef struct { PyVarObject ob_base; EXTRA PyObject *ob_item[1]; } PyTupleObject;\n"
	"typedef struct { PyObject ob_base; double ob_fval; TAIL } PyFloatObject;\n"
	"PyTupleObject tuple; PyFloatObject a_float;\n";

/* A file called libpython3.12.so in a directory of its own. false: no compiler. */
static bool make_library(const char *flags, char *dir, char *path, size_t size)
{
	char command[512];
	assert_non_null(mkdtemp(dir));
	snprintf(path, size, "%s/libpython3.12.so", dir);
	snprintf(command, sizeof(command),
		 "${CC:-cc} -g %s -shared -fPIC -nostdlib -x c - -o %s 2>/dev/null", flags, path);
	FILE *compiler = popen(command, "w");
	assert_non_null(compiler);
	fputs(source, compiler);
	return pclose(compiler) == 0;
}

static struct result check_library(const char *flags)
{
	char dir[] = "/tmp/test_layout_check-XXXXXX", path[64];
	struct result r = { 0 };
	bool made = make_library(flags, dir, path, sizeof(path));
	if (made)
		r = check(path);
	unlink(path);
	rmdir(dir);
	if (!made) {
		print_message("SKIPPED: no compiler\n");
		skip();
	}
	return r;
}

static void layout_check__finds_a_true_table_equal(void **state)
{
	(void)state;
	struct result r = check_library("-DEXTRA= -DTAIL=");
	assert_null(r.err);
	expect_text(&r, "Table: 3.12 (");
	expect_text(&r, "members of 4 structs; all equal");
	assert_false(r.loss);
	result_release(&r);
}

static void layout_check__names_a_member_that_moved(void **state)
{
	(void)state;
	struct result r = check_library("-DEXTRA='long hash;' -DTAIL=");
	assert_null(r.err);
	expect_text(&r, "PyTupleObject.ob_item: 24+0 in the table, 32+0 in the debug information");
	expect_text(&r, "PyTupleObject's size: 32 in the table, 40 in the debug information");
	expect_text(&r, "table 3.12 is wrong for this file in 1 member;");
	assert_true(r.loss);		/* exit code 1 */
	result_release(&r);
}

static void layout_check__takes_an_appended_member_lightly(void **state)
{
	(void)state;
	struct result r = check_library("-DEXTRA= -DTAIL='long more;'");
	assert_null(r.err);
	expect_text(&r, "PyFloatObject's size: 24 in the table, 32 in the debug information");
	assert_false(r.loss);
	result_release(&r);
}

static void expect_refused(const char *path, const char *why)
{
	struct result r = check(path);
	assert_non_null(r.err);
	assert_int_equal(r.err->code, ERROR_UNSUPPORTED);
	if (!strstr(r.err->message, why))
		fail_msg("%s", r.err->message);
	result_release(&r);
}

static void layout_check__says_why_a_file_cannot_be_checked(void **state)
{
	(void)state;
	char path[] = "/tmp/test_layout_check-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	expect_refused(path, "is not an ELF file");		/* empty */
	assert_int_equal(write(fd, "\177ELF\2\1\1", 7), 7);
	expect_refused(path, "is not an ELF file");		/* cut in its header */
	assert_int_equal(
		write(fd, "#!/bin/sh\nexit 0\n# no more than that, and yet some bytes\n", 56), 56);
	expect_refused(path, "is not an ELF file");
	close(fd);
	unlink(path);
	expect_refused(path, "no such file");
	expect_refused("/", "directory");
}

static void layout_check__says_when_there_is_no_debug_information(void **state)
{
	(void)state;
	char dir[] = "/tmp/test_layout_check-XXXXXX", path[64];
	bool made = make_library("-g0 -DEXTRA= -DTAIL=", dir, path, sizeof(path));
	if (made)
		expect_refused(path, "no debug information");
	unlink(path);
	rmdir(dir);
	if (!made)
		skip();
}

static void layout_check__says_when_it_is_no_cpython(void **state)
{
	(void)state;
	char dir[] = "/tmp/test_layout_check-XXXXXX", path[64];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/libother.so", dir);
	char command[256];
	snprintf(command, sizeof(command),
		 "echo 'struct s { int i; } x;' | ${CC:-cc} -g -shared -fPIC -nostdlib -x c - -o %s", path);
	bool made = system(command) == 0;
	if (made)
		expect_refused(path, "defines no struct of CPython");
	unlink(path);
	rmdir(dir);
	if (!made)
		skip();
}

/* --- the listing ------------------------------------------------------------------------------ */

static struct runtime *runtime_of(const char *table)
{
	struct runtime *rt = calloc(1, sizeof(*rt));
	assert_non_null(rt);
	struct error *err =
		layout_from_table(layout_table_named(table),
				  machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB), &rt->layout);
	assert_null(err);
	rt->address = 0x5500;
	rt->version_evidence = "Py_Version";
	rt->proofs = 15;
	return rt;
}

static struct result list(const char *glob)
{
	struct session session = { .runtime = runtime_of("3.12") };
	struct result r = run(&session, (struct layout_config){ .structure = glob });
	free(session.runtime);
	return r;
}

static void layout__lists_every_struct_that_the_build_has(void **state)
{
	(void)state;
	struct result r = list(NULL);
	assert_null(r.err);
	expect_text(&r, "table 3.12 (CPython 3.12");
	expect_text(&r, "the version comes from Py_Version");
	expect_text(&r, "15 hold, 0 do not");
	expect_text(&r, "\nPyTupleObject, 32 bytes  table\n      24        -  ob_item  table\n");
	expect_text(&r, "bit  2+3   kind  table\n");
	assert_null(strstr(r.text, "PyInstanceObject"));	/* 2.7's */
	assert_null(strstr(r.text, "ob_tid"));			/* free-threaded builds' */
	result_release(&r);
}

static void layout__filters_by_our_name_or_cpython_s(void **state)
{
	(void)state;
	struct result r = list("PyTuple*");
	expect_text(&r, "\nPyTupleObject,");
	assert_null(strstr(r.text, "PyListObject"));
	result_release(&r);
	r = list("_typeobject");
	expect_text(&r, "\nPyTypeObject,");
	result_release(&r);
}

static void layout__says_when_no_struct_has_such_a_name(void **state)
{
	(void)state;
	struct result r = list("PyNothing*");
	assert_non_null(r.err);
	assert_int_equal(r.err->code, ERROR_USAGE);
	assert_non_null(strstr(r.err->message, "PyNothing*"));
	result_release(&r);
}

static void layout__needs_no_core_to_check_a_file(void **state)
{
	(void)state;
	struct layout_config list_config = { 0 }, check_config = { .check = "python3" };
	assert_true(analyzer_layout.needs_of(&list_config) & NEEDS_TARGET);
	assert_true(analyzer_layout.needs_of(&list_config) & NEEDS_RUNTIME);
	assert_false(analyzer_layout.needs_of(&check_config) & (NEEDS_TARGET | NEEDS_RUNTIME));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_check__finds_a_true_table_equal),
		cmocka_unit_test(layout_check__names_a_member_that_moved),
		cmocka_unit_test(layout_check__takes_an_appended_member_lightly),
		cmocka_unit_test(layout_check__says_why_a_file_cannot_be_checked),
		cmocka_unit_test(layout_check__says_when_there_is_no_debug_information),
		cmocka_unit_test(layout_check__says_when_it_is_no_cpython),
		cmocka_unit_test(layout__lists_every_struct_that_the_build_has),
		cmocka_unit_test(layout__filters_by_our_name_or_cpython_s),
		cmocka_unit_test(layout__says_when_no_struct_has_such_a_name),
		cmocka_unit_test(layout__needs_no_core_to_check_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
