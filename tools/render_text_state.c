// SPDX-License-Identifier: GPL-2.0-only
/* What else of the CPU's state a child got, in a row: only what this machine has and is in use. */
#include "array.h"
#include "render_text.h"

#define HAS(feature)	(1U << FORKWATCH_HAS_##feature)

/* "= parent" where both are the same, else both; nothing where there is nothing. */
static void put_pair(struct fw_view *view, const char *name, uint64_t parent, uint64_t child)
{
	if (parent == child && child)
		fw_text_item(&view->text, "%s %s = parent", name, fw_view_hex(view, child));
	else if (parent != child)
		fw_text_styled(&view->text, FW_BOLD, "%s %s, parent %s", name,
			       fw_view_hex(view, child), fw_view_hex(view, parent));
}

static void put_length(struct fw_view *view, const char *name, uint32_t parent, uint32_t child)
{
	if (parent == child)
		fw_text_item(&view->text, "%s %u bytes = parent", name, child);
	else
		fw_text_styled(&view->text, FW_BOLD, "%s %u bytes, parent %u", name, child, parent);
}

static void put_fpsimd(struct fw_view *view, const struct forkwatch_arch_state *state)
{
	const struct forkwatch_state *parent = &state->parent_state, *child = &state->child_state;

	fw_text_item(&view->text, "v0..v31 %s parent",
		     state->same & FORKWATCH_SAME_VREGS ? "=" : "differ from");
	put_pair(view, "fpsr", parent->fpsr, child->fpsr);
	put_pair(view, "fpcr", parent->fpcr, child->fpcr);
}

static void put_fpmr(struct fw_view *view, const struct forkwatch_arch_state *state)
{
	put_pair(view, "fpmr", state->parent_state.fpmr, state->child_state.fpmr);
}

static void put_sve(struct fw_view *view, const struct forkwatch_arch_state *state)
{
	put_length(view, "SVE", state->parent_state.sve_vl, state->child_state.sve_vl);
}

static void put_sme(struct fw_view *view, const struct forkwatch_arch_state *state)
{
	put_length(view, "SME", state->parent_state.sme_vl, state->child_state.sme_vl);
	put_pair(view, "svcr", state->parent_state.svcr, state->child_state.svcr);
}

static void put_tpidr2(struct fw_view *view, const struct forkwatch_arch_state *state)
{
	put_pair(view, "tpidr2_el0", state->parent_state.tpidr2, state->child_state.tpidr2);
}

static void put_por(struct fw_view *view, const struct forkwatch_arch_state *state)
{
	put_pair(view, "por_el0", state->parent_state.por, state->child_state.por);
}

static void put_keys(struct fw_view *view, const struct forkwatch_arch_state *state)
{
	static const struct {
		uint32_t bit, feature;
		const char *name;
	} keys[] = {
		{ FORKWATCH_SAME_APIA, HAS(PAC_ADDRESS), "APIA" },
		{ FORKWATCH_SAME_APIB, HAS(PAC_ADDRESS), "APIB" },
		{ FORKWATCH_SAME_APDA, HAS(PAC_ADDRESS), "APDA" },
		{ FORKWATCH_SAME_APDB, HAS(PAC_ADDRESS), "APDB" },
		{ FORKWATCH_SAME_APGA, HAS(PAC_GENERIC), "APGA" },
	};
	bool all = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!(state->has & keys[i].feature) || state->same & keys[i].bit)
			continue;
		fw_text_styled(&view->text, FW_BOLD, "key %s differs from parent", keys[i].name);
		all = false;
	}
	if (all)
		fw_text_item(&view->text, "PAC keys = parent");
}

static void put_mte(struct fw_view *view, const struct forkwatch_arch_state *state)
{
	put_pair(view, "MTE mode", state->parent_state.mte, state->child_state.mte);
}

static void put_gcs(struct fw_view *view, const struct forkwatch_arch_state *state)
{
	const struct forkwatch_state *child = &state->child_state;

	if (child->gcs_mode)
		put_pair(view, "gcspr_el0", state->parent_state.gcspr, child->gcspr);
}

static void put_breakpoints(struct fw_view *view, const struct forkwatch_arch_state *state)
{
	const struct forkwatch_state *parent = &state->parent_state, *child = &state->child_state;
	unsigned int had = parent->breakpoints + parent->watchpoints;
	unsigned int has = child->breakpoints + child->watchpoints;

	if (had || has)
		fw_text_item(&view->text, "%u of %u hardware breakpoints", has, had);
}

static void put_scs(struct fw_view *view, const struct forkwatch_arch_state *state)
{
	fw_text_item(&view->text, "shadow call stack %s",
		     fw_view_hex(view, state->child_state.scs_base));
}

static const struct {
	uint32_t features;
	void (*put)(struct fw_view *view, const struct forkwatch_arch_state *state);
} parts[] = {
	{ HAS(FPSIMD), put_fpsimd },
	{ HAS(FPMR), put_fpmr },
	{ HAS(SVE), put_sve },
	{ HAS(SME), put_sme },
	{ HAS(TPIDR2), put_tpidr2 },
	{ HAS(POE), put_por },
	{ HAS(PAC_ADDRESS) | HAS(PAC_GENERIC), put_keys },
	{ HAS(MTE), put_mte },
	{ HAS(GCS), put_gcs },
	{ HAS(BREAKPOINTS), put_breakpoints },
	{ HAS(SCS), put_scs },
};

bool fw_view_has_state(const struct fw_view *view)
{
	return view->fork->arch_state && view->fork->enter && fw_fork_is_user(view->fork);
}

void fw_view_print_state(struct fw_view *view)
{
	const struct forkwatch_arch_state *state = view->fork->arch_state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (state->has & parts[i].features)
			parts[i].put(view, state);
}
