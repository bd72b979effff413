// SPDX-License-Identifier: GPL-2.0

#include <linux/capability.h>

#include "helpers.h"

bool tsm_helper_capable(unsigned int capability)
{
	return capable(capability);
}
