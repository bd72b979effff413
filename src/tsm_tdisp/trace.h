/* SPDX-License-Identifier: GPL-2.0 */
/* The tracepoint of tsm_tdisp.ko. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tsm_tdisp

#if !defined(_TSM_TDISP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TSM_TDISP_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(tsm_tdisp_failed,

	TP_PROTO(const char *device, const char *request, const char *reason,
		 u32 code, int error),

	TP_ARGS(device, request, reason, code, error),

	TP_STRUCT__entry(
		__string(device, device)
		__string(request, request)
		__string(reason, reason)
		__field(u32, code)
		__field(int, error)
	),

	TP_fast_assign(
		__assign_str(device);
		__assign_str(request);
		__assign_str(reason);
		__entry->code = code;
		__entry->error = error;
	),

	TP_printk("[%s] %s: %s code=%#x error=%d", __get_str(device),
		  __get_str(request), __get_str(reason), __entry->code,
		  __entry->error)
);

#endif /* _TSM_TDISP_TRACE_H */

/* Outside of the guard, as define_trace.h demands. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
