#include "tests/unit/test.h"
#include "symbols/evex.h"

struct example {
	uint8_t code[16];
	size_t size;		/* 0: not one */
	bool has_access;
	const char *base, *index;
	int scale;
	int64_t displacement;
	unsigned direction;
};

/* As GNU as assembles them. */
static const struct example examples[] = {
	/* vpcmpeqb k0, ymm16, [rdi]: where strlen(NULL) dies */
	{ { 0x62, 0xf1, 0x7d, 0x20, 0x74, 0x07 }, 6, true, "rdi", "", 1, 0, ACCESS_READ },
	/* vmovdqu64 [rdi + 64], zmm16: a byte counts in vectors */
	{ { 0x62, 0xe1, 0xfe, 0x48, 0x7f, 0x47, 0x01 }, 7, true, "rdi", "", 1, 64, ACCESS_WRITE },
	/* vmovdqu64 ymm17, [rsi + rdx - 32] */
	{ { 0x62, 0xe1, 0xfe, 0x28, 0x6f, 0x4c, 0x16, 0xff }, 8, true, "rsi", "rdx", 1, -32, ACCESS_READ },
	/* vmovdqu64 zmm16, [r12 + r13 * 4 + 0x12345] */
	{ { 0x62, 0x81, 0xfe, 0x48, 0x6f, 0x84, 0xac, 0x45, 0x23, 0x01, 0x00 }, 11, true, "r12", "r13", 4,
	  0x12345, ACCESS_READ },
	/* vpternlogd zmm16, zmm17, [rax], 0xde: a byte behind the operands */
	{ { 0x62, 0xe3, 0x75, 0x40, 0x25, 0x00, 0xde }, 7, true, "rax", "", 1, 0, ACCESS_READ },
	/* vpbroadcastb ymm16, esi: no memory */
	{ { 0x62, 0xe2, 0x7d, 0x28, 0x7a, 0xc6 }, 6, false, "", "", 1, 0, 0 },
	/* mov eax, [rdi]; and what has the prefix, but reserved bits in it */
	{ { 0x8b, 0x07, 0x90, 0x90, 0x90, 0x90 }, 0, false, "", "", 1, 0, 0 },
	{ { 0x62, 0xf9, 0x7d, 0x20, 0x74, 0x07 }, 0, false, "", "", 1, 0, 0 },
	{ { 0x62, 0xf1, 0x79, 0x20, 0x74, 0x07 }, 0, false, "", "", 1, 0, 0 },
};

static void evex_decode__tells_length_and_memory(void **state)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *e = &examples[i];
		struct memory_access a;
		bool has_access;
		assert_int_equal(evex_decode(e->code, sizeof(e->code), &a, &has_access), e->size);
		assert_int_equal(has_access, e->has_access);
		if (!has_access)
			continue;
		assert_string_equal(a.base, e->base);
		assert_string_equal(a.index, e->index);
		assert_int_equal(a.scale, e->scale);
		assert_int_equal(a.displacement, e->displacement);
		assert_int_equal(a.direction, e->direction);
	}
}

static void evex_decode__reads_no_byte_that_is_not_there(void **state)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		for (size_t len = 0; len < examples[i].size; len++) {
			uint8_t *code = test_malloc(len + 1);
			struct memory_access a;
			bool has_access;
			memcpy(code, examples[i].code, len);
			code[len] = 0xff;
			assert_int_equal(evex_decode(code, len, &a, &has_access), 0);
			test_free(code);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evex_decode__tells_length_and_memory),
		cmocka_unit_test(evex_decode__reads_no_byte_that_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
