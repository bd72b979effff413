/* SPDX-License-Identifier: GPL-2.0 */
/* Headers for which `bindgen` generates `bindings/bindings_generated.rs`. */

#include <linux/types.h>

#include <crypto/hash_info.h>
#include <linux/capability.h>
#include <linux/dma-map-ops.h>
#include <linux/hrtimer.h>
#include <linux/kcsan-checks.h>
#include <linux/pci-doe.h>
#include <linux/semaphore.h>
#include <linux/set_memory.h>
#include <linux/suspend.h>
#include <tsm/tsm.h>

#ifdef CONFIG_AMD_MEM_ENCRYPT
#include <asm/sev.h>
#endif
#ifdef CONFIG_PCI_TSM
#include <linux/pci-tsm.h>
#endif

#include "../helpers/crypto.h"
#include "../helpers/helpers.h"
