# SPDX-License-Identifier: GPL-2.0
#
# `make help` lists what there is. With KDIR the modules are built for that kernel by the tools of this machine, as any
# external module is; all else is done in the toolbox, for the kernels of scripts/qemu-tdx/versions.

.DEFAULT_GOAL := $(if $(KDIR),modules,help)
SHELL := /bin/bash

qemu-tdx := scripts/qemu-tdx
toolbox  := $(qemu-tdx)/toolbox

help: ## lists the targets
	@echo 'usage: make TARGET'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'or, on a machine with the headers of a kernel that has Rust:'
	@echo '  make KDIR=/lib/modules/$$(uname -r)/build [modules|install|uninstall|clean]'

ifdef KDIR

kconfig := $(KDIR)/.config $(KDIR)/include/config/auto.conf
version := $(wildcard $(KDIR)/include/generated/uapi/linux/version.h)

# Modules have to be built by the compiler that built the kernel.
llvm := $(or $(LLVM),$(if $(shell grep -hs '^CONFIG_CC_IS_CLANG=y' $(kconfig)),1))

# The tools that Kbuild will use. Like Kbuild, this takes them from make's command line or the kernel's .kernelvariables,
# but not from the environment.
RUSTC   = rustc
BINDGEN = bindgen
CC      = $(if $(llvm),$(filter %/,$(llvm))clang$(filter -%,$(llvm)),$(CROSS_COMPILE)gcc)
LD      = $(if $(llvm),$(filter %/,$(llvm))ld.lld$(filter -%,$(llvm)),$(CROSS_COMPILE)ld)
-include $(KDIR)/.kernelvariables

# A build that is known in advance to fail is refused in one line, instead of with a page of errors. Only what is certain
# to fail is in here: rust-src, for one, is needed to build a kernel, but not for a module.
missing     = $(firstword $(foreach file,$(1),$(if $(wildcard $(KDIR)/$(file)),,$(file))))
no-kernel   = $(if $(wildcard $(KDIR)/Makefile),,there is no kernel to build for)
too-old     = $(shell awk '$$2 == "LINUX_VERSION_CODE" && $$3 < 7 * 65536 + 2 * 256 { \
	printf "this is Linux %d.%d; the modules need 7.2 or newer", $$3 / 65536, $$3 / 256 % 256 }' $(version) /dev/null)
no-rust     = $(if $(shell grep -hs '^CONFIG_RUST=y' $(kconfig)),,this kernel was built without CONFIG_RUST=y and can have no modules in Rust)
metadata    = $(addprefix rust/,libcore.rmeta libbindings.rmeta libmacros.so libkernel.rmeta)
no-metadata = $(foreach file,$(call missing,$(metadata)),$(file) of this kernel is missing; for a Debian kernel `make modules` without KDIR makes it)
no-option   = $(foreach option,CONFIG_MODULES CONFIG_CONFIGFS_FS CONFIG_CRYPTO_HASH_INFO,$(if $(shell grep -hsE '^$(option)=[ym]' $(kconfig)),,this kernel was built without $(option)))
own-core    = $(if $(shell grep -hs '^CONFIG_TSM_REPORTS=y' $(kconfig)),this kernel has the tsm_report module built in and can have no other)
prepared    = include/config/auto.conf include/generated/autoconf.h include/generated/rustc_cfg scripts/basic/fixdep scripts/mod/modpost
unprepared  = $(foreach file,$(call missing,$(prepared)),$(file) of this kernel is missing; run `make modules_prepare` where it was built)
no-release  = $(foreach file,$(call missing,include/config/kernel.release),$(file) of this kernel is missing; run `make modules_prepare` where it was built)
no-symbols  = $(if $(KBUILD_MODPOST_WARN)$(KBUILD_EXTRA_SYMBOLS),,$(foreach file,$(call missing,Module.symvers),$(file) of this kernel is missing; it is made when the kernel is built))

# Rust's metadata can be read only by the version of the compiler that wrote it.
version-of  = $(shell $($(1)) --version 2>/dev/null | head -n 1)
rustc-was   = $(shell sed -n 's/^CONFIG_RUSTC_VERSION_TEXT="*\([^"]*\).*/\1/p' $(wildcard $(kconfig)) /dev/null | tail -n 1)
differs     = $(if $(2),$(subst :$(1):,,:$(2):))
rustc-is    = $(call version-of,RUSTC)
no-rustc    = $(if $(rustc-is),,`$(RUSTC)` is missing or does not run; install $(or $(rustc-was),rustc) or say RUSTC=)
other-rustc = $(if $(call differs,$(rustc-is),$(rustc-was)),this kernel was built by $(rustc-was) but `$(RUSTC)` is $(rustc-is); \
	install the kernel's or say RUSTC=)
# Older ones do not know the --rust-target that Kbuild asks for.
bindgen-is  = $(call version-of,BINDGEN)
no-bindgen  = $(if $(bindgen-is),,`$(BINDGEN)` is missing or does not run; install bindgen 0.71 or newer or say BINDGEN=)
old-bindgen = $(if $(shell awk '$$2 ~ /^0\.([0-9]|[0-6][0-9]|70)(\.|$$)/' <<<'$(bindgen-is)'),`$(BINDGEN)` is $(bindgen-is); \
	install bindgen 0.71 or newer or say BINDGEN=)
no-tool     = $(firstword $(foreach tool,CC LD,$(if $(call version-of,$(tool)),,$(tool))))
no-binutils = $(foreach tool,$(no-tool),`$($(tool))` is missing or does not run; install it or say $(tool)=)

# Asked from the shell, because make may remember the folder from before the build.
not-built   = $(if $(shell ls build/kdir/modules.order 2>/dev/null),,nothing was built yet; run `make KDIR=$(KDIR)` first)

kernel-obstacle = $(or $(no-kernel),$(too-old),$(no-rust),$(no-metadata),$(strip $(no-option)),$(own-core),$(unprepared),$(no-symbols))
tool-obstacle   = $(or $(no-rustc),$(other-rustc),$(no-bindgen),$(old-bindgen),$(no-binutils))
possible        = $(if $(1),$(error $(KDIR): $(1)))

kbuild = @$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) MO=$(CURDIR)/build/kdir $(addprefix LLVM=,$(llvm)) $@

modules:
	$(call possible,$(or $(kernel-obstacle),$(tool-obstacle)))
	$(kbuild)

# Root may lack the tools that the modules were built with, so what is missing is done without. A distribution keeps the key
# that its configuration names.
INSTALL_MOD_STRIP ?= 1
STRIP    = $(if $(llvm),$(filter %/,$(llvm))llvm-strip$(filter -%,$(llvm)),$(CROSS_COMPILE)strip)
CONFIG_MODULE_SIG_KEY ?= $(shell sed -n 's/^CONFIG_MODULE_SIG_KEY="\(.*\)"/\1/p' $(wildcard $(kconfig)) /dev/null | tail -n 1)
has-key  = $(or $(filter pkcs11:%,$(CONFIG_MODULE_SIG_KEY)),$(wildcard $(filter /%,$(CONFIG_MODULE_SIG_KEY)) $(KDIR)/$(CONFIG_MODULE_SIG_KEY)))
no-sign  = $(if $(has-key),,CONFIG_MODULE_SIG_ALL=)
# Where headers lack System.map, Kbuild only warns; depmod needs it to find symbols that are missing, and not for more.
has-map  = $(wildcard $(KDIR)/System.map)
no-map   = $(if $(has-map),,cmd_depmod=:)
release  = $(shell cat $(KDIR)/include/config/kernel.release)
depmod   = PATH="$$PATH:/usr/sbin:/sbin" depmod -b $(INSTALL_MOD_PATH)/ $(release)

modules_install:
	$(call possible,$(or $(kernel-obstacle),$(no-release),$(not-built)))
	$(kbuild) INSTALL_MOD_STRIP=$(if $(call version-of,STRIP),$(INSTALL_MOD_STRIP)) $(no-sign) $(no-map)
	$(if $(has-map),,$(depmod))

clean:
	$(call possible,$(no-kernel))
	$(kbuild)

# The modules, and a file that has udev load ours and not the kernel's own.
conf    := etc/modprobe.d/tsm-rs.conf
updates  = lib/modules/$(release)/updates

install: modules_install
	install -D -m 644 scripts/modprobe.d/tsm-rs.conf $(INSTALL_MOD_PATH)/$(conf)

uninstall:
	$(call possible,$(or $(no-kernel),$(no-release)))
	rm -f $(foreach name,tsm tsm_tdx tsm_sev tsm_tdisp,$(INSTALL_MOD_PATH)/$(updates)/$(name).ko*) $(INSTALL_MOD_PATH)/$(conf)
	-$(depmod)

else

modules: ## builds the modules, into build/test and build/stock; KERNEL=stock only those to use, into build/modules/stock, signed by KEY and CERT
	$(call one-of,KERNEL,$(kernels))
ifdef KERNEL
	@KEY='$(KEY)' CERT='$(CERT)' $(qemu-tdx)/modules --ours $(KERNEL)
else
	@$(qemu-tdx)/setup
	@$(qemu-tdx)/modules test
	@$(qemu-tdx)/modules stock
endif

modules_install install uninstall:
	@echo '`make $@` has to know for which kernel: `make KDIR=/lib/modules/$$(uname -r)/build $@` is for this one.' >&2
	@echo 'README.md, "Use it in a confidential guest", has all steps.' >&2
	@exit 2

clean: ## removes what was built here; the cache stays
	rm -rf build target

endif

# $(call one-of,VARIABLE,WORDS): refuses a word that is not one of these. A recipe is expanded before its first command runs,
# so nothing was made by then; that does not hold for prerequisites.
one-of = $(if $($(1)),$(if $(and $(filter 1,$(words $($(1)))),$(filter $(2),$($(1)))),,$(error $(1)=$($(1)) is none of: $(2))))
kernels   := stock amd64 test debug kcsan
platforms := tdx snp

clean-cache: ## removes toolboxes and kernels that no checkout needs or has used for DAYS=1; ALL=1 also those of which no use is known
	@ALL=$(ALL) $(qemu-tdx)/clean-cache $(DAYS)

setup: ## makes the toolbox and the kernels, in the cache
	@$(qemu-tdx)/setup

demo: ## shows our modules at work on Debian's own kernel, as a guest of PLATFORM=tdx or snp; FIRMWARE=tdvf shows a measured boot
	$(call one-of,FIRMWARE,pc tdvf)$(call one-of,PLATFORM,$(if $(filter tdvf,$(FIRMWARE)),tdx,$(platforms)))
	@$(qemu-tdx)/setup toolbox stock
	@scripts/demo$(if $(filter tdvf,$(FIRMWARE)),-tdvf)

unit: toolbox ## runs the tests of the pure code on this machine, in seconds
	@$(toolbox) cargo test --locked -p tsm_proto

check: setup ## runs the tests
	@scripts/check

check-vmm: ## runs our drivers on VMMs that are slow, broken or malicious, and the long tests; BRIEF=1 only some of the former
	@$(qemu-tdx)/setup toolbox stock test $(if $(BRIEF),,amd64)
	@BRIEF=$(BRIEF) scripts/check vmm

check-host: check-vmm
	@echo '`make check-host` is `make check-vmm` now' >&2

check-debug: ## runs those in guests again, on kernels with KASAN, lockdep and kmemleak, and with KCSAN; BRIEF=1 leaves out the latter and the longest
	@$(qemu-tdx)/setup toolbox debug $(if $(BRIEF),,kcsan)
	@BRIEF=$(BRIEF) scripts/check debug

check-kernels: ## runs the short tests of our drivers on all kernels of Debian that README lists, with the toolbox of their suite, and compiles with the newest Rust of Debian
	@scripts/check kernels

fuzz: ## fuzzes each parser for SECONDS=60; `make check` does so for a moment
	@tests/fuzz/run $(or $(SECONDS),60)

bench: ## measures our drivers beside the kernel's own; KERNEL=test does on our small kernel, PLATFORM=snp only there
	$(call one-of,KERNEL,stock test)$(call one-of,PLATFORM,$(platforms))
	@$(qemu-tdx)/setup toolbox $(or $(KERNEL),stock)
	@tests/bench/run $(KERNEL) $(PLATFORM)

bench-profile: ## shows which functions execute the instructions of a ROW of `make bench`
	$(call one-of,KERNEL,stock test)$(call one-of,PLATFORM,$(platforms))
	@$(qemu-tdx)/setup toolbox $(or $(KERNEL),stock)
	@tests/bench/run --profile '$(or $(ROW),$(error which ROW of the table?))' $(KERNEL) $(PLATFORM)

package: ## makes Debian packages, into build/packages; KERNEL=stock or amd64, KEY and CERT sign the modules, METADATA=1 is for DKMS
	$(call one-of,KERNEL,stock amd64)
	@$(qemu-tdx)/setup toolbox packager $(or $(KERNEL),stock)
	@KEY='$(KEY)' CERT='$(CERT)' METADATA='$(METADATA)' packaging/build $(KERNEL)

shell: ## opens a shell in a guest of PLATFORM=tdx or snp with our modules, on our small kernel or KERNEL
	$(call one-of,KERNEL,$(kernels))$(call one-of,PLATFORM,$(platforms))
	@$(qemu-tdx)/run $(addprefix --kernel ,$(KERNEL)) $(addprefix --platform ,$(PLATFORM))

# A component is not a person (CONTRIBUTING.md, rule 27). The seeds of public keys are what they are.
pronouns := [w]ho(ever)?|(no|some|every|any)[b]ody|[h]e|[h]im|[h]is

fmt: toolbox ## formats the Rust sources; CHECK=1 only says what is not formatted, and which lines have a pronoun
	@git ls-files -co --exclude-standard '*.rs' ':!rust/vendor' | xargs $(toolbox) rustfmt --edition 2021 $(if $(CHECK),--check)
	$(if $(CHECK),@! git grep -inE '(\b|_)($(pronouns))(\b|_)' -- ':!COPYING' ':!rust/vendor' | grep -vF 'known to every''body')

clippy: toolbox ## has the sources checked by clippy, and the scripts by shellcheck
	@$(toolbox) cargo clippy --locked --workspace --all-targets -- -D warnings
	@$(qemu-tdx)/setup
	@CLIPPY=1 $(qemu-tdx)/modules test
	@CLIPPY=1 $(qemu-tdx)/modules stock
	@git ls-files -co --exclude-standard | xargs grep -lE '^#!/bin/(ba)?sh' | xargs $(toolbox) shellcheck -x

doc: export TSM_RUSTDOCFLAGS := -Dwarnings -Arustdoc::private_intra_doc_links
doc: toolbox ## writes the documentation of the crates, into target/doc and, for those of the modules, build/doc
	@$(toolbox) env RUSTDOCFLAGS="$$TSM_RUSTDOCFLAGS" cargo doc --locked --workspace --no-deps --document-private-items
	@$(qemu-tdx)/setup toolbox stock
	@DOC=1 $(qemu-tdx)/modules stock

guest: ## builds programs for guests, into build/guest: those of Documentation/tdisp.md and Documentation/measured-boot.md
	@mkdir -p build/guest
	@for program in guest-tests/tdi guest-tests/ide guest-tests/tdreport replay/replay; do \
		built=$$(tests/guest/build tsm-$${program%/*} $${program#*/}) && cp "$$built" build/guest/ || exit; \
	done

toolbox:
	@$(qemu-tdx)/setup toolbox

.PHONY: help modules modules_install install uninstall clean clean-cache setup demo unit check check-debug check-host check-kernels check-vmm fuzz bench bench-profile package shell guest fmt clippy doc toolbox
