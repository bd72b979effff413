# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The stock kernels: a signed image as the distribution ships it, and what modules for it are built against. `stock` is of
# the flavour for clouds, `amd64` the ordinary one. The headers package lacks the Rust metadata, so that is built again
# from the same source with the same compilers; the image and the symbol table stay the distribution's. The `make` here
# must not change the config, and this checks that: other revisions of the C compiler and of binutils may be what they are,
# because what is made has code of rustc only.

build_stock() { build_signed stock cloud-amd64 "$STOCK_KERNEL" "${TSM_STOCK_KERNEL:-}"; }
build_amd64() { build_signed amd64 amd64 "$AMD64_KERNEL" "${TSM_AMD64_KERNEL:-}"; }

# build_signed KERNEL FLAVOUR ABI DEMANDED: DEMANDED is empty if any other kernel of the flavour will do.
build_signed() {
	kernel=$1 flavour=$2 abi=$3
	if [[ $abi == newest ]]; then
		newest_signed
	elif ! archive_has "linux-binary-$abi"; then
		[[ -z $4 ]] || die "the archive has no signed $abi any more"
		newest_signed
		warn "the archive has no signed $3 any more; using $abi"
	fi
	version=$(version_of "linux-binary-$abi")
	package=linux-source-$(grep -oE '^[0-9]+[.][0-9]+' <<<"$version")
	archive_has "$package=$version" || die "the archive has no $package $version, which $abi is built from"
	unpack_source "$package" "$version"
	step "fetching $abi" "$kernel-fetch.log" fetch_signed
	cc=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\([^ ]*\) .*/\1/p' config)
	"$scripts/toolbox" sh -c 'command -v "$1"' sh "$cc" >/dev/null ||
		die "the toolbox of $SUITE has no $cc, which built $abi; another suite may (TSM_SUITE)"
	step "building the Rust metadata of $abi" "$kernel-build.log" "$scripts/toolbox" bash -euc '
		folder=$1 source=$2
		shift 2
		mkdir -p "$folder/build"
		cp "$folder/config" "$folder/build/.config"
		make -C "$source" O="$folder/build" "$@" olddefconfig
		revisions="^CONFIG_(CC_VERSION_TEXT|GCC_VERSION|AS_VERSION|LD_VERSION)="
		diff <(grep -vE "$revisions" "$folder/config") <(grep -vE "$revisions" "$folder/build/.config")
		make -C "$folder/build" -j"$(nproc)" "$@" prepare modules_prepare
		cp "$folder/Module.symvers" "$folder/build/"' \
		bash "$folder" "$source" CC="$cc" KERNELRELEASE="$abi"

	KVERSION=$abi KORIGIN="signed, linux-binary-$abi $version" KDIR=$folder/build
	KIMAGE=$folder/vmlinuz KMODULES=$folder/modules
	KMAKEFLAGS="CC=$cc KERNELRELEASE=$abi"
	write_env
}

# newest_signed: sets $abi to the newest signed kernel of the flavour that is built with Rust. Only its config tells, so
# that is looked at.
newest_signed() {
	local candidate
	for candidate in $(apt apt-cache pkgnames linux-binary- |
		sed -nE "/unsigned/d; s/^linux-binary-([^-]*-$flavour)\$/\1/p" | sort -rV); do
		# Names are listed too that another package only mentions.
		archive_has "linux-binary-$candidate" || continue
		rm -rf -- look
		mkdir look
		(cd look && fetch "linux-headers-$candidate" && "$scripts/toolbox" sh -c 'dpkg-deb -x ./*.deb .') \
			>"$CACHE/logs/$kernel-look.log" 2>&1 || continue
		if grep -qx CONFIG_RUST=y "look/usr/src/linux-headers-$candidate/.config"; then
			rm -rf -- look
			abi=$candidate
			return
		fi
	done
	die "the archive has no signed $flavour kernel with CONFIG_RUST=y"
}

# Unpacks the packages and keeps of them what is used: image, config, symbol table, and the modules for the guest.
fetch_signed() {
	rm -rf -- unpacked modules
	mkdir unpacked
	(cd unpacked && fetch "linux-binary-$abi" "linux-modules-$abi" "linux-headers-$abi")
	"$scripts/toolbox" bash -euc '
		cd unpacked
		for package in *.deb; do dpkg-deb -x "$package" .; done
		mv "usr/lib/modules/$1/vmlinuz" ..
		cp "usr/src/linux-headers-$1/.config" ../config
		cp "usr/src/linux-headers-$1/Module.symvers" ..
		ln -s usr/lib lib
		"$2" "$PWD" "$1" ../modules' bash "$abi" "$scripts/setup.d/guest-modules"
	rm -rf -- unpacked
}
