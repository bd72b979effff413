// SPDX-License-Identifier: GPL-2.0

#include <linux/ratelimit.h>

#include "helpers.h"

bool tsm_helper_ratelimit(void)
{
	static DEFINE_RATELIMIT_STATE(state, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	return __ratelimit(&state);
}
