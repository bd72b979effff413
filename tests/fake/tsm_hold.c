// SPDX-License-Identifier: GPL-2.0
/*
 * Holds the first task that calls misc_register() until a test clears `hold`.
 * A driver calls it while it is loaded, so that a test can act in the middle of
 * that, each time and on a busy machine as well.
 *
 * The task leaves the kprobe before it waits, which it may not do in there.
 */
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "tsm_fake.h"

static bool hold = true;
module_param(hold, bool, 0644);
MODULE_PARM_DESC(hold, "whether the task is held");

static atomic_t held;
module_param_cb(held, &counter_ops, &held, 0444);
MODULE_PARM_DESC(held, "how many tasks have been held, at most 1");

/* A test that fails must not leave a module that can not be unloaded. */
#define LONGEST (120 * HZ)

/* What the task calls in place of misc_register(), and calls that in turn. */
static int held_register(struct miscdevice *misc)
{
	unsigned long end = jiffies + LONGEST;

	while (READ_ONCE(hold) && time_before(jiffies, end) && !fake_sleep(1, true))
		;
	return misc_register(misc);
}

static int hold_first(struct kprobe *probe, struct pt_regs *regs)
{
	if (!atomic_add_unless(&held, 1, 1))
		return 0;
	instruction_pointer_set(regs, (unsigned long)held_register);
	return 1;
}

static struct kprobe probe = { .symbol_name = "misc_register", .pre_handler = hold_first };

static int __init tsm_hold_init(void)
{
	return register_kprobe(&probe);
}

/* There is no way out, because a task may be in held_register(). */
module_init(tsm_hold_init);
MODULE_DESCRIPTION("Holds the task that registers a device until a test lets it go on");
MODULE_LICENSE("GPL");
