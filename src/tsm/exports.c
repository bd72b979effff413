// SPDX-License-Identifier: GPL-2.0
/*
 * Exports of the functions that src/tsm/abi.rs defines, two of them by a second
 * name. The prototypes come from the headers that the users include, so that
 * CONFIG_MODVERSIONS works.
 */

#include <linux/export.h>
#include <tsm/tsm.h>

EXPORT_SYMBOL_GPL(tsm_register_measurement);
EXPORT_SYMBOL_GPL(tsm_unregister_measurement);
EXPORT_SYMBOL_GPL(tsm_show_measurement);
EXPORT_SYMBOL_GPL(tsm_report_register);
EXPORT_SYMBOL_GPL(tsm_report_unregister);
EXPORT_SYMBOL_GPL(tsm_report_explain);
EXPORT_SYMBOL_GPL(tsm_report_id);

int tsm_register_report(const struct tsm_report_ops *ops, void *priv)
{
	return tsm_report_register(ops, priv);
}
EXPORT_SYMBOL_GPL(tsm_register_report);

int tsm_unregister_report(const struct tsm_report_ops *ops)
{
	return tsm_report_unregister(ops);
}
EXPORT_SYMBOL_GPL(tsm_unregister_report);
