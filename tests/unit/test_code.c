#include "tests/unit/frame_rig.h"

/* "a:argument b:local" in the order of the source. */
static void expect_variables(const struct code *code, const char *expected)
{
	static const char *const kinds[] = { "argument", "local", "cell", "free" };
	_str_ struct str got = STR_INIT;
	for (uint32_t i = 0; i < code->source_count; i++) {
		const struct variable *v = &code->variables[code->source_order[i]];
		str_printf(&got, "%s%s:%s%s", i ? " " : "", v->name ? v->name : "?", kinds[v->kind],
			   v->boxed ? "*" : "");
	}
	assert_string_equal(got.buf, expected);
}

/* def handler(a, b, *args, key, **kw): local = ...; with b and cell used by an inner function */
static const struct drawn_code full = {
	.file = "/srv/app.py",
	.name = "handler",
	.qualname = "App.handler",
	.locals = "a b key args kw local",
	.cells = "b cell",
	.frees = "outer",
	.positional = 2,
	.keyword_only = 1,
	.flags = CODE_OPTIMIZED | CODE_VARARGS | CODE_VARKEYWORDS,
	.first_traceable = 2,
};

static void code_at__reads_every_layout(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_tables); i++) {
		struct frame_rig *f = frame_rig_named(frame_tables[i]);
		addr_t at = frame_code(f, &full);
		const struct code *code = code_at(&f->rig->rt, at);
		assert_non_null(code);
		assert_string_equal(code->filename, "/srv/app.py");
		assert_string_equal(code->name, "handler");
		if (HAS(f->l, PyCodeObject, co_qualname))
			assert_string_equal(code->qualname, "App.handler");
		else
			assert_null(code->qualname);
		assert_int_equal(code->first_line, 10);
		assert_int_equal(code->bytecode_size, FRAME_CODE_BYTES);
		/* 2.7 has no keyword-only arguments: args is the third there */
		if (f->l->version.major == 3)
			expect_variables(code, "a:argument b:argument* args:argument key:argument "
					       "kw:argument local:local cell:cell* outer:free*");
		frame_rig_free(f);
	}
}

static void code_at__knows_27_s_arguments(void **state)
{
	struct frame_rig *f = frame_rig_named("2.7");
	struct drawn_code drawn = { .locals = "a args kw x", .positional = 1,
				    .flags = CODE_OPTIMIZED | CODE_VARARGS | CODE_VARKEYWORDS };
	expect_variables(code_at(&f->rig->rt, frame_code(f, &drawn)),
			 "a:argument args:argument kw:argument x:local");
	frame_rig_free(f);
}

static void code_at__marks_hidden_variables(void **state)
{
	struct frame_rig *f = frame_rig_named("3.13");
	addr_t at = frame_code(f, &(struct drawn_code){ .locals = "x y" });
	uint8_t kinds[] = { 0x20, 0x30 };
	PUT(f->rig, at, PyCodeObject, co_localspluskinds, frame_bytes(f, kinds, sizeof(kinds)));
	const struct code *code = code_at(&f->rig->rt, at);
	assert_false(code->variables[0].hidden);
	assert_true(code->variables[1].hidden);
	frame_rig_free(f);
}

static void code_at__is_cached_also_where_none_is(void **state)
{
	struct frame_rig *f = frame_rig_named("3.12");
	addr_t at = frame_code(f, &full), none = frame_value(f);
	assert_ptr_equal(code_at(&f->rig->rt, at), code_at(&f->rig->rt, at));
	assert_null(code_at(&f->rig->rt, none));
	assert_null(code_at(&f->rig->rt, none));
	assert_null(code_at(&f->rig->rt, 0));
	assert_null(code_at(&f->rig->rt, 0x7fffffff0000));
	frame_rig_free(f);
}

static void code_at__survives_lost_names(void **state)
{
	struct frame_rig *f = frame_rig_named("3.12");
	addr_t at = frame_code(f, &full);
	PUT(f->rig, at, PyCodeObject, co_filename, 0xdead0000);
	PUT(f->rig, at, PyCodeObject, co_localsplusnames, 0xdead0000);
	PUT(f->rig, at, PyCodeObject, co_localspluskinds, 0);
	PUT(f->rig, at, PyCodeObject, co_nlocalsplus, 3);
	const struct code *code = code_at(&f->rig->rt, at);
	assert_non_null(code);
	assert_null(code->filename);
	assert_string_equal(code->name, "handler");
	/* a signature longer than the variables is none */
	expect_variables(code, "?:local ?:local ?:local");
	frame_rig_free(f);
}

static void code_at__refuses_nonsense_counts(void **state)
{
	struct frame_rig *f = frame_rig_named("3.12");
	addr_t at = frame_code(f, &full);
	PUT(f->rig, at, PyCodeObject, co_nlocalsplus, 0x7fffffff);
	PUT(f->rig, at, PyCodeObject, co_argcount, 0xffffffff);
	const struct code *code = code_at(&f->rig->rt, at);
	assert_non_null(code);
	assert_int_equal(code->variable_count, 8);
	assert_int_equal(code->variables[0].kind, VARIABLE_LOCAL);
	frame_rig_free(f);
}

static void code_position__uses_the_version_s_table(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_tables); i++) {
		struct frame_rig *f = frame_rig_named(frame_tables[i]);
		const struct code *code = code_at(&f->rig->rt, frame_code(f, &full));
		bool has_columns = f->l->dialect.lines == LINES_LOCATIONS;
		struct position p;
		assert_true(code_position(&f->rig->rt, code, 2, &p));
		assert_int_equal(p.line, 10);
		assert_int_equal(p.column, has_columns ? 10 : -1);
		assert_true(code_position(&f->rig->rt, code, 6, &p));
		assert_int_equal(p.line, 12);
		assert_int_equal(p.end_line, has_columns ? 12 : 0);
		assert_int_equal(p.end_column, has_columns ? 9 : -1);
		assert_true(code_position(&f->rig->rt, code, -1, &p));
		assert_int_equal(p.line, 10);
		frame_rig_free(f);
	}
}

static void code_position__tells_a_lost_table(void **state)
{
	struct frame_rig *f = frame_rig_named("3.12");
	addr_t at = frame_code(f, &full);
	PUT(f->rig, at, PyCodeObject, co_linetable, 0xdead0000);
	struct position p;
	assert_false(code_position(&f->rig->rt, code_at(&f->rig->rt, at), 2, &p));
	assert_int_equal(p.line, 0);
	frame_rig_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_at__reads_every_layout),
		cmocka_unit_test(code_at__knows_27_s_arguments),
		cmocka_unit_test(code_at__marks_hidden_variables),
		cmocka_unit_test(code_at__is_cached_also_where_none_is),
		cmocka_unit_test(code_at__survives_lost_names),
		cmocka_unit_test(code_at__refuses_nonsense_counts),
		cmocka_unit_test(code_position__uses_the_version_s_table),
		cmocka_unit_test(code_position__tells_a_lost_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
