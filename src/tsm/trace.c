// SPDX-License-Identifier: GPL-2.0
/* The tracepoints of tsm.ko, as functions that Rust can call. */

#include "trace_calls.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

void tsm_trace_report_requested(const char *provider, u64 generation,
				u32 inblob_len, u32 privlevel)
{
	if (trace_tsm_report_requested_enabled()) {
		const struct tsm_trace_report report = {
			.provider = provider,
			.generation = generation,
			.inblob_len = inblob_len,
			.privlevel = privlevel,
			.source = "",
		};

		trace_tsm_report_requested(&report);
	}
}

void tsm_trace_report_generated(const char *provider, u64 generation,
				size_t outblob_len, size_t auxblob_len,
				size_t manifestblob_len)
{
	if (trace_tsm_report_generated_enabled()) {
		const struct tsm_trace_report report = {
			.provider = provider,
			.generation = generation,
			.outblob_len = outblob_len,
			.auxblob_len = auxblob_len,
			.manifestblob_len = manifestblob_len,
			.source = "",
		};

		trace_tsm_report_generated(&report);
	}
}

void tsm_trace_report_failed(const char *provider, u64 generation, int status,
			     int error, const char *source, u64 answer)
{
	if (trace_tsm_report_failed_enabled()) {
		const struct tsm_trace_report report = {
			.provider = provider,
			.generation = generation,
			.status = status,
			.error = error,
			.source = source,
			.answer = answer,
		};

		trace_tsm_report_failed(&report);
	}
}

void tsm_trace_register_read(const char *provider, const char *name,
			     const char *hash, const u8 *data, size_t len)
{
	trace_tsm_register_read(provider, name, hash, data, len, 0);
}

void tsm_trace_register_refresh(const char *provider, const char *name,
				int status)
{
	trace_tsm_register_refresh(provider, name, "", (const u8 *)"", 0,
				   status);
}

void tsm_trace_register_write(const char *provider, const char *name,
			      const char *hash, const u8 *data, size_t len,
			      int status)
{
	trace_tsm_register_write(provider, name, hash, data, len, status);
}
