/* SPDX-License-Identifier: GPL-2.0 */
/* Headers for which `bindgen` generates `bindings/bindings_generated.rs`. */

#include <linux/types.h>

#include <crypto/hash_info.h>
#include <linux/hrtimer.h>
#include <linux/set_memory.h>
#include <tsm/tsm.h>

#include "../helpers/helpers.h"
#include "../helpers/trace.h"
