#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# dracut sources this in the initramfs, before udev looks for devices: so none has loaded the module, and no root file system
# was looked for. Elsewhere than in a TDX guest it does not load.
modprobe tsm_tdx 2>/dev/null
tsm-measure
