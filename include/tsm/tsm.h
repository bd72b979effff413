/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In-kernel ABI of tsm.ko: measurement registers, and, from the kernel's own
 * linux/tsm.h, attestation reports.
 *
 * tsm_report_register() and tsm_report_unregister() have the names, prototypes
 * and structures of linux/tsm.h of the kernel that is built for, so that a
 * provider which was written for the kernel's tsm_report.ko runs on tsm.ko.
 * Unlike there, @report_new is called for several reports at the same time: a
 * provider that can do one thing at a time has a lock of its own, as the
 * kernel's tdx-guest and sev-guest have. And tsm_report_unregister() waits for
 * the calls that run, so it must not be called from one.
 */
#ifndef _TSM_TSM_H
#define _TSM_TSM_H

#include <linux/tsm.h>
#include <linux/types.h>
#include <uapi/linux/hash_info.h>

/**
 * tsm_register_report() - tsm_report_register() of tsm.ko
 * @ops: as there
 * @priv: as there
 *
 * The kernel's tsm_report.ko exports a function of the other name, too, and
 * depmod takes either for what a module needs that calls it. A module that is
 * made for tsm.ko calls this one.
 *
 * Return: as there.
 */
int tsm_register_report(const struct tsm_report_ops *ops, void *priv);

/**
 * tsm_unregister_report() - tsm_report_unregister() of tsm.ko
 * @ops: as there
 *
 * Return: as there.
 */
int tsm_unregister_report(const struct tsm_report_ops *ops);

/**
 * tsm_report_explain() - say what the platform has answered
 * @report: what @report_new was called with
 * @source: what kind of status it is, for example "vmcall"
 * @status: the status, as it came from the platform
 *
 * For a call that is about to fail: the errno is for user space, and this for
 * the tracepoint tsm_report_failed, so that it can be told what went wrong.
 *
 * Context: Within @report_new. @source must stay valid until the provider is
 * unregistered: it is read after @report_new has returned.
 */
void tsm_report_explain(struct tsm_report *report, const char *source,
			u64 status);

/**
 * tsm_report_id() - tell reports apart
 * @report: what @report_new was called with
 *
 * For a provider whose platform goes on with a request after the caller was
 * killed: the next call for the same report is the one that has to wait.
 *
 * Context: Within @report_new.
 * Return: a number that no other report in configfs has or had. It is the same
 * in each call for one report.
 */
u64 tsm_report_id(const struct tsm_report *report);

/**
 * enum tsm_measurement_register_flag - properties of a measurement register
 * @TSM_MR_F_X: extensible, a write extends the register instead of replacing
 *              its value
 * @TSM_MR_F_W: the file of this register is writable
 * @TSM_MR_F_R: the file of this register is readable
 * @TSM_MR_F_L: live, the value may differ from what was last written, and is
 *              refreshed before it is read when something was written since
 * @TSM_MR_F_F: shown as a flat file `<mr>` instead of `<mr>/<hash>/digest`
 * @TSM_MR_F_P: private, if it is readable then for the owner of the file only;
 *              for what identifies the instance
 * @TSM_MR_F_LIVE: live and readable
 * @TSM_MR_F_RTMR: live, readable and extensible
 */
enum tsm_measurement_register_flag {
	TSM_MR_F_X = 1,
	TSM_MR_F_W = 2,
	TSM_MR_F_R = 4,
	TSM_MR_F_L = 8,
	TSM_MR_F_F = 16,
	TSM_MR_F_P = 32,
	TSM_MR_F_LIVE = TSM_MR_F_L | TSM_MR_F_R,
	TSM_MR_F_RTMR = TSM_MR_F_LIVE | TSM_MR_F_X,
};

/**
 * struct tsm_measurement_register - one measurement register
 * @mr_name: name of its file or directory, not empty and without a slash
 * @mr_value: its current value, @mr_size bytes that the provider owns
 * @mr_size: size in bytes, 1 to 4096, or to 4095 if it is writable
 * @mr_flags: bits of enum tsm_measurement_register_flag
 * @mr_hash: hash algorithm of the register, not used with %TSM_MR_F_F
 *
 * Registers of one name and different hashes appear in one directory.
 */
struct tsm_measurement_register {
	const char *mr_name;
	void *mr_value;
	u32 mr_size;
	u32 mr_flags;
	enum hash_algo mr_hash;
};

struct kobject;
struct tsm_measurement;

/**
 * typedef tsm_mr_refresh_fn - bring the values of live registers up to date
 * @tmr: the registered measurement
 * @mr: register that is about to be read, or %NULL for the first refresh,
 *      within tsm_register_measurement()
 *
 * Updates @mr_value of all live registers, and of all registers when @mr is
 * %NULL. May sleep.
 *
 * Return: 0 or a negative errno, which the reader gets.
 */
typedef int tsm_mr_refresh_fn(struct tsm_measurement *tmr,
			      const struct tsm_measurement_register *mr);

/**
 * typedef tsm_mr_extend_fn - extend a register
 * @tmr: the registered measurement
 * @mr: register to extend, an element of @tmr->mrs
 * @data: @mr->mr_size bytes to extend it with
 *
 * May sleep. If the register is not live, nothing but this changes its
 * @mr_value, if anything does.
 *
 * Return: 0 or a negative errno, which the writer gets. After an error the
 * register has its old value.
 */
typedef int tsm_mr_extend_fn(struct tsm_measurement *tmr,
			     const struct tsm_measurement_register *mr,
			     const u8 *data);

/**
 * struct tsm_measurement - the measurement registers of a provider
 * @name: name of the directory in /sys/kernel/tsm
 * @mrs: the registers, ends with an element whose @mr_name is %NULL
 * @refresh: needed if a register is live
 * @extend: needed if a register is writable and extensible
 *
 * One callback runs at a time for a measurement, and no @mr_value is read or
 * written by tsm.ko while one runs.
 */
struct tsm_measurement {
	const char *name;
	const struct tsm_measurement_register *mrs;
	tsm_mr_refresh_fn *refresh;
	tsm_mr_extend_fn *extend;
};

/**
 * tsm_register_measurement() - publish measurement registers
 * @tmr: what to publish; it and all it points to must stay valid and, but for
 *       the values, unchanged until it is unregistered
 *
 * All registers appear or none.
 *
 * Context: Process context, may sleep. Must not be called from a callback.
 * Return: 0, or
 * * %-EINVAL - a name, value, size, hash or needed callback is missing or not
 *   valid
 * * %-EEXIST - the provider, or two registers of it, would have one path
 * * %-ENOSPC - a register has more than TSM_MR_MAXBANKS hashes
 * * %-ENOMEM - out of memory
 * * %-ENODEV - tsm.ko is on its way out
 * * what @tmr->refresh returned
 */
int tsm_register_measurement(struct tsm_measurement *tmr);

/**
 * tsm_show_measurement() - show published registers in another place as well
 * @tmr: what was registered
 * @kobj: where; must stay valid and in sysfs until @tmr is unregistered
 *
 * Makes the folder `measurements` in @kobj with the files `<mr>:<hash>`, or
 * `<mr>` with %TSM_MR_F_F, as the kernel's own tsm-mr does. The modes are those
 * of the other files. They are the same registers, whatever
 * file they are read or written by. Unregistering @tmr removes them.
 *
 * Context: Process context, may sleep. Must not be called from a callback.
 * Return: 0, %-ENOENT or %-EINVAL as tsm_unregister_measurement(), %-EINVAL if
 * @kobj is %NULL, %-EEXIST if it was called for @tmr before or two registers
 * would have one name there, or %-ENOMEM.
 */
int tsm_show_measurement(struct tsm_measurement *tmr, struct kobject *kobj);

/**
 * tsm_unregister_measurement() - take published registers back
 * @tmr: what was registered
 *
 * Waits for callbacks that run. No callback runs after it returns; a file that
 * is still open answers %ENODEV.
 *
 * Context: Process context, may sleep. Must not be called from a callback.
 * Return: 0, %-ENOENT if no such provider is registered, or %-EINVAL if it is
 * another one of that name.
 */
int tsm_unregister_measurement(struct tsm_measurement *tmr);

#endif /* _TSM_TSM_H */
