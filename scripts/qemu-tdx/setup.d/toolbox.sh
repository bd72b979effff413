# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The toolbox: a Debian tree with everything that builds and runs the rest.

setup_toolbox() (
	setup_tree toolbox
	warn_outdated "$root"
	say "toolbox: $(tr '\n' ' ' <"$root/etc/tsm/versions")"
	need_plugins "$(sed -n 's/^static qemu_plugin_version: c_int = \([0-9]*\);$/\1/p' "$top/emulator/src/qemu.rs")"
)

# need_plugins VERSION: the emulator is a plugin of QEMU, made for that version of the interface. QEMU is asked once.
need_plugins() {
	local taken=$root/etc/tsm/plugins-$1
	[[ ! -e $taken ]] || return 0
	"$scripts/toolbox" bash -euc "$(declare -f takes_plugins)"'; takes_plugins "$1"' bash "$1" \
		>"$CACHE/logs/plugins.log" 2>&1 || die "this QEMU takes no plugins of version $1 of its interface, which the" \
		"emulator is made for ($CACHE/logs/plugins.log); scripts/qemu-tdx/packages and versions select the QEMU"
	touch -- "$taken"
}

# takes_plugins VERSION, in the toolbox. QEMU ends as soon as the plugin is there, and fails if it is not taken.
takes_plugins() {
	local folder
	folder=$(mktemp -d)
	printf '#include <unistd.h>\nint qemu_plugin_version = %d;\nint qemu_plugin_install(void) { _exit(0); }\n' "$1" \
		>"$folder/plugin.c"
	gcc -shared -fPIC -o "$folder/plugin.so" "$folder/plugin.c"
	timeout 60 qemu-system-x86_64 -machine none -nodefaults -display none -plugin "$folder/plugin.so"
	rm -r -- "$folder"
}

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
