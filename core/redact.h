/* Secrets, taken out of what is shown: by name, by value, or everything.
 *
 *	by name   password, secret, token, api_key, authorization, cookie, ...: the value of a variable,
 *	          an attribute, a dict's key, a command line's option of such a name is REDACTED
 *	by value  wherever it stands in a text: what follows such a name and "=" or ":", a URL's password,
 *	          Bearer and Basic tokens, JSON web tokens, private keys (PEM), well-known keys' forms
 *	          (AKIA.., ghp_.., sk_live_..), card numbers, US social security numbers
 *	all       no value at all: of a str "<str of 8>" is left, of a list its items' shapes
 *
 * Names are compared by their words (api_key, apiKey, API-KEY), so that neither author nor monkey is
 * one. The lists are in redact.c, for people in docs/reports.md; what a user gives is a POSIX
 * extended regular expression, without case, searched for in names and in texts.
 *
 * This finds what looks like a secret. What does not look like one it cannot know. */
#ifndef CORE_REDACT_H
#define CORE_REDACT_H

#include <stdbool.h>
#include "core/error.h"
#include "core/str.h"

#define REDACTED "[Filtered]"

enum redact_mode { REDACT_SECRETS, REDACT_ALL };

struct redaction;		/* NULL: nothing is taken out */

/* patterns: the user's own, borrowed. ERROR_USAGE: one of them is no regular expression. */
struct error *redaction_new(enum redact_mode mode, const char *const *patterns, size_t count,
			    struct redaction **ret) _must_check_;
void redaction_free(struct redaction *r);
OWNED(struct redaction, redaction_free);

/* The i-th pattern of the user's; NULL: there are no more. */
const char *redaction_pattern(const struct redaction *r, size_t i);
/* Everything, always: of what has been redacted already. */
const struct redaction *redaction_all(void);
/* Is nothing to be shown but shapes? */
bool redacts_all(const struct redaction *r);
/* Is that the name of a secret? */
bool redacts_name(const struct redaction *r, const char *name);
/* What looks like a secret in text from that byte on gives way to REDACTED. */
void redact_text(const struct redaction *r, struct str *text, size_t from);
/* The words of a command line; ret[i] is words[i], or made in the arena. false: out of memory. */
struct arena;
bool redact_words(const struct redaction *r, struct arena *arena, const char *const *words,
		  size_t count, const char **ret);

#endif
