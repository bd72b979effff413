// SPDX-License-Identifier: GPL-2.0

#include <linux/kthread.h>
#include <linux/semaphore.h>
#include <linux/workqueue.h>

#include "helpers.h"

void tsm_helper_sema_init(struct semaphore *sem, int count)
{
	sema_init(sem, count);
}

struct workqueue_struct *tsm_helper_alloc_workqueue(const char *name)
{
	return alloc_workqueue("%s", WQ_UNBOUND, 1, name);
}

void tsm_helper_kthread_init_work(struct kthread_work *work, kthread_work_func_t func)
{
	kthread_init_work(work, func);
}
