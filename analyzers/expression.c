#include "analyzers/expression.h"

#include <string.h>
#include "core/checked.h"
#include "core/vec.h"

/* Longer texts get no shape. The longest that are met are class statements. */
enum { MAX_TEXT = 1 << 20 };

enum token_kind { TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_OPERATOR, TOKEN_OPEN, TOKEN_CLOSE };

#define PACK(a, b, c) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16)

struct token {
	enum token_kind kind;
	size_t start, end;	/* in the text */
	uint32_t op;		/* OPERATOR, OPEN, CLOSE: its characters, packed */
	size_t match;		/* OPEN, CLOSE: the other one's index */
};

struct tokens {
	const uint32_t *text;
	size_t len;
	VEC(struct token) list;
};

static bool is_name_start(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_char(uint32_t c)
{
	return is_name_start(c) || is_digit(c);
}

static uint32_t char_at(const struct tokens *t, size_t i)
{
	return i < t->len ? t->text[i] : 0;
}

/* --- strings ------------------------------------------------------------------------------ */

/* A string in reading. An f-string holds fields, a field holds expressions and, behind a colon, a
 * format, and both hold strings again: a small stack, as nothing here recurses. */
struct layer {
	enum { IN_STRING, IN_FIELD, IN_FORMAT } in;
	uint32_t quote;
	bool is_triple, is_formatted, is_raw;
	unsigned brackets;	/* FIELD */
};
enum { MAX_LAYERS = 24 };

static bool is_quote(uint32_t c)
{
	return c == '"' || c == '\'';
}

static bool has_letter(const struct tokens *t, size_t start, size_t end, char a, char b)
{
	for (size_t i = start; i < end; i++)
		if ((t->text[i] | 0x20) == (uint32_t)a || (t->text[i] | 0x20) == (uint32_t)b)
			return true;
	return false;
}

/* The string whose prefix begins at start and whose quote is at i. *ret_i: behind the quote. */
static struct layer open_string(const struct tokens *t, size_t start, size_t i, size_t *ret_i)
{
	uint32_t quote = t->text[i];
	bool is_triple = char_at(t, i + 1) == quote && char_at(t, i + 2) == quote;
	*ret_i = i + (is_triple ? 3 : 1);
	return (struct layer){
		.in = IN_STRING,
		.quote = quote,
		.is_triple = is_triple,
		.is_formatted = has_letter(t, start, i, 'f', 't'),
		.is_raw = has_letter(t, start, i, 'r', 'r'),
	};
}

/* One step within a string's text. Returns the next index, 0 when the string is not ended. */
static size_t step_string(const struct tokens *t, size_t i, struct layer *stack, size_t *depth)
{
	struct layer *top = &stack[*depth - 1];
	uint32_t c = t->text[i];
	if (c == '\\') {
		/* a field may begin behind a backslash, but not in \N{NAME} */
		if (top->is_formatted && char_at(t, i + 1) == '{')
			return i + 1;
		if (top->is_formatted && !top->is_raw && char_at(t, i + 1) == 'N' &&
		    char_at(t, i + 2) == '{') {
			while (i < t->len && t->text[i] != '}')
				i++;
			return i + 1;
		}
		return i + 2;
	}
	if (c == top->quote) {
		if (!top->is_triple) {
			--*depth;
			return i + 1;
		}
		if (char_at(t, i + 1) == c && char_at(t, i + 2) == c) {
			--*depth;
			return i + 3;
		}
		return i + 1;
	}
	if (c == '\n' && !top->is_triple)
		return 0;
	if (c == '{' && top->is_formatted) {
		if (char_at(t, i + 1) == '{')
			return i + 2;
		if (*depth == MAX_LAYERS)
			return 0;
		stack[(*depth)++] = (struct layer){ .in = IN_FIELD };
	}
	return i + 1;
}

/* One step within a field of an f-string. */
static size_t step_field(const struct tokens *t, size_t i, struct layer *stack, size_t *depth)
{
	struct layer *top = &stack[*depth - 1];
	uint32_t c = t->text[i];
	if (is_quote(c)) {
		if (*depth == MAX_LAYERS)
			return 0;
		size_t start = i, next;
		while (start > 0 && i - start < 2 && is_name_char(t->text[start - 1]))
			start--;
		stack[*depth] = open_string(t, start, i, &next);
		++*depth;
		return next;
	}
	if (c == '(' || c == '[' || c == '{') {
		top->brackets++;
	} else if (top->brackets && (c == ')' || c == ']' || c == '}')) {
		top->brackets--;
	} else if (c == '}') {
		--*depth;
	} else if (c == ':' && !top->brackets) {
		top->in = IN_FORMAT;
	}
	return i + 1;
}

static size_t step_format(const struct tokens *t, size_t i, struct layer *stack, size_t *depth)
{
	uint32_t c = t->text[i];
	if (c == '{') {
		if (*depth == MAX_LAYERS)
			return 0;
		stack[(*depth)++] = (struct layer){ .in = IN_FIELD };
	} else if (c == '}') {
		--*depth;
	}
	return i + 1;
}

/* The index behind the string whose prefix begins at start and quote is at i; 0: it has no end. */
static size_t skip_string(const struct tokens *t, size_t start, size_t i)
{
	struct layer stack[MAX_LAYERS];
	size_t depth = 1;
	stack[0] = open_string(t, start, i, &i);
	while (depth && i && i < t->len) {
		switch (stack[depth - 1].in) {
		case IN_STRING: i = step_string(t, i, stack, &depth); break;
		case IN_FIELD: i = step_field(t, i, stack, &depth); break;
		case IN_FORMAT: i = step_format(t, i, stack, &depth); break;
		}
	}
	return depth || i > t->len ? 0 : i;
}

/* --- tokens ------------------------------------------------------------------------------- */

static bool push(struct tokens *t, enum token_kind kind, size_t start, size_t end, uint32_t op)
{
	struct token *token = vec_push(&t->list);
	if (token)
		*token = (struct token){ .kind = kind, .start = start, .end = end, .op = op };
	return token;
}

static size_t skip_number(const struct tokens *t, size_t i)
{
	bool is_prefixed = t->text[i] == '0' && (char_at(t, i + 1) | 0x20) == 'x';
	while (i < t->len && (is_name_char(t->text[i]) || t->text[i] == '.')) {
		bool is_exponent = (t->text[i] | 0x20) == 'e' && !is_prefixed;
		i++;
		if (is_exponent && (char_at(t, i) == '+' || char_at(t, i) == '-'))
			i++;
	}
	return i;
}

/* The longest operator at i, packed. */
static uint32_t operator_at(const struct tokens *t, size_t i)
{
	static const char operators[][4] = { "**=", "//=", ">>=", "<<=", "...", "**", "//", ">>",
					     "<<",  "<=",  ">=",  "==",	 "!=",	"->", ":=", "+=",
					     "-=",  "*=",  "/=",  "%=",	 "@=",	"&=", "|=", "^=" };
	for (size_t o = 0; o < ARRAY_SIZE(operators); o++) {
		const char *op = operators[o];
		size_t n = strlen(op);
		bool is_equal = i + n <= t->len;
		for (size_t k = 0; is_equal && k < n; k++)
			is_equal = t->text[i + k] == (uint32_t)op[k];
		if (is_equal)
			return PACK(op[0], op[1], op[2]);
	}
	return t->text[i] < 0x80 ? t->text[i] : 0;
}

static size_t operator_length(uint32_t op)
{
	return op > 0xffff ? 3 : op > 0xff ? 2 : 1;
}

/* Brackets are matched while reading: an open one keeps the index of the one around it, plus 1,
 * in match until it is closed. */
static bool push_bracket(struct tokens *t, size_t i, size_t *open)
{
	uint32_t c = t->text[i];
	if (c == '(' || c == '[' || c == '{') {
		if (!push(t, TOKEN_OPEN, i, i + 1, c))
			return false;
		t->list.items[t->list.len - 1].match = *open;
		*open = t->list.len;
		return true;
	}
	if (!*open)
		return false;
	size_t opener = *open - 1;
	uint32_t o = t->list.items[opener].op;
	if ((o == '(' && c != ')') || (o == '[' && c != ']') || (o == '{' && c != '}'))
		return false;
	if (!push(t, TOKEN_CLOSE, i, i + 1, c))
		return false;
	*open = t->list.items[opener].match;
	t->list.items[opener].match = t->list.len - 1;
	t->list.items[t->list.len - 1].match = opener;
	return true;
}

/* The token at i; the index behind it, 0: no token of Python. */
static size_t read_token(struct tokens *t, size_t i, size_t *open)
{
	uint32_t c = t->text[i];
	size_t end = i;
	if (is_name_start(c)) {
		while (end < t->len && is_name_char(t->text[end]))
			end++;
		if (!is_quote(char_at(t, end)) || end - i > 2)
			return push(t, TOKEN_NAME, i, end, 0) ? end : 0;
	}
	if (is_quote(char_at(t, end))) {
		end = skip_string(t, i, end);
		return end && push(t, TOKEN_STRING, i, end, 0) ? end : 0;
	}
	if (is_digit(c) || (c == '.' && is_digit(char_at(t, i + 1)))) {
		end = skip_number(t, i);
		return push(t, TOKEN_NUMBER, i, end, 0) ? end : 0;
	}
	if (c < 0x80 && c && strchr("()[]{}", (int)c))
		return push_bracket(t, i, open) ? i + 1 : 0;
	uint32_t op = operator_at(t, i);
	end = i + operator_length(op);
	return op && push(t, TOKEN_OPERATOR, i, end, op) ? end : 0;
}

static bool token_is(const struct tokens *t, const struct token *token, const char *word)
{
	size_t n = strlen(word);
	if (token->end - token->start != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (t->text[token->start + i] != (uint32_t)word[i])
			return false;
	return true;
}

/* Keywords that make of what holds them at depth 0 something else than an operator, a subscript or
 * a call, or no expression at all. */
static bool is_other_keyword(const struct tokens *t, const struct token *token)
{
	static const char *const words[] = {
		"and",	  "as",	  "assert", "async",  "break",	  "class",  "continue", "def",
		"del",	  "elif", "else",   "except", "finally",  "for",    "from",	"global",
		"if",	  "import", "in",   "is",     "lambda",	  "nonlocal", "not",	"or",
		"pass",	  "raise", "return", "try",   "while",	  "with",   "yield",
	};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (token_is(t, token, words[i]))
			return true;
	return false;
}

/* is_expression: stop where the first word shows that it is none. */
static bool tokenize(struct tokens *t, bool is_expression)
{
	size_t open = 0;
	for (size_t i = 0; i < t->len;) {
		if (is_expression && t->list.len == 1 && is_other_keyword(t, &t->list.items[0]))
			return false;
		uint32_t c = t->text[i];
		if (c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r') {
			i++;
		} else if (c == '\\' && char_at(t, i + 1) == '\n') {
			i += 2;
		} else if (c == '#') {
			while (i < t->len && t->text[i] != '\n')
				i++;
		} else {
			i = read_token(t, i, &open);
			if (!i)
				return false;
		}
	}
	return !open && t->list.len;
}

/* --- shapes ------------------------------------------------------------------------------- */

/* How loosely a binary operator binds; 0: it is none. Reference manual, "Operator precedence". */
enum { BINDS_POWER = 7 };
static unsigned binding(uint32_t op)
{
	switch (op) {
	case '|': return 1;
	case '^': return 2;
	case '&': return 3;
	case PACK('<', '<', 0):
	case PACK('>', '>', 0): return 4;
	case '+':
	case '-': return 5;
	case '*':
	case '@':
	case '/':
	case '%':
	case PACK('/', '/', 0): return 6;
	case PACK('*', '*', 0): return BINDS_POWER;
	default: return 0;
	}
}

/* Do the tokens in [from, to), all that a pair of parentheses holds, make a plain expression? A
 * tuple or a generator owns its parentheses, a parenthesised expression does not. */
static bool is_group(const struct tokens *t, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct token *token = &t->list.items[i];
		if (token->kind == TOKEN_OPEN)
			i = token->match;
		else if (token->op == ',' ||
			 (token->kind == TOKEN_NAME && token_is(t, token, "for")))
			return false;
	}
	return from < to;
}

/* Take away parentheses around the tokens in [*from, *to). */
static void strip_groups(const struct tokens *t, size_t *from, size_t *to)
{
	const struct token *tokens = t->list.items;
	while (*to > *from + 2 && tokens[*from].op == '(' && tokens[*from].kind == TOKEN_OPEN &&
	       tokens[*from].match == *to - 1 && is_group(t, *from + 1, *to - 1)) {
		++*from;
		--*to;
	}
}

/* What is at depth 0 of an expression. */
struct outline {
	bool is_unary, is_await;	/* it begins with + - ~, with await */
	unsigned binding;		/* of the operator that binds loosest; 0: none */
	size_t op;			/* its token */
	size_t trailer; /* the bracket that opens the last call or subscript; or 0 */
};

/* An operator at token i. *operand: does an operand end before it? */
static bool outline_operator(const struct token *token, size_t i, size_t from, bool *operand,
			     struct outline *ret)
{
	if (token->op == PACK('.', '.', '.')) {
		if (*operand)
			return false;
		*operand = true;
		return true;
	}
	if (!*operand) {
		ret->is_unary |= i == from;
		return token->op == '+' || token->op == '-' || token->op == '~';
	}
	unsigned binds = binding(token->op);
	if (!binds)
		return false;
	/* of equals the last one is outermost, but ** binds from the right */
	if (!ret->binding || binds < ret->binding ||
	    (binds == ret->binding && binds != BINDS_POWER)) {
		ret->binding = binds;
		ret->op = i;
	}
	*operand = false;
	return true;
}

static bool outline_of(const struct tokens *t, size_t from, size_t to, struct outline *ret)
{
	bool operand = false;
	*ret = (struct outline){ 0 };
	for (size_t i = from; i < to; i++) {
		const struct token *token = &t->list.items[i];
		bool was_string = i > from && t->list.items[i - 1].kind == TOKEN_STRING;
		switch (token->kind) {
		case TOKEN_NAME:
			if (operand || is_other_keyword(t, token))
				return false;
			operand = !token_is(t, token, "await");
			ret->is_await |= !operand && i == from;
			break;
		case TOKEN_NUMBER:
		case TOKEN_STRING:
			if (operand && !(was_string && token->kind == TOKEN_STRING))
				return false;
			operand = true;
			break;
		case TOKEN_OPEN:
			if (operand && token->op == '{')
				return false;
			ret->trailer = operand ? i : 0;
			operand = true;
			i = token->match;
			break;
		case TOKEN_OPERATOR:
			if (operand && token->op == '.' && i + 1 < to &&
			    t->list.items[i + 1].kind == TOKEN_NAME) {
				i++;
				break;
			}
			if (!outline_operator(token, i, from, &operand, ret))
				return false;
			break;
		case TOKEN_CLOSE:
			return false;
		}
	}
	return operand;
}

static size_t operand_end(const struct tokens *t, size_t from, size_t to)
{
	strip_groups(t, &from, &to);
	return t->list.items[to - 1].end;
}

static struct expression shape_of(const struct tokens *t, size_t from, size_t to)
{
	struct expression e = { .shape = SHAPE_OTHER };
	struct outline outline;
	strip_groups(t, &from, &to);
	if (!outline_of(t, from, to, &outline))
		return e;
	const struct token *tokens = t->list.items;
	e.end = tokens[to - 1].end;
	if (outline.binding) {
		if (outline.binding == BINDS_POWER && outline.is_unary)
			return e;
		size_t right = outline.op + 1, right_to = to;
		strip_groups(t, &right, &right_to);
		e.shape = SHAPE_OPERATOR;
		e.left_end = operand_end(t, from, outline.op);
		e.right_start = tokens[right].start;
		return e;
	}
	size_t open = outline.trailer;
	if (outline.is_unary || outline.is_await || !open || tokens[open].match != to - 1)
		return e;
	e.left_end = operand_end(t, from, open);
	if (tokens[open].op == '(') {
		e.shape = SHAPE_CALL;
	} else if (open + 1 < to - 1) {
		e.shape = SHAPE_SUBSCRIPT;
		e.slice_end = operand_end(t, open + 1, to - 1);
	}
	return e;
}

struct expression expression_parse(const uint32_t *text, size_t len)
{
	struct tokens t = { .text = text, .len = len, .list = VEC_INIT };
	struct expression e = { .shape = SHAPE_OTHER };
	if (len <= MAX_TEXT && tokenize(&t, true))
		e = shape_of(&t, 0, t.list.len);
	vec_release(&t.list);
	return e;
}

static bool find_plain_call(const struct tokens *t, size_t *ret_start, size_t *ret_end)
{
	const struct token *tokens = t->list.items;
	size_t from = 1, to = t->list.len;
	if (to < 4 || tokens[0].kind != TOKEN_NAME)
		return false;
	bool is_return = token_is(t, &tokens[0], "return");
	if (!is_return) {
		if (is_other_keyword(t, &tokens[0]) || tokens[1].op != '=' ||
		    tokens[1].kind != TOKEN_OPERATOR)
			return false;
		from = 2;
	}
	for (size_t i = from; i < to; i++) {
		if (tokens[i].kind == TOKEN_OPEN)
			i = tokens[i].match;
		else if (tokens[i].op == ';')
			to = i;
	}
	strip_groups(t, &from, &to);
	if (from >= to || shape_of(t, from, to).shape != SHAPE_CALL ||
	    (is_return && (tokens[from].kind != TOKEN_NAME || tokens[from + 1].match != to - 1)))
		return false;
	*ret_start = tokens[from].start;
	*ret_end = tokens[to - 1].end;
	return true;
}

bool statement_is_plain_call(const uint32_t *text, size_t len, size_t *ret_start, size_t *ret_end)
{
	struct tokens t = { .text = text, .len = len, .list = VEC_INIT };
	bool found =
		len <= MAX_TEXT && tokenize(&t, false) && find_plain_call(&t, ret_start, ret_end);
	vec_release(&t.list);
	return found;
}
