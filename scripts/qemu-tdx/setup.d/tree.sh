# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Debian trees in the cache, with the packages that each is for.

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

# setup_tree NAME: sets root to the folder of that tree, which build_NAME makes if it is not there.
setup_tree() {
	root=$("$1_root")
	uses "${root##*/}"
	[[ ! -e $root ]] || return 0
	lock "$1"
	[[ -e $root ]] || "build_$1"
}

# build_tree TEXT LOG PACKAGES BACKPORTS [OPTION...]: makes $root with PACKAGES, a list with commas. Only those that
# BACKPORTS names, or none, are taken from there, if the suite has backports. OPTION is one of mmdebstrap's.
build_tree() {
	local text=$1 log=$2 packages=$3 backports=$4
	shift 4
	need_mmdebstrap
	need_namespaces
	[[ -r $keyring ]] || die "$keyring is missing; as root: apt install debian-archive-keyring"
	work=$root.new
	# Of an interrupted run. Should something still be mounted in it, that is not to be removed.
	rm -rf --one-file-system -- "$work"
	mkdir -p -- "$work"
	uri=$(mirror)
	for suite in "$SUITE" "$NEWER_SUITE"; do
		echo "deb [signed-by=$keyring] $uri $suite main"
	done >"$work/sources"
	printf 'Package: %s\nPin: release n=%s-backports\nPin-Priority: 990\n' "$backports" "$SUITE" >"$work/preferences"
	# All that is built from the compiler's source: cargo, clippy and rustfmt too. The newest of both suites is taken.
	[[ ! $RUST_SUITE ]] ||
		printf '\nPackage: src:rustc\nPin: release a=%s\nPin-Priority: 500\n' "$RUST_SUITE" >>"$work/preferences"
	step "$text" "$log" make_tree "$packages" "$@"
	mv -T -- "$work/tree" "$root"
	rm -rf -- "$work"
}

make_tree() {
	# For the hook that runs before any package is installed. It is text, because the hook of an ordinary user may not be
	# able to read the checkout.
	export TSM_REFUSE_EXPIRED
	TSM_REFUSE_EXPIRED=$(declare -f expired refuse_expired die warn say)
	options=(--variant=apt --include="$1" "${@:2}"
		--aptopt="$apt_options" --aptopt='APT::Install-Recommends "false"'
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*'
		--setup-hook='mkdir -p "$1/etc/apt/preferences.d"'
		--setup-hook="copy-in '$work/preferences' /etc/apt/preferences.d"
		--extract-hook='bash -euc "$TSM_REFUSE_EXPIRED; refuse_expired \"\$@\"" setup "$1"/var/lib/apt/lists/*Release')
	mkdir -- "$work/tree"
	if ((EUID == 0)); then
		mmdebstrap --mode=root "${options[@]}" "$SUITE" "$work/tree" "$work/sources"
	else
		mmdebstrap --mode=unshare --format=tar "${options[@]}" "$SUITE" - "$work/sources" |
			tar -x --no-same-owner --exclude='./dev/*' -C "$work/tree"
	fi
}
