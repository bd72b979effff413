/* SPDX-License-Identifier: GPL-2.0 */
/* What the fake TSMs in C share: counters, and how a call waits if a parameter says so. */
#ifndef _TSM_FAKE_H
#define _TSM_FAKE_H

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sysfs.h>

static int get_counter(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(param->arg));
}

/* Of a parameter that shows an atomic_t. */
static const struct kernel_param_ops counter_ops = { .get = get_counter };

/* Sleeps a moment; returns true if the caller has been killed. */
static inline bool fake_sleep(unsigned long ticks, bool killable)
{
	if (killable)
		schedule_timeout_killable(ticks);
	else
		schedule_timeout_uninterruptible(ticks);
	return killable && fatal_signal_pending(current);
}

/* Sleeps for @ms milliseconds. */
static inline int fake_delay(unsigned int ms, bool killable)
{
	if (ms && fake_sleep(msecs_to_jiffies(ms), killable))
		return -EINTR;
	return 0;
}

#endif /* _TSM_FAKE_H */
