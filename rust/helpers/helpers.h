/* SPDX-License-Identifier: GPL-2.0 */
/* Out-of-line copies of C macros and inline functions, for Rust. */
#ifndef _TSM_HELPERS_H
#define _TSM_HELPERS_H

#include <linux/mutex.h>
#include <linux/sysfs.h>
#include <linux/types.h>

/* See TSM_MR_MAXBANKS in Kconfig. */
static const u32 TSM_HELPER_MR_MAXBANKS = CONFIG_TSM_MR_MAXBANKS;

int tsm_helper_mutex_lock_killable(struct mutex *lock);
void tsm_helper_set_current_state(unsigned int state);
bool tsm_helper_fatal_signal_pending(void);
bool tsm_helper_is_tdx_guest(void);
void *tsm_helper_alloc_pages_exact(size_t size, gfp_t flags);
void tsm_helper_sysfs_bin_attr_init(struct bin_attribute *attr,
				    struct lock_class_key *key);

#endif /* _TSM_HELPERS_H */
