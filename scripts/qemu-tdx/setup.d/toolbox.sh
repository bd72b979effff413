# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The toolbox: a Debian tree with everything that builds and runs the rest.

setup_toolbox() (
	root=$(toolbox_root)
	uses "${root##*/}"
	if [[ ! -e $root ]]; then
		lock toolbox
		[[ -e $root ]] || build_toolbox
	fi
	warn_outdated "$root"
	say "toolbox: $(tr '\n' ' ' <"$root/etc/tsm/versions")"
)

# warn_outdated ROOT: if the lists had already expired when that toolbox was made of them.
warn_outdated() {
	local lists
	lists=$(expired "$(stat -c %Y "$1/etc/tsm/versions")" "$1"/etc/tsm/*Release)
	[[ -z $lists ]] || warn "the toolbox may lack security updates: ${lists//$'\n'/, }, before it was made"
}

need_mmdebstrap() {
	command -v mmdebstrap >/dev/null && return
	if ((EUID == 0)) && grep -qx ID=debian /etc/os-release; then
		step "installing mmdebstrap" mmdebstrap.log env DEBIAN_FRONTEND=noninteractive \
			sh -c 'apt-get -q update && apt-get -qy install --no-install-recommends mmdebstrap'
	else
		die "mmdebstrap is missing; as root: apt install mmdebstrap uidmap debian-archive-keyring"
	fi
}

# An ordinary user gets the tree through user namespaces. It is made by mmdebstrap with a range of ids, but kept with
# all files the user's own: then no other id is needed to use it, or to remove it.
need_namespaces() {
	((EUID)) || return 0
	unshare -rm true 2>/dev/null ||
		die "this system does not let ordinary users make user namespaces; run setup as root"
	command -v newuidmap >/dev/null || die "newuidmap is missing; as root: apt install uidmap"
	grep -q "^$(id -un):" /etc/subuid || die "no ids for user namespaces; as root: usermod --add-subuids" \
		"100000-165535 --add-subgids 100000-165535 $(id -un)"
}

build_toolbox() {
	need_mmdebstrap
	need_namespaces
	[[ -r $keyring ]] || die "$keyring is missing; as root: apt install debian-archive-keyring"
	work=$root.new
	# Of an interrupted run. Should something still be mounted in it, that is not to be removed.
	rm -rf --one-file-system -- "$work"
	mkdir -p -- "$work"
	uri=$(mirror)
	grep -v '^#' "$scripts/packages" >"$work/packages"
	for suite in "$SUITE" "$SUITE-backports"; do
		echo "deb [signed-by=$keyring] $uri $suite main"
	done >"$work/sources"
	# Backports packages are taken only where the list says so.
	printf 'Package: %s\nPin: release n=%s-backports\nPin-Priority: 990\n' \
		"$(awk '$2 == "backports" { printf "%s ", $1 }' "$work/packages")" "$SUITE" >"$work/preferences"
	step "building the toolbox" toolbox.log make_tree
	mv -T -- "$work/tree" "$root"
	rm -rf -- "$work"
}

make_tree() {
	# For the hook that runs before any package is installed. It is text, because the hook of an ordinary user may not be
	# able to read the checkout.
	export TSM_REFUSE_EXPIRED
	TSM_REFUSE_EXPIRED=$(declare -f expired refuse_expired die warn say)
	options=(--variant=apt --include="$(awk 'NF { print $1 }' "$work/packages" | paste -sd,)"
		--aptopt="$apt_options" --aptopt='APT::Install-Recommends "false"'
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*'
		--dpkgopt='path-exclude=/usr/share/doc/*'
		--setup-hook='mkdir -p "$1/etc/apt/preferences.d"'
		--setup-hook="copy-in '$work/preferences' /etc/apt/preferences.d"
		--extract-hook='bash -euc "$TSM_REFUSE_EXPIRED; refuse_expired \"\$@\"" setup "$1"/var/lib/apt/lists/*Release'
		--customize-hook='mkdir -p "$1/etc/tsm" && cp "$1"/var/lib/apt/lists/*Release "$1/etc/tsm"'
		--customize-hook='chroot "$1" dpkg-query -W -f "\${Package}=\${Version}\n" \
			rustc bindgen clang gcc-14 lld pahole >"$1/etc/tsm/compilers"'
		--customize-hook='chroot "$1" dpkg-query -W -f "\${Package} \${Version}\n" \
			rustc bindgen clang gcc-14 qemu-system-x86 busybox-static >"$1/etc/tsm/versions"')
	mkdir -- "$work/tree"
	if ((EUID == 0)); then
		mmdebstrap --mode=root "${options[@]}" "$SUITE" "$work/tree" "$work/sources"
	else
		mmdebstrap --mode=unshare --format=tar "${options[@]}" "$SUITE" - "$work/sources" |
			tar -x --no-same-owner --exclude='./dev/*' -C "$work/tree"
	fi
}
