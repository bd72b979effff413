/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints of tsm.ko. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tsm

#if !defined(_TSM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TSM_TRACE_H

#include <linux/tracepoint.h>

#include "trace_calls.h"

/*
 * Each class costs a kilobyte of code, each event a quarter of that. So the
 * events of a report are one class, and those of a register another one. What
 * an event does not say is 0 or empty in its record.
 */

DECLARE_EVENT_CLASS(tsm_report,

	TP_PROTO(const struct tsm_trace_report *report),

	TP_ARGS(report),

	TP_STRUCT__entry(
		__string(provider, report->provider)
		__field(u64, generation)
		__field(u32, inblob_len)
		__field(u32, privlevel)
		__field(size_t, outblob_len)
		__field(size_t, auxblob_len)
		__field(size_t, manifestblob_len)
		__field(int, status)
		__field(int, error)
		__string(source, report->source)
		__field(u64, answer)
	),

	TP_fast_assign(
		__assign_str(provider);
		__entry->generation = report->generation;
		__entry->inblob_len = report->inblob_len;
		__entry->privlevel = report->privlevel;
		__entry->outblob_len = report->outblob_len;
		__entry->auxblob_len = report->auxblob_len;
		__entry->manifestblob_len = report->manifestblob_len;
		__entry->status = report->status;
		__entry->error = report->error;
		__assign_str(source);
		__entry->answer = report->answer;
	),

	TP_printk("[%s] generation=%llu status=%d error=%d %s=%#llx",
		  __get_str(provider), __entry->generation, __entry->status,
		  __entry->error, __get_str(source), __entry->answer)
);

DEFINE_EVENT_PRINT(tsm_report, tsm_report_requested,
	TP_PROTO(const struct tsm_trace_report *report),
	TP_ARGS(report),
	TP_printk("[%s] generation=%llu inblob_len=%u privlevel=%u",
		  __get_str(provider), __entry->generation,
		  __entry->inblob_len, __entry->privlevel)
);

DEFINE_EVENT_PRINT(tsm_report, tsm_report_generated,
	TP_PROTO(const struct tsm_trace_report *report),
	TP_ARGS(report),
	TP_printk("[%s] generation=%llu outblob_len=%zu auxblob_len=%zu manifestblob_len=%zu",
		  __get_str(provider), __entry->generation,
		  __entry->outblob_len, __entry->auxblob_len,
		  __entry->manifestblob_len)
);

DEFINE_EVENT(tsm_report, tsm_report_failed,
	TP_PROTO(const struct tsm_trace_report *report),
	TP_ARGS(report)
);

DECLARE_EVENT_CLASS(tsm_register,

	TP_PROTO(const char *provider, const char *name, const char *hash,
		 const u8 *data, u32 len, int status),

	TP_ARGS(provider, name, hash, data, len, status),

	TP_STRUCT__entry(
		__string(provider, provider)
		__string(name, name)
		__string(hash, hash)
		__dynamic_array(u8, data, len)
		__field(int, status)
	),

	TP_fast_assign(
		__assign_str(provider);
		__assign_str(name);
		__assign_str(hash);
		memcpy(__get_dynamic_array(data), data, len);
		__entry->status = status;
	),

	TP_printk("[%s] %s:%s %s status=%d", __get_str(provider),
		  __get_str(name), __get_str(hash),
		  __print_hex_str(__get_dynamic_array(data),
				  __get_dynamic_array_len(data)),
		  __entry->status)
);

DEFINE_EVENT(tsm_register, tsm_register_read,
	TP_PROTO(const char *provider, const char *name, const char *hash,
		 const u8 *data, u32 len, int status),
	TP_ARGS(provider, name, hash, data, len, status)
);

DEFINE_EVENT(tsm_register, tsm_register_write,
	TP_PROTO(const char *provider, const char *name, const char *hash,
		 const u8 *data, u32 len, int status),
	TP_ARGS(provider, name, hash, data, len, status)
);

DEFINE_EVENT_PRINT(tsm_register, tsm_register_refresh,
	TP_PROTO(const char *provider, const char *name, const char *hash,
		 const u8 *data, u32 len, int status),
	TP_ARGS(provider, name, hash, data, len, status),
	TP_printk("[%s] %s status=%d", __get_str(provider), __get_str(name),
		  __entry->status)
);

#endif /* _TSM_TRACE_H */

/* Outside of the guard, as define_trace.h demands. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
