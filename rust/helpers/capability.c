// SPDX-License-Identifier: GPL-2.0

#include <linux/capability.h>
#include <linux/user_namespace.h>

#include "helpers.h"

bool tsm_helper_capable(unsigned int capability)
{
	return capable(capability);
}

/* A refusal is not audited. */
bool tsm_helper_capable_noaudit(unsigned int capability)
{
	return ns_capable_noaudit(&init_user_ns, capability);
}
