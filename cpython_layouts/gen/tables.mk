# `make tables`: cpython_layouts/tables/ anew from CPython's headers (docs/adding-a-python.md).
# ONLY="3.12 3.12d" restricts it; HEADERS_DIR says where headers are.
DUMP_TABLE := $(BUILD)/dump_table
DUMP_TABLE_SOURCES := cpython_layouts/gen/dump_table.c cpython_layouts/layout_names.c cpython_layouts/layout_dwarf.c \
	symbols/dwarf.c core/error.c core/vec.c core/trace.c

# apart from the library: it must build when no table does
$(DUMP_TABLE): $(DUMP_TABLE_SOURCES) cpython_layouts/fields.def cpython_layouts/layout.h symbols/dwarf.h
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(DUMP_TABLE_SOURCES) $(LIBRARY_LIBS)

tables: $(DUMP_TABLE)
	HEADERS_DIR="$(HEADERS_DIR)" sh cpython_layouts/gen/generate.sh $(DUMP_TABLE) $(BUILD)/tables $(ONLY)

.PHONY: tables
