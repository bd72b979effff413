# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the kernels have in common: a folder in the cache named by all that it depends on, and in it `env`, to be
# sourced, which says what the kernel is called and where it is. `env` is written last: with it the kernel is complete.

# kernel_folder KERNEL. The numbers stand for how the scripts make each: to be raised when that changes.
kernel_folder() {
	local inputs=("$(toolbox_root)/etc/tsm/compilers")
	case $1 in
	stock) inputs+=("=1" "=$STOCK_KERNEL") ;;
	amd64) inputs+=("=1" "=$AMD64_KERNEL") ;;
	test) inputs+=("=2" "=$TEST_SOURCE" "$scripts/kernel.config") ;;
	debug) inputs+=("=2" "=$TEST_SOURCE" "$scripts/kernel.config" "$scripts/debug.config") ;;
	kcsan) inputs+=("=1" "=$TEST_SOURCE" "$scripts/kernel.config" "$scripts/kcsan.config") ;;
	esac
	echo "$CACHE/$1-$(key "${inputs[@]}")"
}

# setup_kernel KERNEL
setup_kernel() (
	folder=$(kernel_folder "$1")
	uses "${folder##*/}"
	if [[ ! -e $folder/env ]]; then
		# One lock for all: two kernels being built at once take longer than one after the other.
		lock kernel
		if [[ ! -e $folder/env ]]; then
			mkdir -p -- "$folder"
			cd -- "$folder" || exit
			archive_update
			"build_$1"
		fi
	fi
	. "$folder/env"
	say "$1 kernel: $KVERSION ($KORIGIN)"
)

# write_env: the paths are absolute, so a cache stays where it was made.
write_env() {
	local name
	for name in KVERSION KORIGIN KDIR KIMAGE KMODULES KMAKEFLAGS; do
		printf '%s=%q\n' "$name" "${!name}"
	done >env.new
	mv env.new env
}

# unpack_source PACKAGE VERSION: unpacks a linux-source package to $source. It is shared by all that is built from it.
unpack_source() {
	source=$CACHE/source/$1_$2
	[[ ! -e $source ]] || return 0
	rm -rf -- "$source.new"
	mkdir -p -- "$source.new"
	(cd -- "$source.new" && step "fetching $1 $2" "$1.log" fetch "$1=$2")
	step "unpacking $1 $2" "$1.log" "$scripts/toolbox" sh -euc '
		cd "$1"
		dpkg-deb --fsys-tarfile *.deb | tar -xO --wildcards "./usr/src/linux-source-*.tar.xz" |
			tar -xJ --strip-components=1
		rm *.deb' sh "$source.new"
	mv -T -- "$source.new" "$source"
}
