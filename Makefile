# SPDX-License-Identifier: GPL-2.0-only
# forkwatch: builds, demonstrates and tests. `make help` says what there is.
# (The module itself is described in Kbuild: make -C KDIR M=$PWD modules works too.)

KERNELS ?= 5.10 6.1 6.12 7
KERNEL  ?= 6.1
MODULE_VARIANT ?=
MODULE_CFLAGS  ?=

machine := $(shell uname -m)
native  := $(filter aarch64,$(machine))
# where a module for the running kernel can be built
headers := $(if $(native),$(wildcard /lib/modules/$(shell uname -r)/build/Module.symvers))
build   := build
qemu    := tests/qemu
deps    := @$(qemu)/deps

# Programs for the guest and for boards are static arm64 ones.
ARM64_CC ?= $(if $(native),gcc,aarch64-linux-gnu-gcc)
HOSTCC   ?= gcc
CLANG    ?= clang
BPFTOOL  ?= bpftool
STRIP_G  ?= llvm-strip -g

# sbin holds bpftool, which an ordinary user's PATH may lack.
export PATH := $(PATH):/usr/sbin:/sbin
version  := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
export MODULE_VARIANT MODULE_CFLAGS MODULE_MAKEFLAGS
export FORKWATCH_VERSION := $(version)

warnings := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes
cflags   := -std=gnu11 -O2 -g $(warnings) -D_GNU_SOURCE -MMD -MP

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDEXPANSION:
.SECONDARY:

# V=1 shows the commands, as in the kernel's build.
ifneq ($(V),1)
quiet := @
say = @printf '  %-7s %s\n' $(1) $(2);
endif

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | \
		awk -F '\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'
	@echo
	@echo '  KERNEL=6.1       the kernel of module, bundle and demo: a name of tests/qemu/kernels'
	@echo '  KDIR=DIR         module, bundle: build for this configured kernel tree instead'
	@echo '                   (with CROSS_COMPILE=… and CC=… where it needs them)'
	@echo '  KERNELS="6.1 7"  the kernels of test; the default is all of them'
	@echo '  CONFIGURATIONS=NAME,…  test: only these rows of tests/qemu/configurations (or: none)'
	@echo '  TESTS=NAME,…     test-debug, check-host: only tests with such a part in their names'
	@echo '  VM=1             demo: boot a guest even where this machine is arm64'
	@echo '  V=1              show the commands'

.PHONY: all
all: deps-all module bpf tools ## build module, bpf and tools: for this machine if it is arm64, else for the guest

# ---- the module ---------------------------------------------------------------------------

ifneq ($(headers),)
ifeq ($(origin KERNEL),file)
KDIR ?= /lib/modules/$(shell uname -r)/build
endif
endif

ifdef KDIR
# Not include/config/kernel.release: distributions override that one.
release = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' '$(KDIR)/include/generated/utsrelease.h' 2>/dev/null)
module_dir = $(build)/module/$(release)$(MODULE_VARIANT:%=-%)
CROSS_COMPILE ?= $(if $(native),,aarch64-linux-gnu-)
kbuild_args = ARCH=arm64 CROSS_COMPILE='$(CROSS_COMPILE)'
# make has a CC of its own; only one that was asked for goes to the kernel's build.
kbuild_args += $(if $(filter-out default,$(origin CC)),CC='$(CC)')

# Each kernel gets a copy of the sources, so that builds for several do not mix.
.PHONY: module
module: check-kdir ## build forkwatch.ko
	$(quiet)mkdir -p $(module_dir)
	$(quiet)cp -pu Kbuild $(module_dir) && cp -puR module $(module_dir)
	$(quiet)flock $(module_dir) $(MAKE) --no-print-directory -C '$(KDIR)' M='$(CURDIR)/$(module_dir)' \
		$(kbuild_args) FORKWATCH_CFLAGS='$(MODULE_CFLAGS)' $(MODULE_MAKEFLAGS) modules

.PHONY: check-kdir
check-kdir:
	@[ -d '$(KDIR)' ] || { echo "error: KDIR=$(KDIR): no such directory." \
		"Install the headers of that kernel, or give KERNEL=6.1 to build for the guest." >&2; exit 2; }
	@[ -n '$(release)' ] || { echo "error: KDIR=$(KDIR) is not a configured kernel tree:" \
		"include/generated/utsrelease.h is missing. Run there: make modules_prepare" >&2; exit 2; }
	@[ -s '$(KDIR)/Module.symvers' ] || { echo "error: KDIR=$(KDIR) has no Module.symvers:" \
		"that kernel was not built there, so its exports are unknown. Run there: make" >&2; exit 2; }
else
.PHONY: module
module:
	$(call say,MODULE,'for kernel $(KERNEL)')
	$(quiet)MAKE='$(MAKE)' $(qemu)/module '$(KERNEL)'
endif

# ---- BPF ----------------------------------------------------------------------------------

skeleton := $(build)/bpf/forkwatch.skel.h
bpf_flags := -O2 -g -target bpf -D__TARGET_ARCH_arm64 -Wall -Wextra -Werror -Imodule/uapi -Ibpf

.PHONY: bpf
bpf: $(skeleton) ## build the BPF programs

# The linux/ headers want asm/, which clang does not look for when the target is bpf.
$(build)/bpf/forkwatch.bpf.o: bpf/forkwatch.bpf.c | deps-bpf
	$(call say,BPF,$@)
	$(quiet)mkdir -p $(@D)
	$(quiet)$(CLANG) $(bpf_flags) -MMD -MP -idirafter /usr/include/$$($(HOSTCC) -print-multiarch) \
		-c $< -o $@
	$(quiet)$(STRIP_G) $@

$(skeleton): $(build)/bpf/forkwatch.bpf.o
	$(call say,SKEL,$@)
	$(quiet)$(BPFTOOL) gen skeleton $< name forkwatch_bpf >$@.new
	$(quiet)mv $@.new $@

# ---- the tool -----------------------------------------------------------------------------

# What only a program has; all other files of tools/ may be linked into the unit tests.
main_sources := $(wildcard tools/forkwatch.c tools/cmd_*.c)
core_sources := $(filter-out $(main_sources),$(wildcard tools/*.c))
library_sources := $(wildcard tools/libforkwatch/*.[cS])
# tracefs.h looks for libtraceevent's headers without their directory.
tool_flags   := -Imodule/uapi -Itools -Itools/libforkwatch -I$(build)/bpf -I$(build)/proto -idirafter /usr/include/traceevent
tool_libs    := -lcap -ljansson -lprotobuf-c -lzstd -ltracefs -ltraceevent -lbpf -lelf -lz

# What is not written by hand, and has to be there before anything is compiled.
proto     := $(build)/proto/perfetto.pb-c
generated := $(skeleton) $(proto).h

$(proto).c $(proto).h &: tools/perfetto.proto | deps-tools
	$(call say,PROTO,$(proto).c)
	$(quiet)mkdir -p $(@D)
	$(quiet)protoc-c --proto_path=tools --c_out=$(@D) perfetto.proto

# Found when first used: not every target needs it.
SYSROOT = $(eval SYSROOT := $$(shell $(qemu)/fetch sysroot | sed -n 's/^SYSROOT=//p'))$(SYSROOT)
sysroot_flags = $(if $(SYSROOT),,$(error no arm64 libraries: see above))-isystem $(SYSROOT)/usr/include \
	-isystem $(SYSROOT)/usr/include/aarch64-linux-gnu -isystem $(SYSROOT)/usr/include/traceevent
# libtraceevent could load plugins: not ours, and no reason to warn.
sysroot_libs = -static -Wl,--no-warnings -L$(SYSROOT)/usr/lib/aarch64-linux-gnu

# $(1): directory below build/, $(2): compiler, $(3): its flags, $(4): flags to link with
define tool_rules
$(build)/$(1)/obj/%.o: tools/%.c $(generated) | deps-tools
	$$(call say,CC,$$@)
	$(quiet)mkdir -p $$(@D)
	$(quiet)$(2) $$(cflags) $(tool_flags) $(3) -c $$< -o $$@

$(build)/$(1)/obj/perfetto.pb-c.o: $(proto).c | deps-tools
	$$(call say,CC,$$@)
	$(quiet)mkdir -p $$(@D)
	$(quiet)$(2) $$(cflags) $(3) -c $$< -o $$@

# What other programs link: it knows nothing of the tool, nor of any library but libc.
$(library_sources:tools/%=$(build)/$(1)/obj/%.o): $(build)/$(1)/obj/%.o: tools/% | deps-tools
	$$(call say,CC,$$@)
	$(quiet)mkdir -p $$(@D)
	$(quiet)$(2) $$(cflags) $(tool_flags) -c $$< -o $$@

$(build)/$(1)/libforkwatch.a: $(library_sources:tools/%=$(build)/$(1)/obj/%.o)
	$$(call say,AR,$$@)
	$(quiet)rm -f $$@ && ar rcs $$@ $$^

$(build)/$(1)/obj/libforkwatch/%.o: cflags += -fPIC $(if $(filter arm64,$(1)),-mbranch-protection=standard)

$(main_sources:tools/%.c=$(build)/$(1)/obj/%.o): $(build)/version
$(main_sources:tools/%.c=$(build)/$(1)/obj/%.o): cflags += -DFORKWATCH_VERSION='"$(version)"'

$(build)/$(1)/libforkwatch-core.a: $(core_sources:tools/%.c=$(build)/$(1)/obj/%.o) \
		$(build)/$(1)/obj/perfetto.pb-c.o
	$$(call say,AR,$$@)
	$(quiet)rm -f $$@ && ar rcs $$@ $$^

$(build)/$(1)/forkwatch: $(main_sources:tools/%.c=$(build)/$(1)/obj/%.o) \
		$(build)/$(1)/libforkwatch-core.a $(build)/$(1)/libforkwatch.a
	$$(call say,LD,$$@)
	$(quiet)$(2) -o $$@ $$^ $(4) $(tool_libs)
endef

$(eval $(call tool_rules,arm64,$$(ARM64_CC),$$(sysroot_flags),$$(sysroot_libs)))
$(eval $(call tool_rules,$(machine),$$(HOSTCC),,))

.PHONY: tools
tools: $(build)/$(machine)/forkwatch $(if $(native),,$(build)/arm64/forkwatch) ## build the tool
	$(quiet)ln -sfn ../$< tools/forkwatch

.PHONY: man
man: $(patsubst man/%.scd,$(build)/man/%,$(wildcard man/*.scd)) ## build the manual pages

$(build)/man/%: man/%.scd
	$(deps) man
	$(call say,MAN,$@)
	$(quiet)mkdir -p $(@D)
	$(quiet)scdoc <$< >$@.new && mv $@.new $@

PREFIX ?= /usr/local
SRCDIR ?= /usr/src
dkms_dir = $(DESTDIR)$(SRCDIR)/forkwatch-$(version)
into = $(call say,INSTALL,$(1)) install -d $(1) && install -m

.PHONY: install
install: $(build)/$(machine)/forkwatch man ## install the tool, library, manuals, completion and the module's source (DESTDIR= PREFIX=)
	$(quiet)$(call into,$(DESTDIR)$(PREFIX)/bin) 755 $< $(DESTDIR)$(PREFIX)/bin
	$(quiet)$(call into,$(DESTDIR)$(PREFIX)/lib) 644 $(<D)/libforkwatch.a $(DESTDIR)$(PREFIX)/lib
	$(quiet)$(call into,$(DESTDIR)$(PREFIX)/include) 644 tools/libforkwatch/forkwatch_clone.h \
		module/uapi/forkwatch.h $(DESTDIR)$(PREFIX)/include
	$(quiet)for page in $(build)/man/*.[1-8]; do \
		install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man$${page##*.} $$page || exit; done
	$(quiet)install -D -m 644 completion/forkwatch.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/forkwatch
	$(quiet)$(call into,$(dkms_dir)/module/uapi) 644 module/uapi/*.h $(dkms_dir)/module/uapi
	$(quiet)install -m 644 module/*.[ch] $(dkms_dir)/module
	$(quiet)install -m 644 Kbuild $(dkms_dir)
	$(quiet)sed 's/@VERSION@/$(version)/' dkms.conf >$(dkms_dir)/dkms.conf

# Rewritten only when the version changes, so that a commit rebuilds what shows it.
$(build)/version: FORCE
	@mkdir -p $(@D); echo '$(version)' | cmp -s - $@ || echo '$(version)' >$@

# ---- programs of the tests ----------------------------------------------------------------

workloads := $(patsubst tests/workload/%.c,$(build)/arm64/workload/%,$(wildcard tests/workload/*.c))
helpers   := $(patsubst tests/e2e/%.c,$(build)/arm64/e2e/%,$(wildcard tests/e2e/*.c))
units     := $(patsubst tests/unit/%.c,$(build)/unit/%,$(wildcard tests/unit/test_*.c))
test_flags := -Imodule/uapi -Itests/workload
# Of a program with several sources, the compiler notes the headers of the last one only.
test_headers := $(wildcard module/uapi/*.h tests/workload/*.h tests/unit/*.h)
# The sanitizers' own code misleads these two warnings; the tool's build has them.
sanitize  := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer -Wno-maybe-uninitialized -Wno-format-truncation

.PHONY: workloads
workloads: $(workloads) ## build the programs that fork in known ways

$(build)/arm64/workload/%: tests/workload/%.c $$(wildcard tests/workload/$$*.S) $(test_headers) | deps-cross
	$(call say,CC,$@)
	$(quiet)mkdir -p $(@D)
	$(quiet)$(ARM64_CC) $(cflags) $(test_flags) -static -pthread -MF $@.d -o $@ $(filter %.c %.S,$^)

# AArch32 programs, where there are a compiler and a libc for them; tests that want them are skipped
# without. Workloads are built for both instruction sets: a32-NAME, and t32-NAME for Thumb.
ARM32_CC ?= $(shell command -v arm-linux-gnueabihf-gcc)
arm32_libc = $(if $(ARM32_CC),$(filter /%,$(shell $(ARM32_CC) -print-file-name=libc.a)))
arm32_all := $(foreach set,a32 t32,$(patsubst %,$(build)/arm64/workload/$(set)-%,regs forks pthread spawn clone3))
arm32      = $(if $(arm32_libc),$(build)/arm64/e2e/arm32 $(arm32_all))

.PHONY: helpers
helpers: $(helpers) $$(arm32)

$(build)/arm64/e2e/arm32: tests/e2e/arm32/arm32.c
	$(call say,CC,$@)
	$(quiet)mkdir -p $(@D)
	$(quiet)$(ARM32_CC) -std=gnu11 -O2 $(warnings) -marm -ffreestanding -fno-stack-protector \
		-nostdlib -static -o $@ $<

define arm32_rules
$(build)/arm64/workload/$(1)-%: $$$$(or $$$$(wildcard tests/workload/aarch32/$$$$*.[cS]),tests/workload/$$$$*.c) \
		$(test_headers) $(wildcard tests/workload/aarch32/*.h)
	$$(call say,CC,$$@)
	$(quiet)mkdir -p $$(@D)
	$(quiet)$$(ARM32_CC) $$(cflags) $(test_flags) $(2) -static -pthread -MF $$@.d -o $$@ $$(filter %.c %.S,$$^)
endef

$(eval $(call arm32_rules,a32,-marm))
$(eval $(call arm32_rules,t32,-mthumb))

$(build)/arm64/e2e/%: tests/e2e/%.c $(build)/arm64/libforkwatch.a | deps-cross
	$(call say,CC,$@)
	$(quiet)mkdir -p $(@D)
	$(quiet)$(ARM64_CC) $(cflags) $(test_flags) -Itools/libforkwatch $(if $(native),,$(sysroot_flags)) \
		-MF $@.d -o $@ $(filter %.c %.a,$^) $(if $(native),-static,$(sysroot_libs)) -ljansson

$(build)/unit/core/%.o: tools/%.c $(generated) | deps-tools
	$(call say,CC,$@)
	$(quiet)mkdir -p $(@D)
	$(quiet)$(HOSTCC) $(cflags) $(sanitize) $(tool_flags) -c $< -o $@

$(build)/unit/core/perfetto.pb-c.o: $(proto).c
	$(quiet)mkdir -p $(@D)
	$(quiet)$(HOSTCC) $(cflags) $(sanitize) -c $< -o $@

$(build)/unit/libforkwatch-core.a: $(core_sources:tools/%.c=$(build)/unit/core/%.o) \
		$(build)/unit/core/perfetto.pb-c.o
	$(quiet)rm -f $@ && ar rcs $@ $^

# A file of tests/unit that is no test_*.c is shared by all tests.
unit_shared := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))

$(build)/unit/%: tests/unit/%.c $(unit_shared) $(test_headers) $(build)/unit/libforkwatch-core.a | deps-unit
	$(call say,CC,$@)
	$(quiet)$(HOSTCC) $(cflags) $(sanitize) $(tool_flags) $(test_flags) -Itests/unit \
		-DTEST_DATA_DIR='"$(CURDIR)/tests/data"' \
		-DTEST_TOOL='"$(CURDIR)/$(build)/$(machine)/forkwatch"' -MF $@.d -o $@ $(filter %.c %.a,$^) \
		-lcmocka $(tool_libs)

# ---- what to run --------------------------------------------------------------------------

.PHONY: unit
unit: $(build)/$(machine)/forkwatch $(units) ## run the unit tests on this machine
	@tests/unit.sh $(units)

.PHONY: test-install
test-install: ## see that what `make install` leaves works
	$(deps) man module cross fetch
	@MAKE='$(MAKE)' tests/install.sh

FUZZ_SECONDS ?= 300

.PHONY: fuzz
fuzz: $(build)/fuzz/fuzz_trace ## look for traces that break what reads them (FUZZ_SECONDS=300)
	$(quiet)mkdir -p $(build)/fuzz/corpus
	$(quiet)for dir in tests/data/*/*/; do \
		tests/fuzz/pack "$$dir" >"$(build)/fuzz/corpus/$$(echo "$$dir" | tr / -)"; done
	$(quiet)cd $(build)/fuzz && ./fuzz_trace -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
		corpus $(CURDIR)/tests/fuzz/corpus

$(build)/fuzz/fuzz_trace: tests/fuzz/fuzz_trace.c $(core_sources) $(proto).c $(wildcard tools/*.h) \
		$(generated) | deps-fuzz
	$(call say,CLANG,$@)
	$(quiet)mkdir -p $(@D)
	$(quiet)$(CLANG) -std=gnu11 -O1 -g -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined $(tool_flags) -o $@ $(filter %.c,$^) $(tool_libs)

FUZZ_CLI_SECONDS ?= 60

.PHONY: fuzz-cli
fuzz-cli: $(build)/unit/forkwatch ## look for arguments that break the tool (FUZZ_CLI_SECONDS=60 SEED=N)
	@tests/fuzz/cli.sh $< $(FUZZ_CLI_SECONDS) $(SEED)

# The tool itself, with sanitizers.
$(build)/unit/forkwatch: $(main_sources) $(library_sources) $(build)/unit/libforkwatch-core.a \
		$(build)/version $(wildcard tools/*.h) | deps-tools
	$(call say,CC,$@)
	$(quiet)$(HOSTCC) $(filter-out -MMD -MP,$(cflags)) $(sanitize) $(tool_flags) \
		-DFORKWATCH_VERSION='"$(version)"' -o $@ $(filter %.c %.S %.a,$^) $(tool_libs)

bench_repeat := $(build)/$(machine)/bench/repeat

$(bench_repeat): tests/bench/repeat.c $(build)/$(machine)/libforkwatch-core.a | deps-tools
	$(call say,CC,$@)
	$(quiet)mkdir -p $(@D)
	$(quiet)$(HOSTCC) $(cflags) $(tool_flags) -MF $@.d -o $@ $(filter %.c %.a,$^) $(tool_libs)

# FORKS=100000 makes it quick; the traces of a million take 4 GB.
.PHONY: bench-reader
bench-reader: $(build)/$(machine)/forkwatch $(bench_repeat) ## measure how traces are read, beside babeltrace2 (FORKS=1000000)
	@tests/bench/reader.sh $^ $(FORKS)

$(build)/arm64/bench/ops: tests/bench/ops.c $(test_headers) | deps-cross
	$(call say,CC,$@)
	$(quiet)mkdir -p $(@D)
	$(quiet)$(ARM64_CC) $(cflags) $(test_flags) -static -pthread -MF $@.d -o $@ $<

.PHONY: bench
bench: KERNELS = 6.1 7
bench: guest-programs $(build)/arm64/bench/ops ## measure what tracing costs, ours and others', into docs/bench.md (KERNELS="6.1 7")
	$(quiet)for kernel in $(KERNELS); do \
		$(MAKE) --no-print-directory module KDIR= KERNEL=$$kernel || exit; done
	@tests/bench/overhead.sh $(KERNELS)

.PHONY: style
style: ## checkpatch, sparse, clang's analyzer, shellcheck and the licence lines
	$(deps) style module cross fetch bpf tools
	@tests/style.sh

analyzed := $(patsubst tools/%.c,$(build)/analyzed/%,$(core_sources) $(main_sources))

# What is found in the code that bpftool makes is not ours.
$(build)/analyzed/%: tools/%.c $(generated) $(wildcard tools/*.h tools/*/*.h module/uapi/*.h) | deps-bpf
	$(call say,ANALYZE,$<)
	$(quiet)mkdir -p $(@D)
	$(quiet)$(CLANG) $(filter-out -MMD -MP,$(cflags)) $(tool_flags) -DFORKWATCH_VERSION='""' \
		--analyze -Xclang -analyzer-output=text $< 2>$@.log || { cat $@.log >&2; exit 1; }
	$(quiet)! grep ': warning: ' $@.log | grep -qv '^$(skeleton):' || { cat $@.log >&2; exit 1; }
	$(quiet)mv $@.log $@

.PHONY: analyze
analyze: $(analyzed) ## clang's static analyzer over the tool, for whoever looks for bugs

variants:
	$(quiet)MAKEFLAGS= $(MAKE) --no-print-directory module KERNEL='$(KERNEL)' \
		MODULE_VARIANT=x0 MODULE_CFLAGS=-DFORKWATCH_TEST_CHILD_X0=7
	$(quiet)MAKEFLAGS= $(MAKE) --no-print-directory module KERNEL='$(KERNEL)' \
		MODULE_VARIANT=abi MODULE_CFLAGS=-DFORKWATCH_ABI_VERSION=9999
	$(quiet)MAKEFLAGS= $(MAKE) --no-print-directory module KERNEL='$(KERNEL)' \
		MODULE_VARIANT=lie MODULE_CFLAGS=-DFORKWATCH_TEST_LIE
	$(quiet)MAKEFLAGS= $(MAKE) --no-print-directory module KERNEL='$(KERNEL)' \
		MODULE_VARIANT=opaque MODULE_CFLAGS=-DFORKWATCH_TEST_OPAQUE
.PHONY: variants

.PHONY: guest-programs
guest-programs: $(build)/arm64/forkwatch $(workloads) helpers

.PHONY: test
test: ## style, unit tests, and guest tests on all KERNELS and configurations
	@MAKE='$(MAKE)' CONFIGURATIONS='$(CONFIGURATIONS)' tests/run.sh $(KERNELS)

# They take minutes to build, each, which is why test only uses those that are in the cache.
.PHONY: test-kernels
test-kernels: ## build kernels that Debian has not (no BTF, no ftrace, no kprobes, a shadow call stack) from its source, and test on them
	@kernels=$$(awk '$$3 ~ /^source/ && $$1 !~ /-debug$$/ { print $$1 }' $(qemu)/kernels | xargs); \
		MAKE='$(MAKE)' tests/run.sh --only-configurations $$kernels

DEBUG_KERNELS = $(shell sed -n 's/^\([^ ]*-debug\) .*/\1/p' $(qemu)/kernels)

.PHONY: test-debug
test-debug: ## all guest tests on kernels that watch themselves (KASAN, lockdep, kmemleak, ...), with faults and storms
	@MAKE='$(MAKE)' TESTS='$(TESTS)' FORKWATCH_STORM_SECONDS='$(FORKWATCH_STORM_SECONDS)' \
		tests/run.sh --only-kernels $(DEBUG_KERNELS)

.PHONY: demo
ifeq ($(if $(VM),,$(headers)),)
demo: deps-demo guest-programs ## show real forks, taken apart, on a real arm64 kernel
	$(quiet)$(MAKE) --no-print-directory module KDIR= KERNEL='$(KERNEL)'
	$(call say,BOOT,'kernel $(KERNEL) in qemu')
	@$(qemu)/run '$(KERNEL)' --demo
else
demo: all workloads
	@$(qemu)/native.sh demo
endif

.PHONY: readme
readme: ## put what the demo prints into README.md
	@tests/readme.sh

.PHONY: diff-page
diff-page: $(build)/$(machine)/forkwatch guest-programs ## docs/diff-5.10-7.md: what a fork does otherwise on 5.10 and 7.x
	$(quiet)for kernel in 5.10 7; do \
		$(MAKE) --no-print-directory module KDIR= KERNEL=$$kernel || exit; done
	@tests/diff-page.sh 5.10 7

.PHONY: check-host
ifeq ($(native),)
check-host:
	@echo 'error: make check-host tests the running kernel, and this machine is $(machine).' \
		'make test boots guests; make bundle collects what check-host.sh needs on a board.' >&2; exit 2
else
check-host: all workloads helpers ## on an arm64 machine: test the running kernel, print a report
	@TESTS='$(TESTS)' $(qemu)/native.sh check-host
endif

.PHONY: bundle
bundle: module $(build)/arm64/forkwatch $(workloads) helpers ## collect in build/bundle/RELEASE what a board needs
	@$(qemu)/bundle $(if $(KDIR),--release '$(release)','$(KERNEL)')

.PHONY: clean
clean: ## remove build/
	rm -rf $(build) tools/forkwatch

# What must be on this machine; looked for only where something is built. The targets that need
# many packages ask for all of them first: it is one command where the user has to run it.
.PHONY: FORCE deps-bpf deps-tools deps-cross deps-unit deps-fuzz deps-all deps-demo
deps-all:
	$(deps) module bpf tools $(if $(native),,cross fetch)
deps-demo:
	$(deps) module bpf tools fetch guest $(if $(native),,cross)
deps-bpf:
	$(deps) bpf tools
deps-tools deps-cross:
	$(deps) tools $(if $(native),,cross)
deps-unit:
	$(deps) tools unit
deps-fuzz:
	$(deps) bpf tools fuzz

-include $(wildcard $(build)/bpf/*.d $(build)/*/obj/*.d $(build)/*/obj/*/*.d $(build)/*/*.d $(build)/*/*/*.d)
