#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An example, to be copied to /usr/lib/dracut/modules.d/90tsm-measure with `tsm-measure.sh` and `measure` beside it: has dracut
# run that script in the initramfs.

# called by dracut, which sets moddir
install() {
	inst_multiple cat dd mkdir modprobe mount rmdir sha384sum
	# shellcheck disable=SC2154
	inst_script "$moddir/measure" /usr/bin/tsm-measure
	inst_hook pre-trigger 50 "$moddir/tsm-measure.sh"
}
