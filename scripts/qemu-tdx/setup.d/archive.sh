# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The archive: where it is, what it has, and its packages. Nothing here names a mirror: this machine's own apt knows one.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# This machine may list several repositories; the one wanted carries Debian's `main` and is not the security archive. Where
# apt has not fetched any list yet it does not know origins, so that on Debian the names of the suites have to do.
mirror() {
	local found=${TSM_MIRROR:-} targets
	if [[ -z $found ]] && command -v apt-get >/dev/null; then
		targets=$(apt-get indextargets \
			--format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)' 'Created-By: Packages')
		found=$(awk -F'|' '$1 == "Debian" && $2 == "Debian" && $3 == "main" { print $5; exit }' <<<"$targets")
		if [[ -z $found ]] && grep -qx ID=debian /etc/os-release; then
			found=$(awk -F'|' '$1 == "" && $3 == "main" && $4 !~ /security/ { print $5; exit }' <<<"$targets")
		fi
	fi
	[[ -n $found ]] || die "apt here knows no Debian mirror; set TSM_MIRROR to the URI of one"
	echo "$found"
}

# The dates of the lists are compared below instead of by apt, whose message does not say how to go on. Signatures are
# never waived.
apt_options='Acquire::Check-Valid-Until "false"; Acquire::Languages "none"; APT::Sandbox::User "root";'

# expired SECONDS RELEASE_FILE...: prints the lists that had expired then, in seconds since the epoch. A stable
# suite itself has no such date; its backports have one, a week ahead.
expired() {
	local time=$1 file name until seconds
	for file in "${@:2}"; do
		until=$(sed -n '/^Valid-Until: /{s///p;q}' "$file")
		[[ $until ]] || continue
		seconds=$(date -d "$until" +%s) || seconds=0
		((seconds < time)) || continue
		name=$(sed -n '/^Codename: /{s///p;q}' "$file")
		echo "the archive's list of $name was valid until $until only"
	done
}

# refuse_expired RELEASE_FILE...: of lists that were just fetched. A mirror that stands still, or is made to, would keep
# the toolbox at packages with known holes. A toolbox itself does not expire: it works without an archive.
refuse_expired() {
	local lists
	lists=$(expired "$(date +%s)" "$@")
	[[ $lists ]] || return 0
	[[ ${TSM_ALLOW_EXPIRED:-} == 1 ]] || die "${lists//$'\n'/, }; set TSM_ALLOW_EXPIRED=1 to use it"
	warn "${lists//$'\n'/, }; using it"
}

# The archive's lists live in the cache, not in the toolbox, so that a fresh list does not change the toolbox.
apt() {
	"$scripts/toolbox" env APT_CONFIG="$CACHE/apt/apt.conf" "$@"
}

# Fetches the lists, once per setup.
archive_update() {
	[[ -z ${archive_updated:-} ]] || return 0
	mkdir -p "$CACHE/apt/lists/partial" "$CACHE/apt/archives/partial"
	printf '%s\nDir::State::lists "%s";\nDir::Cache "%s";\nDir::Cache::archives "%s";\n' \
		"$apt_options" "$CACHE/apt/lists" "$CACHE/apt" "$CACHE/apt/archives" >"$CACHE/apt/apt.conf"
	step "fetching the archive's lists" apt-update.log apt apt-get -q -o APT::Update::Error-Mode=any update
	refuse_expired "$CACHE"/apt/lists/*Release
	archive_updated=1
}

# version_of PACKAGE: the newest that the archive has.
version_of() { apt apt-cache show --no-all-versions "$1" | sed -n 's/^Version: //p'; }

# archive_has PACKAGE[=VERSION]. For a name that another package only mentions, apt shows nothing and is content. All that
# apt says is read: a reader that leaves early is a failure of apt's, and the package would sometimes be missing.
archive_has() { [[ $(version_of "$1" 2>/dev/null) ]]; }

# fetch PACKAGE[=VERSION]... into the folder it is called in; apt checks it against the signed lists.
fetch() { apt apt-get -q download "$@"; }
