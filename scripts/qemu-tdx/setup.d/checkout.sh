# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Which folders of the cache belong to this checkout, for clean-cache: $CACHE/checkouts/<key of its path> has the path, and
# the names of what its pins stand for. What they stood for before is not in there any more. There is one for each suite that
# was asked for.

# Another kernel that the environment asks for is no pin: that its use is noted has to do.
register_checkout() (
	unset TSM_STOCK_KERNEL TSM_AMD64_KERNEL TSM_TEST_SOURCE
	. "$scripts/versions"
	list=$CACHE/checkouts/$(key "=$top")
	[[ $SUITE == trixie ]] || list+=-$TSM_SUITE
	# Each guest looks for its kernel: what is in there is not worked out again until a file is newer that it depends on.
	[[ ! -e $list || $(find "$scripts" "$top/tests/clients" "$top/tests/vectors/tdx/test_root.pem" \
		"$(toolbox_root)/etc/tsm/compilers" -newer "$list" -print -quit 2>&1) ]] || return 0
	mkdir -p -- "$CACHE/checkouts"
	{
		echo "$top"
		basename -- "$(toolbox_root)"
		basename -- "$(packager_root)"
		basename -- "$(firmware_root)"
		basename -- "$(amdsev_root)"
		basename -- "$(debian_root)"
		for kernel in "${kernels[@]}"; do basename -- "$(kernel_folder "$kernel")"; done
		[[ ! -d $top/tests/clients ]] || basename -- "$(clients_folder)"
		for STOCK_KERNEL in "${ALL_KERNELS[@]}"; do
			[[ $STOCK_KERNEL != "$SUITE"/* ]] || { STOCK_KERNEL=${STOCK_KERNEL#*/} && basename -- "$(kernel_folder stock)"; }
		done
	} >"$list.$BASHPID"
	mv -- "$list.$BASHPID" "$list"
)
