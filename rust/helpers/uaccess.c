// SPDX-License-Identifier: GPL-2.0

#include <linux/uaccess.h>

#include "helpers.h"

bool tsm_helper_access_ok(const void __user *start, unsigned long size)
{
	return access_ok(start, size);
}
