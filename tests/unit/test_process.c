#include "tests/unit/bt_rig.h"

static void set_signal(struct bt_rig *b)
{
	static const char *const argv[] = { "python3", "app\x1b.py", NULL };
	struct process *p = &b->session.target->process;
	*p = (struct process){ .pid = 4242,
			       .argv = argv,
			       .argc = 2,
			       .executable = "/usr/bin/python3",
			       .signal = 11,
			       .si_code = 1,
			       .has_siginfo = true,
			       .has_fault_address = true,
			       .fault_address = 0x10 };
	p->build_id = (struct build_id){ .bytes = { 0xab, 0x12 }, .len = 2 };
}

static void process_report__is_the_header_of_the_text(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	set_signal(b);
	bt_rig_expect(b, NULL, "",
		      "Process 4242: python3 app\\x1b.py\n"
		      "died of SIGSEGV (Segmentation fault) at 0x10: address not mapped to object\n"
		      "Python 3.12.1, x86_64\n");
	bt_rig_free(b);
}

static void process_report__json_keeps_to_the_contract(void **state)
{
	static const char *const parts[] = {
		"\"pid\": 4242",
		"\"executable\": \"/usr/bin/python3\"",
		"\"number\": 11",
		"\"name\": \"SIGSEGV\"",
		"\"code\": 1",
		"\"address\": \"0x10\"",
		"\"machine\": \"x86_64\"",
		"\"implementation\": \"cpython\"",
		"\"version\": \"3.12.1\"",
		"\"debug\": false",
		"\"free_threaded\": false",
		"\"build_id\": \"ab12\"",
		"\"truncated\": false",
	};
	struct bt_rig *b = bt_rig_named("3.12");
	set_signal(b);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		bt_rig_contains(b, NULL, "", true, parts[i]);
	bt_rig_free(b);
}

static void process_report__has_nulls_for_what_is_not_known(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	b->session.target->process = (struct process){ .pid = -1 };
	b->session.runtime = NULL;
	static const char *const parts[] = {
		"\"pid\": null",    "\"executable\": null", "\"signal\": null",
		"\"python\": null", "\"build_id\": null",   "\"argv\": []",
	};
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		bt_rig_contains(b, NULL, "", true, parts[i]);
	bt_rig_expect(b, NULL, "",
		      "Process:\n"
		      "did not die of a signal: a snapshot of a running process\n"
		      "x86_64\n");
	bt_rig_free(b);
}

static void process_report__cuts_a_long_command_line(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	char word[2001];
	memset(word, 'x', 2000);
	word[2000] = '\0';
	const char *const argv[] = { "python3", word, "last", NULL };
	b->session.target->process = (struct process){ .pid = 1, .argv = argv, .argc = 3 };
	struct error *err = NULL;
	_free_ char *text = bt_rig_run(b, NULL, "", false, &err),
		    *json = bt_rig_run(b, NULL, "", true, &err);
	assert_non_null(strstr(text, "xxx...\n"));
	assert_null(strstr(text, "last"));
	assert_non_null(strstr(json, word));
	bt_rig_free(b);
}

static void session_report_remarks__shows_each_once(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	struct remarks *remarks = &b->session.target->remarks;
	remark_loss(remarks, "a page is missing");
	remark_loss(remarks, "a page is missing");
	remark_info(remarks, "a file is younger");
	struct error *err = NULL;
	_free_ char *first = bt_rig_run(b, NULL, "", false, &err);
	assert_non_null(
		strstr(first, "lost: a page is missing (2 times)\nnote: a file is younger\n"));
	_free_ char *second = bt_rig_run(b, NULL, "", false, &err);
	assert_null(strstr(second, "missing"));
	bt_rig_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_report__is_the_header_of_the_text),
		cmocka_unit_test(process_report__json_keeps_to_the_contract),
		cmocka_unit_test(process_report__has_nulls_for_what_is_not_known),
		cmocka_unit_test(process_report__cuts_a_long_command_line),
		cmocka_unit_test(session_report_remarks__shows_each_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
