#include "core/redact.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include "core/arena.h"
#include "core/checked.h"

enum { NAME_MAX_BYTES = 128, TOKEN_LEAST = 8 };

struct redaction {
	enum redact_mode mode;
	regex_t *patterns;
	const char *const *texts;
	size_t count;
};

struct error *redaction_new(enum redact_mode mode, const char *const *patterns, size_t count,
			    struct redaction **ret)
{
	_cleanup_(owned_redaction_free) struct redaction *r = calloc(1, sizeof(*r));
	if (!r || !(r->patterns = calloc(count + 1, sizeof(*r->patterns))))
		return error_nomem();
	r->mode = mode;
	r->texts = patterns;
	for (; r->count < count; r->count++) {
		char why[128];
		int code = regcomp(&r->patterns[r->count], patterns[r->count],
				   REG_EXTENDED | REG_ICASE);
		if (!code)
			continue;
		regerror(code, &r->patterns[r->count], why, sizeof(why));
		return error_new(ERROR_USAGE, "--redact-also '%s': %s", patterns[r->count], why);
	}
	*ret = take(r);
	return NULL;
}

void redaction_free(struct redaction *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		regfree(&r->patterns[i]);
	free(r->patterns);
	free(r);
}

const char *redaction_pattern(const struct redaction *r, size_t i)
{
	return r && i < r->count ? r->texts[i] : NULL;
}

const struct redaction *redaction_all(void)
{
	static const struct redaction all = { .mode = REDACT_ALL };
	return &all;
}

bool redacts_all(const struct redaction *r)
{
	return r && r->mode == REDACT_ALL;
}

/* --- names ---------------------------------------------------------------------------------- */

/* A word of the name: db_pass, authToken, my-token. */
static const char *const secret_words[] = {
	"pass", "pwd", "pw", "pin", "otp", "auth", "oauth", "token", "tokens", "sid", "jwt", "bearer",
	"cvv", "cvc", "ssn", "iban", "creds", "cookie", "cookies",
};

/* The whole name, or that behind leading underscores: too common as a part. */
static const char *const secret_names[] = { "session", "key" };

/* Anywhere in the name without its separators, in small letters. */
static const char *const secret_parts[] = {
	"password", "passwd", "passphrase", "secret", "apikey", "privatekey", "accesskey", "signingkey",
	"encryptionkey", "masterkey", "sshkey", "authorization", "credential", "csrf", "xsrf",
	"signature", "sessionid", "authtoken", "accesstoken", "refreshtoken", "phpsessid",
	"xforwardedfor", "xrealip", "connectsid",
};

/* The name without what is between its words, in small letters; where each word begins. */
struct squeezed {
	char text[NAME_MAX_BYTES + 1];
	size_t len, words, starts[NAME_MAX_BYTES + 1];
};

static void squeeze(const char *name, struct squeezed *ret)
{
	bool between = true, was_lower = false;
	ret->len = ret->words = 0;
	for (; *name && ret->len < NAME_MAX_BYTES; name++) {
		unsigned char c = (unsigned char)*name;
		if (!isalnum(c)) {
			between = true;
			continue;
		}
		if (between || (isupper(c) && was_lower))
			ret->starts[ret->words++] = ret->len;
		ret->text[ret->len++] = (char)tolower(c);
		was_lower = !isupper(c);
		between = false;
	}
	ret->text[ret->len] = '\0';
	ret->starts[ret->words] = ret->len;
}

static bool has_word(const struct squeezed *s, const char *word)
{
	size_t len = strlen(word);
	for (size_t i = 0; i < s->words; i++)
		if (s->starts[i + 1] - s->starts[i] == len &&
		    memcmp(s->text + s->starts[i], word, len) == 0)
			return true;
	return false;
}

static bool matches(const struct redaction *r, const char *text)
{
	for (size_t i = 0; i < r->count; i++)
		if (regexec(&r->patterns[i], text, 0, NULL, 0) == 0)
			return true;
	return false;
}

static bool is_secret(const char *name)
{
	struct squeezed s;
	squeeze(name, &s);
	for (size_t i = 0; i < ARRAY_SIZE(secret_words); i++)
		if (has_word(&s, secret_words[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(secret_names); i++)
		if (streq(s.text, secret_names[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(secret_parts); i++)
		if (strstr(s.text, secret_parts[i]))
			return true;
	return false;
}

bool redacts_name(const struct redaction *r, const char *name)
{
	return r && name && (is_secret(name) || matches(r, name));
}

/* --- values ---------------------------------------------------------------------------------
 *
 * Each rule looks at one place of the text and says how much there is a secret: [*start, *end).
 * A text may hold NULs and anything else; nothing here reads beyond its length. */

struct span {
	const char *text;
	size_t len;
};

static bool at_is(const struct span *s, size_t at, const char *word)
{
	size_t n = strlen(word);
	return n <= s->len - at && strncasecmp(s->text + at, word, n) == 0;
}

static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-._~+/=", c));
}

static size_t token_end(const struct span *s, size_t at)
{
	while (at < s->len && is_token_char(s->text[at]))
		at++;
	return at;
}

static bool begins_word(const struct span *s, size_t at)
{
	return !at || !isalnum((unsigned char)s->text[at - 1]);
}

/* scheme://user:PASSWORD@ */
static bool in_url(const struct span *s, size_t at, size_t *start, size_t *end)
{
	if (!at_is(s, at, "://"))
		return false;
	size_t i = at + 3, colon = 0;
	for (; i < s->len && !strchr(" \t\n/@\"'<>", s->text[i]); i++)
		if (s->text[i] == ':' && !colon)
			colon = i + 1;
	*start = colon;
	*end = i;
	return colon && i < s->len && s->text[i] == '@' && i > colon;
}

static bool is_credential(const struct span *s, size_t at, size_t *start, size_t *end)
{
	static const char *const schemes[] = { "bearer ", "basic ", "digest " };
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (!begins_word(s, at) || !at_is(s, at, schemes[i]))
			continue;
		*start = at + strlen(schemes[i]);
		*end = token_end(s, *start);
		return *end - *start >= TOKEN_LEAST;
	}
	return false;
}

static bool is_private_key(const struct span *s, size_t at, size_t *start, size_t *end)
{
	static const char begin[] = "-----BEGIN ";
	if (!at_is(s, at, begin))
		return false;
	const char *head = memmem(s->text + at, MIN(s->len - at, (size_t)80), "PRIVATE KEY-----", 16);
	const char *limit = s->text + s->len;
	const char *tail = head ? memmem(head + 16, (size_t)(limit - head - 16), "-----END ", 9) : NULL;
	const char *last = tail ? memmem(tail + 9, (size_t)(limit - tail - 9), "-----", 5) : NULL;
	*start = at;
	*end = last ? (size_t)(last - s->text) + 5 : s->len;
	return head;
}

static bool is_known_key(const struct span *s, size_t at, size_t *start, size_t *end)
{
	static const struct { const char *prefix; size_t least; } forms[] = {
		{ "AKIA", 16 },	      { "ASIA", 16 },	  { "AIza", 30 },   { "ghp_", 20 },
		{ "gho_", 20 },	      { "ghs_", 20 },	  { "ghu_", 20 },   { "github_pat_", 20 },
		{ "glpat-", 16 },     { "sk_live_", 10 }, { "sk_test_", 10 }, { "rk_live_", 10 },
		{ "sk-", 20 },	      { "xoxb-", 10 },	  { "xoxp-", 10 },  { "xoxa-", 10 },
		{ "npm_", 30 },	      { "pypi-", 30 },	  { "eyJ", 30 },
	};
	for (size_t i = 0; begins_word(s, at) && i < ARRAY_SIZE(forms); i++) {
		size_t len = strlen(forms[i].prefix);
		if (len > s->len - at || memcmp(s->text + at, forms[i].prefix, len) != 0)
			continue;
		*start = at;
		*end = token_end(s, at + len);
		return *end - at - len >= forms[i].least;
	}
	return false;
}

/* 13 to 19 digits, perhaps in groups, that add up as Luhn's do; 3 to 6 is whose cards begin. */
static bool is_card(const struct span *s, size_t at, size_t *start, size_t *end)
{
	unsigned digits[20], sum = 0, count = 0;
	size_t i = at;
	if (!begins_word(s, at) || s->text[at] < '3' || s->text[at] > '6')
		return false;
	for (; i < s->len && count < 20; i++) {
		if (isdigit((unsigned char)s->text[i]))
			digits[count++] = (unsigned)(s->text[i] - '0');
		else if ((s->text[i] != ' ' && s->text[i] != '-') || i + 1 == s->len ||
			 !isdigit((unsigned char)s->text[i + 1]))
			break;
	}
	if (count < 13 || count > 19 || (i < s->len && isalnum((unsigned char)s->text[i])))
		return false;
	for (unsigned k = 0; k < count; k++) {
		unsigned digit = digits[count - 1 - k] << (k & 1);
		sum += digit > 9 ? digit - 9 : digit;
	}
	*start = at;
	*end = i;
	return sum % 10 == 0;
}

static bool is_social_security(const struct span *s, size_t at, size_t *start, size_t *end)
{
	static const char form[] = "ddd-dd-dddd";
	enum { LEN = sizeof(form) - 1 };
	if (!begins_word(s, at) || s->len - at < LEN)
		return false;
	for (size_t i = 0; i < LEN; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)s->text[at + i]) : s->text[at + i] != '-')
			return false;
	*start = at;
	*end = at + LEN;
	return *end == s->len || !isalnum((unsigned char)s->text[*end]);
}

/* The name that ends before at, perhaps in quotes; false: none. */
static bool name_before(const struct span *s, size_t at, char ret[NAME_MAX_BYTES + 1])
{
	size_t end = at;
	while (end && (s->text[end - 1] == ' ' || s->text[end - 1] == '"' || s->text[end - 1] == '\'' ||
		       s->text[end - 1] == '\\'))
		end--;
	size_t start = end;
	while (start && end - start < NAME_MAX_BYTES &&
	       (isalnum((unsigned char)s->text[start - 1]) || strchr("_-.", s->text[start - 1]) ) &&
	       s->text[start - 1])
		start--;
	memcpy(ret, s->text + start, end - start);
	ret[end - start] = '\0';
	return end > start;
}

/* Authorization: Basic dXNlcg==, Cookie: a=1; b=2: to the end of the line, which may be an escaped
 * one. */
static size_t header_end(const struct span *s, size_t at)
{
	while (at < s->len && !strchr("\r\n\\\"'", s->text[at]))
		at++;
	return at;
}

static bool is_header(const char *name)
{
	static const char *const ends[] = { "authorization", "cookie" };
	size_t len = strlen(name);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (len >= strlen(ends[i]) && strcasecmp(name + len - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

/* password=VALUE, "api_key": "VALUE", Cookie: VALUE */
static bool is_assigned(const struct redaction *r, const struct span *s, size_t at, size_t *start,
			size_t *end)
{
	char name[NAME_MAX_BYTES + 1];
	if ((s->text[at] != '=' && s->text[at] != ':') || !name_before(s, at, name) ||
	    !redacts_name(r, name))
		return false;
	size_t i = at + 1;
	while (i < s->len && (s->text[i] == ' ' || s->text[i] == '\\'))
		i++;
	if (i + 1 < s->len && strchr("bu", s->text[i]) && strchr("'\"", s->text[i + 1]))
		i++;
	char quote = i < s->len && strchr("'\"", s->text[i]) ? s->text[i++] : '\0';
	*start = i;
	if (quote) {
		while (i < s->len && s->text[i] != quote)
			i++;
	} else if (s->text[at] == ':' && is_header(name)) {
		i = header_end(s, i);
	} else if (i < s->len && !strchr("<{[(:=/", s->text[i])) {
		while (i < s->len && !strchr(" \t\r\n,;&)}]\"'", s->text[i]))
			i++;
	}
	*end = i;
	return i > *start;
}

static bool find_secret(const struct redaction *r, const struct span *s, size_t at, size_t *start,
			size_t *end)
{
	return is_assigned(r, s, at, start, end) || in_url(s, at, start, end) ||
	       is_credential(s, at, start, end) || is_private_key(s, at, start, end) ||
	       is_known_key(s, at, start, end) || is_card(s, at, start, end) ||
	       is_social_security(s, at, start, end);
}

static bool is_done(const struct span *s, size_t start)
{
	return at_is(s, start, REDACTED);
}

static void take_out_looks(const struct redaction *r, struct str *text, size_t from)
{
	_str_ struct str clean = STR_INIT;
	const struct span s = { text->buf + from, text->len - from };
	size_t copied = 0;
	for (size_t at = 0; at < s.len;) {
		size_t start, end;
		/* What each of the rules begins with. */
		char c = s.text[at];
		bool may = isalnum((unsigned char)c) || c == ':' || c == '=' || c == '-';
		if (!may || !find_secret(r, &s, at, &start, &end) || is_done(&s, start)) {
			at++;
			continue;
		}
		str_add(&clean, s.text + copied, start - copied);
		str_adds(&clean, REDACTED);
		copied = at = end;
	}
	if (!copied)
		return;
	str_add(&clean, s.text + copied, s.len - copied);
	str_truncate(text, from);
	str_add(text, clean.buf, clean.len);
	text->failed |= clean.failed;
}

static void take_out_pattern(const regex_t *pattern, struct str *text, size_t from)
{
	_str_ struct str clean = STR_INIT;
	const char *p = text->buf + from;
	regmatch_t match;
	bool any = false;
	while (*p && regexec(pattern, p, 1, &match, p > text->buf + from ? REG_NOTBOL : 0) == 0 &&
	       match.rm_eo > match.rm_so) {
		str_add(&clean, p, (size_t)match.rm_so);
		str_adds(&clean, REDACTED);
		p += match.rm_eo;
		any = true;
	}
	if (!any)
		return;
	str_add(&clean, p, (size_t)(text->buf + text->len - p));
	str_truncate(text, from);
	str_add(text, clean.buf, clean.len);
	text->failed |= clean.failed;
}

void redact_text(const struct redaction *r, struct str *text, size_t from)
{
	if (!r || text->failed)
		return;
	take_out_looks(r, text, from);
	for (size_t i = 0; i < r->count; i++)
		take_out_pattern(&r->patterns[i], text, from);
}

bool redact_words(const struct redaction *r, struct arena *arena, const char *const *words,
		  size_t count, const char **ret)
{
	bool hide = false;
	for (size_t i = 0; i < count; i++) {
		_str_ struct str text = STR_INIT;
		if (hide)
			str_adds(&text, REDACTED);
		else if (redacts_all(r) && i && words[i])
			str_printf(&text, "<str of %zu>", strlen(words[i]));
		else
			str_adds(&text, words[i] ? words[i] : "");
		if (!hide)
			redact_text(r, &text, 0);
		/* --password hunter2 */
		hide = r && words[i] && words[i][0] == '-' && !strpbrk(words[i], "=: ") &&
		       redacts_name(r, words[i]);
		ret[i] = words[i] ? arena_copy(arena, text.buf, text.len) : NULL;
		if (words[i] && !ret[i])
			return false;
	}
	return true;
}
