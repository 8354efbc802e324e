#include "tests/unit/test.h"

#include "analyzers/words.h"

#define EXPECT(call, expected)                                                                     \
	do {                                                                                       \
		_str_ struct str out = STR_INIT;                                                   \
		call;                                                                              \
		assert_string_equal(out.buf, expected);                                            \
	} while (0)

static void words_version__names_previews(void **state)
{
	EXPECT(words_version(&out, &(struct python_version){ 3, 12, 1, 0xf, 0, false, false }),
	       "3.12.1");
	EXPECT(words_version(&out, &(struct python_version){ 3, 15, 0, 0xc, 2, false, false }),
	       "3.15.0rc2");
	EXPECT(words_version(&out, &(struct python_version){ 3, 15, 0, 0xa, 7, false, false }),
	       "3.15.0a7");
	EXPECT(words_version(&out, &(struct python_version){ 3, 16, 0xff, 0xf, 0, false, false }),
	       "3.16");
}

static void words_python__names_builds(void **state)
{
	struct runtime rt = { .layout.version = {
				      .major = 3, .minor = 13, .micro = 5, .level = 0xf } };
	EXPECT(words_python(&out, NULL), "");
	EXPECT(words_python(&out, &rt), "Python 3.13.5");
	rt.layout.version.debug = true;
	EXPECT(words_python(&out, &rt), "Python 3.13.5 (debug build)");
	rt.layout.version.free_threaded = true;
	EXPECT(words_python(&out, &rt), "Python 3.13.5 (free-threaded, debug build)");
}

static void words_signal__says_what_is_known(void **state)
{
	struct process p = { .pid = 4242, .signal = 11, .si_code = 1, .has_siginfo = true,
			     .has_fault_address = true, .fault_address = 0x10 };
	EXPECT(words_signal(&out, &p),
	       "died of SIGSEGV (Segmentation fault) at 0x10: address not mapped to object");
	EXPECT(words_signal_short(&out, &p), "SIGSEGV at 0x10");
	p = (struct process){ .pid = 4242, .signal = 6, .has_sender = true, .sender_pid = 4242 };
	EXPECT(words_signal(&out, &p), "died of SIGABRT (Aborted), sent by itself");
	p.sender_pid = 7;
	p.sender_uid = 1000;
	EXPECT(words_signal(&out, &p), "died of SIGABRT (Aborted), sent by pid 7 of uid 1000");
	p = (struct process){ .signal = 250 };
	EXPECT(words_signal_short(&out, &p), "signal 250");
	p.signal = 0;
	EXPECT(words_signal(&out, &p), "did not die of a signal: a snapshot of a running process");
}

static void words_bytes__chooses_a_unit(void **state)
{
	EXPECT(words_bytes(&out, 0), "0 B");
	EXPECT(words_bytes(&out, 1023), "1023 B");
	EXPECT(words_bytes(&out, 1536), "1.5 KiB");
	EXPECT(words_bytes(&out, UINT64_C(10) << 30), "10.0 GiB");
	EXPECT(words_bytes(&out, UINT64_MAX), "16.0 EiB");
}

static void words_count__has_a_plural(void **state)
{
	EXPECT(words_count(&out, 1, "thread"), "1 thread");
	EXPECT(words_count(&out, 0, "thread"), "0 threads");
}

static void words_time__is_utc(void **state)
{
	EXPECT(words_time(&out, 1763884800), "2025-11-23 08:00:00 UTC");
	EXPECT(words_time(&out, INT64_MAX), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_version__names_previews),
		cmocka_unit_test(words_python__names_builds),
		cmocka_unit_test(words_signal__says_what_is_known),
		cmocka_unit_test(words_bytes__chooses_a_unit),
		cmocka_unit_test(words_count__has_a_plural),
		cmocka_unit_test(words_time__is_utc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
