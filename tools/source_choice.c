// SPDX-License-Identifier: GPL-2.0-only
/* Which source events are taken from. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "array.h"
#include "capability.h"
#include "doctor.h"
#include "message.h"
#include "source_choice.h"

static const struct fw_source_ops *const sources[] = {
	&fw_source_carried,
	&fw_source_both,
	&fw_source_module,
	&fw_source_bpf,
};

const struct fw_source_ops *fw_source_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (!strcmp(sources[i]->name, name))
			return sources[i];
	return NULL;
}

int fw_source_parse(const char *word, const struct fw_source_ops **ops)
{
	*ops = NULL;
	if (!strcmp(word, "auto"))
		return 0;
	*ops = fw_source_find(word);
	return *ops ? 0 : -EINVAL;
}

const struct fw_source_ops *fw_source_auto(bool quiet)
{
	struct fw_patient patient = { .root = "" };
	struct fw_diagnosis diagnosis;
	struct utsname name;
	char why[FW_FINDING_LEN];

	uname(&name);
	patient.release = name.release;
	patient.machine = name.machine;
	fw_capabilities(&patient.capabilities);
	fw_doctor_choose(&patient, &diagnosis);
	if (!diagnosis.source)
		return fw_source_find(fw_doctor_sources[0].name);
	if (!quiet && fw_doctor_why_not(&diagnosis, &fw_doctor_sources[0], why, sizeof(why)))
		fw_message("source %s: %s (%s)", diagnosis.source->name, diagnosis.source->what,
			   why);
	return fw_source_find(diagnosis.source->name);
}
