/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Out-of-line copies of C macros and inline functions, for Rust. A module links the files that it needs: what others
 * import would make its loading slower.
 */
#ifndef _TSM_HELPERS_H
#define _TSM_HELPERS_H

#include <linux/configfs.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/semaphore.h>
#include <linux/sysfs.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <asm/sev.h>
#include <asm/svm.h>

/* See TSM_MR_MAXBANKS in Kconfig. */
static const u32 TSM_HELPER_MR_MAXBANKS = CONFIG_TSM_MR_MAXBANKS;
static_assert(CONFIG_TSM_MR_MAXBANKS >= 1 && CONFIG_TSM_MR_MAXBANKS <= 8);

/* The largest order that the page allocator has. */
static const u32 TSM_HELPER_MAX_PAGE_ORDER = MAX_PAGE_ORDER;
/* Zeros, in many pages; that there are not that many is no news for the log. */
static const gfp_t TSM_HELPER_GFP_MANY = GFP_KERNEL | __GFP_ZERO |
					 __GFP_RETRY_MAYFAIL | __GFP_NOWARN;

static const u64 TSM_HELPER_GUEST_REQUEST = SVM_VMGEXIT_GUEST_REQUEST;
static const u64 TSM_HELPER_EXT_GUEST_REQUEST = SVM_VMGEXIT_EXT_GUEST_REQUEST;

#ifdef CONFIG_AMD_MEM_ENCRYPT
static const u64 TSM_HELPER_SVSM_ATTEST_SERVICES = SVSM_ATTEST_CALL(SVSM_ATTEST_SERVICES);
static const u64 TSM_HELPER_SVSM_ATTEST_SINGLE_SERVICE =
	SVSM_ATTEST_CALL(SVSM_ATTEST_SINGLE_SERVICE);
#endif

int tsm_helper_mutex_lock_killable(struct mutex *lock);
void tsm_helper_set_current_state(unsigned int state);
bool tsm_helper_fatal_signal_pending(void);
bool tsm_helper_access_ok(const void __user *start, unsigned long size);
bool tsm_helper_is_tdx_guest(void);
u64 tsm_helper_virt_to_phys(const volatile void *address);

bool tsm_helper_is_snp_guest(void);
#ifdef CONFIG_AMD_MEM_ENCRYPT
struct snp_msg_desc;
size_t tsm_helper_snp_answer_size(const struct snp_msg_desc *desc);
#endif
bool tsm_helper_ratelimit(void);
void tsm_helper_sema_init(struct semaphore *sem, int count);
struct workqueue_struct *tsm_helper_alloc_workqueue(const char *name);
void tsm_helper_kthread_init_work(struct kthread_work *work, kthread_work_func_t func);
void tsm_helper_memzero_explicit(void *start, size_t size);
void *tsm_helper_alloc_pages_exact(size_t size, gfp_t flags);
void *tsm_helper_alloc_contig_pages(unsigned long count, gfp_t flags);
void tsm_helper_free_contig_pages(void *address, unsigned long count);
void tsm_helper_configfs_add_default_group(struct config_group *group,
					   struct config_group *parent);
unsigned int tsm_helper_configfs_open_files(struct config_item *item,
					    const char *name);
bool tsm_helper_capable(unsigned int capability);
bool tsm_helper_capable_noaudit(unsigned int capability);
void tsm_helper_sysfs_bin_attr_init(struct bin_attribute *attr,
				    struct lock_class_key *key);
unsigned long *tsm_helper_kernfs_private(struct file *file);
void tsm_helper_pm_runtime_get_sync(struct device *dev);
void tsm_helper_pm_runtime_put(struct device *dev);
bool tsm_helper_device_trylock(struct device *dev);
void tsm_helper_device_unlock(struct device *dev);
bool tsm_helper_use_dma_iommu(struct device *dev);
phys_addr_t tsm_helper_sg_phys(struct scatterlist *sg);
#ifdef CONFIG_PCI_TSM
bool tsm_helper_is_pci_tsm_pf0(struct pci_dev *pdev);
bool tsm_helper_is_pci_tsm_endpoint(struct pci_dev *pdev);
unsigned int tsm_helper_device_references(const struct device *dev);
#endif

#endif /* _TSM_HELPERS_H */
