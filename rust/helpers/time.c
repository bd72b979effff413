// SPDX-License-Identifier: GPL-2.0

#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "helpers.h"

void tsm_helper_set_current_state(unsigned int state)
{
	set_current_state(state);
}

bool tsm_helper_fatal_signal_pending(void)
{
	return fatal_signal_pending(current);
}
