// SPDX-License-Identifier: GPL-2.0
/* The tracepoint of tsm_tdisp.ko, as a function that Rust can call. */

#include "trace_calls.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

void tsm_tdisp_trace_failed(struct device *dev, const char *request,
			    const char *reason, u32 code, int error)
{
	trace_tsm_tdisp_failed(dev_name(dev), request, reason, code, error);
	dev_dbg_ratelimited(dev, "%s: %s, code %#x, error %d\n", request,
			    reason, code, error);
}
