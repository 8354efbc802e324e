#include "tests/unit/frame_rig.h"

#include "cpython_layouts/datastack.h"

/* Two chunks: the first with a and b, the newest with c. Codes are named after their frames. */
struct drawing {
	struct frame_rig *f;
	addr_t first, newest, end;	/* end: where the newest chunk's frames end */
	addr_t a, b, c;
};

static const char *const tables[] = { "3.11", "3.12", "3.13", "3.13t", "3.14", "3.15" };

static addr_t draw_code(struct frame_rig *f, const char *name)
{
	return frame_code(f, &(struct drawn_code){ .name = name, .first_traceable = 1 });
}

static addr_t draw_frame(struct frame_rig *f, addr_t code, addr_t previous)
{
	return frame_draw(f, &(struct drawn_frame){ .code = code, .previous = previous, .lasti = 2 });
}

static addr_t draw_chunk(struct frame_rig *f, addr_t previous)
{
	unsigned word = f->l->machine->word;
	addr_t at = frame_alloc(f, OFFSET(f->l, _PyStackChunk, data) + (previous ? 0 : word));
	PUT(f->rig, at, _PyStackChunk, previous, previous);
	/* The next frame begins where the chunk's data do. */
	f->next = at + OFFSET(f->l, _PyStackChunk, data) + (previous ? 0 : word);
	return at;
}

/* As long as the rig draws them. */
static void set_size(struct frame_rig *f, addr_t code, addr_t frame, addr_t end)
{
	uint64_t size = end - frame - OFFSET(f->l, _PyInterpreterFrame, localsplus);
	PUT(f->rig, code, PyCodeObject, co_stacksize, size / f->l->machine->word);
}

static struct drawing draw(const char *table)
{
	struct frame_rig *f = frame_rig_named(table);
	struct drawing d = { .f = f };
	unsigned word = f->l->machine->word;
	addr_t a = draw_code(f, "a"), b = draw_code(f, "b"), c = draw_code(f, "c");
	d.first = draw_chunk(f, 0);
	d.a = draw_frame(f, a, 0xdead0000);
	d.b = draw_frame(f, b, d.a);
	addr_t data = d.first + OFFSET(f->l, _PyStackChunk, data);
	PUT(f->rig, d.first, _PyStackChunk, top, (f->next - data) / word);
	set_size(f, a, d.a, d.b);
	set_size(f, b, d.b, f->next);
	d.newest = draw_chunk(f, d.first);
	d.c = draw_frame(f, c, 0xdead0000);
	d.end = f->next;
	set_size(f, c, d.c, d.end);
	PUT(f->rig, rig_state(0), PyThreadState, datastack_chunk, d.newest);
	PUT(f->rig, rig_state(0), PyThreadState, datastack_top, d.end);
	return d;
}

static addr_t before(struct drawing *d, addr_t frame)
{
	addr_t found;
	assert_true(datastack_frame_before(&d->f->rig->rt, rig_state(0), frame, &found));
	return found;
}

static bool is_lost(struct drawing *d, addr_t frame)
{
	addr_t found;
	return !datastack_frame_before(&d->f->rig->rt, rig_state(0), frame, &found);
}

#define EACH(d)                                                                                    \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(tables); i_++)                                         \
		for (struct drawing d = draw(tables[i_]); d.f; frame_rig_free(d.f), d.f = NULL)

static void datastack_frame_before__goes_from_the_newest_to_the_oldest(void **state)
{
	EACH(d)
	{
		assert_true(before(&d, 0) == d.c);
		assert_true(before(&d, d.c) == d.b);
		assert_true(before(&d, d.b) == d.a);
		assert_true(before(&d, d.a) == 0);
	}
}

static void datastack_frame_before__passes_an_empty_chunk(void **state)
{
	EACH(d)
	{
		PUT(d.f->rig, rig_state(0), PyThreadState, datastack_top, d.c);
		assert_true(before(&d, 0) == d.b);
	}
}

static void datastack_frame_before__finds_what_follows_lost_code(void **state)
{
	EACH(d)
	{
		bool is_tagged = d.f->l->dialect.references == REFERENCES_TAGGED;
		PUT(d.f->rig, d.a, _PyInterpreterFrame, f_executable, 0xdead0000 | is_tagged);
		assert_true(before(&d, d.c) == d.b);
		assert_true(before(&d, d.b) == d.a);
		/* Called from a generator: known by the code that it runs. */
		PUT(d.f->rig, d.b, _PyInterpreterFrame, previous, 0xdead0000);
		assert_true(before(&d, d.c) == d.b);
	}
}

static void datastack_frame_before__says_what_is_lost(void **state)
{
	EACH(d)
	{
		assert_true(is_lost(&d, 0xdead0000));
		PUT(d.f->rig, d.newest, _PyStackChunk, previous, 0xdead0000);
		assert_true(before(&d, 0) == d.c);
		assert_true(is_lost(&d, d.c));
		PUT(d.f->rig, d.newest, _PyStackChunk, previous, d.newest);
		assert_true(is_lost(&d, d.b));
		PUT(d.f->rig, rig_state(0), PyThreadState, datastack_chunk, 0);
		assert_true(is_lost(&d, 0));
		assert_true(is_lost(&d, d.a));
	}
	struct drawing d = draw("3.12");
	addr_t found;
	assert_false(datastack_frame_before(&d.f->rig->rt, 0xdead0000, 0, &found));
	frame_rig_free(d.f);
	struct frame_rig *old = frame_rig_named("3.10");
	assert_false(datastack_frame_before(&old->rig->rt, rig_state(0), 0, &found));
	frame_rig_free(old);
}

static void frame_next__bridges_lost_links(void **state)
{
	EACH(d)
	{
		struct pythread thread = { .at = rig_state(0) };
		struct frame frame;
		_str_ struct str got = STR_INIT;
		frame_enter(d.f, 0, 0xdead0000);
		struct frame_iter it = frames_of(&d.f->rig->rt, &thread);
		while (frame_next(&it, &frame))
			str_adds(&got, frame.code->name);
		assert_string_equal(got.buf, "cba");
		assert_int_equal(it.chain.end, CHAIN_END);
		assert_int_equal(it.gaps, 3); /* to c, from c to b, from a to nowhere */
		assert_true(it.gap_at == 0xdead0000);
	}
}

static void datastack_holds__both_chunks_and_nothing_else(void **state)
{
	EACH(d)
	{
		PUT(d.f->rig, d.first, _PyStackChunk, size, 0x100);
		PUT(d.f->rig, d.newest, _PyStackChunk, size, 0x40);
		struct runtime *rt = &d.f->rig->rt;
		assert_true(datastack_holds(rt, rig_state(0), d.first));
		assert_true(datastack_holds(rt, rig_state(0), d.newest + 0x3f));
		assert_false(datastack_holds(rt, rig_state(0), d.newest + 0x40));
		assert_false(datastack_holds(rt, rig_state(0), 0xdead0000));
		assert_false(datastack_holds(rt, 0xdead0000, d.first));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(datastack_frame_before__goes_from_the_newest_to_the_oldest),
		cmocka_unit_test(datastack_frame_before__passes_an_empty_chunk),
		cmocka_unit_test(datastack_frame_before__finds_what_follows_lost_code),
		cmocka_unit_test(datastack_frame_before__says_what_is_lost),
		cmocka_unit_test(frame_next__bridges_lost_links),
		cmocka_unit_test(datastack_holds__both_chunks_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
