// SPDX-License-Identifier: GPL-2.0-only
/* A diagnosis as text and as JSON. */
#include <string.h>

#include "doctor.h"

#define WHAT_COLUMN	10
#define STATE_COLUMN	43

static bool is_lost(const struct fw_finding *finding)
{
	return finding->health >= FW_HEALTH_LESS;
}

static bool needs_mending(const struct fw_finding *finding)
{
	return finding->health >= FW_HEALTH_UNKNOWN && *finding->mend;
}

static enum fw_style style_of(enum fw_health health)
{
	return health == FW_HEALTH_MISSING ? FW_LOUD :
	       health == FW_HEALTH_LESS ? FW_BOLD : FW_DIM;
}

/* A line below a check: "without: …". */
static void print_line(struct fw_text *text, const char *word, const char *sentence)
{
	fw_text_row(text, "");
	fw_text_at(text, WHAT_COLUMN + 2, FW_DIM, word);
	fw_text_hang(text);
	fw_text_words(text, sentence);
}

static void print_check(struct fw_text *text, const struct fw_doctor_check *check,
			const struct fw_finding *finding)
{
	fw_text_row_styled(text, style_of(finding->health), fw_health_name(finding->health));
	fw_text_at(text, WHAT_COLUMN, FW_PLAIN, check->what);
	fw_text_at(text, STATE_COLUMN - 3, FW_PLAIN, " ");
	fw_text_hang(text);
	fw_text_words(text, finding->state);
	if (is_lost(finding))
		print_line(text, "lost", check->lost);
	if (needs_mending(finding))
		print_line(text, "mend", finding->mend);
}

static void print_header(struct fw_text *text, const struct fw_patient *patient)
{
	fw_text_row_styled(text, FW_BOLD, "doctor");
	fw_text_item(text, "Linux %s on %s", patient->release, patient->machine);
	fw_text_end(text, true);
}

/* What is in that health or worse, side by side. */
static void print_lost(struct fw_text *text, const struct fw_diagnosis *diagnosis,
		       enum fw_health least)
{
	const char *comma = "";
	int i;

	for (i = 0; fw_doctor_checks[i].id; i++) {
		if (diagnosis->findings[i].health < least)
			continue;
		fw_text_more(text, "%s%s", comma, fw_doctor_checks[i].what);
		comma = ", ";
	}
}

static void print_source(struct fw_text *text, const struct fw_diagnosis *diagnosis)
{
	const struct fw_doctor_source *source = diagnosis->source;

	fw_text_row_styled(text, FW_BOLD, "source");
	if (!source) {
		fw_text_item(text, "none, nothing can be traced: ");
		if (*diagnosis->refusal)
			fw_text_words(text, diagnosis->refusal);
		else
			print_lost(text, diagnosis, FW_HEALTH_MISSING);
		return;
	}
	fw_text_item(text, "%s: %s", source->name, source->what);
	if (diagnosis->tried)
		fw_text_item(text, "it was opened: it works");
	fw_text_row(text, "");
	if (fw_doctor_status(diagnosis)) {
		fw_text_item(text, "missing: ");
		print_lost(text, diagnosis, FW_HEALTH_LESS);
	} else {
		fw_text_item(text, "nothing is missing");
	}
}

void fw_doctor_text(struct fw_text *text, const struct fw_patient *patient,
		    const struct fw_diagnosis *diagnosis)
{
	int i;

	print_header(text, patient);
	for (i = 0; fw_doctor_checks[i].id; i++)
		print_check(text, &fw_doctor_checks[i], &diagnosis->findings[i]);
	fw_text_end(text, true);
	print_source(text, diagnosis);
	fw_text_end(text, false);
}

static json_t *check_to_json(const struct fw_doctor_check *check,
			     const struct fw_finding *finding)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "id", check->id, "what", check->what,
				   "health", fw_health_name(finding->health),
				   "state", finding->state);

	if (is_lost(finding))
		json_object_set_new(object, "lost", json_string(check->lost));
	if (needs_mending(finding))
		json_object_set_new(object, "mend", json_string(finding->mend));
	return object;
}

json_t *fw_doctor_json(const struct fw_patient *patient, const struct fw_diagnosis *diagnosis)
{
	const struct fw_doctor_source *source = diagnosis->source;
	json_t *checks = json_array();
	int i;

	for (i = 0; fw_doctor_checks[i].id; i++)
		json_array_append_new(checks, check_to_json(&fw_doctor_checks[i],
							    &diagnosis->findings[i]));
	return json_pack("{s:i, s:s, s:s, s:o, s:s?, s:b, s:s, s:i}", "version", 1,
			 "release", patient->release, "machine", patient->machine,
			 "checks", checks, "source", source ? source->name : NULL,
			 "tried", diagnosis->tried, "refusal", diagnosis->refusal,
			 "status", fw_doctor_status(diagnosis));
}
