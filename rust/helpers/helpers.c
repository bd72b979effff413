// SPDX-License-Identifier: GPL-2.0

#include <linux/cc_platform.h>
#include <linux/configfs.h>
#include <linux/cpufeature.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernfs.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pm_runtime.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/semaphore.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#ifdef CONFIG_AMD_MEM_ENCRYPT
#include <asm/sev.h>
#endif
#ifdef CONFIG_PCI_TSM
#include <linux/pci-tsm.h>
#endif

#include "helpers.h"

static_assert(CONFIG_TSM_MR_MAXBANKS >= 1 && CONFIG_TSM_MR_MAXBANKS <= 8);

int tsm_helper_mutex_lock_killable(struct mutex *lock)
{
	return mutex_lock_killable(lock);
}

void tsm_helper_set_current_state(unsigned int state)
{
	set_current_state(state);
}

bool tsm_helper_fatal_signal_pending(void)
{
	return fatal_signal_pending(current);
}

bool tsm_helper_access_ok(const void __user *start, unsigned long size)
{
	return access_ok(start, size);
}

bool tsm_helper_is_tdx_guest(void)
{
	return cpu_feature_enabled(X86_FEATURE_TDX_GUEST);
}

u64 tsm_helper_virt_to_phys(const volatile void *address)
{
	return virt_to_phys((volatile void *)address);
}

bool tsm_helper_is_snp_guest(void)
{
	return cc_platform_has(CC_ATTR_GUEST_SEV_SNP);
}

#ifdef CONFIG_AMD_MEM_ENCRYPT
/* The header is a copy of the host's, which was found to be authentic. */
size_t tsm_helper_snp_answer_size(const struct snp_msg_desc *desc)
{
	return desc->secret_response.hdr.msg_sz;
}
#endif

bool tsm_helper_ratelimit(void)
{
	static DEFINE_RATELIMIT_STATE(state, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	return __ratelimit(&state);
}

void tsm_helper_sema_init(struct semaphore *sem, int count)
{
	sema_init(sem, count);
}

struct workqueue_struct *tsm_helper_alloc_workqueue(const char *name)
{
	return alloc_workqueue("%s", WQ_UNBOUND, 1, name);
}

void tsm_helper_memzero_explicit(void *start, size_t size)
{
	memzero_explicit(start, size);
}

void *tsm_helper_alloc_pages_exact(size_t size, gfp_t flags)
{
	return alloc_pages_exact(size, flags);
}

void *tsm_helper_alloc_contig_pages(unsigned long count, gfp_t flags)
{
#ifdef CONFIG_CONTIG_ALLOC
	struct page *page = alloc_contig_pages(count, flags, numa_mem_id(), NULL);

	return page ? page_address(page) : NULL;
#else
	return NULL;
#endif
}

void tsm_helper_free_contig_pages(void *address, unsigned long count)
{
#ifdef CONFIG_CONTIG_ALLOC
	free_contig_range(page_to_pfn(virt_to_page(address)), count);
#endif
}

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

bool tsm_helper_capable(unsigned int capability)
{
	return capable(capability);
}

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

void tsm_helper_pm_runtime_get_sync(struct device *dev)
{
	pm_runtime_get_sync(dev);
}

void tsm_helper_pm_runtime_put(struct device *dev)
{
	pm_runtime_put(dev);
}

#ifdef CONFIG_PCI_TSM
bool tsm_helper_is_pci_tsm_pf0(struct pci_dev *pdev)
{
	return is_pci_tsm_pf0(pdev);
}

/* A function 0 that can be connected, and is not the upstream port of a switch. */
bool tsm_helper_is_pci_tsm_endpoint(struct pci_dev *pdev)
{
	return is_pci_tsm_pf0(pdev) && pci_pcie_type(pdev) != PCI_EXP_TYPE_UPSTREAM;
}
#endif
