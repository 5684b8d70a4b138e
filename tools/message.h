/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tool says to its user: one line each on stderr, after "forkwatch: ". */
#ifndef FW_MESSAGE_H
#define FW_MESSAGE_H

void fw_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
