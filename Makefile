# pycore: `make` builds ./pycore, `make help` lists the rest.
VERSION = 0.1.0

ifeq ($(origin CC),default)
CC = gcc
endif
PREFIX ?= /usr/local
PKG_CONFIG ?= pkg-config

# What is built in different ways is built in different places; ./pycore is the plain one.
#	make                  build/        make CC=clang          build-clang/
#	make SAN=1            build-san/    make CC=clang SAN=1    build-clang-san/
BUILD ?= build$(if $(findstring clang,$(CC)),-clang)$(if $(filter 1,$(SAN)),-san)
BINARY := $(if $(filter build,$(BUILD)),pycore,$(BUILD)/pycore)

# liblz4 and libseccomp are loaded when they are needed: only their headers are wanted here.
LIBRARIES = libelf libdw capstone libzstd liblzma zlib
LIBRARY_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null)
LIBRARY_LIBS := $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null || echo -lelf -ldw -lcapstone -lzstd -llzma -lz) -lbz2 -ldl
# Names of C++ and Rust as their authors wrote them; without it they are shown as linkers know them.
LIBRARY_LIBS += $(shell echo '\#include <libiberty/demangle.h>' | $(CC) -E -x c - >/dev/null 2>&1 && echo -liberty)

CFLAGS ?= -O2 -g
WERROR ?= -Werror
WARNINGS = -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter
HARDENING = -fstack-protector-strong -U_FORTIFY_SOURCE $(if $(findstring -O0,$(CFLAGS)),,-D_FORTIFY_SOURCE=2)
ifeq ($(SAN),1)
CFLAGS = -O1 -g -fno-omit-frame-pointer
HARDENING = -fsanitize=address,undefined -fno-sanitize-recover=undefined $(if $(FUZZ),-fsanitize=fuzzer-no-link)
endif
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DPYCORE_VERSION='"$(VERSION)"' -I. $(WARNINGS) $(HARDENING) \
	$(LIBRARY_CFLAGS) $(CFLAGS)
# Start-up is a good part of a run that takes a few milliseconds: bind lazily (Ubuntu's gcc does not),
# and export nothing but what plugins may call.
ALL_LDFLAGS = $(HARDENING) -Wl,--as-needed -Wl,-O1 -Wl,--hash-style=gnu -Wl,-z,relro -Wl,-z,lazy $(LDFLAGS)
EXPORTS = packaging/plugin.symbols

# V=1 shows the commands.
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(Q),@echo '  $(1) $@')

LIBRARY_SOURCES := $(wildcard core/*.c symbols/*.c cpython_layouts/*.c cpython_layouts/kinds/*.c \
	cpython_layouts/tables/*.c analyzers/*.c report/*.c $(filter-out cli/main.c,$(wildcard cli/*.c)))
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
# What the live tests ask of the library itself.
TEST_TOOLS := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/live/*.c tests/positions/*.c \
	tests/interrupted/interrupt.c))
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
# Hostile input is tried on a build that notices every bad read.
SANITIZED := $(if $(filter 1,$(SAN)),$(BUILD),$(BUILD)-san)
PLUGIN_HEADERS = analyzers/analyzer.h analyzers/plugin.h report/record.h report/text.h

all: $(BINARY)

$(BINARY): $(BUILD)/cli/main.o $(BUILD)/libpycore.a $(EXPORTS)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -Wl,--dynamic-list=$(EXPORTS) -o $@ $< \
		-Wl,--whole-archive $(BUILD)/libpycore.a -Wl,--no-whole-archive $(LIBRARY_LIBS)

$(BUILD)/libpycore.a: $(LIBRARY_OBJECTS)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Changes when the flags do, and everything with it.
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS)' >$@

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libpycore.a
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libpycore.a $(LIBRARY_LIBS) -lcmocka

# Programs of ours that the tests in Python and shell call.
$(TEST_TOOLS): $(BUILD)/%: tests/%.c $(BUILD)/libpycore.a
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libpycore.a $(LIBRARY_LIBS)

NAMELESS = $(BUILD)/interrupted/nameless.so
$(NAMELESS): tests/interrupted/nameless.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -shared -fPIC -o $@ $<

# --- tests: `make check`, or one part of it, `make check-unit` --------------------------------

TEST = BUILD='$(BUILD)' SANITIZED='$(SANITIZED)' PYCORE='$(abspath $(BINARY))' CC='$(CC)' MAKE='$(MAKE)' tests/run

check: $(BINARY) $(UNIT_TESTS) $(TEST_TOOLS) $(NAMELESS) sanitized
	@$(TEST)

check-unit: $(UNIT_TESTS)
	@$(TEST) unit

check-live check-positions: $(TEST_TOOLS)
check-interrupted: $(TEST_TOOLS) $(NAMELESS)
check-symbols check-mutations check-fuzz: sanitized
check-%: $(BINARY)
	@$(TEST) $*

# Not in make check: a Debian in qemu, as root, some minutes.
check-booted: $(BINARY)
	@BUILD='$(BUILD)' PYCORE='$(abspath $(BINARY))' tests/booted/run

sanitized:
	@$(MAKE) --no-print-directory BUILD=$(SANITIZED) SAN=1 $(SANITIZED)/pycore \
		$(SANITIZED)/mutate $(FUZZERS:%=$(SANITIZED)/fuzz/%)

# The whole program as a function, run over damaged copies of a core.
$(BUILD)/mutations/main.o: cli/main.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -Dmain=pycore_main -Wno-missing-prototypes -MMD -MP -c -o $@ $<

$(BUILD)/mutate: tests/mutations/mutate.c $(BUILD)/mutations/main.o $(BUILD)/libpycore.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(BUILD)/mutations/main.o \
		-Wl,--whole-archive $(BUILD)/libpycore.a -Wl,--no-whole-archive $(LIBRARY_LIBS)

# A fuzz target with a plain main(): any compiler, and make check needs no fuzzing engine.
$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/tests/fuzz/driver.o $(BUILD)/libpycore.a
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(BUILD)/tests/fuzz/driver.o \
		$(BUILD)/libpycore.a $(LIBRARY_LIBS)

bench: $(BINARY)
	PYCORE='$(abspath $(BINARY))' tests/bench/run

# 10^8 objects: some minutes, and 6 GB of disk for a while.
bench-growth: $(BINARY)
	PYCORE='$(abspath $(BINARY))' CC='$(CC)' tests/bench/growth

# Long; TIME=600 (seconds) for each, TARGETS="fuzz_core" for one. clang brings the engine. What leads to
# new code is kept in build-fuzz/corpus, what breaks something in build-fuzz/found-*.
TIME ?= 600
TARGETS ?= $(FUZZERS)
fuzz:
	@$(MAKE) --no-print-directory BUILD=build-fuzz CC=clang SAN=1 FUZZ=1 $(TARGETS:%=build-fuzz/engine/%)
	@for f in $(TARGETS); do \
		words=tests/fuzz/dictionaries/$$f; seeds=tests/fuzz/seeds/$$f; mkdir -p build-fuzz/corpus/$$f; \
		echo "== $$f"; build-fuzz/engine/$$f -max_total_time=$(TIME) -timeout=10 -rss_limit_mb=2048 \
			-max_len=65536 -artifact_prefix=build-fuzz/found-$$f- -print_final_stats=1 -verbosity=0 \
			$$(test ! -e $$words || echo -dict=$$words) build-fuzz/corpus/$$f \
			$$(test ! -d $$seeds || echo $$seeds) || exit 1; \
	done

$(BUILD)/engine/%: tests/fuzz/%.c $(BUILD)/libpycore.a
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libpycore.a $(LIBRARY_LIBS)

# --- a first look -----------------------------------------------------------------------------

demo: $(BINARY)
	@packaging/demo $(abspath $(BINARY))

setup:
	@packaging/setup

# What the README says: from nothing but a shell and apt to a traceback, and to all the tests.
# (Each in a make of its own, which then sees what setup installed.)
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
try: setup
	@$(MAKE) --no-print-directory $(JOBS) all
	@$(MAKE) --no-print-directory demo

test:
	@packaging/setup test
	@$(MAKE) --no-print-directory $(JOBS) check

# --- installing -------------------------------------------------------------------------------

man: $(BUILD)/man/pycore.1
completion: $(BUILD)/man/pycore.bash

$(BUILD)/man/pycore.1: $(BINARY)
	@mkdir -p $(@D)
	PYCORE_PLUGINS= $(abspath $(BINARY)) --generate=man >$@

$(BUILD)/man/pycore.bash: $(BINARY)
	@mkdir -p $(@D)
	PYCORE_PLUGINS= $(abspath $(BINARY)) --generate=bash-completion >$@

INSTALL_TO = $(DESTDIR)$(PREFIX)

install: $(BINARY) man completion
	install -D -m 755 $(BINARY) $(INSTALL_TO)/bin/pycore
	install -D -m 644 $(BUILD)/man/pycore.1 $(INSTALL_TO)/share/man/man1/pycore.1
	install -D -m 644 $(BUILD)/man/pycore.bash $(INSTALL_TO)/share/bash-completion/completions/pycore
	set -e; for h in $(PLUGIN_HEADERS); do install -D -m 644 $$h $(INSTALL_TO)/include/pycore/$$h; done

uninstall:
	rm -f $(INSTALL_TO)/bin/pycore $(INSTALL_TO)/share/man/man1/pycore.1
	rm -f $(INSTALL_TO)/share/bash-completion/completions/pycore
	rm -rf $(INSTALL_TO)/include/pycore

# The lines that were changed since the last commit. Not the rest: comments and tables that a hand
# has lined up stay so.
# Reports of crashes as they happen: docs/hooks.md. systemd looks below /usr/local too.
HOOKS ?= systemd abrt apport
UNITS = $(INSTALL_TO)/lib/systemd/system
EVENTS = $(DESTDIR)/etc/libreport/events.d
APPORT = $(DESTDIR)/usr/share/apport/general-hooks

install-hooks: $(HOOKS:%=install-hooks-%)

install-hooks-systemd:
	install -d $(INSTALL_TO)/libexec $(UNITS)
	sed -e 's,@PATH@,$(PREFIX)/bin:/usr/sbin:/usr/bin:/sbin:/bin,; s,@ROOT@,,' packaging/hooks/pycore-hook \
		>$(INSTALL_TO)/libexec/pycore-hook
	chmod 755 $(INSTALL_TO)/libexec/pycore-hook
	sed -e 's,@LIBEXECDIR@,$(PREFIX)/libexec,' packaging/hooks/pycore-hook@.service >$(UNITS)/pycore-hook@.service
	install -D -m 644 packaging/hooks/systemd-coredump.conf $(UNITS)/systemd-coredump@.service.d/pycore.conf
	install -D -m 644 packaging/hooks/tmpfiles.conf $(INSTALL_TO)/lib/tmpfiles.d/pycore.conf

install-hooks-abrt:
	install -D -m 644 packaging/hooks/pycore_event.conf $(EVENTS)/pycore_event.conf

install-hooks-apport:
	install -D -m 644 packaging/hooks/apport.py $(APPORT)/pycore.py

uninstall-hooks:
	rm -f $(INSTALL_TO)/libexec/pycore-hook $(UNITS)/pycore-hook@.service
	rm -f $(UNITS)/systemd-coredump@.service.d/pycore.conf $(INSTALL_TO)/lib/tmpfiles.d/pycore.conf
	-rmdir $(UNITS)/systemd-coredump@.service.d 2>/dev/null
	rm -f $(EVENTS)/pycore_event.conf $(APPORT)/pycore.py

format:
	git clang-format --extensions c,h

clean:
	rm -rf build build-clang build-san build-clang-san build-fuzz $(BUILD) pycore

help:
	@echo 'make             build ./pycore (CC=clang, SAN=1, BUILD=dir, CFLAGS=..., WERROR=)'
	@echo 'make try         install what is needed (apt), build, make a real crash, show its traceback'
	@echo 'make test        install what the tests need as well, run all the tests'
	@echo 'make setup       install what is needed to build (apt)'
	@echo 'make demo        crash the system'"'"'s python3 and show the traceback'
	@echo 'make check       all the tests; one part of them: make check-unit, check-layers,'
	@echo '                 check-cli, check-plugin, check-install, check-golden, check-live, ...'
	@echo 'make check-booted  the hooks on a booted systemd (root, debootstrap, qemu-system-x86; minutes)'
	@echo 'make check-mutations COPIES=100000  that many damaged cores through every command'
	@echo 'make bench       the figures of the README; make bench-growth: 10^8 objects'
	@echo 'make fuzz        every fuzz target for TIME=600 seconds each (clang); TARGETS="fuzz_core"'
	@echo 'make install     PREFIX=$(PREFIX) DESTDIR=; make uninstall takes it away again'
	@echo 'make install-hooks  HOOKS="systemd abrt apport": reports of crashes as they happen;'
	@echo '                 make uninstall-hooks'
	@echo 'make man         build the man page (build/man/pycore.1); make completion: bash'"'"'s'
	@echo 'make tables      make the layout tables anew from installed CPython headers'
	@echo 'make format      clang-format on the lines changed since the last commit; make clean'

-include cpython_layouts/gen/tables.mk
-include $(LIBRARY_OBJECTS:.o=.d) $(BUILD)/cli/main.d $(BUILD)/mutations/main.d $(BUILD)/mutate.d $(BUILD)/tests/fuzz/driver.d $(UNIT_TESTS:=.d) $(TEST_TOOLS:=.d) $(FUZZERS:%=$(BUILD)/fuzz/%.d)

force:

# Kept though only rules by pattern know them.
.PRECIOUS: $(BUILD)/%.o $(BUILD)/engine/%
.DELETE_ON_ERROR:

.PHONY: all check check-unit sanitized bench bench-growth fuzz demo setup try test man completion install uninstall format clean \
	help force install-hooks uninstall-hooks
