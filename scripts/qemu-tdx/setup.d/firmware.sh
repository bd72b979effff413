# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The firmware for TDs: the distribution's own, in $root/firmware. As it comes it has Secure Boot enabled and starts only
# kernels that are signed with an enrolled key, none that the VMM hands to it. So there is a copy without a platform key: its
# code is the same, its variables are others. The tree is for the tool that makes this copy, and that shows such variables.

setup_firmware() (
	setup_tree firmware
	say "firmware: $TDVF_PACKAGE"
)

build_firmware() {
	local folder=$root.fetched
	rm -rf -- "$folder"
	mkdir -p -- "$folder"
	uri=$(mirror)
	step "fetching the firmware" firmware-fetch.log fetch_firmware "$folder"
	build_tree "building the firmware" firmware.log python3-virt-firmware none \
		--customize-hook='mkdir "$1/firmware"' \
		--customize-hook="copy-in '$folder/secure-boot.fd' /firmware" \
		--customize-hook='chroot "$1" virt-fw-vars --input /firmware/secure-boot.fd \
			--output /firmware/no-secure-boot.fd --delete PK'
	rm -rf -- "$folder"
}

# fetch_firmware FOLDER. The suite that has the package is not the one of the trees, and its lists have a date that may be
# past. What is fetched is known by its digest, which needs no list.
fetch_firmware() {
	"$scripts/toolbox" /usr/lib/apt/apt-helper -o APT::Sandbox::User=root \
		download-file "${uri%/}/${TDVF_PACKAGE//+/%2b}" "$1/package.deb" "SHA256:$TDVF_SHA256" ||
		die "the archive has no $TDVF_PACKAGE with the digest in scripts/qemu-tdx/versions (any more)"
	"$scripts/toolbox" sh -euc 'dpkg-deb --fsys-tarfile "$1/package.deb" |
		tar -xO ./usr/share/ovmf/OVMF.inteltdx.ms.fd >"$1/secure-boot.fd"' sh "$1"
}
