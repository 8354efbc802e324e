/* What the objects at given addresses refer to: reads hexadecimal addresses, one a line, writes
 *
 *	ADDRESS TYPE STATE: TO/NAME TO/NAME ...
 *
 * of the references that tp_traverse visits. STATE: whole, lost (some cannot be seen), none (no
 * object). For tests/live/edges.py, which compares with gc.get_referents().
 *
 *	edges_of CORE [EXECUTABLE [SYSROOT SEARCH]] */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include "cpython_layouts/edges.h"

static void show(struct runtime *rt, addr_t at)
{
	struct object o;
	struct edge_iter it;
	struct edge e;
	_str_ struct str line = STR_INIT;
	if (!object_load(rt, at, &o) || !edges_of(rt, &o, &it)) {
		printf("%" PRIx64 " - none:\n", at);
		return;
	}
	while (edge_next(&it, &e)) {
		if (!edge_is_traversed(&e))
			continue;
		_str_ struct str name = STR_INIT;
		edge_print(rt, &e, &name);
		for (char *c = name.buf; *c; c++)
			if (*c == ' ' || *c == '\n')
				*c = '_';
		str_printf(&line, " %" PRIx64 "/%s%s", e.to,
			   e.flags & EDGE_INFERRED ? "?" : "", name.buf);
	}
	printf("%" PRIx64 " %s %s:%s\n", at, o.type->full_name, it.lost ? "lost" : "whole", line.buf);
}

static struct error *run(char **argv)
{
	_cleanup_(owned_files_free) struct files *files = NULL;
	_cleanup_(owned_target_free) struct target *target = NULL;
	_cleanup_(owned_symbols_free) struct symbols *symbols = NULL;
	_cleanup_(owned_runtime_free) struct runtime *rt = NULL;
	bool has_root = argv[2] && argv[3];
	struct error *err = files_new(has_root ? argv[3] : NULL, &files);
	if (!err && has_root && argv[4])
		err = files_add_search(files, argv[4]);
	if (!err)
		err = target_open_core(files, argv[1], argv[2], &target);
	if (!err)
		err = symbols_load(target, files, &symbols);
	if (!err)
		err = runtime_locate(target, symbols, &rt);
	char text[64];
	while (!err && fgets(text, sizeof(text), stdin))
		show(rt, strtoull(text, NULL, 16));
	return err;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	_error_ struct error *err = run(argv);
	if (err)
		fprintf(stderr, "edges_of: %s\n", err->message);
	return err ? err->code : 0;
}
