#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/arena.h"
#include "core/redact.h"

static struct redaction *secrets;

static int set_up(void **state)
{
	static const char *const patterns[] = { "^internal_", "[0-9]{4}-ACME" };
	return redaction_new(REDACT_SECRETS, patterns, 2, &secrets) ? -1 : 0;
}

static int tear_down(void **state)
{
	redaction_free(secrets);
	return 0;
}

static void redacts_name__knows_secrets_by_their_words(void **state)
{
	static const char *const names[] = {
		"password", "db_password", "userPassword", "PASSWD", "secret", "clientSecret", "SECRET_KEY",
		"token", "auth_token", "accessToken", "refreshtoken", "api_key", "apiKey", "API-KEY",
		"x-api-key", "authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "sessionid",
		"session", "_session", "private_key", "aws_access_key_id", "csrf_token", "_xsrf",
		"credentials", "pin", "otp", "jwt", "db.pass", "MYSQL_PWD", "signature", "--token",
		"connect.sid", "PHPSESSID", "internal_thing",
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!redacts_name(secrets, names[i]))
			fail_msg("%s is no secret?", names[i]);
}

static void redacts_name__leaves_what_only_looks_alike(void **state)
{
	static const char *const names[] = {
		"author", "authors", "monkey", "keyboard", "keys", "compass", "passenger", "bypass",
		"tokenizer", "spin", "pinned", "session_factory", "cookiecutter_x", "host", "user", "", "_",
		"tokenize", "hotpot", "passes",
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (redacts_name(secrets, names[i]))
			fail_msg("%s is a secret?", names[i]);
}

static void redacts_name__without_a_redaction_knows_none(void **state)
{
	assert_false(redacts_name(NULL, "password"));
	assert_false(redacts_name(secrets, NULL));
}

static void redact_text__takes_out_what_looks_like_a_secret(void **state)
{
	static const char *const cases[][2] = {
		{ "postgres://jane:hunter2@db/x", "postgres://jane:[Filtered]@db/x" },
		{ "http://jane@db/x:y@z", "http://jane@db/x:y@z" },
		{ "Bearer abcdefgh12", "Bearer [Filtered]" },
		{ "the bearer of news", "the bearer of news" },
		{ "Authorization: Basic dTpw\r\nHost: a", "Authorization: [Filtered]\r\nHost: a" },
		{ "Cookie: a=1; sid=2", "Cookie: [Filtered]" },
		{ "u=a&password=hunter2&x=1", "u=a&password=[Filtered]&x=1" },
		{ "{\"api_key\": \"abc\", \"n\": 1}", "{\"api_key\": \"[Filtered]\", \"n\": 1}" },
		{ "token = b'abc'", "token = b'[Filtered]'" },
		{ "password=[Filtered]", "password=[Filtered]" },
		{ "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\nx", "[Filtered]\nx" },
		{ "-----BEGIN EC PRIVATE KEY-----\nMII", "[Filtered]" },
		{ "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----" },
		{ "id AKIAIOSFODNN7EXAMPLE x", "id [Filtered] x" },
		{ "ghp_abcdefghijklmnopqrstuvwxyz", "[Filtered]" },
		{ "sk_live_0123456789abc", "[Filtered]" },
		{ "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.sig", "[Filtered]" },
		{ "4111 1111 1111 1111", "[Filtered]" },
		{ "4111 1111 1111 1112", "4111 1111 1111 1112" },
		{ "at 0x7f4111111111111111", "at 0x7f4111111111111111" },
		{ "078-05-1120", "[Filtered]" },
		{ "2026-11-23", "2026-11-23" },
		{ "1234-ACME", "[Filtered]" },
		{ "File \"a.py\", line 3, in f", "File \"a.py\", line 3, in f" },
		{ "", "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_str_ struct str text = STR_INIT;
		str_printf(&text, "password=kept %s", cases[i][0]);
		redact_text(secrets, &text, 14);
		assert_string_equal(text.buf + 14, cases[i][1]);
		assert_memory_equal(text.buf, "password=kept ", 14);
	}
}

static void redact_text__takes_bytes_of_any_kind(void **state)
{
	_str_ struct str text = STR_INIT;
	for (unsigned i = 0; i < 256; i++)
		str_addc(&text, (char)i);
	str_add(&text, "token=\0ab", 9);
	redact_text(secrets, &text, 0);
	assert_false(text.failed);
	str_reset(&text);
	str_adds(&text, "://:@:=-----BEGIN ");
	redact_text(secrets, &text, 0);
	assert_string_equal(text.buf, "://:@:=-----BEGIN ");
}

static void redact_words__knows_a_command_line(void **state)
{
	const char *const words[] = { "app.py", "--token", "abc", "--port", "80", "--password=x", NULL };
	const char *clean[7];
	struct arena arena = ARENA_INIT;
	assert_true(redact_words(secrets, &arena, words, 7, clean));
	assert_string_equal(clean[0], "app.py");
	assert_string_equal(clean[1], "--token");
	assert_string_equal(clean[2], REDACTED);
	assert_string_equal(clean[4], "80");
	assert_string_equal(clean[5], "--password=[Filtered]");
	assert_null(clean[6]);
	arena_release(&arena);
}

static void redact_words__of_all_keeps_lengths(void **state)
{
	const char *const words[] = { "app.py", "hello" };
	const char *clean[2];
	struct arena arena = ARENA_INIT;
	struct redaction *all = NULL;
	assert_null(redaction_new(REDACT_ALL, NULL, 0, &all));
	assert_true(redacts_all(all));
	assert_true(redact_words(all, &arena, words, 2, clean));
	assert_string_equal(clean[0], "app.py");
	assert_string_equal(clean[1], "<str of 5>");
	arena_release(&arena);
	redaction_free(all);
}

static void redaction_new__refuses_what_is_no_pattern(void **state)
{
	static const char *const patterns[] = { "good", "(" };
	struct redaction *r = NULL;
	struct error *err = redaction_new(REDACT_SECRETS, patterns, 2, &r);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_USAGE);
	assert_non_null(strstr(err->message, "'('"));
	assert_null(r);
	error_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redacts_name__knows_secrets_by_their_words),
		cmocka_unit_test(redacts_name__leaves_what_only_looks_alike),
		cmocka_unit_test(redacts_name__without_a_redaction_knows_none),
		cmocka_unit_test(redact_text__takes_out_what_looks_like_a_secret),
		cmocka_unit_test(redact_text__takes_bytes_of_any_kind),
		cmocka_unit_test(redact_words__knows_a_command_line),
		cmocka_unit_test(redact_words__of_all_keeps_lengths),
		cmocka_unit_test(redaction_new__refuses_what_is_no_pattern),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
