# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The toolbox: a Debian tree with everything that builds and runs the rest.

setup_toolbox() (
	setup_tree toolbox
	warn_outdated "$root"
	say "toolbox: $(tr '\n' ' ' <"$root/etc/tsm/versions")"
)

# warn_outdated ROOT: if the lists had already expired when that toolbox was made of them.
warn_outdated() {
	local lists
	lists=$(expired "$(stat -c %Y "$1/etc/tsm/versions")" "$1"/etc/tsm/*Release)
	[[ -z $lists ]] || warn "the toolbox may lack security updates: ${lists//$'\n'/, }, before it was made"
}

# Packages of backports are taken only where the list says so.
build_toolbox() {
	local list
	list=$(awk -v suite="$SUITE" '/^#/ { next } NF == 1 || $2 == "backports" || $2 == suite' "$scripts/packages")
	build_tree "building the toolbox" toolbox.log "$(awk '{ print $1 }' <<<"$list" | paste -sd,)" \
		"$(awk '$2 == "backports" { print $1 }' <<<"$list" | paste -sd' ')" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--customize-hook='mkdir -p "$1/etc/tsm" && cp "$1"/var/lib/apt/lists/*Release "$1/etc/tsm"' \
		--customize-hook='chroot "$1" dpkg-query -W -f "\${Package}=\${Version}\n" \
			rustc bindgen clang '"$GCC"' lld pahole >"$1/etc/tsm/compilers"' \
		--customize-hook='chroot "$1" dpkg-query -W -f "\${Package} \${Version}\n" \
			rustc bindgen clang '"$GCC"' qemu-system-x86 busybox-static >"$1/etc/tsm/versions"'
}
