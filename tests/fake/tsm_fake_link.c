// SPDX-License-Identifier: GPL-2.0
/*
 * A TSM of the PCI core without devices. While it is registered, the core
 * keeps the files `tsm/` of devices when another TSM goes.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/pci-tsm.h>
#include <linux/tsm.h>

static struct pci_tsm *fake_probe(struct tsm_dev *tsm, struct pci_dev *pdev)
{
	return NULL;
}

static struct pci_tsm_ops ops = { .link_ops = { .probe = fake_probe } };
static struct tsm_dev *tsm;

static int __init tsm_fake_link_init(void)
{
	tsm = tsm_register(NULL, &ops);
	return PTR_ERR_OR_ZERO(tsm);
}

static void __exit tsm_fake_link_exit(void)
{
	tsm_unregister(tsm);
}

module_init(tsm_fake_link_init);
module_exit(tsm_fake_link_exit);
MODULE_DESCRIPTION("A TSM of the PCI core that knows no device");
MODULE_LICENSE("GPL");
