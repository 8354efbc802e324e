/* The mapped ELF files as info and modules list them. */
#ifndef ANALYZERS_MAPPED_H
#define ANALYZERS_MAPPED_H

#include "analyzers/session.h"

extern const struct record mapped_record;
bool mapped_report(const struct target *t, struct report *report);

#endif
