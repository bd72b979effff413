# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The packager: a Debian tree with what builds and checks Debian packages. The toolbox has none of it: all checks would wait
# for that to be made.

setup_packager() (
	setup_tree packager
	say "packager: $(<"$root/etc/tsm/versions")"
)

build_packager() {
	build_tree "building the packager" packager.log debhelper,dh-dkms,lintian none \
		--customize-hook='mkdir -p "$1/etc/tsm" && chroot "$1" dpkg-query -W -f "\${Package} \${Version} " \
			debhelper dh-dkms lintian >"$1/etc/tsm/versions"'
}
