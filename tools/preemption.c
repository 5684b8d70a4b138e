// SPDX-License-Identifier: GPL-2.0-only
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

bool fw_preempts(const char *version, const char *chosen)
{
	if (has_word(version, "PREEMPT_DYNAMIC"))
		return chosen && strstr(chosen, "(full)");
	return has_word(version, "PREEMPT") || has_word(version, "PREEMPT_RT");
}

bool fw_kernel_preempts(void)
{
	FILE *file = fopen("/sys/kernel/debug/sched/preempt", "re");
	struct utsname uts;
	char chosen[128];
	bool known = false;

	if (file) {
		known = fgets(chosen, sizeof(chosen), file);
		fclose(file);
	}
	return !uname(&uts) && fw_preempts(uts.version, known ? chosen : NULL);
}
