# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The firmware for TDs: the distribution's own, in $root/firmware, and in $root/boot the programs by which it boots a kernel
# from a disk. As it comes the firmware has Secure Boot enabled and starts only what is signed with an enrolled key, and no
# kernel that the VMM hands to it. So there is a copy without a platform key: its code is the same, its variables are others.
# The tree has the tools that change and show such variables, and that make disks and unified kernel images.

setup_firmware() (
	setup_tree firmware
	say "firmware: $TDVF_PACKAGE $(<"$root/boot/versions")"
)

build_firmware() {
	local folder=$root.fetched
	rm -rf -- "$folder"
	mkdir -p -- "$folder/firmware" "$folder/boot"
	archive_update
	uri=$(mirror)
	step "fetching the firmware" firmware-fetch.log fetch_firmware "$folder/firmware"
	pin_boot
	step "fetching what it boots by" boot-fetch.log fetch_boot "$folder/boot" "${boot[@]}"
	printf '%s\n' "${boot[*]}" >"$folder/boot/versions"
	build_tree "building the firmware" firmware.log python3-virt-firmware,mtools,fdisk,systemd-ukify,sbsigntool none \
		--customize-hook="copy-in '$folder/firmware' '$folder/boot' /" \
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
	rm -- "$1/package.deb"
}

# Sets boot to BOOT_PACKAGES, with the newest versions in place of those that the archive does not have any more.
pin_boot() {
	local package newest
	boot=()
	for package in "${BOOT_PACKAGES[@]}"; do
		if ! archive_has "$package"; then
			newest=$(version_of "${package%%=*}")
			[[ $newest ]] || die "the archive has no ${package%%=*}"
			warn "the archive has no $package any more; using $newest"
			package=${package%%=*}=$newest
		fi
		boot+=("$package")
	done
}

# fetch_boot FOLDER PACKAGE=VERSION...: they are not installed, because their scripts would look for the disk of a machine.
fetch_boot() {
	cd -- "$1"
	fetch "${@:2}"
	"$scripts/toolbox" sh -euc '
		for package in ./*.deb; do dpkg-deb -x "$package" unpacked; done
		mv unpacked/usr/lib/shim/shimx64.efi.signed shim.efi
		mv unpacked/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed grub.efi
		mv unpacked/usr/lib/systemd/boot/efi/linuxx64.efi.stub stub.efi
		mv unpacked/usr/lib/systemd/boot/efi/systemd-bootx64.efi systemd-boot.efi
		rm -r ./*.deb unpacked'
}
