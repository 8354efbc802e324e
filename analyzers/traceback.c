#include "analyzers/traceback.h"

#include "analyzers/expression.h"
#include "core/checked.h"
#include "report/utf8.h"

/* More than this is not shown with carets but by its first line: generated code, or a line table
 * that does not belong to the file. A class statement's position is all of it. */
enum { MAX_LINES = 20000, MAX_CHARS = 1 << 20 };

struct traceback_rule traceback_rule_for(const struct python_version *version)
{
	struct traceback_rule rule = { .carets = CARETS_NONE };
	if (version->major < 3 || version->minor < 11)
		return rule;
	rule.carets = version->minor < 13 ? CARETS_ONE_LINE : CARETS_MANY_LINES;
	/* Both changed within a series: by gh-106922 in 3.11.5 and 3.12.0, by bpo-43950 in 3.11.7
	 * and 3.12.1. */
	rule.exact_brackets = version->minor > 11 || version->micro >= 5;
	bool has_width = version->minor > 12 || (version->minor == 12 && version->micro >= 1) ||
			 (version->minor == 11 && version->micro >= 7);
	rule.width = version->minor >= 15 ? WIDTH_COMBINING
		     : has_width          ? WIDTH_EAST_ASIAN
					  : WIDTH_NONE;
	return rule;
}

/* --- lines as code points ----------------------------------------------------------------- */

struct chars {
	uint32_t *c;
	size_t n;
};

/* The lines of a position one after the other, each ended by '\n', as code points. */
struct block {
	VEC(uint32_t) text;
	VEC(struct chars) lines;	/* without their ends */
};

static void block_release(struct block *b)
{
	vec_release(&b->text);
	vec_release(&b->lines);
}

static size_t stripped_end(const uint32_t *c, size_t n)
{
	while (n && char_is_space(c[n - 1]))
		n--;
	return n;
}

static size_t stripped_start(const uint32_t *c, size_t n)
{
	size_t i = 0;
	while (i < n && char_is_space(c[i]))
		i++;
	return i;
}

/* Append line `number`; one that is not there counts as blank. */
static bool block_add(struct block *b, const struct source *source, int64_t number)
{
	const char *bytes = "";
	size_t len = 0;
	source_line(source, number, &bytes, &len);
	if (len > MAX_CHARS || b->text.len > MAX_CHARS)
		return false;
	const uint8_t *p = (const uint8_t *)bytes, *end = p + len;
	struct chars *line = vec_push(&b->lines);
	if (!line)
		return false;
	while (p < end) {
		uint32_t *c = vec_push(&b->text);
		if (!c)
			return false;
		p += utf8_next(p, end, c);
		if (*c == UTF8_INVALID)
			*c = 0xfffd;
		line->n++;
	}
	uint32_t *newline = vec_push(&b->text);
	if (newline)
		*newline = '\n';
	return newline;
}

/* The text has stopped moving: point the lines into it. */
static void block_settle(struct block *b)
{
	uint32_t *at = b->text.items;
	struct chars *line;
	vec_each(line, &b->lines) {
		line->c = at;
		at += line->n + 1;
	}
}

static size_t utf8_length(uint32_t c)
{
	return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

static size_t byte_count(const uint32_t *c, size_t n)
{
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += utf8_length(c[i]);
	return bytes;
}

/* How many characters begin before the byte offset. */
static size_t char_offset(const uint32_t *c, size_t n, int64_t bytes)
{
	size_t i = 0;
	for (int64_t at = 0; i < n && at < bytes; i++)
		at += (int64_t)utf8_length(c[i]);
	return i;
}

static size_t width_of(const struct traceback_rule *rule, const uint32_t *c, size_t n)
{
	size_t width = 0;
	for (size_t i = 0; i < n; i++)
		width += char_width(rule->width, c[i]);
	return width;
}

static void add_chars(struct str *out, const uint32_t *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_add_utf8(out, c[i]);
}

static void add_repeated(struct str *out, char c, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		str_addc(out, c);
}

static void add_indented(struct str *out, const uint32_t *c, size_t n)
{
	str_adds(out, "    ");
	add_chars(out, c, n);
	str_addc(out, '\n');
}

/* --- 3.11 and 3.12 ------------------------------------------------------------------------- */

struct anchors {
	bool found;
	size_t left, right;	/* where the mark of the second kind begins and ends */
};

static bool is_at(const uint32_t *c, size_t n, size_t i, uint32_t wanted)
{
	return i < n && c[i] == wanted;
}

/* The operator's anchors are kept in bytes but stepped on in characters there, so that lines with
 * other than ASCII come out a little odd: the same oddness here. */
static struct anchors operator_anchors(const struct traceback_rule *rule, const uint32_t *c,
				       size_t n, const struct expression *e)
{
	size_t op_len = e->right_start - e->left_end;
	const uint32_t *op = c + e->left_end;
	size_t offset = stripped_start(op, op_len);
	size_t left = byte_count(c, e->left_end) + offset, right = left + 1;
	if (offset + 1 < op_len && !char_is_space(op[offset + 1]))
		right++;
	while (rule->exact_brackets && left < n &&
	       (char_is_space(c[left]) || c[left] == ')' || c[left] == '#')) {
		left++;
		right++;
	}
	return (struct anchors){ true, char_offset(c, n, (int64_t)left),
				 char_offset(c, n, (int64_t)right) };
}

static struct anchors subscript_anchors(const struct traceback_rule *rule, const uint32_t *c,
					size_t n, const struct expression *e)
{
	size_t left = e->left_end;
	size_t right = char_offset(c, n, (int64_t)byte_count(c, e->slice_end) + 1);
	if (!rule->exact_brackets)
		return (struct anchors){ true, left, right };
	while (left < n && !is_at(c, n, left, '['))
		left++;
	while (right < n && !is_at(c, n, right, ']'))
		right++;
	if (right < n)
		right++;
	return (struct anchors){ true, left, right };
}

static struct anchors one_line_anchors(const struct traceback_rule *rule, const uint32_t *c,
				       size_t n)
{
	struct expression e = expression_parse(c, n);
	if (e.shape == SHAPE_OPERATOR)
		return operator_anchors(rule, c, n, &e);
	if (e.shape == SHAPE_SUBSCRIPT)
		return subscript_anchors(rule, c, n, &e);
	return (struct anchors){ 0 };
}

static void one_line_carets(const struct traceback_rule *rule, const struct chars *line,
			    size_t stripped_len, const struct position *at, struct str *out)
{
	const uint32_t *c = line->c;
	size_t start = char_offset(c, line->n, at->column);
	size_t end = char_offset(c, line->n, at->end_column);
	struct anchors anchors = { 0 };
	size_t segment_len = end > start ? end - start : 0;
	if (at->line == at->end_line)
		anchors = one_line_anchors(rule, c + start, segment_len);
	else
		end = stripped_end(c, line->n);
	bool shown = (int64_t)end - (int64_t)start < (int64_t)stripped_len ||
		     (anchors.found && anchors.right > anchors.left);
	if (!shown)
		return;
	/* Blanks at the end of the line count as stripped there and move the carets to the left. */
	int64_t stripped = (int64_t)(line->n - stripped_len);
	int64_t dp_start = (int64_t)width_of(rule, c, start),
		dp_end = (int64_t)width_of(rule, c, end);
	str_adds(out, "    ");
	add_repeated(out, ' ', dp_start - stripped);
	if (anchors.found) {
		int64_t left = (int64_t)width_of(rule, c + start, MIN(anchors.left, segment_len));
		int64_t right = (int64_t)width_of(rule, c + start, MIN(anchors.right, segment_len));
		add_repeated(out, '~', left);
		add_repeated(out, '^', right - left);
		add_repeated(out, '~', dp_end - dp_start - right);
	} else {
		add_repeated(out, '^', dp_end - dp_start);
	}
	str_addc(out, '\n');
}

/* --- 3.13 and later ------------------------------------------------------------------------ */

/* A place in the lines of the segment. */
struct place {
	size_t line, col;
};

struct many {
	const struct traceback_rule *rule;
	struct chars *lines;		/* dedented */
	size_t count;
	size_t start, end;		/* of the position, in the first and in the last line */
	bool has_anchors;
	struct place left, right;	/* columns of the whole line */
};

/* The segment's line i: the first one begins at the position's start. */
static struct chars segment_line(const struct many *m, size_t i)
{
	struct chars line = m->lines[i];
	if (i == m->count - 1)
		line.n = MIN(line.n, m->end);
	if (i == 0) {
		size_t skip = MIN(line.n, m->start);
		line.c += skip;
		line.n -= skip;
	}
	return line;
}

/* To a character that is there, on a later line when need be. false: there is none. */
static bool next_valid(const struct many *m, struct place *p)
{
	while (p->line < m->count && p->col >= segment_line(m, p->line).n) {
		p->col = 0;
		p->line++;
	}
	return p->line < m->count;
}

/* On to the next character that is wanted: `wanted`, or for 0 any but blanks and ')'. What a
 * backslash or a comment hides is stepped over with its line. */
static bool step_until(const struct many *m, struct place *p, uint32_t wanted)
{
	while (next_valid(m, p)) {
		uint32_t c = segment_line(m, p->line).c[p->col];
		if (c == '\\' || c == '#') {
			p->line++;
			p->col = 0;
		} else if (wanted ? c == wanted : !char_is_space(c) && c != ')') {
			return true;
		} else {
			p->col++;
		}
	}
	return false;
}

static bool is_before(struct place a, struct place b)
{
	return a.line < b.line || (a.line == b.line && a.col < b.col);
}

/* Where the i-th character of the segment stands. */
static struct place place_of(const struct many *m, size_t i)
{
	struct place p = { 0, i };
	while (p.line + 1 < m->count && p.col > segment_line(m, p.line).n) {
		p.col -= segment_line(m, p.line).n + 1;
		p.line++;
	}
	return p;
}

static void many_anchors(struct many *m)
{
	VEC(uint32_t) segment = VEC_INIT;
	for (size_t i = 0; i < m->count; i++) {
		struct chars line = segment_line(m, i);
		for (size_t k = 0; k <= line.n; k++) {
			uint32_t *c = vec_push(&segment);
			if (c)
				*c = k < line.n ? line.c[k] : '\n';
		}
	}
	struct expression e = expression_parse(segment.items, segment.len);
	vec_release(&segment);
	if (e.shape == SHAPE_OTHER)
		return;
	struct place left = place_of(m, e.left_end), right;
	if (e.shape == SHAPE_OPERATOR) {
		if (!step_until(m, &left, 0))
			return;
		right = (struct place){ left.line, left.col + 1 };
		struct chars line = segment_line(m, left.line);
		if (right.col < line.n && is_before(right, place_of(m, e.right_start)) &&
		    !char_is_space(line.c[right.col]) && line.c[right.col] != '\\' &&
		    line.c[right.col] != '#')
			right.col++;
	} else {
		if (!step_until(m, &left, e.shape == SHAPE_CALL ? '(' : '['))
			return;
		right = place_of(m, e.end);
	}
	left.col += left.line == 0 ? m->start : 0;
	right.col += right.line == 0 ? m->start : 0;
	m->has_anchors = true;
	m->left = left;
	m->right = right;
}

/* `return f(...)` or `name = a.b(...)` of which the call is all that runs: carets would say nothing
 * (_should_show_carets). */
static bool is_plain_call(const struct many *m, const uint32_t *text, size_t len)
{
	size_t start, end;
	const struct chars *last = &m->lines[m->count - 1];
	if (!m->lines[0].n || char_is_space(m->lines[0].c[0]) ||
	    !statement_is_plain_call(text, len, &start, &end))
		return false;
	size_t last_start = (size_t)(last->c - text);
	return start < m->lines[0].n && end >= last_start && byte_count(text, start) == m->start &&
	       byte_count(last->c, end - last_start) == m->end;
}

static bool shows_carets(const struct many *m, const uint32_t *text, size_t len)
{
	const struct chars *first = &m->lines[0], *last = &m->lines[m->count - 1];
	if (is_plain_call(m, text, len))
		return false;
	if (m->has_anchors)
		return true;
	size_t before = MIN(m->start, first->n), behind = MIN(m->end, last->n);
	return stripped_start(first->c, before) < before ||
	       stripped_end(last->c + behind, last->n - behind) > 0;
}

/* Line i and its carets. */
static void output_line(const struct many *m, size_t i, bool carets, struct str *out)
{
	const struct chars *line = &m->lines[i];
	add_chars(out, line->c, line->n);
	str_addc(out, '\n');
	if (!carets)
		return;
	const struct traceback_rule *rule = m->rule;
	size_t indent = stripped_start(line->c, line->n);
	size_t count = width_of(rule, line->c, i == m->count - 1 ? MIN(m->end, line->n) : line->n);
	size_t start = i == 0 ? width_of(rule, line->c, MIN(m->start, line->n)) : 0;
	struct place left = m->left, right = m->right;
	if (m->has_anchors && left.line == i)
		left.col = width_of(rule, line->c, MIN(left.col, line->n));
	if (m->has_anchors && right.line == i)
		right.col = width_of(rule, line->c, MIN(right.col, line->n));
	for (size_t col = 0; col < count; col++) {
		struct place here = { i, col };
		if (col < indent || col < start)
			str_addc(out, ' ');
		else if (m->has_anchors && (is_before(here, left) || !is_before(here, right)))
			str_addc(out, '~');
		else
			str_addc(out, '^');
	}
	str_addc(out, '\n');
}

/* Shown are the first line, the last, and those about the anchors. */
static bool is_significant(const struct many *m, size_t i)
{
	if (i == 0 || i == m->count - 1)
		return true;
	return m->has_anchors && ((i + 1 >= m->left.line && i <= m->left.line + 1) ||
				  (i + 1 >= m->right.line && i <= m->right.line + 1));
}

static void output_lines(const struct many *m, bool carets, struct str *out)
{
	size_t last = 0;
	for (size_t i = 0; i < m->count; i++) {
		if (!is_significant(m, i))
			continue;
		if (i - last == 2)
			output_line(m, i - 1, carets, out);
		else if (i - last > 2)
			str_printf(out, "...<%zu lines>...\n", i - last - 1);
		output_line(m, i, carets, out);
		last = i;
	}
}

/* The blanks and tabs that all lines but blank ones begin with (textwrap.dedent). */
static size_t common_margin(const struct block *b)
{
	const struct chars *model = NULL, *line;
	size_t margin = 0;
	vec_each(line, &b->lines) {
		size_t i = 0;
		while (i < line->n && (line->c[i] == ' ' || line->c[i] == '\t'))
			i++;
		if (i == line->n)
			continue;
		if (!model) {
			model = line;
			margin = i;
		}
		size_t same = 0;
		while (same < MIN(i, margin) && line->c[same] == model->c[same])
			same++;
		margin = same;
	}
	return margin;
}

/* Lines of text, dedented together and indented by 4. */
static void add_dedented(struct str *out, const struct str *text)
{
	const char *model = NULL;
	size_t margin = 0;
	for (int pass = 0; pass < 2; pass++) {
		const char *end = text->buf + text->len;
		for (const char *p = text->buf, *next; p < end; p = next + 1) {
			next = memchr(p, '\n', (size_t)(end - p));
			size_t len = (size_t)(next - p), blank = strspn(p, " \t");
			bool is_blank = blank >= len;
			if (pass) {
				str_adds(out, "    ");
				if (!is_blank)
					str_add(out, p + margin, len - margin);
				str_addc(out, '\n');
			} else if (!is_blank) {
				if (!model) {
					model = p;
					margin = blank;
				}
				size_t same = 0;
				while (same < MIN(blank, margin) && p[same] == model[same])
					same++;
				margin = same;
			}
		}
	}
}

static void many_lines(const struct traceback_rule *rule, struct block *b,
		       const struct position *at, struct str *out)
{
	struct chars *first = &b->lines.items[0], *last = &b->lines.items[b->lines.len - 1];
	size_t start = char_offset(first->c, first->n, at->column);
	size_t end = char_offset(last->c, last->n, at->end_column);
	size_t margin = common_margin(b);
	size_t first_n = first->n;
	/* The dedented lines stand in a text of their own, again with '\n' between. */
	uint32_t *to = b->text.items;
	struct chars *line;
	vec_each(line, &b->lines) {
		size_t blank = 0;
		while (blank < line->n && (line->c[blank] == ' ' || line->c[blank] == '\t'))
			blank++;
		size_t skip = blank == line->n ? line->n : margin;
		const uint32_t *from = line->c + skip;
		line->n -= skip;
		line->c = to;
		memmove(to, from, line->n * sizeof(*to));
		to += line->n;
		*to++ = '\n';
	}
	size_t dedent = first_n - first->n;
	struct many m = {
		.rule = rule,
		.lines = b->lines.items,
		.count = b->lines.len,
		.start = start > dedent ? start - dedent : 0,
		.end = end > dedent ? end - dedent : 0,
	};
	many_anchors(&m);
	size_t len = (size_t)(to - b->text.items) - 1;
	_str_ struct str text = STR_INIT;
	output_lines(&m, shows_carets(&m, b->text.items, len), &text);
	add_dedented(out, &text);
}

/* --- all ---------------------------------------------------------------------------------- */

static void first_line_only(const struct block *b, struct str *out)
{
	const struct chars *line = &b->lines.items[0];
	size_t start = stripped_start(line->c, line->n), end = stripped_end(line->c, line->n);
	if (start < end)
		add_indented(out, line->c + start, end - start);
}

static bool is_blank_block(const struct block *b)
{
	return stripped_start(b->text.items, b->text.len) == b->text.len;
}

void traceback_source(const struct traceback_rule *rule, const struct source *source,
		      const struct position *at, struct str *out)
{
	struct block b = { 0 };
	bool has_columns = rule->carets != CARETS_NONE && at->column >= 0 && at->end_column >= 0;
	int64_t count = 1;
	if (rule->carets == CARETS_MANY_LINES && at->end_line > at->line)
		count = at->end_line - at->line + 1;
	if (at->line <= 0 || !block_add(&b, source, at->line))
		goto done;
	bool whole = count <= MAX_LINES;
	for (int64_t i = 1; whole && i < count; i++)
		whole = block_add(&b, source, at->line + i);
	block_settle(&b);
	struct chars *line;
	if (rule->carets == CARETS_MANY_LINES) {
		if (is_blank_block(&b))
			goto done;
		/* linecache's lines lose the blanks at their end there */
		vec_each(line, &b.lines)
			line->n = stripped_end(line->c, line->n);
		if (has_columns && whole)
			many_lines(rule, &b, at, out);
		else
			first_line_only(&b, out);
	} else {
		first_line_only(&b, out);
		line = &b.lines.items[0];
		size_t start = stripped_start(line->c, line->n);
		size_t end = stripped_end(line->c, line->n);
		if (has_columns && start < end)
			one_line_carets(rule, line, end - start, at, out);
	}
done:
	block_release(&b);
}
