# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# A Debian system with the kernel `stock`, its headers, an initramfs and DKMS, and with nothing of ours: what a guest has in
# which packages are installed. Tests work in an overlay of it.

setup_debian() (
	setup_tree debian
	say "debian: $(cd -- "$root/lib/modules" && echo *)"
)

# The kernel's version is that of the modules.
build_debian() {
	need_kernel stock
	local version=${KORIGIN##* } packages=initramfs-tools,dkms,kmod,udev name
	for name in base binary image modules headers; do packages+=",linux-$name-$KVERSION=$version"; done
	build_tree "building a Debian system with $KVERSION" debian.log "$packages" 'linux-*'
}
