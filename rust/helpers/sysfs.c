// SPDX-License-Identifier: GPL-2.0

#include <linux/kernfs.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>

#include "helpers.h"

void tsm_helper_sysfs_bin_attr_init(struct bin_attribute *attr,
				    struct lock_class_key *key)
{
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	attr->attr.key = key;
#endif
}

/* What kernfs leaves to the code that has made the file. */
unsigned long *tsm_helper_kernfs_private(struct file *file)
{
	struct seq_file *seq = file->private_data;
	struct kernfs_open_file *of = seq->private;

	static_assert(sizeof(of->priv) == sizeof(unsigned long));
	return (unsigned long *)&of->priv;
}
