/* The JSON Schema (2020-12) of a command's document, read off its records: what `--schema` prints.
 * Any value may be null (absent) or lost, since damage is data. */
#include "report/form.h"

#include <stdlib.h>

static void put_line(struct output *o, size_t depth)
{
	output_char(o, '\n');
	while (depth--)
		output_char(o, ' ');
}

static void put_member(struct output *o, const char *name, const char *text)
{
	json_string(o, name, strlen(name));
	output_puts(o, ": ");
	json_string(o, text, strlen(text));
}

static void put_type(struct output *o, enum value_type type)
{
	static const char *const types[] = {
		[VALUE_BOOL] = "\"type\": \"boolean\"",
		[VALUE_INT] = "\"type\": \"integer\"",
		[VALUE_UINT] = "\"type\": \"integer\", \"minimum\": 0",
		[VALUE_FLOAT] = "\"type\": \"number\"",
		[VALUE_ADDRESS] = "\"$ref\": \"#/$defs/address\"",
		[VALUE_STRING] = "\"type\": \"string\"",
		[VALUE_STRINGS] =
			"\"type\": \"array\", \"items\": {\"type\": [\"string\", \"null\"]}",
		[VALUE_TIME] = "\"type\": \"string\", \"format\": \"date-time\"",
	};
	output_puts(o, types[type]);
}

static void put_column(struct output *o, const struct column *column)
{
	json_string(o, column->name, strlen(column->name));
	output_puts(o, ": {");
	if (column->doc) {
		put_member(o, "description", column->doc);
		output_puts(o, ", ");
	}
	output_puts(o, "\"anyOf\": [{");
	put_type(o, column->type);
	output_puts(o, "}, {\"type\": \"null\"}, {\"$ref\": \"#/$defs/lost\"}]}");
}

/* The members' names, after those of the document itself. */
static void put_required(struct output *o, const struct record *record, bool is_root)
{
	const char *separator = is_root ? ", " : "";
	output_puts(o, is_root ? "\"required\": [\"pycore\", \"notes\"" : "\"required\": [");
	for (size_t i = 0; i < record->column_count; i++) {
		if (record->columns[i].hidden)
			continue;
		output_puts(o, separator);
		json_string(o, record->columns[i].name, strlen(record->columns[i].name));
		separator = ", ";
	}
	for (const struct record *const *kind = record->children; kind && *kind; kind++) {
		output_puts(o, separator);
		json_string(o, (*kind)->name, strlen((*kind)->name));
		separator = ", ";
	}
	output_puts(o, "], \"additionalProperties\": false");
}

static void put_record(struct output *o, const struct record *record, size_t depth);

static void put_properties(struct output *o, const struct record *record, size_t depth,
			   const char *separator)
{
	for (size_t i = 0; i < record->column_count; i++) {
		if (record->columns[i].hidden)
			continue;
		output_puts(o, separator);
		separator = ",";
		put_line(o, depth);
		put_column(o, &record->columns[i]);
	}
	for (const struct record *const *kind = record->children; kind && *kind; kind++) {
		output_puts(o, separator);
		separator = ",";
		put_line(o, depth);
		json_string(o, (*kind)->name, strlen((*kind)->name));
		output_puts(o, ": ");
		put_record(o, *kind, depth);
	}
}

/* Recursion is over our own constant tables, and never deeper than a report may be. */
static void put_record(struct output *o, const struct record *record, size_t depth)
{
	if (depth > 2 * REPORT_DEPTH) {
		output_puts(o, "true");
		return;
	}
	output_char(o, '{');
	if (record->doc) {
		put_member(o, "description", record->doc);
		output_puts(o, ", ");
	}
	if (record->list)
		output_puts(o, "\"type\": \"array\", \"items\": {\"type\": \"object\", ");
	else
		output_puts(o, "\"type\": [\"object\", \"null\"], ");
	put_required(o, record, false);
	output_puts(o, ", \"properties\": {");
	put_properties(o, record, depth + 1, "");
	output_puts(o, record->list ? "}}}" : "}}");
}

static void put_document(struct output *o, const struct record *root, const char *command)
{
	output_puts(o, "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\","
		"\n \"title\": \"pycore ");
	output_puts(o, command);
	output_puts(o, "\",\n \"type\": \"object\", ");
	put_required(o, root, true);
	output_puts(o,
		",\n \"$defs\": {"
		"\n  \"address\": {\"type\": \"string\", \"pattern\": \"^0x[0-9a-f]+$\"},"
		"\n  \"lost\": {\"description\": \"what could not be read, and where it was\","
		" \"type\": \"object\", \"required\": [\"lost\"], \"additionalProperties\": false,"
		" \"properties\": {\"lost\": {\"$ref\": \"#/$defs/address\"}}}},"
		"\n \"properties\": {"
		"\n  \"pycore\": {\"type\": \"object\", \"required\": [\"format\", \"command\", \"version\"],"
		" \"additionalProperties\": false, \"properties\": {\"format\": {\"const\": 1},"
		" \"command\": {\"const\": ");
	json_string(o, command, strlen(command));
	output_puts(o, "}, \"version\": {\"type\": \"string\"}}}");
	put_properties(o, root, 2, ",");
	output_puts(o,
		",\n  \"notes\": {\"description\": \"what is missing, damaged or guessed\","
		" \"type\": \"array\", \"items\": {\"type\": \"object\", \"required\": [\"level\", \"text\"],"
		" \"additionalProperties\": false, \"properties\": {\"level\": {\"enum\": [\"info\", \"loss\"]},"
		" \"text\": {\"type\": \"string\"}}}}}}\n");
}

bool report_schema(const struct record *root, const char *command, FILE *out)
{
	struct output *o = malloc(sizeof(*o));
	if (!o)
		return false;
	o->file = out;
	o->error = 0;
	o->begun = false;
	o->len = 0;
	put_document(o, root, command);
	bool written = output_flush(o);
	free(o);
	return written;
}
