// SPDX-License-Identifier: GPL-2.0
/* The version of each module, for modinfo and for /sys/module. With a version, modpost adds srcversion. */

#include <linux/module.h>

MODULE_VERSION(TSM_RS_VERSION);
