// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "preemption.h"

/* Is @word one of the words of @text? */
static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	while (*text) {
		size_t each = strcspn(text, " ");

		if (each == len && !memcmp(text, word, len))
			return true;
		text += each + strspn(text + each, " ");
	}
	return false;
}

/* Lazy preemption came with v6.13, 7c70cb94d29c, and "PREEMPT" stands for it as well. */
static bool knows_lazy(const char *release)
{
	unsigned int major = 0, minor = 0;

	return sscanf(release, "%u.%u", &major, &minor) != 2 ||
	       major > 6 || (major == 6 && minor >= 13);
}

static enum fw_preemption by_choice(const char *chosen)
{
	if (!chosen || strstr(chosen, "(lazy)"))
		return FW_PREEMPTS_LAZILY;
	return strstr(chosen, "(full)") ? FW_PREEMPTS_FULLY : FW_PREEMPTS_NOT;
}

enum fw_preemption fw_preemption(const char *release, const char *version, const char *chosen)
{
	if (has_word(version, "PREEMPT_DYNAMIC"))
		return by_choice(chosen);
	if (has_word(version, "PREEMPT"))
		return knows_lazy(release) ? FW_PREEMPTS_LAZILY : FW_PREEMPTS_FULLY;
	return has_word(version, "PREEMPT_RT") ? FW_PREEMPTS_FULLY : FW_PREEMPTS_NOT;
}

enum fw_preemption fw_kernel_preemption(void)
{
	FILE *file = fopen("/sys/kernel/debug/sched/preempt", "re");
	struct utsname uts;
	char chosen[128];
	bool known = false;

	if (file) {
		known = fgets(chosen, sizeof(chosen), file);
		fclose(file);
	}
	return uname(&uts) ? FW_PREEMPTS_LAZILY :
			     fw_preemption(uts.release, uts.version, known ? chosen : NULL);
}
