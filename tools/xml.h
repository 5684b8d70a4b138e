/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FW_XML_H
#define FW_XML_H

#include <stdio.h>

/* Text in an element or an attribute: plain ASCII, '?' for the rest. */
void fw_xml_put(FILE *out, const char *text);
__attribute__((format(printf, 2, 3)))
void fw_xml_format(FILE *out, const char *format, ...);

#endif
