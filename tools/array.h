/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FW_ARRAY_H
#define FW_ARRAY_H

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#endif
