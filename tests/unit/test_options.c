#include "tests/unit/test.h"

#include "cli/options.h"

struct config {
	bool quiet, verbose;
	uint64_t limit, size;
	const char *output, *color, *locals;
	struct option_list search;
};

#define AT(member) .offset = offsetof(struct config, member)
static const char *const colors[] = { "auto", "always", "never", NULL };
static const char *const locals[] = { "short", "full", NULL };

static const struct option own_options[] = {
	{ "limit", 'n', OPTION_NUMBER, "N", "frames", AT(limit), .min = 1, .max = 100 },
	{ "size", 0, OPTION_SIZE, "SIZE", "bytes", AT(size), .min = 1024 },
	{ "locals", 0, OPTION_CHOICE, NULL, "locals", AT(locals), .choices = locals,
	  .optional_argument = true },
	{ 0 },
};
static const struct option shared_options[] = {
	{ "quiet", 'q', OPTION_FLAG, NULL, "quiet", AT(quiet) },
	{ "verbose", 'v', OPTION_FLAG, NULL, "verbose", AT(verbose) },
	{ "output", 'o', OPTION_STRING, "FILE", "output", AT(output) },
	{ "color", 0, OPTION_CHOICE, NULL, "color", AT(color), .choices = colors },
	{ "search", 0, OPTION_LIST, "DIR", "search", AT(search) },
	{ 0 },
};

struct parsed {
	struct config config;
	struct option_table tables[2];
	struct arguments arguments;
	struct error *err;
};

#define PARSE(...) parse((char *[]){ __VA_ARGS__, NULL })
static struct parsed *parse(char **argv)
{
	struct parsed *p = calloc(1, sizeof(*p));
	assert_non_null(p);
	p->tables[0] = (struct option_table){ own_options, &p->config };
	p->tables[1] = (struct option_table){ shared_options, &p->config };
	int argc = 0;
	while (argv[argc])
		argc++;
	p->err = options_parse(p->tables, 2, argc, argv, &p->arguments);
	return p;
}

static void done(struct parsed *p)
{
	options_release(&p->tables[0]);
	options_release(&p->tables[1]);
	arguments_release(&p->arguments);
	error_free(p->err);
	free(p);
}

static void expect_error(struct parsed *p, const char *message)
{
	assert_non_null(p->err);
	assert_int_equal(p->err->code, ERROR_USAGE);
	assert_string_equal(p->err->message, message);
	done(p);
}

static void options_parse__takes_values_in_every_shape(void **state)
{
	struct parsed *p = PARSE("--limit=5", "-o", "a", "core", "--color", "never", "exe");
	assert_null(p->err);
	assert_int_equal(p->config.limit, 5);
	assert_string_equal(p->config.output, "a");
	assert_string_equal(p->config.color, "never");
	assert_int_equal(p->arguments.words.len, 2);
	assert_string_equal(p->arguments.words.items[0], "core");
	assert_string_equal(p->arguments.words.items[1], "exe");
	done(p);
	p = PARSE("-qvofile", "-n7");
	assert_null(p->err);
	assert_true(p->config.quiet && p->config.verbose);
	assert_string_equal(p->config.output, "file");
	assert_int_equal(p->config.limit, 7);
	done(p);
}

static void options_parse__takes_an_optional_argument_only_after_equals(void **state)
{
	struct parsed *p = PARSE("--locals", "full");
	assert_null(p->err);
	assert_string_equal(p->config.locals, "short");
	assert_int_equal(p->arguments.words.len, 1);
	done(p);
	p = PARSE("--locals=full");
	assert_null(p->err);
	assert_string_equal(p->config.locals, "full");
	done(p);
	expect_error(PARSE("--locals=most"), "--locals does not know 'most': it takes short, full");
}

static void options_parse__ends_options_at_two_dashes(void **state)
{
	struct parsed *p = PARSE("-q", "--", "--quiet", "-x");
	assert_null(p->err);
	assert_int_equal(p->arguments.words.len, 2);
	assert_string_equal(p->arguments.words.items[1], "-x");
	done(p);
}

static void options_parse__takes_one_dash_for_a_file(void **state)
{
	struct parsed *p = PARSE("-", "-q");
	assert_null(p->err);
	assert_int_equal(p->arguments.words.len, 1);
	assert_string_equal(p->arguments.words.items[0], "-");
	assert_true(p->config.quiet);
	done(p);
}

static void options_parse__collects_lists(void **state)
{
	struct parsed *p = PARSE("--search", "a", "--search=b", "--search=");
	assert_null(p->err);
	assert_int_equal(p->config.search.count, 3);
	assert_string_equal(p->config.search.items[0], "a");
	assert_string_equal(p->config.search.items[1], "b");
	assert_string_equal(p->config.search.items[2], "");
	done(p);
}

static void options_parse__lets_the_last_one_count(void **state)
{
	struct parsed *p = PARSE("--limit=5", "--limit=6", "--output=");
	assert_null(p->err);
	assert_int_equal(p->config.limit, 6);
	assert_string_equal(p->config.output, "");
	done(p);
}

static void options_parse__suggests_the_nearest_option(void **state)
{
	expect_error(PARSE("--lmit=5"), "unknown option --lmit (did you mean --limit?)");
	expect_error(PARSE("--colour=never"), "unknown option --colour (did you mean --color?)");
	expect_error(PARSE("--verb"), "unknown option --verb (did you mean --verbose?)");
	expect_error(PARSE("--pid", "4"), "unknown option --pid");
	expect_error(PARSE("-x"), "unknown option -x");
	expect_error(PARSE("-qx"), "unknown option -x");
	expect_error(PARSE("--="), "unknown option --");
}

static void options_parse__refuses_bad_numbers(void **state)
{
	expect_error(PARSE("--limit=0"), "--limit must be at least 1");
	expect_error(PARSE("--limit=101"), "--limit must be at most 100");
	expect_error(PARSE("--limit=ten"), "--limit wants a number, not 'ten'");
	expect_error(PARSE("--limit=-1"), "--limit wants a number, not '-1'");
	expect_error(PARSE("--limit="), "--limit wants a number, not ''");
	expect_error(PARSE("--limit=5x"), "--limit wants a number, not '5x'");
	expect_error(PARSE("--limit=99999999999999999999"),
		     "--limit wants a number, not '99999999999999999999'");
	struct parsed *p = PARSE("--limit=0x1f");
	assert_null(p->err);
	assert_int_equal(p->config.limit, 31);
	done(p);
}

static void options_parse__refuses_a_missing_or_an_idle_value(void **state)
{
	expect_error(PARSE("--output"), "--output wants a value");
	expect_error(PARSE("-o"), "--output wants a value");
	expect_error(PARSE("--quiet=yes"), "--quiet takes no value");
}

static void option_spelling__shows_how_it_is_given(void **state)
{
	const char *const expected[] = { "--limit N", "--size SIZE", "--locals[=short|full]" };
	for (size_t i = 0; i < 3; i++) {
		_str_ struct str s = STR_INIT;
		option_spelling(&own_options[i], &s);
		assert_string_equal(s.buf, expected[i]);
	}
	_str_ struct str s = STR_INIT;
	option_spelling(&shared_options[3], &s);
	assert_string_equal(s.buf, "--color=auto|always|never");
}

static void suggestion_try__is_silent_on_far_words(void **state)
{
	struct suggestion s = { .wanted = "core" };
	suggestion_try(&s, "info");
	suggestion_try(&s, "bt");
	assert_null(s.nearest);
	s.wanted = "ifno";
	suggestion_try(&s, "slim");
	suggestion_try(&s, "info");
	assert_string_equal(s.nearest, "info");
	/* As long as a word can be, and longer. */
	char word[200];
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	s = (struct suggestion){ .wanted = word };
	suggestion_try(&s, "info");
	assert_null(s.nearest);
}

static void options_parse__takes_sizes_in_bytes_and_their_multiples(void **state)
{
	static const struct {
		char *text;
		uint64_t size;
	} sizes[] = { { "4096", 4096 },
		      { "64K", 64 << 10 },
		      { "512m", 512 << 20 },
		      { "512MiB", 512 << 20 },
		      { "2GB", UINT64_C(2) << 30 },
		      { "1T", UINT64_C(1) << 40 } };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct parsed *p = PARSE("--size", sizes[i].text);
		assert_null(p->err);
		assert_int_equal(p->config.size, sizes[i].size);
		done(p);
	}
}

static void options_parse__refuses_what_is_no_size(void **state)
{
	static char *const wrong[] = { "",    "M",	 "-1M", "12x", "1MM", "1 M",
				       "100", "99999999T", "1.5G" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct parsed *p = PARSE("--size", wrong[i]);
		assert_non_null(p->err);
		assert_int_equal(p->err->code, ERROR_USAGE);
		done(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_parse__takes_values_in_every_shape),
		cmocka_unit_test(options_parse__takes_an_optional_argument_only_after_equals),
		cmocka_unit_test(options_parse__ends_options_at_two_dashes),
		cmocka_unit_test(options_parse__takes_one_dash_for_a_file),
		cmocka_unit_test(options_parse__collects_lists),
		cmocka_unit_test(options_parse__lets_the_last_one_count),
		cmocka_unit_test(options_parse__suggests_the_nearest_option),
		cmocka_unit_test(options_parse__refuses_bad_numbers),
		cmocka_unit_test(options_parse__refuses_a_missing_or_an_idle_value),
		cmocka_unit_test(option_spelling__shows_how_it_is_given),
		cmocka_unit_test(suggestion_try__is_silent_on_far_words),
		cmocka_unit_test(options_parse__takes_sizes_in_bytes_and_their_multiples),
		cmocka_unit_test(options_parse__refuses_what_is_no_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
