#include "tests/unit/commands_rig.h"

static void man_generate__escapes_what_roff_would_take(void **state)
{
	char *text = all_of(man_generate);
	expect(text, ".SS pycore walk\n");
	expect(text, ".PP\n\\&.first words with a \\e in them\n.PP\n");
	expect(text, ".B \\-k, \\-\\-check EXE\n");
	expect(text, "pycore walk core\npycore walk \\-\\-json core\n.EE");
	free(text);
}

static void man_generate__says_what_exit_codes_and_environment_mean(void **state)
{
	char *text = all_of(man_generate);
	expect(text, ".SH EXIT STATUS\n");
	expect(text, "PYCORE_PLUGINS");
	expect(text, ".SH OPTIONS OF EVERY COMMAND\n.TP\n.B \\-\\-json\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(man_generate__escapes_what_roff_would_take),
		cmocka_unit_test(man_generate__says_what_exit_codes_and_environment_mean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
