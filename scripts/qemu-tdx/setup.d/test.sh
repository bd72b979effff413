# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The test kernel: what kernel.config says and nothing else (allnoconfig), so that it builds and boots fast, and has
# what a distribution's kernel lacks: KUnit, debugging aids. Built with GCC, which takes half the time that clang does.
#
# The debug kernel: the same source with debug.config too, to find what goes wrong unseen. Built with LLVM, because a kernel
# that GCC built with KASAN can have no Rust.
#
# The KCSAN kernel: the same source with kcsan.config, to find data races of our modules, which Kbuild instruments. Of the
# kernel, only the helpers of Rust are, which atomic accesses of Rust go through: races of the kernel's own are not reported,
# and all accesses that are watched are ours. In files that lock or schedule, the barriers are instrumented, without which an
# access of ours would seem to last until after the lock is released.

build_test() { build_source test "CC=$GCC" "$scripts/kernel.config"; }
build_debug() { build_source debug LLVM=1 "$scripts/kernel.config" "$scripts/debug.config"; }
build_kcsan() { build_source kcsan "CC=$GCC" "$scripts/kernel.config" "$scripts/kcsan.config"; }

# build_source KERNEL COMPILER FRAGMENT...
build_source() {
	kernel=$1 compiler=$2 partly=()
	shift 2
	package=${TEST_SOURCE%%=*} version=${TEST_SOURCE#*=}
	if [[ $TEST_SOURCE == newest ]] || ! archive_has "$package=$version"; then
		package=$(apt apt-cache pkgnames linux-source- | grep -E '^linux-source-[0-9.]+$' | sort -V | tail -n 1)
		[[ $package ]] || die "the archive has no linux-source"
		version=$(version_of "$package")
		[[ $TEST_SOURCE == newest ]] || warn "the archive has no $TEST_SOURCE any more; using $package=$version"
	fi
	unpack_source "$package" "$version"
	cat -- "$@" >fragment
	step "configuring the $kernel kernel" "$kernel-config.log" "$scripts/toolbox" bash -euc '
		mkdir -p "$2/build"
		make -C "$1" O="$2/build" "$5" KCONFIG_ALLCONFIG="$3" allnoconfig
		"$4" "$3" "$2/build/.config"' \
		bash "$source" "$folder" "$folder/fragment" "$scripts/setup.d/check-config" "$compiler"
	# An SNP guest runs these before KASAN has a shadow of its memory.
	for file in core svsm vc-handle; do
		partly+=("KASAN_SANITIZE_$file.o=\$(if \$(filter arch/x86/coco%,\$(obj)),n)")
	done
	partly+=("KCSAN_SANITIZE=\$(if \$(filter rust,\$(obj)),,n)")
	partly+=("KCSAN_INSTRUMENT_BARRIERS=\$(if \$(filter kernel/locking kernel/rcu kernel/sched mm,\$(obj)),y,n)")
	step "building the $kernel kernel (minutes)" "$kernel-build.log" "$scripts/toolbox" bash -euc '
		cd "$1"
		make -C build -j"$(nproc)" "${@:3}" bzImage modules
		rm -rf installed modules
		make -C build "$3" INSTALL_MOD_PATH="$1/installed" INSTALL_MOD_STRIP=1 modules_install
		"$2" "$1/installed" "$(make -s -C build "$3" kernelrelease)" "$1/modules"
		rm -rf installed' bash "$folder" "$scripts/setup.d/guest-modules" "$compiler" "${partly[@]}"

	KVERSION=$(cat build/include/config/kernel.release) KORIGIN="built from $package $version" KDIR=$folder/build
	KIMAGE=$folder/build/arch/x86/boot/bzImage KMODULES=$folder/modules KMAKEFLAGS=$compiler
	write_env
}
