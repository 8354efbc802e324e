/* Names by hash table and symbol table, from a file, from memory alone, and by address. */
#include "tests/unit/elf_rig.h"

#include "symbols/symbols.h"

enum { BASE = 0x7f0000000, OTHER = 0x7f1000000 };

struct mapped {
	struct target target;
	struct symbols *symbols;
	struct elf_rig elf[2];
};

static struct mapped *process_new(void)
{
	struct mapped *p = calloc(1, sizeof(*p));
	assert_non_null(p);
	p->target.machine = elf_rig_machine();
	elf_rig_init(&p->elf[0]);
	elf_rig_init(&p->elf[1]);
	return p;
}

/* Map elf[i] at base: with its file, with its memory, or both. */
static void map_module(struct mapped *p, unsigned i, addr_t base, const char *path, bool has_file,
		       bool has_memory)
{
	struct module *m = vec_push(&p->target.modules);
	assert_non_null(m);
	*m = (struct module){ .start = base, .end = base + ELF_SIZE, .bias = base, .path = path,
			      .is_executable = i == 0 };
	if (has_file)
		m->file = (struct mapped_file){ .data = p->elf[i].bytes, .size = ELF_SIZE };
	struct extent extent = { base, base + ELF_SIZE, p->elf[i].bytes, EXTENT_CORE, EXTENT_READ, NULL };
	if (has_memory)
		assert_true(memory_add(&p->target.memory, &extent));
}

static void load(struct mapped *p)
{
	assert_true(memory_seal(&p->target.memory));
	assert_null(symbols_load(&p->target, NULL, &p->symbols));
}

static void process_free(struct mapped *p)
{
	symbols_free(p->symbols);
	memory_release(&p->target.memory);
	vec_release(&p->target.modules);
	vec_release(&p->target.hints);
	free(p);
}

static void expect(struct mapped *p, const char *name, addr_t addr, enum symbol_source source)
{
	struct symbol s;
	if (!symbols_find(p->symbols, name, "libpython", &s))
		fail_msg("%s is not found", name);
	assert_int_equal(s.addr, addr);
	assert_int_equal(s.source, source);
}

static void symbols_find__reads_the_gnu_hash_of_file_and_memory(void **state)
{
	for (int how = 1; how < 4; how++) {
		struct mapped *p = process_new();
		elf_rig_export(&p->elf[0], "_PyRuntime", ELF_DATA, 32);
		elf_rig_export(&p->elf[0], "Py_Version", ELF_DATA + 64, 8);
		elf_rig_finish(&p->elf[0]);
		map_module(p, 0, BASE, "/usr/bin/python3", how & 1, how & 2);
		load(p);
		expect(p, "_PyRuntime", BASE + ELF_DATA, SYMBOL_DYNSYM);
		expect(p, "Py_Version", BASE + ELF_DATA + 64, SYMBOL_DYNSYM);
		struct symbol s;
		assert_false(symbols_find(p->symbols, "_PyRuntim", NULL, &s));
		assert_false(symbols_find(p->symbols, "_PyRuntime2", NULL, &s));
		assert_false(symbols_find(p->symbols, "", NULL, &s));
		process_free(p);
	}
}

static void symbols_find__reads_the_old_hash_and_relocated_pointers(void **state)
{
	for (int relocated = 0; relocated < 2; relocated++) {
		struct mapped *p = process_new();
		elf_rig_export(&p->elf[0], "first", ELF_DATA, 8);
		elf_rig_export(&p->elf[0], "second", ELF_DATA + 8, 8);
		elf_rig_finish(&p->elf[0]);
		elf_rig_dynamic(&p->elf[0], false, relocated ? BASE : 0);
		map_module(p, 0, BASE, "/bin/a", false, true);
		load(p);
		expect(p, "first", BASE + ELF_DATA, SYMBOL_DYNSYM);
		expect(p, "second", BASE + ELF_DATA + 8, SYMBOL_DYNSYM);
		process_free(p);
	}
}

static void symbols_find__passes_over_what_is_not_defined(void **state)
{
	struct mapped *p = process_new();
	elf_rig_symbol_at(&p->elf[0], true, "shared", STB_GLOBAL, STT_OBJECT, 0, 0, SHN_UNDEF);
	elf_rig_symbol_at(&p->elf[0], true, "local_to_thread", STB_GLOBAL, STT_TLS, 16, 8, 1);
	elf_rig_export(&p->elf[1], "shared", ELF_DATA, 8);
	elf_rig_finish(&p->elf[0]);
	elf_rig_finish(&p->elf[1]);
	map_module(p, 0, BASE, "/bin/app", true, true);
	map_module(p, 1, OTHER, "/lib/libpython3.so", true, true);
	load(p);
	expect(p, "shared", OTHER + ELF_DATA, SYMBOL_DYNSYM);
	struct symbol s;
	assert_false(symbols_find(p->symbols, "local_to_thread", NULL, &s));
	process_free(p);
}

static void symbols_find__asks_the_program_first_then_the_preferred(void **state)
{
	struct mapped *p = process_new();
	elf_rig_export(&p->elf[0], "both", ELF_DATA, 8);
	elf_rig_export(&p->elf[1], "both", ELF_DATA + 8, 8);
	elf_rig_finish(&p->elf[0]);
	elf_rig_finish(&p->elf[1]);
	map_module(p, 0, BASE, "/bin/app", true, true);
	map_module(p, 1, OTHER, "/lib/libpython3.so", true, true);
	load(p);
	expect(p, "both", BASE + ELF_DATA, SYMBOL_DYNSYM);
	struct symbol s;
	p->target.modules.items[0].is_executable = false;
	assert_true(symbols_find(p->symbols, "both", "libpython", &s));
	assert_int_equal(s.addr, OTHER + ELF_DATA + 8);
	assert_true(symbols_find(p->symbols, "both", NULL, &s));
	assert_int_equal(s.addr, BASE + ELF_DATA);
	assert_true(symbols_find_in(p->symbols, &p->target.modules.items[1], "both", &s));
	assert_int_equal(s.addr, OTHER + ELF_DATA + 8);
	process_free(p);
}

static void symbols_find__takes_local_symbols_under_their_plain_name(void **state)
{
	struct mapped *p = process_new();
	elf_rig_local(&p->elf[0], "version.12345", ELF_DATA, 8);
	elf_rig_local(&p->elf[0], "interp_head.lto_priv.0", ELF_DATA + 8, 8);
	elf_rig_local(&p->elf[0], "collecting.llvm.99", ELF_DATA + 16, 8);
	elf_rig_local(&p->elf[0], "eval.cold", ELF_TEXT, 8);
	elf_rig_local(&p->elf[0], "eval.part.0", ELF_TEXT + 8, 8);
	elf_rig_local(&p->elf[0], "twice.0", ELF_TEXT + 16, 8);
	elf_rig_local(&p->elf[0], "twice", ELF_TEXT + 24, 8);
	elf_rig_finish(&p->elf[0]);
	map_module(p, 0, BASE, "/bin/python2.7", true, true);
	load(p);
	expect(p, "version", BASE + ELF_DATA, SYMBOL_SYMTAB);
	expect(p, "interp_head", BASE + ELF_DATA + 8, SYMBOL_SYMTAB);
	expect(p, "collecting", BASE + ELF_DATA + 16, SYMBOL_SYMTAB);
	expect(p, "twice", BASE + ELF_TEXT + 24, SYMBOL_SYMTAB);
	struct symbol s;
	const struct module *m = p->target.modules.items;
	assert_false(symbols_find_in(p->symbols, m, "eval", &s));
	assert_false(symbols_find_exported(p->symbols, "twice", NULL, &s));
	assert_false(symbols_find_exported_in(p->symbols, m, "twice", &s));
	process_free(p);
}

static void symbols_find__believes_a_slim_core_s_addresses(void **state)
{
	struct mapped *p = process_new();
	map_module(p, 0, BASE, "/bin/python2.7", false, false);
	struct symbol_hint *hint = vec_push(&p->target.hints);
	assert_non_null(hint);
	/* .bss lies behind what is mapped of the file */
	*hint = (struct symbol_hint){ "interp_head", BASE + ELF_SIZE + 0x100, 8 };
	load(p);
	struct symbol s;
	assert_true(symbols_find_in(p->symbols, p->target.modules.items, "interp_head", &s));
	assert_int_equal(s.addr, BASE + ELF_SIZE + 0x100);
	assert_ptr_equal(s.module, p->target.modules.items);
	assert_false(symbols_find(p->symbols, "interp", NULL, &s));
	process_free(p);
}

static void symbols_found__lists_what_was_found_by_name(void **state)
{
	struct mapped *p = process_new();
	elf_rig_export(&p->elf[0], "_PyRuntime", ELF_DATA, 32);
	elf_rig_finish(&p->elf[0]);
	map_module(p, 0, BASE, "/usr/bin/python3", true, true);
	load(p);
	const struct symbol *found;
	assert_int_equal(symbols_found(p->symbols, &found), 0);
	expect(p, "_PyRuntime", BASE + ELF_DATA, SYMBOL_DYNSYM);
	struct symbol s;
	assert_false(symbols_find(p->symbols, "nothing", NULL, &s));
	assert_int_equal(symbols_found(p->symbols, &found), 1);
	assert_string_equal(found[0].name, "_PyRuntime");
	process_free(p);
}

static void symbols_at__finds_the_symbol_that_covers_an_address(void **state)
{
	struct mapped *p = process_new();
	elf_rig_local(&p->elf[0], "outer", ELF_TEXT, 0x100);
	elf_rig_local(&p->elf[0], "inner", ELF_TEXT + 0x40, 0x10);
	elf_rig_symbol_at(&p->elf[0], false, "label", STB_LOCAL, STT_NOTYPE, ELF_TEXT + 0x200, 0, 1);
	elf_rig_symbol_at(&p->elf[0], false, "$x", STB_LOCAL, STT_NOTYPE, ELF_TEXT + 0x204, 0, 1);
	elf_rig_finish(&p->elf[0]);
	map_module(p, 0, BASE, "/bin/a", true, true);
	load(p);
	static const struct { addr_t at; const char *name; } cases[] = {
		{ ELF_TEXT, "outer" }, { ELF_TEXT + 0x3f, "outer" }, { ELF_TEXT + 0x40, "inner" },
		{ ELF_TEXT + 0x4f, "inner" }, { ELF_TEXT + 0x50, "outer" }, { ELF_TEXT + 0xff, "outer" },
		{ ELF_TEXT + 0x100, NULL }, { ELF_TEXT - 1, NULL }, { ELF_TEXT + 0x210, "label" },
	};
	struct symbol s;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool found = symbols_at(p->symbols, BASE + cases[i].at, &s);
		assert_int_equal(found, cases[i].name != NULL);
		if (found)
			assert_string_equal(s.name, cases[i].name);
	}
	assert_false(symbols_at(p->symbols, 0x1000, &s));
	process_free(p);
}

static void symbols_at__makes_do_with_dynamic_symbols(void **state)
{
	for (int gnu = 0; gnu < 2; gnu++) {
		struct mapped *p = process_new();
		elf_rig_export(&p->elf[0], "one", ELF_TEXT, 16);
		elf_rig_export(&p->elf[0], "two", ELF_TEXT + 16, 16);
		elf_rig_finish(&p->elf[0]);
		elf_rig_dynamic(&p->elf[0], gnu, 0);
		map_module(p, 0, BASE, "/bin/a", false, true);
		load(p);
		struct symbol s;
		assert_true(symbols_at(p->symbols, BASE + ELF_TEXT + 5, &s));
		assert_string_equal(s.name, "one");
		assert_true(symbols_at(p->symbols, BASE + ELF_TEXT + 31, &s));
		assert_string_equal(s.name, "two");
		assert_int_equal(s.source, SYMBOL_DYNSYM);
		process_free(p);
	}
}

static void symbols_at__a_function_without_a_size_ends_with_the_code(void **state)
{
	struct mapped *p = process_new();
	elf_rig_symbol_at(&p->elf[0], false, "_fini", STB_LOCAL, STT_FUNC, ELF_TEXT + 16, 0, 1);
	elf_rig_finish(&p->elf[0]);
	map_module(p, 0, BASE, "/bin/a", true, false);
	addr_t data = BASE + ELF_TEXT + 0x400;
	const struct extent extents[] = {
		{ BASE, data, p->elf[0].bytes, EXTENT_CORE, EXTENT_READ | EXTENT_EXECUTE, NULL },
		{ data, BASE + ELF_SIZE, p->elf[0].bytes + ELF_TEXT + 0x400, EXTENT_CORE, EXTENT_READ, NULL },
	};
	assert_true(memory_add(&p->target.memory, &extents[0]));
	assert_true(memory_add(&p->target.memory, &extents[1]));
	load(p);
	struct symbol s;
	assert_true(symbols_at(p->symbols, data - 1, &s));
	assert_string_equal(s.name, "_fini");
	assert_false(symbols_at(p->symbols, data, &s));
	process_free(p);
}

static void symbols_section__lies_where_the_module_is_mapped(void **state)
{
	struct mapped *p = process_new();
	elf_rig_finish(&p->elf[0]);
	map_module(p, 0, BASE, "/bin/a", true, true);
	load(p);
	addr_t at;
	uint64_t size;
	assert_true(symbols_section(p->symbols, p->target.modules.items, ".text", &at, &size));
	assert_int_equal(at, BASE + ELF_TEXT);
	assert_int_equal(size, 0x800);
	/* not in memory at all */
	assert_false(symbols_section(p->symbols, p->target.modules.items, ".symtab", &at, &size));
	assert_null(symbols_debug_file(p->symbols, p->target.modules.items));
	process_free(p);
}

/* Every word of the hash tables and of .dynamic set to nonsense in turn. */
static void symbols_find__survives_every_broken_word(void **state)
{
	static const uint32_t nonsense[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };
	for (unsigned at = 0; at < ELF_DYNSTR; at += 4) {
		for (size_t n = 0; n < sizeof(nonsense) / sizeof(nonsense[0]); n++) {
			struct mapped *p = process_new();
			elf_rig_export(&p->elf[0], "_PyRuntime", ELF_DATA, 32);
			elf_rig_export(&p->elf[0], "other", ELF_DATA, 32);
			elf_rig_finish(&p->elf[0]);
			memcpy(p->elf[0].bytes + at, &nonsense[n], 4);
			map_module(p, 0, BASE, "/bin/a", true, true);
			load(p);
			struct symbol s;
			symbols_find(p->symbols, "_PyRuntime", NULL, &s);
			symbols_at(p->symbols, BASE + ELF_DATA, &s);
			process_free(p);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_find__reads_the_gnu_hash_of_file_and_memory),
		cmocka_unit_test(symbols_find__reads_the_old_hash_and_relocated_pointers),
		cmocka_unit_test(symbols_find__passes_over_what_is_not_defined),
		cmocka_unit_test(symbols_find__asks_the_program_first_then_the_preferred),
		cmocka_unit_test(symbols_find__takes_local_symbols_under_their_plain_name),
		cmocka_unit_test(symbols_find__believes_a_slim_core_s_addresses),
		cmocka_unit_test(symbols_found__lists_what_was_found_by_name),
		cmocka_unit_test(symbols_at__finds_the_symbol_that_covers_an_address),
		cmocka_unit_test(symbols_at__makes_do_with_dynamic_symbols),
		cmocka_unit_test(symbols_at__a_function_without_a_size_ends_with_the_code),
		cmocka_unit_test(symbols_section__lies_where_the_module_is_mapped),
		cmocka_unit_test(symbols_find__survives_every_broken_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
