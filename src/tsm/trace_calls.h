/* SPDX-License-Identifier: GPL-2.0 */
/* The tracepoints of tsm.ko as functions, for Rust. */
#ifndef _TSM_TRACE_CALLS_H
#define _TSM_TRACE_CALLS_H

#include <linux/types.h>

/* What an event of a report can say of it. */
struct tsm_trace_report {
	const char *provider;
	u64 generation;
	u32 inblob_len;
	u32 privlevel;
	size_t outblob_len;
	size_t auxblob_len;
	size_t manifestblob_len;
	int status;
	int error;
	const char *source;
	u64 answer;
};

void tsm_trace_report_requested(const char *provider, u64 generation,
				u32 inblob_len, u32 privlevel);
void tsm_trace_report_generated(const char *provider, u64 generation,
				size_t outblob_len, size_t auxblob_len,
				size_t manifestblob_len);
void tsm_trace_report_failed(const char *provider, u64 generation, int status,
			     int error, const char *source, u64 answer);
void tsm_trace_register_read(const char *provider, const char *name,
			     const char *hash, const u8 *data, size_t len);
void tsm_trace_register_refresh(const char *provider, const char *name,
				int status);
void tsm_trace_register_write(const char *provider, const char *name,
			      const char *hash, const u8 *data, size_t len,
			      int status);

#endif /* _TSM_TRACE_CALLS_H */
