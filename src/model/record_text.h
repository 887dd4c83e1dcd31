/*
 * record_text: a record as text, for another process or a later time.
 *
 * The text does not depend on a table of symbols or on this machine's number formats. Reading it
 * back gives the same record, except for the comparison and the signs of its memory, which are left
 * out. A record has exactly one text, and no other form of it is accepted. It is printable ASCII:
 *
 *	anonmem-record 1
 *	by process label user
 *	target 7
 *	process pid=42 start=9001 name="redis-server" uid=1000 exe="/usr/bin/redis-server"
 *	match yes
 *	outcome read
 *	how scanned names_kept
 *	swaps_shared no
 *	shares_with -
 *	resident -
 *	inexact no
 *	problem -
 *	group processes=1 mappings=3
 *	process pid=42 start=9001 name="redis-server"
 *	label kernel "[anon:caf\xc3\xa9]"
 *	user -
 *	counters rss=8192 pss=4096 swap>=0
 *	heap used=6000 free=2192 trimmable=0
 *	swapped group=0 device=0:1 inode=77 7f00-9f00 offset=0 bytes=4096
 *	end
 *
 *	record   = header group* part* "end"	these two only if the outcome is "read"
 *	header   = the lines above, all of them and in this order
 *	group    = "group" line, a line for each key of "by", "counters" line ["heap" line]
 *	key      = name of the key, " -" | value	- is no value
 *	value    = process | label | mapping | segment | " " string
 *		   label also for the key "file"
 *	process  = [" pid=" n] [" start=" n] [" name=" string]	of a key; that of the header goes
 *		   on [" uid=" n] [" cgroup=" string] [" exe=" string] [" command=" string]
 *	label    = " kernel " | " process " | " inferred " string
 *	mapping  = " " hex "-" hex " " string label process	the string is its permissions
 *	counters = (" " name ("=" | ">=") n)*	in the order and with the names of counters.h
 *	heap     = [" used=" n " free=" n " trimmable=" n] [" partial"]	at least one of both
 *	segment  = object " " string
 *	object   = " device=" n ":" n " inode=" n [" ipc=" n]
 *	part     = "swapped group=" (n | "-") object " " hex "-" hex " offset=" n " bytes=" n
 *		   in ascending order of groups; "-" is none
 *	string   = '"' (byte | "\x" hex hex)* '"'	escaped: what is not printable, " and \
 *
 * What is left out is unknown. For an unknown counter, ">=" gives the part that is known.
 */
#ifndef MODEL_RECORD_TEXT_H
#define MODEL_RECORD_TEXT_H

#include "model/record.h"

#include <stdio.h>

/* `symbols` is the table of the record's keys; check ferror(out) for errors. */
void record_write(const struct record *r, const struct grouping *by, const struct intern *symbols,
		  FILE *out);

/*
 * Takes one record off the start of the text: a single allocation, freed with free(), with its keys
 * in `symbols`. `by` must be the grouping that it was written with.
 *
 * NULL with *e, and the text unchanged: ERROR_MALFORMED, which gives the line in the record, or
 * ERROR_MEMORY. Symbols may have been added nevertheless, though not more than the text has.
 */
struct record *record_read(struct slice *text, const struct grouping *by, struct intern *symbols,
			   struct error *e);

#endif
