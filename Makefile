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
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'or, on a machine with the headers of a kernel that has Rust:'
	@echo '  make KDIR=/lib/modules/$$(uname -r)/build [modules|install|uninstall|clean]'

ifdef KDIR

# What is known in advance to fail is said in one line, instead of in a page of errors.
kconfig := $(KDIR)/.config $(KDIR)/include/config/auto.conf
no-kernel   = $(if $(wildcard $(KDIR)/Makefile),,there is no kernel to build for)
no-rust     = $(if $(shell grep -hs '^CONFIG_RUST=y' $(kconfig)),,this kernel was built without CONFIG_RUST=y and can have no modules in Rust)
no-metadata = $(if $(wildcard $(KDIR)/rust/libkernel.rmeta),,rust/libkernel.rmeta of this kernel is missing; for a Debian kernel `make modules` without KDIR makes it)
no-option   = $(foreach option,CONFIG_CONFIGFS_FS CONFIG_CRYPTO_HASH_INFO,$(if $(shell grep -hsE '^$(option)=[ym]' $(kconfig)),,this kernel was built without $(option)))
own-core    = $(if $(shell grep -hs '^CONFIG_TSM_REPORTS=y' $(kconfig)),this kernel has the tsm_report module built in and can have no other)
obstacle    = $(strip $(or $(no-kernel),$(no-rust),$(no-metadata),$(strip $(no-option)),$(own-core)))

# Modules have to be built by the compiler that built the kernel.
llvm = $(if $(shell grep -hs '^CONFIG_CC_IS_CLANG=y' $(kconfig)),LLVM=1)

modules modules_install clean: possible
	@$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) MO=$(CURDIR)/build/kdir $(llvm) $@

# The modules, and a file that has udev load ours and not the kernel's own.
conf    := etc/modprobe.d/tsm-rs.conf
updates  = lib/modules/$(shell cat $(KDIR)/include/config/kernel.release)/updates

install: modules_install
	install -D -m 644 scripts/modprobe.d/tsm-rs.conf $(INSTALL_MOD_PATH)/$(conf)

uninstall: possible
	rm -f $(foreach name,tsm tsm_tdx tsm_sev,$(INSTALL_MOD_PATH)/$(updates)/$(name).ko*) $(INSTALL_MOD_PATH)/$(conf)
	-depmod -b $(INSTALL_MOD_PATH)/ $(notdir $(patsubst %/,%,$(dir $(updates))))

possible:
	$(if $(obstacle),$(error $(KDIR): $(obstacle)))

else

modules: setup ## builds the modules, into build/test and build/stock
	@$(qemu-tdx)/modules test
	@$(qemu-tdx)/modules stock

clean: ## removes what was built here; the cache stays
	rm -rf build target

endif

setup: ## makes the toolbox and the kernels, in the cache
	@$(qemu-tdx)/setup

demo: ## shows our modules at work on Debian's own kernel, as a guest of PLATFORM=tdx or snp
	@$(qemu-tdx)/setup toolbox stock
	@scripts/demo

check: setup ## runs the tests
	@scripts/check

check-host: setup ## runs our drivers on hosts that are slow, broken or malicious, and the long tests
	@scripts/check host

check-debug: ## runs those in guests again, on a kernel with KASAN, lockdep and kmemleak
	@$(qemu-tdx)/setup toolbox debug
	@scripts/check debug

fuzz: ## fuzzes each parser for SECONDS=60; `make check` does so for a moment
	@tests/fuzz/run $(or $(SECONDS),60)

bench: ## measures our drivers beside the kernel's own; KERNEL=test does on our small kernel, PLATFORM=snp only there
	@$(qemu-tdx)/setup toolbox $(or $(KERNEL),stock)
	@tests/bench/run $(KERNEL) $(PLATFORM)

shell: setup ## opens a shell in an emulated TDX guest with our modules
	@$(qemu-tdx)/run

fmt: toolbox ## formats the Rust sources; CHECK=1 only says what is not formatted
	@git ls-files -co --exclude-standard '*.rs' | xargs $(toolbox) rustfmt --edition 2021 $(if $(CHECK),--check)

clippy: setup ## has the sources checked by clippy, and the scripts by shellcheck
	@$(toolbox) cargo clippy --locked --workspace --all-targets -- -D warnings
	@CLIPPY=1 $(qemu-tdx)/modules test
	@CLIPPY=1 $(qemu-tdx)/modules stock
	@git ls-files -co --exclude-standard | xargs grep -lE '^#!/bin/(ba)?sh' | xargs $(toolbox) shellcheck -x

toolbox:
	@$(qemu-tdx)/setup toolbox

.PHONY: help modules modules_install install uninstall possible clean setup demo check check-debug check-host fuzz bench shell fmt clippy toolbox
