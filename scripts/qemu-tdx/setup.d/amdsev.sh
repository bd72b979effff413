# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The firmware for SEV-SNP guests: the distribution's own, as it is, in $root. It starts the kernel whose hash the VMM has put
# into the guest, and nothing else.

setup_amdsev() (
	root=$(amdsev_root)
	uses "${root##*/}"
	if [[ ! -e $root ]]; then
		lock amdsev
		[[ -e $root ]] || build_amdsev
	fi
	say "firmware: $AMDSEV_PACKAGE"
)

build_amdsev() {
	local folder=$root.new
	rm -rf -- "$folder"
	mkdir -p -- "$folder"
	uri=$(mirror)
	step "fetching the firmware for SEV-SNP" amdsev.log fetch_amdsev "$folder"
	mv -T -- "$folder" "$root"
}

# fetch_amdsev FOLDER. Known by its digest, as that of TDs; see firmware.sh.
fetch_amdsev() {
	"$scripts/toolbox" /usr/lib/apt/apt-helper -o APT::Sandbox::User=root \
		download-file "${uri%/}/${AMDSEV_PACKAGE//+/%2b}" "$1/package.deb" "SHA256:$AMDSEV_SHA256" ||
		die "the archive has no $AMDSEV_PACKAGE with the digest in scripts/qemu-tdx/versions (any more)"
	"$scripts/toolbox" sh -euc 'dpkg-deb --fsys-tarfile "$1/package.deb" |
		tar -xO ./usr/share/ovmf/OVMF.amdsev.fd >"$1/OVMF.amdsev.fd"' sh "$1"
	rm -- "$1/package.deb"
}
