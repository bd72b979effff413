/* SPDX-License-Identifier: GPL-2.0 */
/* The tracepoint of tsm_tdisp.ko as a function, for Rust. */
#ifndef _TSM_TDISP_TRACE_CALLS_H
#define _TSM_TDISP_TRACE_CALLS_H

#include <linux/device.h>
#include <linux/types.h>

void tsm_tdisp_trace_failed(struct device *dev, const char *request,
			    const char *reason, u32 code, int error);

#endif /* _TSM_TDISP_TRACE_CALLS_H */
