/* SPDX-License-Identifier: GPL-2.0-only */
/* What this machine offers to forkwatch, as a table of checks. */
#ifndef FW_DOCTOR_H
#define FW_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "text.h"

enum fw_health {
	FW_HEALTH_OK,
	FW_HEALTH_NOTE,		/* worth knowing; nothing is lost by it */
	FW_HEALTH_UNKNOWN,	/* who asks may not look */
	FW_HEALTH_LESS,		/* something is lost */
	FW_HEALTH_MISSING,	/* what needs it does not work at all */
	FW_NR_HEALTHS,
};

#define FW_FINDING_LEN	320

struct fw_finding {
	enum fw_health health;
	char state[FW_FINDING_LEN];	/* "kptr_restrict is 2" */
	char mend[FW_FINDING_LEN];	/* the command or deed that helps; "" if there is none */
};

/* What the checks look at. The pointers to functions may be NULL: not tried. */
struct fw_patient {
	const char *root;		/* in front of every path; "" on a live machine */
	const char *release, *machine;	/* as uname -rm */
	uint64_t capabilities;		/* the effective set */
	/* Attaches a program to a kernel function's entry: 0 or -errno. */
	int (*try_fentry)(void);
	/* Opens and closes the source called @name: 0, or -errno with @why. */
	int (*try_source)(const char *name, char *why, size_t size);
};

struct fw_doctor_check {
	const char *id;			/* "btf" */
	const char *what;		/* "the kernel's types (BTF)" */
	const char *lost;		/* without it: "the BPF programs cannot be fitted …" */
	void (*look)(const struct fw_patient *patient, struct fw_finding *finding);
};

#define FW_CHECKS_ROOM	32

extern const struct fw_doctor_check fw_doctor_checks[];	/* ends with a NULL id */

struct fw_doctor_source {
	const char *name;		/* as the backend is called */
	const char *what;
	const char *const *needs;	/* ids of checks, ends with NULL */
};

/* The best one first; ends with a NULL name. */
extern const struct fw_doctor_source fw_doctor_sources[];

struct fw_diagnosis {
	struct fw_finding findings[FW_CHECKS_ROOM];	/* in the order of fw_doctor_checks */
	bool looked[FW_CHECKS_ROOM];			/* that finding was made */
	const struct fw_doctor_source *source;		/* which will be used; NULL: none can */
	bool tried;					/* it was opened, with success */
	char refusal[1024];		/* why the kernel refuses a source that has all it needs */
};

void fw_doctor_examine(const struct fw_patient *patient, struct fw_diagnosis *diagnosis);

/* Looks at no more than what it takes to choose the source. */
void fw_doctor_choose(const struct fw_patient *patient, struct fw_diagnosis *diagnosis);

/* What of its needs @source lacks, the first of them, in words. Returns whether it lacks any. */
bool fw_doctor_why_not(const struct fw_diagnosis *diagnosis, const struct fw_doctor_source *source,
		       char *why, size_t size);

/* 0: usable fully, 1: partly, 2: not at all. */
int fw_doctor_status(const struct fw_diagnosis *diagnosis);

const char *fw_health_name(enum fw_health health);

void fw_doctor_text(struct fw_text *text, const struct fw_patient *patient,
		    const struct fw_diagnosis *diagnosis);
/* A new reference to an object, NULL without memory. */
json_t *fw_doctor_json(const struct fw_patient *patient, const struct fw_diagnosis *diagnosis);

/* For the checks. */
__attribute__((format(printf, 3, 4)))
void fw_finding_set(struct fw_finding *finding, enum fw_health health, const char *format, ...);
__attribute__((format(printf, 2, 3)))
void fw_finding_mend(struct fw_finding *finding, const char *format, ...);
/* The first line of a file, without its end: 0 or -errno. */
int fw_patient_read(const struct fw_patient *patient, const char *path, char *buf, size_t size);
/* Does it exist? Also where it may not be opened. */
bool fw_patient_has(const struct fw_patient *patient, const char *path);
/* Is the module loaded? */
bool fw_patient_has_module(const struct fw_patient *patient);
/* Writes @root and @path into @buf and returns it. */
#define FW_PATIENT_PATH_LEN	512
char *fw_patient_path(const struct fw_patient *patient, const char *path,
		      char buf[FW_PATIENT_PATH_LEN]);

/* How a function stands in kallsyms. The better, the higher. */
enum fw_symbol_state {
	FW_SYMBOL_ABSENT,	/* inlined, or not in this kernel */
	FW_SYMBOL_PART,		/* only a piece, name.part.0: the rest was inlined */
	FW_SYMBOL_RENAMED,	/* name.isra.0, name.constprop.0 */
	FW_SYMBOL_PRESENT,
};

struct fw_symbol_search {
	const char *name;	/* of several, with blanks between them, the best is taken */
	enum fw_symbol_state state;
	char as[64];		/* the name it stands under */
};

/* 1: this kernel has kprobes, 0: it has none, -errno: neither debugfs nor kallsyms can tell. */
int fw_doctor_kprobes(const struct fw_patient *patient);

/*
 * Looks for all @nr names in one pass; @hidden says whether all addresses read
 * as 0. Returns 0 or -errno.
 */
int fw_doctor_search(const struct fw_patient *patient, struct fw_symbol_search *search, size_t nr,
		     bool *hidden);

/* Checks that have a file of their own. */
void fw_doctor_look_symbols(const struct fw_patient *patient, struct fw_finding *finding);
void fw_doctor_look_steps(const struct fw_patient *patient, struct fw_finding *finding);
void fw_doctor_look_kallsyms(const struct fw_patient *patient, struct fw_finding *finding);
void fw_doctor_look_module(const struct fw_patient *patient, struct fw_finding *finding);
void fw_doctor_look_loading(const struct fw_patient *patient, struct fw_finding *finding);
void fw_doctor_look_headers(const struct fw_patient *patient, struct fw_finding *finding);
void fw_doctor_look_abi(const struct fw_patient *patient, struct fw_finding *finding);
void fw_doctor_look_probes(const struct fw_patient *patient, struct fw_finding *finding);
void fw_doctor_look_clone(const struct fw_patient *patient, struct fw_finding *finding);

#endif
