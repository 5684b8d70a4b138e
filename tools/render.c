// SPDX-License-Identifier: GPL-2.0-only
/* The formats, and how they write. */
#include <errno.h>
#include <string.h>

#include "render.h"

const struct fw_render_ops *const fw_render_formats[] = {
	&fw_render_text,
	&fw_render_json,
	NULL
};

const struct fw_render_ops *fw_render_find(const char *name)
{
	const struct fw_render_ops *const *ops;

	for (ops = fw_render_formats; *ops; ops++)
		if (!strcmp((*ops)->name, name))
			return *ops;
	return NULL;
}

int fw_render_open(struct fw_render *render, const struct fw_render_ops *ops,
		   const struct fw_render_options *opt)
{
	memset(render, 0, sizeof(*render));
	render->ops = ops;
	render->opt = *opt;
	return ops->open ? ops->open(render) : 0;
}

void fw_render_close(struct fw_render *render)
{
	if (render->ops && render->ops->close)
		render->ops->close(render);
	render->ops = NULL;
}

int fw_render_write(struct fw_render *render, const char *data, size_t size)
{
	errno = 0;
	if (fwrite(data, 1, size, render->opt.out) == size)
		return 0;
	return errno ? -errno : -EIO;
}

bool fw_render_has_failed(const struct fw_fork *fork)
{
	const struct fw_judgement *judgements = fork->verdicts;
	size_t i;

	for (i = 0; judgements && i < fw_nr_rules; i++)
		if (judgements[i].verdict == FW_FAIL)
			return true;
	return false;
}
