// SPDX-License-Identifier: GPL-2.0

#include <linux/device.h>
#include <linux/kref.h>
#include <linux/pm_runtime.h>
#include <linux/scatterlist.h>

/* It takes structures of the above for granted. */
#include <linux/iommu-dma.h>

#ifdef CONFIG_PCI_TSM
#include <linux/pci-tsm.h>
#endif

#include "helpers.h"

void tsm_helper_pm_runtime_get_sync(struct device *dev)
{
	pm_runtime_get_sync(dev);
}

void tsm_helper_pm_runtime_put(struct device *dev)
{
	pm_runtime_put(dev);
}

bool tsm_helper_device_trylock(struct device *dev)
{
	return device_trylock(dev);
}

void tsm_helper_device_unlock(struct device *dev)
{
	device_unlock(dev);
}

bool tsm_helper_use_dma_iommu(struct device *dev)
{
	return use_dma_iommu(dev);
}

phys_addr_t tsm_helper_sg_phys(struct scatterlist *sg)
{
	return sg_phys(sg);
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

unsigned int tsm_helper_device_references(const struct device *dev)
{
	return kref_read(&dev->kobj.kref);
}
#endif
