// SPDX-License-Identifier: GPL-2.0-only
/* The metadata of a trace, generated from the event table. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctf.h"
#include "observer.h"

#define TYPE_OF___u32	FW_U32
#define TYPE_OF___u64	FW_U64
#define TYPE_OF___s32	FW_S32

#define FIELD(ctype, field)	{ .name = #field, .type = TYPE_OF_##ctype, .count = 1 },
#define FIELDS(KIND, value, record, stream, named)			\
	static const struct fw_field record##_fields[] = {		\
		FW_CTF_FIELDS_##record(FIELD)				\
		{ .name = NULL }					\
	};
FW_CTF_RECORDS(FIELDS)

#define RECORD(KIND, value, record, in_stream, is_named)		\
	{								\
		.type = {						\
			.name = #record,				\
			.kind = value,					\
			.size = sizeof(struct fw_ctf_##record),		\
			.fields = record##_fields,			\
		},							\
		.stream = in_stream,					\
		.named = is_named,					\
	},
const struct fw_ctf_record fw_ctf_records[] = {
	FW_CTF_RECORDS(RECORD)
	{ .type.name = NULL }
};

static const char *const type_names[] = {
	[FW_U16] = "uint16_t",
	[FW_U32] = "uint32_t",
	[FW_U64] = "uint64_t",
	[FW_S32] = "int32_t",
	[FW_S64] = "int64_t",
	[FW_CHAR] = "text_t",
	[FW_REGS] = "struct regs",
	[FW_CONTEXT] = "struct context",
	[FW_STATE] = "struct state",
};

/* 64-bit numbers are mostly addresses and registers, 32-bit ones ids; these are not. */
static const char *const decimal_fields[] = {
	"stack_size", "start_time", "enter_time", "switches", "parent_switches", "seq_gaps",
	"ring_drops", "probe_misses", "watch_full", "bad_events", "events", "enter", "total",
	"fork_time", "threads", "threads_max", "pid_max", "overcommit", "commit_limit", "committed",
	"parent_data", "pids_refused", "pids_max", "pids_current", NULL,
};

static const char *const hex_fields[] = {
	"flags", "insn", "task_flags", "armed", "absent", "refused", "torn", "seen", NULL,
};

static bool is_listed(const char *name, const char *const *list)
{
	while (*list && strcmp(*list, name))
		list++;
	return *list;
}

static const char *type_name(const struct fw_field *field)
{
	if (field->type == FW_U64 && !is_listed(field->name, decimal_fields))
		return "hex64_t";
	if (field->type == FW_U32 && is_listed(field->name, hex_fields))
		return "hex32_t";
	return type_names[field->type];
}

static void put_fields(FILE *out, const struct fw_field *field, const char *indent)
{
	for (; field->name; field++) {
		fprintf(out, "%s%s %s", indent, type_name(field), field->name);
		if (field->is_array)
			fprintf(out, "[%zu]", field->count);
		fputs(";\n", out);
	}
}

static void put_struct(FILE *out, const char *name, const struct fw_field *fields)
{
	fprintf(out, "struct %s {\n", name);
	put_fields(out, fields, "\t");
	fputs("} align(64);\n\n", out);
}

/*
 * struct fw_ctf_header: id and timestamp are words of CTF. The context begins
 * right behind them, and takes the alignment of its members.
 */
static void put_header(FILE *out)
{
	const struct fw_field *field;

	fputs("struct event_header {\n\tclock_t timestamp;\n\tuint16_t id;\n} align(64);\n\n"
	      "struct event_context {\n", out);
	for (field = fw_header_fields; field->name; field++)
		if (strcmp(field->name, "kind") && strcmp(field->name, "time"))
			fprintf(out, "\tinteger { size = %u; align = 16; } %s;\n",
				field->type == FW_U64 ? 64 : field->type == FW_U32 ? 32 : 16,
				field->name);
	fputs("};\n\n", out);
}

/* @observer: who saw it, where that is no matter of course; or NULL. */
static void put_event(FILE *out, const struct fw_event_type *type,
		      const struct fw_observer *observer, enum fw_ctf_stream stream, bool named)
{
	fprintf(out, "event {\n\tid = %u;\n\tname = \"%s%s\";\n\tstream_id = %u;\n",
		type->kind + (observer ? observer->by : 0), type->name,
		observer ? observer->suffix : "", stream);
	fputs("\tfields := struct {\n", out);
	put_fields(out, type->fields, "\t\t");
	if (named)
		fputs("\t\tstring { encoding = UTF8; } name;\n", out);
	fputs("\t};\n};\n\n", out);
}

static void put_stream(FILE *out, enum fw_ctf_stream stream)
{
	fprintf(out,
		"stream {\n"
		"\tid = %u;\n"
		"\tevent.header := struct event_header;\n"
		"\tevent.context := struct event_context;\n"
		"\tpacket.context := struct {\n"
		"\t\tclock_t timestamp_begin;\n"
		"\t\tclock_t timestamp_end;\n"
		"\t\tuint64_t content_size;\n"
		"\t\tuint64_t packet_size;\n"
		"\t\tuint64_t events_discarded;\n"
		"\t\tuint64_t packet_seq_num;\n"
		"\t\tuint32_t %s;\n"
		"\t};\n"
		"};\n\n", stream, stream == FW_CTF_CPU ? "cpu_id" : "session");
}

/* A string literal, with everything escaped that could end it or the line. */
static void put_string(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\%03o", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void put_env_string(FILE *out, const char *name, const char *value)
{
	fprintf(out, "\t%s = ", name);
	put_string(out, value);
	fputs(";\n", out);
}

/* Calls @fn with every kind there is, by every observer of it; NULL for the usual one. */
static void each_kind(FILE *out, void (*fn)(FILE *out, const struct fw_event_type *type,
					    const struct fw_observer *observer))
{
	const struct fw_observer *observer;
	const struct fw_event_type *type;

	for (type = fw_event_types; type->name; type++)
		fn(out, type, NULL);
	for (observer = fw_observers; observer->name; observer++)
		for (type = fw_event_types; type->name; type++)
			if (fw_observer_makes(observer->by, type->kind))
				fn(out, type, observer);
}

static void put_kind_bytes(FILE *out, const struct fw_event_type *type,
			   const struct fw_observer *observer)
{
	fprintf(out, "\tkind_%u_bytes = %zu;\n", type->kind + (observer ? observer->by : 0),
		type->size);
}

static void put_kind(FILE *out, const struct fw_event_type *type,
		     const struct fw_observer *observer)
{
	put_event(out, type, observer, FW_CTF_CPU, false);
}

static void put_env(FILE *out, const struct fw_trace_info *info)
{
	fputs("env {\n", out);
	put_env_string(out, "tracer_name", "forkwatch");
	fprintf(out, "\ttrace_format = %u;\n", FW_CTF_FORMAT);
	fprintf(out, "\tabi_version = %u;\n", FORKWATCH_ABI_VERSION);
	put_env_string(out, "tool_version", info->tool);
	put_env_string(out, "module_version", info->module);
	put_env_string(out, "sources", info->sources);
	put_env_string(out, "kernel_release", info->env.release);
	put_env_string(out, "machine", info->env.machine);
	fprintf(out, "\tcpus = %u;\n", info->env.cpus);
	fprintf(out, "\tpage_size = %u;\n", info->env.page_size);
	put_env_string(out, "cpu_features", info->features);
	put_env_string(out, "command", info->command);
	fprintf(out, "\taddresses_hidden = %u;\n", info->hidden);
	/* Events grow: a reader of another version must know how long they are here. */
	each_kind(out, put_kind_bytes);
	fputs("};\n\n", out);
}

static void put_types(FILE *out)
{
	static const struct {
		const char *name;
		unsigned int bits;
		const char *rest;
	} integers[] = {
		{ "uint8_t",	8,	"signed = false;" },
		{ "uint16_t",	16,	"signed = false;" },
		{ "uint32_t",	32,	"signed = false;" },
		{ "uint64_t",	64,	"signed = false;" },
		{ "int32_t",	32,	"signed = true;" },
		{ "int64_t",	64,	"signed = true;" },
		{ "hex32_t",	32,	"signed = false; base = 16;" },
		{ "hex64_t",	64,	"signed = false; base = 16;" },
		{ "text_t",	8,	"signed = false; encoding = UTF8;" },
	};
	size_t i;

	for (i = 0; i < sizeof(integers) / sizeof(*integers); i++)
		fprintf(out, "typealias integer { size = %u; align = %u; %s } := %s;\n",
			integers[i].bits, integers[i].bits, integers[i].rest, integers[i].name);
	fputc('\n', out);
}

static void put_trace(FILE *out, const uint8_t *uuid)
{
	unsigned int i;

	fputs("trace {\n\tmajor = 1;\n\tminor = 8;\n\tuuid = \"", out);
	for (i = 0; i < FW_CTF_UUID_BYTES; i++)
		fprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	fputs("\";\n"
	      "\tbyte_order = le;\n"
	      "\tpacket.header := struct {\n"
	      "\t\tuint32_t magic;\n"
	      "\t\tuint8_t uuid[16];\n"
	      "\t\tuint32_t stream_id;\n"
	      "\t};\n"
	      "};\n\n", out);
}

static void put_clock(FILE *out, int64_t offset)
{
	fprintf(out,
		"clock {\n"
		"\tname = \"monotonic\";\n"
		"\tdescription = \"CLOCK_MONOTONIC\";\n"
		"\tfreq = 1000000000;\n"
		"\toffset = %" PRId64 ";\n"
		"};\n\n"
		"typealias integer {\n"
		"\tsize = 64; align = 64; signed = false; map = clock.monotonic.value;\n"
		"} := clock_t;\n\n", offset);
}

char *fw_ctf_metadata(const struct fw_trace_info *info, const uint8_t *uuid)
{
	const struct fw_ctf_record *record;
	bool bad;
	char *text = NULL;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fputs("/* CTF 1.8 */\n\n", out);
	put_types(out);
	put_trace(out, uuid);
	put_env(out, info);
	put_clock(out, info->clock_offset);
	put_header(out);
	put_struct(out, "regs", fw_regs_fields);
	put_struct(out, "context", fw_context_fields);
	put_struct(out, "state", fw_state_fields);
	put_stream(out, FW_CTF_CPU);
	put_stream(out, FW_CTF_SESSION);
	each_kind(out, put_kind);
	for (record = fw_ctf_records; record->type.name; record++)
		put_event(out, &record->type, NULL, record->stream, record->named);
	bad = ferror(out);
	if (fclose(out) || bad) {
		free(text);
		return NULL;
	}
	return text;
}
