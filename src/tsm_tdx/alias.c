// SPDX-License-Identifier: GPL-2.0
/* Has udev load tsm_tdx.ko where the CPU says that this is a TDX guest. */

#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <asm/cpu_device_id.h>

static const struct x86_cpu_id tsm_tdx_ids[] __used = {
	X86_MATCH_FEATURE(X86_FEATURE_TDX_GUEST, NULL),
	{}
};
MODULE_DEVICE_TABLE(x86cpu, tsm_tdx_ids);
