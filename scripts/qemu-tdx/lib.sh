# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the scripts of this folder share: where the cache is, how progress and failures look, how two runs keep out of
# each other's way. To be sourced by a script that has done `set -euo pipefail`.

scripts=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd -- "$scripts/../.." && pwd -P)
CACHE=${TSM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tsm-rs}
mkdir -p -- "$CACHE/logs" "$CACHE/locks"
CACHE=$(cd -- "$CACHE" && pwd -P)

say() { printf '%s\n' "$*" >&2; }
warn() { say "warning: $*"; }
die() { say "${0##*/}: $*"; exit "${die_status:-1}"; }

# key FILE|=TEXT...: a short name for the content of all of them together.
key() {
	local input
	for input; do
		if [[ $input == =* ]]; then printf '%s\0' "$input"; else cat -- "$input"; fi
	done | sha256sum | cut -c1-12
}

# uses NAME: notes that this checkout uses $CACHE/NAME, for clean-cache, and keeps that from removing it until this (sub)shell
# and what it started have ended. To be called before the folder is looked for.
uses() {
	local fd
	mkdir -p -- "$CACHE/used/$1"
	printf '%s\n' "$top" >"$CACHE/used/$1/$(key "=$top")"
	exec {fd}>"$CACHE/locks/use-$1"
	flock -s "$fd"
}

# lock NAME: holds it until this (sub)shell and what it started have ended; a crash cannot leave it behind.
lock() {
	local fd
	exec {fd}>"$CACHE/locks/$1"
	flock -n "$fd" || { say "waiting for another run to finish with '$1'"; flock "$fd"; }
}

# step TEXT LOG COMMAND...: runs it with its output in $CACHE/logs/LOG and the time that has passed on stderr.
# The command stays in the foreground and the clock goes to the background, so that ctrl-C reaches the command.
step() {
	local text=$1 log=$CACHE/logs/$2 start=$SECONDS status=0 clock
	shift 2
	tick "$text" & clock=$!
	set +e
	(set -e; "$@") >"$log" 2>&1 </dev/null
	status=$?
	set -e
	kill "$clock" 2>/dev/null || :
	wait "$clock" 2>/dev/null || :
	[[ ! -t 2 ]] || printf '\r\e[K' >&2
	if ((status)); then
		say "failed: $text (status $status). The end of $log:"
		tail -n 20 -- "$log" >&2
		exit "${die_status:-1}"
	fi
	say "$text: $((SECONDS - start)) s"
}

# `read` is the clock's sleep: a `sleep` would outlive the kill and keep our stderr open for its reader.
tick() {
	local never elapsed=0
	exec {never}<> <(:)
	[[ -t 2 ]] || say "$1 ..."
	while kill -0 $$ 2>/dev/null; do
		[[ ! -t 2 ]] || printf '\r\e[K%s ... %d s' "$1" "$elapsed" >&2
		read -rt 1 -u "$never" || elapsed=$((elapsed + 1))
		((elapsed % 30)) || [[ -t 2 ]] || say "$1 ... $elapsed s"
	done
}

. "$scripts/versions"
[[ $SUITE == @(trixie|sid) ]] || die "there is no suite '$SUITE' here, only trixie, sid and experimental"

# The number stands for how setup.d/toolbox.sh makes the tree: to be raised when that changes.
toolbox_root() { echo "$CACHE/toolbox-$(key "=1" "=$SUITE" "$scripts/packages" ${RUST_SUITE:+"=$RUST_SUITE"})"; }

# The number stands for how setup.d/packager.sh makes the tree.
packager_root() { echo "$CACHE/packager-$(key "=1" "=$SUITE")"; }

# The number stands for how setup.d/firmware.sh makes the tree.
firmware_root() { echo "$CACHE/firmware-$(key "=3" "=$SUITE" "=$TDVF_SHA256" "=${BOOT_PACKAGES[*]}")"; }

# The number stands for how setup.d/amdsev.sh makes the folder.
amdsev_root() { echo "$CACHE/amdsev-$(key "=1" "=$AMDSEV_SHA256")"; }

# What tests install packages in. The number stands for how setup.d/debian.sh makes the tree.
debian_root() { echo "$CACHE/debian-$(key "=1" "=$SUITE" "=$STOCK_KERNEL")"; }

# What tests/clients/build makes. It is no part of the checkout, so all checkouts have the same, until the toolbox or what it
# is built of is another.
clients_folder() {
	local inputs=("$top"/tests/clients/{build,crate,package,requirements.txt,rtmr.go} "$top/tests/vectors/tdx/test_root.pem")
	echo "$CACHE/clients-$(key "=$(toolbox_root)" "${inputs[@]}")"
}

# check_key: KEY and CERT in the environment, files in PEM format, sign modules. Without them there is no signature.
check_key() {
	local file
	[[ ${KEY:+k}${CERT:+c} == '' || ${KEY:+k}${CERT:+c} == kc ]] || die "to sign, both KEY and CERT are needed"
	for file in "${KEY:-/dev/null}" "${CERT:-/dev/null}"; do
		[[ -r $file ]] || die "$file can't be read"
	done
	[[ ! ${KEY:-} ]] || KEY=$(realpath -- "$KEY") CERT=$(realpath -- "$CERT")
}

# sign_module MODULE: if there is a KEY, as the kernel of need_kernel was built to sign its own. Key and certificate are passed
# as open files: they may be where the toolbox does not see them.
sign_module() {
	local hash
	[[ ${KEY:-} ]] || return 0
	hash=$(sed -n 's/^CONFIG_MODULE_SIG_HASH="\(.*\)"/\1/p' "$KDIR/.config")
	"$scripts/toolbox" "$KDIR/scripts/sign-file" "$hash" /dev/stdin /dev/fd/3 "$1" <"$KEY" 3<"$CERT"
}

kernels=(stock amd64 test debug kcsan)
is_kernel() { [[ $1 && " ${kernels[*]} " == *" $1 "* ]]; }

# need_kernel KERNEL: sources that kernel's `env`; what is missing of toolbox and kernel is set up first.
need_kernel() {
	local env
	is_kernel "$1" || die "there is no kernel '$1', only ${kernels[*]}"
	env=$("$scripts/setup" --env "$1" 2>/dev/null) || {
		"$scripts/setup" toolbox "$1" >&2
		env=$("$scripts/setup" --env "$1")
	}
	env=${env%/env}
	uses "${env##*/}"
	. "$env/env"
}
