/* pycore list: which cores crash handlers keep here. */
#include "analyzers/session.h"

#include <inttypes.h>
#include <string.h>
#include "analyzers/words.h"
#include "core/store.h"
#include "report/text.h"

struct list_config {
	bool python;
	uint64_t count;
};

#define AT(member) .offset = offsetof(struct list_config, member)

static const struct option list_options[] = {
	{ "python", 'p', OPTION_FLAG, .help = "only of processes that are called python", AT(python) },
	{ "count", 'n', OPTION_NUMBER, "N", "only the newest N", AT(count), .min = 1 },
	{ 0 },
};

enum core_column {
	CORE_TIME, CORE_PID, CORE_UID, CORE_GID, CORE_SIGNAL, CORE_SIGNAL_NAME, CORE_NAME,
	CORE_EXECUTABLE, CORE_PYTHON, CORE_HOSTNAME, CORE_UNIT, CORE_KEEPER, CORE_STATE, CORE_SIZE, CORE_PATH,
	CORE_COLUMNS,
};

static const struct column core_columns[] = {
	[CORE_TIME] = COLUMN("time", TIME, "of death"),
	[CORE_PID] = COLUMN("pid", INT, "in the host's namespace"),
	[CORE_UID] = COLUMN("uid", INT, "user"),
	[CORE_GID] = COLUMN("gid", INT, "group"),
	[CORE_SIGNAL] = COLUMN("signal", INT, "as the kernel counts"),
	[CORE_SIGNAL_NAME] = COLUMN("signal_name", STRING, "\"SIGSEGV\""),
	[CORE_NAME] = COLUMN("name", STRING, "the process's"),
	[CORE_EXECUTABLE] = COLUMN("executable", STRING, "path, as seen from within the process"),
	[CORE_PYTHON] = COLUMN("python", BOOL, "called python; false: another name, which may embed one"),
	[CORE_HOSTNAME] = COLUMN("hostname", STRING, "of the machine"),
	[CORE_UNIT] = COLUMN("unit", STRING, "systemd's, of the process"),
	[CORE_KEEPER] = COLUMN("keeper", STRING, "\"systemd-coredump\" or \"abrt\""),
	[CORE_STATE] = COLUMN("state", STRING,
			      "present, truncated, inaccessible, missing (removed), journal (in it) or "
			      "none (not kept)"),
	[CORE_SIZE] = COLUMN("size", UINT, "bytes of the file, as it is packed"),
	[CORE_PATH] = COLUMN("path", STRING, "of the file"),
};

static void put_number(struct text *out, const struct value *v, int width)
{
	if (v->state == VALUE_PRESENT)
		text_printf(out, "%-*" PRId64 " ", width, v->i);
	else
		text_printf(out, "%-*s ", width, "?");
}

static void core_text(struct text *out, const struct value *v)
{
	_str_ struct str time = STR_INIT, size = STR_INIT;
	if (v[CORE_TIME].state == VALUE_PRESENT)
		words_time(&time, v[CORE_TIME].i);
	if (v[CORE_SIZE].state == VALUE_PRESENT)
		words_bytes(&size, v[CORE_SIZE].u);
	else
		str_adds(&size, "-");
	text_printf(out, "%-23s ", time.len ? time.buf : "?");
	put_number(out, &v[CORE_PID], 7);
	put_number(out, &v[CORE_UID], 6);
	if (v[CORE_SIGNAL_NAME].state == VALUE_PRESENT)
		text_printf(out, "%-8s ", v[CORE_SIGNAL_NAME].s.bytes);
	else
		put_number(out, &v[CORE_SIGNAL], 8);
	text_printf(out, "%10s  ", size.buf);
	text_style(out, v[CORE_PYTHON].b ? STYLE_HEADING : STYLE_PLAIN);
	const struct value *what = &v[v[CORE_EXECUTABLE].state ? CORE_EXECUTABLE : CORE_NAME];
	text_value(out, &core_columns[CORE_EXECUTABLE], what);
	text_style(out, STYLE_PLAIN);
	if (strcmp(v[CORE_STATE].s.bytes, "present") != 0)
		text_printf(out, " (%s)", v[CORE_STATE].s.bytes);
	text_put(out, "\n", 1);
}

static const struct record core_record = {
	.name = "cores", .list = true, .doc = "newest first", COLUMNS(core_columns), .text = core_text,
};

static const struct record *const list_children[] = { &core_record, NULL };

static const struct record list_root = {
	.name = "list", .doc = "the cores that crash handlers keep here", .children = list_children,
};

static struct value known(int64_t number)
{
	return number >= 0 ? value_int(number) : value_absent();
}

static bool is_python(const struct store_entry *e)
{
	const char *slash = e->executable ? strrchr(e->executable, '/') : NULL;
	return (slash && has_prefix(slash + 1, "python")) || (e->name && has_prefix(e->name, "python"));
}

static bool report_core(const struct store_entry *e, struct report *report)
{
	static const char *const states[] = {
		[STORE_PRESENT] = "present",
		[STORE_INACCESSIBLE] = "inaccessible",
		[STORE_TRUNCATED] = "truncated",
		[STORE_MISSING] = "missing",
		[STORE_JOURNAL] = "journal",
		[STORE_NONE] = "none",
	};
	const struct value values[CORE_COLUMNS] = {
		[CORE_TIME] = known(e->time >= 0 ? e->time / 1000000 : -1),
		[CORE_PID] = known(e->pid),
		[CORE_UID] = known(e->uid),
		[CORE_GID] = known(e->gid),
		[CORE_SIGNAL] = known(e->signal),
		[CORE_SIGNAL_NAME] = value_str(e->signal > 0 && e->signal < 65 ?
					       signal_name((int)e->signal) : NULL),
		[CORE_NAME] = value_str(e->name),
		[CORE_EXECUTABLE] = value_str(e->executable),
		[CORE_PYTHON] = value_bool(is_python(e)),
		[CORE_HOSTNAME] = value_str(e->hostname),
		[CORE_UNIT] = value_str(e->unit),
		[CORE_KEEPER] = value_str(e->keeper),
		[CORE_STATE] = value_str(states[e->state]),
		[CORE_SIZE] = e->state == STORE_PRESENT || e->state == STORE_TRUNCATED ||
			      e->state == STORE_INACCESSIBLE ? value_uint(e->size) : value_absent(),
		[CORE_PATH] = value_str(e->path),
	};
	return report_row(report, &core_record, values);
}

static struct error *list_run(struct session *session, const void *config_, struct report *report)
{
	const struct list_config *config = config_;
	struct store store;
	struct error *err = store_load(session->files->sysroot, &store);
	if (err)
		return err;
	uint64_t shown = 0;
	const struct store_entry *e;
	vec_each(e, &store.entries) {
		if (config->python && !is_python(e))
			continue;
		if ((config->count && shown == config->count) || !report_core(e, report))
			break;
		shown++;
	}
	if (!store.entries.len)
		report_note(report, NOTE_INFO, "neither systemd-coredump nor abrt keeps a core here");
	if (store.unreadable)
		report_note(report, NOTE_LOSS, "a directory with cores may not be read: try as root");
	store_release(&store);
	return NULL;
}

const struct analyzer analyzer_list = {
	.api = PYCORE_PLUGIN_API,
	.name = "list",
	.summary = "list the cores that systemd-coredump and abrt keep here",
	.description =
		"Newest first, from /var/lib/systemd/coredump and /var/spool/abrt (below --sysroot), by what\n"
		"is stored beside each core, and from the journal, where libsystemd is at hand: that also knows\n"
		"which cores are not whole, and which were removed. Only entries that systemd-coredump itself\n"
		"wrote are believed. Every other command takes one of the cores by `last`, by the process's id\n"
		"or by its name: pycore bt last.",
	.example =
		"pycore list\n"
		"pycore list --python --count 5\n"
		"pycore bt last",
	.options = list_options,
	.config_size = sizeof(struct list_config),
	.root = &list_root,
	.needs = TAKES_NO_CORE,
	.run = list_run,
};
