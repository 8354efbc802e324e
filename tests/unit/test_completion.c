#include "tests/unit/commands_rig.h"

static void completion_generate__offers_options_and_choices(void **state)
{
	char *text = all_of(completion_generate);
	expect(text, "commands=\"help walk bare\"");
	expect(text, "walk:--locals) choices=\"short full\" ;;");
	expect(text, "walk) options=\" --locals --locals=short --locals=full --check=\" ;;");
	expect(text, "*:--color) choices=\"auto always never\" ;;");
	free(text);
}

static void completion_generate__is_a_script_that_bash_can_read(void **state)
{
	char *text = all_of(completion_generate);
	FILE *bash = popen("bash -n", "w");
	assert_non_null(bash);
	fputs(text, bash);
	assert_int_equal(pclose(bash), 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(completion_generate__offers_options_and_choices),
		cmocka_unit_test(completion_generate__is_a_script_that_bash_can_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
