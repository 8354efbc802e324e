#include "analyzers/words.h"

#include <inttypes.h>
#include <time.h>
#include "core/checked.h"

void words_version(struct str *out, const struct python_version *version)
{
	str_printf(out, "%u.%u", version->major, version->minor);
	if (version->micro != 0xff)
		str_printf(out, ".%u", version->micro);
	switch (version->level) {
	case 0xa: str_printf(out, "a%u", version->serial); break;
	case 0xb: str_printf(out, "b%u", version->serial); break;
	case 0xc: str_printf(out, "rc%u", version->serial); break;
	}
}

void words_python(struct str *out, const struct runtime *rt)
{
	if (!rt)
		return;
	const struct python_version *version = &rt->layout.version;
	str_adds(out, "Python ");
	words_version(out, version);
	if (version->free_threaded)
		str_adds(out,
			 version->debug ? " (free-threaded, debug build)" : " (free-threaded)");
	else if (version->debug)
		str_adds(out, " (debug build)");
}

static void add_signal_name(struct str *out, int number)
{
	const char *name = signal_name(number);
	if (name)
		str_adds(out, name);
	else
		str_printf(out, "signal %d", number);
}

void words_signal_short(struct str *out, const struct process *process)
{
	add_signal_name(out, process->signal);
	if (process->has_fault_address)
		str_printf(out, " at " ADDR_FMT, process->fault_address);
}

void words_signal(struct str *out, const struct process *process)
{
	if (!process->signal) {
		str_adds(out, "did not die of a signal: a snapshot of a running process");
		return;
	}
	str_adds(out, "died of ");
	add_signal_name(out, process->signal);
	const char *description = strsignal(process->signal);
	if (description)
		str_printf(out, " (%s)", description);
	if (process->has_fault_address)
		str_printf(out, " at " ADDR_FMT, process->fault_address);
	const char *code = process->has_siginfo
				   ? signal_code_text(process->signal, process->si_code)
				   : NULL;
	if (code)
		str_printf(out, ": %s", code);
	if (process->has_sender) {
		bool self = process->sender_pid == process->pid;
		str_printf(out, ", sent by ");
		str_printf(out, self ? "itself" : "pid %" PRId64, process->sender_pid);
		if (!self && process->sender_uid >= 0)
			str_printf(out, " of uid %" PRId64, process->sender_uid);
	}
}

void words_time(struct str *out, int64_t seconds)
{
	struct tm tm;
	time_t t = (time_t)seconds;
	char text[64];
	if (gmtime_r(&t, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm))
		str_adds(out, text);
}

void words_bytes(struct str *out, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t unit = 0;
	double amount = (double)bytes;
	while (amount >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		amount /= 1024;
		unit++;
	}
	if (unit)
		str_printf(out, "%.1f %s", amount, units[unit]);
	else
		str_printf(out, "%" PRIu64 " B", bytes);
}

void words_count(struct str *out, uint64_t count, const char *noun)
{
	str_printf(out, "%" PRIu64 " %s%s", count, noun, count == 1 ? "" : "s");
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}
