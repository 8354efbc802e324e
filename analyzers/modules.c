/* pycore modules: what was loaded, native files and Python modules, for bug reports. */
#include "analyzers/mapped.h"

#include <inttypes.h>
#include "analyzers/words.h"
#include "cpython_layouts/object.h"
#include "report/text.h"

enum { MODULES_MAX = 1 << 20, VERSION_MAX = 200, PATH_LENGTH_MAX = 4096 };

struct modules_config {
	bool all;
};

static const struct option modules_options[] = {
	{ "all", 'a', OPTION_FLAG, .help = "Python's own modules and submodules too",
	  .offset = offsetof(struct modules_config, all) },
	{ 0 },
};

/* --- records -------------------------------------------------------------------------------- */

enum python_column {
	PY_NAME,
	PY_VERSION,
	PY_FILE,
	PY_EXTENSION,
	PY_INTERPRETER,
	PY_SHOWN,
	PY_FIRST,
	PY_COLUMNS,
};

static const struct column python_columns[] = {
	[PY_NAME] = COLUMN("name", STRING, "in sys.modules"),
	[PY_VERSION] = COLUMN("version", STRING, "its __version__; null: it has none"),
	[PY_FILE] = COLUMN("file", STRING, "its __file__; null: built in, or made at run time"),
	[PY_EXTENSION] = COLUMN("extension", BOOL, "a shared library"),
	[PY_INTERPRETER] = COLUMN("interpreter", INT, "0: the main one"),
	[PY_SHOWN] = { .name = "shown", .type = VALUE_BOOL, .hidden = true, .doc = "in text" },
	[PY_FIRST] = { .name = "first",
		       .type = VALUE_BOOL,
		       .hidden = true,
		       .doc = "has the label" },
};

static void python_text(struct text *out, const struct value *values)
{
	if (values[PY_FIRST].b) {
		text_style(out, STYLE_HEADING);
		text_printf(out, "\nPython    ");
		text_style(out, STYLE_PLAIN);
		text_printf(out, "name, version, file\n");
	}
	if (!values[PY_SHOWN].b)
		return;
	text_printf(out, "  ");
	text_style(out, STYLE_NAME);
	text_value(out, &python_columns[PY_NAME], &values[PY_NAME]);
	text_style(out, STYLE_PLAIN);
	text_printf(out, "  ");
	if (values[PY_VERSION].state == VALUE_ABSENT)
		text_printf(out, "-");
	else
		text_value(out, &python_columns[PY_VERSION], &values[PY_VERSION]);
	text_printf(out, "  ");
	if (values[PY_FILE].state == VALUE_ABSENT)
		text_printf(out, "(no file)");
	else
		text_value(out, &python_columns[PY_FILE], &values[PY_FILE]);
	text_put(out, "\n", 1);
}

static const struct record python_record = {
	.name = "python_modules",
	.list = true,
	.doc = "sys.modules, in the order of import",
	COLUMNS(python_columns),
	.text = python_text,
};

static const struct column summary_columns[] = {
	COLUMN("python_modules", UINT, "in sys.modules of all interpreters"),
	COLUMN("shown", UINT, "of them in text, without --all"),
};

static void summary_text(struct text *out, const struct value *values)
{
	if (values[0].u > values[1].u)
		text_printf(out, "  ... and %" PRIu64 " more: --all shows them\n",
			    values[0].u - values[1].u);
}

static const struct record summary_record = {
	.name = "summary",
	.doc = "how many there are",
	COLUMNS(summary_columns),
	.text = summary_text,
};

static const struct record *const modules_children[] = { &mapped_record, &python_record,
							 &summary_record, NULL };

static const struct record modules_root = {
	.name = "modules",
	.doc = "what was loaded",
	.children = modules_children,
};

/* --- one Python module ---------------------------------------------------------------------- */

struct listing {
	struct session *session;
	struct report *report;
	bool all;
	uint64_t count, shown, lost;
};

/* A str as it is, anything else as its repr. */
static struct value text_of(struct runtime *rt, addr_t at, size_t max, struct str *buf)
{
	bool cut;
	if (!at || at == rt->none)
		return value_absent();
	if (!object_text(rt, at, max, buf, &cut) &&
	    (object_repr(rt, at, &repr_limits_text, buf) & REPR_LOST))
		return value_lost(at);
	return value_bytes(buf->buf, buf->len);
}

static bool ends_with(const struct value *v, const char *tail)
{
	size_t len = strlen(tail);
	return v->state == VALUE_PRESENT && v->s.len > len &&
	       memcmp(v->s.bytes + v->s.len - len, tail, len) == 0;
}

/* What somebody installed: with a version, a library of its own, or below site-packages. */
static bool is_of_note(const char *name, const struct value *version, const struct value *file,
		       bool extension)
{
	if (strchr(name, '.'))
		return extension;
	return version->state != VALUE_ABSENT || extension ||
	       (file->state == VALUE_PRESENT && (strstr(file->s.bytes, "/site-packages/") ||
						 strstr(file->s.bytes, "/dist-packages/")));
}

static bool report_module(struct listing *l, const struct interpreter *interp, addr_t key,
			  addr_t module)
{
	struct runtime *rt = l->session->runtime;
	const char *name = object_name(rt, key);
	struct object object;
	_str_ struct str version = STR_INIT, file = STR_INIT;
	if (!name || module == rt->none)
		return true; /* None: an import that is forbidden, or 2.7's relative one */
	struct value values[PY_COLUMNS] = {
		[PY_NAME] = value_str(name),
		[PY_INTERPRETER] = value_int(interp->id),
		[PY_FIRST] = value_bool(!l->count),
	};
	if (object_load(rt, module, &object)) {
		values[PY_VERSION] = text_of(rt, object_attribute(rt, &object, "__version__"),
					     VERSION_MAX, &version);
		values[PY_FILE] = text_of(rt, object_attribute(rt, &object, "__file__"),
					  PATH_LENGTH_MAX, &file);
	} else {
		values[PY_VERSION] = values[PY_FILE] = value_lost(module);
		l->lost++;
	}
	bool extension = ends_with(&values[PY_FILE], ".so");
	bool shown = l->all || is_of_note(name, &values[PY_VERSION], &values[PY_FILE], extension);
	values[PY_EXTENSION] = value_bool(extension);
	values[PY_SHOWN] = value_bool(shown);
	l->count++;
	l->shown += shown;
	return report_row(l->report, &python_record, values);
}

static bool report_interpreter(struct listing *l, const struct interpreter *interp)
{
	struct dict_iter it;
	addr_t key, module;
	bool ok = true;
	if (!dict_iter_start(l->session->runtime, interp->modules, &it)) {
		remark_loss(&l->session->target->remarks,
			    "sys.modules of interpreter %" PRId64 " cannot be read", interp->id);
		return true;
	}
	for (size_t n = 0; ok && n < MODULES_MAX && dict_next(&it, &key, &module); n++)
		ok = report_module(l, interp, key, module);
	if (it.lost)
		remark_loss(&l->session->target->remarks,
			    "some of sys.modules of interpreter %" PRId64 " cannot be read",
			    interp->id);
	return ok;
}

static struct error *run_modules(struct session *s, const void *config_, struct report *report)
{
	const struct modules_config *config = config_;
	struct listing l = { .session = s, .report = report, .all = config->all };
	bool ok = mapped_report(s->target, report);
	if (!s->runtime)
		return NULL;
	struct interpreter_iter it = interpreters(s->runtime);
	struct interpreter interp;
	while (ok && interpreter_next(&it, &interp))
		ok = report_interpreter(&l, &interp);
	if (l.lost)
		remark_loss(&s->target->remarks,
			    "%" PRIu64 " of %" PRIu64 " Python modules cannot be read", l.lost,
			    l.count);
	if (ok)
		report_row(report, &summary_record,
			   (struct value[]){ value_uint(l.count), value_uint(l.shown) });
	return NULL;
}

const struct analyzer analyzer_modules = {
	.api = PYCORE_PLUGIN_API,
	.name = "modules",
	.summary = "what was loaded: native files, and Python modules with their versions",
	.description =
		"Lists the ELF files that were mapped, each with its build-id and whether the file "
		"on this machine is the same build, and what sys.modules held: name, "
		"__version__ and __file__.\n"
		"Of Python's modules text shows those that were installed beside Python itself "
		"and those that are shared libraries; --all shows every one, and --json has them "
		"all.",
	.example = "pycore modules core.1234\n"
		   "pycore modules --json core.1234 | jq '.python_modules[].name'",
	.options = modules_options,
	.config_size = sizeof(struct modules_config),
	.root = &modules_root,
	.needs = NEEDS_TARGET | WANTS_RUNTIME,
	.run = run_modules,
};
