# pycore: `make` builds ./pycore, `make help` lists the rest.
VERSION = 0.1.0
CC ?= gcc
BUILD ?= build
PREFIX ?= /usr/local
PKG_CONFIG ?= pkg-config

LIBRARIES = libelf libdw capstone libzstd
LIBRARY_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null)
LIBRARY_LIBS := $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null || echo -lelf -ldw -lcapstone -lzstd)

CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter
HARDENING = -fstack-protector-strong -D_FORTIFY_SOURCE=2
ifeq ($(SAN),1)
CFLAGS = -O1 -g -fno-omit-frame-pointer
HARDENING = -fsanitize=address,undefined -fno-sanitize-recover=undefined
endif
BASE_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DPYCORE_VERSION='"$(VERSION)"' -I. $(WARNINGS) $(HARDENING) $(LIBRARY_CFLAGS)
ALL_CFLAGS = $(BASE_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(HARDENING) -Wl,--as-needed $(LDFLAGS)

LIBRARY_SOURCES := $(wildcard core/*.c symbols/*.c cpython_layouts/*.c cpython_layouts/kinds/*.c \
	cpython_layouts/tables/*.c analyzers/*.c report/*.c $(filter-out cli/main.c,$(wildcard cli/*.c)))
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))

all: pycore

# The binary stands in the root when built in the usual place, else beside its objects.
BINARY := $(if $(filter build,$(BUILD)),pycore,$(BUILD)/pycore)
pycore: $(BINARY)
ifneq ($(BINARY),pycore)
.PHONY: pycore
endif

$(BINARY): $(BUILD)/cli/main.o $(BUILD)/libpycore.a
	$(CC) $(ALL_LDFLAGS) -rdynamic -o $@ $< -Wl,--whole-archive $(BUILD)/libpycore.a -Wl,--no-whole-archive $(LIBRARY_LIBS) -ldl

$(BUILD)/libpycore.a: $(LIBRARY_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libpycore.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libpycore.a $(LIBRARY_LIBS) -lcmocka -ldl

unit: $(UNIT_TESTS)
	@set -e; for t in $(UNIT_TESTS); do echo "== $$t"; $$t; done

include cpython_layouts/gen/tables.mk

clean:
	rm -rf $(BUILD) pycore

-include $(LIBRARY_OBJECTS:.o=.d) $(BUILD)/cli/main.d $(UNIT_TESTS:=.d)

.PHONY: all unit clean
