// SPDX-License-Identifier: GPL-2.0

#include <linux/configfs.h>
#include <linux/dcache.h>
#include <linux/string.h>

#include "helpers.h"

void tsm_helper_configfs_add_default_group(struct config_group *group,
					   struct config_group *parent)
{
	configfs_add_default_group(group, parent);
}

/* Each open file has a reference to its dentry, and so has the look-up here. */
unsigned int tsm_helper_configfs_open_files(struct config_item *item,
					    const char *name)
{
	struct qstr qname = QSTR_INIT(name, strlen(name));
	struct dentry *dentry;
	unsigned int count;

	qname.hash = full_name_hash(item->ci_dentry, name, qname.len);
	dentry = d_lookup(item->ci_dentry, &qname);
	if (!dentry)
		return 1;
	count = d_count(dentry) - 1;
	dput(dentry);
	return count;
}
