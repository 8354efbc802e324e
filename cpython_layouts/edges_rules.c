/* What is known of CPython's own C types: which words of an instance are references, what they are
 * called, and which of them tp_traverse visits. A row holds for the versions it names; of two that
 * hold the upper is taken. How words are written is told at struct edge_rule. Each was compared
 * with gc.get_referents() of living processes (tests/live).
 *
 * Words, not named members, because these structs lie in .c files that no header shows, and hold
 * nothing but pointers and what takes a pointer's room: they are the same on every 64-bit machine
 * and in every build. */
#include "cpython_layouts/edges_walk.h"

#define ALL                              0, 0
#define FROM(minor)                      V(3, minor, 0), 0
#define BELOW(minor)                     V(3, 0, 0), V(3, minor, 0)
#define BETWEEN(since, until)            V(3, since, 0), V(3, until, 0)
#define SINCE(minor, micro)              V(3, minor, micro), 0
#define SINCE_UNTIL(minor, micro, until) V(3, minor, micro), V(3, until, 0)
#define PYTHON2                          0, V(3, 0, 0)

/* Objects/exceptions.c: what every exception begins with. */
#define EXCEPTION2   "__dict__ args message "
#define EXCEPTION36  "__dict__ args __traceback__ __context__ __cause__ - "
#define EXCEPTION311 "__dict__ args __notes__ __traceback__ __context__ __cause__ - "
#define EXCEPTION(name, words)                                                                     \
	{ name, BETWEEN(0, 11), EXCEPTION36 words, { NULL }, 0 },                                  \
	{                                                                                          \
		name, FROM(11), EXCEPTION311 words, { NULL }, 0                                    \
	}
#define EXCEPTION_2(name, words)                                                                   \
	{                                                                                          \
		"exceptions." name, PYTHON2, EXCEPTION2 words, { NULL }, 0                         \
	}

#define ROW(name, versions, words, ...)                                                            \
	{                                                                                          \
		name, versions, words, { __VA_ARGS__ }, 0                                          \
	}

static const struct edge_rule rules[] = {
	/* containers */
	ROW("tuple", ALL, "", walk_tuple),
	ROW("list", ALL, "", walk_list),
	ROW("dict", ALL, "", walk_dict),
	ROW("frozendict", ALL, "", walk_dict),
	ROW("set", ALL, "", walk_set),
	ROW("frozenset", ALL, "", walk_set),
	ROW("collections.deque", ALL, "", walk_deque),
	ROW("collections.defaultdict", PYTHON2, "-*29 default_factory", walk_dict),
	ROW("collections.defaultdict", ALL, "-*4 default_factory", walk_dict),
	ROW("collections.OrderedDict", BETWEEN(0, 7), "-*10 __dict__ >od_weakreflist", walk_odict,
	    walk_dict),
	ROW("collections.OrderedDict", ALL, "-*10 __dict__", walk_odict, walk_dict),

	/* functions and what calls are made of */
	ROW("function", PYTHON2,
	    "__code__ __globals__ __defaults__ __closure__ __doc__ __name__ "
	    "__dict__ - __module__",
	    NULL),
	ROW("function", BELOW(10),
	    "__code__ __globals__ __defaults__ __kwdefaults__ __closure__ "
	    "__doc__ __name__ __dict__ - __module__ __annotations__ "
	    "__qualname__",
	    NULL),
	ROW("function", BETWEEN(10, 12),
	    "__globals__ __builtins__ __name__ __qualname__ __code__ "
	    "__defaults__ __kwdefaults__ __closure__ __doc__ __dict__ "
	    "- __module__ __annotations__",
	    NULL),
	ROW("function", BETWEEN(12, 14),
	    "__globals__ __builtins__ __name__ __qualname__ __code__ "
	    "__defaults__ __kwdefaults__ __closure__ __doc__ __dict__ "
	    "- __module__ __annotations__ __type_params__",
	    NULL),
	ROW("function", FROM(14),
	    "__globals__ __builtins__ __name__ __qualname__ __code__ "
	    "__defaults__ __kwdefaults__ __closure__ __doc__ __dict__ - "
	    "__module__ __annotations__ __annotate__ __type_params__",
	    NULL),
	ROW("method", ALL, "__func__ __self__", NULL),
	ROW("instancemethod", PYTHON2, "__func__ __self__ im_class", NULL),
	ROW("builtin_function_or_method", ALL, "- __self__ __module__", NULL),
	ROW("builtin_method", ALL, "- __self__ __module__ - - >mm_class", NULL),
	ROW("getset_descriptor", ALL, "__objclass__ __name__~ __qualname__~", NULL),
	ROW("member_descriptor", PYTHON2, "__objclass__ __name__~", NULL),
	ROW("member_descriptor", ALL, "__objclass__ __name__~ __qualname__~", NULL),
	ROW("method_descriptor", PYTHON2, "__objclass__ __name__~", NULL),
	ROW("method_descriptor", ALL, "__objclass__ __name__~ __qualname__~", NULL),
	ROW("classmethod_descriptor", PYTHON2, "__objclass__ __name__~", NULL),
	ROW("classmethod_descriptor", ALL, "__objclass__ __name__~ __qualname__~", NULL),
	ROW("wrapper_descriptor", PYTHON2, "__objclass__ __name__~", NULL),
	ROW("wrapper_descriptor", ALL, "__objclass__ __name__~ __qualname__~", NULL),
	ROW("method-wrapper", ALL, ">descr __self__", NULL),
	ROW("classmethod", PYTHON2, "__func__", NULL),
	ROW("classmethod", ALL, "__func__ __dict__", NULL),
	ROW("staticmethod", PYTHON2, "__func__", NULL),
	ROW("staticmethod", ALL, "__func__ __dict__", NULL),
	ROW("property", BELOW(10), "fget fset fdel __doc__", NULL),
	ROW("property", PYTHON2, "fget fset fdel __doc__", NULL),
	ROW("property", FROM(10), "fget fset fdel __doc__ __name__", NULL),
	ROW("super", ALL, "__thisclass__ __self__ __self_class__", NULL),
	ROW("cell", ALL, "cell_contents", NULL),
	ROW("code", ALL, "", walk_code),
	ROW("functools.partial", ALL, "func args keywords __dict__", NULL),
	ROW("functools._lru_cache_wrapper", BELOW(7),
	    "-*6 >maxsize __wrapped__ - >cache >cache_info_type -*3 __dict__", walk_lru_cache),
	ROW("functools._lru_cache_wrapper", BETWEEN(7, 10),
	    "-*7 >cache - __wrapped__ -*2 >cache_info_type __dict__", walk_lru_cache),
	ROW("functools._lru_cache_wrapper", FROM(10),
	    "-*7 >cache - __wrapped__ -*2 >kwd_mark >lru_list_elem_type >cache_info_type __dict__",
	    walk_lru_cache),
	ROW("functools.KeyWrapper", ALL, ">cmp obj", NULL),

	/* frames, generators, exceptions */
	ROW("frame", PYTHON2,
	    "- f_back f_code f_builtins f_globals f_locals -*2 f_trace >f_exc_type "
	    ">f_exc_value >f_exc_traceback",
	    walk_frame_slots),
	ROW("frame", BELOW(7),
	    "- f_back f_code f_builtins f_globals f_locals -*2 f_trace >f_exc_type "
	    ">f_exc_value >f_exc_traceback",
	    walk_frame_slots),
	ROW("frame", BETWEEN(7, 10), "- f_back f_code f_builtins f_globals f_locals -*2 f_trace",
	    walk_frame_slots),
	ROW("frame", BETWEEN(10, 11), "- f_back f_code f_builtins f_globals f_locals - f_trace",
	    walk_frame_slots),
	ROW("frame", BETWEEN(11, 13), "f_back - f_trace", walk_frame_object),
	ROW("frame", FROM(13), "f_back - f_trace - >f_extra_locals >f_locals_cache",
	    walk_frame_object),
	ROW("FrameLocalsProxy", ALL, ">frame", NULL),
	ROW("generator", PYTHON2, "gi_frame - gi_code", NULL),
	ROW("generator", BELOW(7), "gi_frame - gi_code - __name__ __qualname__", NULL),
	ROW("generator", BETWEEN(7, 10),
	    "gi_frame - gi_code - __name__ __qualname__ >exc_type "
	    ">exc_value >exc_traceback",
	    NULL),
	ROW("generator", BETWEEN(10, 11),
	    "gi_frame gi_code - __name__ __qualname__ >exc_type "
	    ">exc_value >exc_traceback",
	    NULL),
	ROW("generator", BETWEEN(11, 12), "gi_code - __name__ __qualname__ >exc_value",
	    walk_generator_frame),
	ROW("generator", FROM(12), "- __name__ __qualname__ >exc_value", walk_generator_frame),
	ROW("coroutine", BELOW(7), "cr_frame - cr_code - __name__ __qualname__", NULL),
	ROW("coroutine", BETWEEN(7, 10),
	    "cr_frame - cr_code - __name__ __qualname__ >exc_type "
	    ">exc_value >exc_traceback - cr_origin~",
	    NULL),
	ROW("coroutine", BETWEEN(10, 11),
	    "cr_frame cr_code - __name__ __qualname__ >exc_type "
	    ">exc_value >exc_traceback - cr_origin~",
	    NULL),
	ROW("coroutine", BETWEEN(11, 12), "cr_code - __name__ __qualname__ >exc_value - cr_origin~",
	    walk_generator_frame),
	ROW("coroutine", FROM(12), "- __name__ __qualname__ >exc_value - cr_origin~",
	    walk_generator_frame),
	ROW("async_generator", BELOW(7), "ag_frame - ag_code - __name__ __qualname__ >ag_finalizer",
	    NULL),
	ROW("async_generator", BETWEEN(7, 10),
	    "ag_frame - ag_code - __name__ __qualname__ >exc_type "
	    ">exc_value >exc_traceback - >ag_finalizer",
	    NULL),
	ROW("async_generator", BETWEEN(10, 11),
	    "ag_frame ag_code - __name__ __qualname__ >exc_type "
	    ">exc_value >exc_traceback - >ag_finalizer",
	    NULL),
	ROW("async_generator", BETWEEN(11, 12),
	    "ag_code - __name__ __qualname__ >exc_value - "
	    ">ag_finalizer",
	    walk_generator_frame),
	ROW("async_generator", FROM(12), "- __name__ __qualname__ >exc_value - >ag_finalizer",
	    walk_generator_frame),
	ROW("async_generator_asend", ALL, ">ags_gen >ags_sendval", NULL),
	ROW("async_generator_athrow", BELOW(15), ">agt_gen >agt_args", NULL),
	ROW("async_generator_athrow", FROM(15), ">agt_gen >agt_typ >agt_tb >agt_val", NULL),
	ROW("async_generator_wrapped_value", ALL, ">agw_val", NULL),
	ROW("coroutine_wrapper", ALL, ">cw_coroutine", NULL),
	ROW("traceback", ALL, "tb_next tb_frame", NULL),
	{ "exceptions.BaseException", PYTHON2, EXCEPTION2, { NULL }, 0 },
	{ "BaseException", PYTHON2, EXCEPTION2, { NULL }, 0 },
	EXCEPTION_2("EnvironmentError", "errno strerror filename"),
	EXCEPTION_2("SyntaxError", "msg filename lineno offset text print_file_and_line"),
	EXCEPTION_2("SystemExit", "code"),
	EXCEPTION_2("UnicodeEncodeError", "encoding object -*2 reason"),
	EXCEPTION_2("UnicodeDecodeError", "encoding object -*2 reason"),
	EXCEPTION_2("UnicodeTranslateError", "encoding object -*2 reason"),
	EXCEPTION("BaseException", ""),
	EXCEPTION("OSError", "errno strerror filename filename2"),
	EXCEPTION("StopIteration", "value"),
	EXCEPTION("SystemExit", "code"),
	EXCEPTION("UnicodeEncodeError", "encoding object -*2 reason"),
	EXCEPTION("UnicodeDecodeError", "encoding object -*2 reason"),
	EXCEPTION("UnicodeTranslateError", "encoding object -*2 reason"),
	{ "SyntaxError",
	  BELOW(10),
	  EXCEPTION36 "msg filename lineno offset text print_file_and_line",
	  { NULL },
	  0 },
	{ "SyntaxError",
	  BETWEEN(10, 11),
	  EXCEPTION36 "msg filename lineno offset end_lineno "
		      "end_offset text print_file_and_line",
	  { NULL },
	  0 },
	{ "SyntaxError",
	  BETWEEN(11, 14),
	  EXCEPTION311 "msg filename lineno offset end_lineno "
		       "end_offset text print_file_and_line",
	  { NULL },
	  0 },
	{ "SyntaxError",
	  FROM(14),
	  EXCEPTION311 "msg filename lineno offset end_lineno end_offset "
		       "text print_file_and_line _metadata",
	  { NULL },
	  0 },
	{ "ImportError", BETWEEN(0, 11), EXCEPTION36 "msg name path", { NULL }, 0 },
	{ "ImportError", BETWEEN(11, 12), EXCEPTION311 "msg name path", { NULL }, 0 },
	{ "ImportError", FROM(12), EXCEPTION311 "msg name path name_from", { NULL }, 0 },
	{ "NameError", BETWEEN(10, 11), EXCEPTION36 "name", { NULL }, 0 },
	{ "NameError", FROM(11), EXCEPTION311 "name", { NULL }, 0 },
	{ "AttributeError", BETWEEN(10, 11), EXCEPTION36 "obj name", { NULL }, 0 },
	{ "AttributeError", FROM(11), EXCEPTION311 "obj name", { NULL }, 0 },
	{ "BaseExceptionGroup",
	  FROM(11),
	  EXCEPTION311 "message exceptions >excs_str",
	  { NULL },
	  0 },

	/* classes, modules, weak references */
	ROW("type", ALL, "", walk_type),
	ROW("classobj", PYTHON2, "__bases__ __dict__ __name__ >cl_getattr >cl_setattr >cl_delattr",
	    NULL),
	ROW("instance", PYTHON2, "__class__ __dict__", NULL),
	ROW("module", PYTHON2, "__dict__", NULL),
	ROW("module", BELOW(15), "__dict__ -*3 >md_name~", walk_module_state),
	ROW("module", FROM(15), "__dict__ -*2 >md_name~", walk_module_state),
	ROW("weakref", ALL, ">wr_object! __callback__", NULL),
	ROW("weakref.ReferenceType", ALL, ">wr_object! __callback__", NULL),
	ROW("weakproxy", ALL, ">wr_object! __callback__", NULL),
	ROW("weakref.ProxyType", ALL, ">wr_object! __callback__", NULL),
	ROW("weakcallableproxy", ALL, ">wr_object! __callback__", NULL),
	ROW("weakref.CallableProxyType", ALL, ">wr_object! __callback__", NULL),
	ROW("mappingproxy", ALL, ">mapping", NULL),
	ROW("dictproxy", PYTHON2, ">mapping", NULL),
	ROW("types.SimpleNamespace", ALL, "__dict__", NULL),
	ROW("types.GenericAlias", ALL, "__origin__ __args__ __parameters__", NULL),
	ROW("types.UnionType", BELOW(14), "__args__ __parameters__", NULL),
	ROW("types.UnionType", FROM(14), "__args__ >hashable_args >unhashable_args __parameters__",
	    NULL),
	ROW("typing.Union", FROM(14), "__args__ >hashable_args >unhashable_args __parameters__",
	    NULL),

	/* values */
	ROW("slice", ALL, "start stop step", NULL),
	ROW("range", ALL, "start stop step >length", NULL),
	ROW("xrange", ALL, "", NULL),
	ROW("bytearray", FROM(15), "-*5 >ob_bytes_object~", NULL),
	ROW("bytearray", ALL, "", NULL),
	ROW("memoryview", PYTHON2, ">base - obj", NULL),
	ROW("memoryview", ALL, "- >mbuf", NULL),
	ROW("managedbuffer", ALL, "-*3 obj", NULL),
	ROW("_pickle.PickleBuffer", ALL, "- obj", NULL),
	ROW("pickle.PickleBuffer", ALL, "- obj", NULL),

	/* iterators */
	ROW("list_iterator", ALL, "- >it_seq", NULL),
	ROW("listiterator", PYTHON2, "- >it_seq", NULL),
	ROW("list_reverseiterator", ALL, "- >it_seq", NULL),
	ROW("listreverseiterator", PYTHON2, "- >it_seq", NULL),
	ROW("tuple_iterator", ALL, "- >it_seq", NULL),
	ROW("tupleiterator", PYTHON2, "- >it_seq", NULL),
	ROW("str_iterator", ALL, "- >it_seq", NULL),
	ROW("str_ascii_iterator", ALL, "- >it_seq", NULL),
	ROW("bytes_iterator", ALL, "- >it_seq", NULL),
	ROW("bytearray_iterator", ALL, "- >it_seq", NULL),
	ROW("iterator", ALL, "- >it_seq", NULL),
	ROW("callable_iterator", ALL, ">it_callable >it_sentinel", NULL),
	ROW("callable-iterator", PYTHON2, ">it_callable >it_sentinel", NULL),
	ROW("set_iterator", ALL, ">si_set", NULL),
	ROW("setiterator", PYTHON2, ">si_set", NULL),
	ROW("dict_keyiterator", ALL, ">di_dict -*2 >di_result", NULL),
	ROW("dict_valueiterator", ALL, ">di_dict -*2 >di_result", NULL),
	ROW("dict_itemiterator", ALL, ">di_dict -*2 >di_result", NULL),
	ROW("dict_reversekeyiterator", ALL, ">di_dict -*2 >di_result", NULL),
	ROW("dict_reversevalueiterator", ALL, ">di_dict -*2 >di_result", NULL),
	ROW("dict_reverseitemiterator", ALL, ">di_dict -*2 >di_result", NULL),
	ROW("dictionary-keyiterator", PYTHON2, ">di_dict -*2 >di_result", NULL),
	ROW("dictionary-valueiterator", PYTHON2, ">di_dict -*2 >di_result", NULL),
	ROW("dictionary-itemiterator", PYTHON2, ">di_dict -*2 >di_result", NULL),
	ROW("dict_keys", ALL, ">dv_dict", NULL),
	ROW("dict_values", ALL, ">dv_dict", NULL),
	ROW("dict_items", ALL, ">dv_dict", NULL),
	ROW("odict_keys", ALL, ">dv_dict", NULL),
	ROW("odict_values", ALL, ">dv_dict", NULL),
	ROW("odict_items", ALL, ">dv_dict", NULL),
	ROW("odict_iterator", ALL, "- >di_odict -*2 >di_current >di_result", NULL),
	ROW("enumerate", BELOW(11), "- >en_sit >en_result >en_longindex", NULL),
	ROW("enumerate", PYTHON2, "- >en_sit >en_result >en_longindex", NULL),
	ROW("enumerate", FROM(11), "- >en_sit >en_result >en_longindex >one~", NULL),
	ROW("reversed", ALL, "- >seq", NULL),
	ROW("zip", ALL, "- >ittuple >result", NULL),
	ROW("map", ALL, ">iters >func", NULL),
	ROW("filter", ALL, ">func >it", NULL),
	ROW("longrange_iterator", ALL, ">index >start >step >len", NULL),
	ROW("range_iterator", ALL, "", NULL),
	ROW("anext_awaitable", ALL, ">wrapped >default_value", NULL),
	ROW("_collections._deque_iterator", ALL, "-*2 >deque", NULL),
	ROW("_collections._deque_reverse_iterator", ALL, "-*2 >deque", NULL),
	ROW("collections._deque_iterator", ALL, "-*2 >deque", NULL),
	ROW("deque_iterator", PYTHON2, "-*2 >deque", NULL),
	ROW("deque_reverse_iterator", PYTHON2, "-*2 >deque", NULL),
	ROW("itertools.count", ALL, "- >cnt >step", NULL),
	ROW("itertools.cycle", ALL, ">it >saved", NULL),
	ROW("itertools.repeat", ALL, ">element", NULL),
	ROW("itertools.chain", ALL, ">source >active", NULL),
	ROW("itertools.islice", ALL, ">it", NULL),
	ROW("itertools.takewhile", ALL, ">func >it", NULL),
	ROW("itertools.dropwhile", ALL, ">func >it", NULL),
	ROW("itertools.filterfalse", ALL, ">func >it", NULL),
	ROW("itertools.ifilterfalse", ALL, ">func >it", NULL),
	ROW("itertools.ifilter", ALL, ">func >it", NULL),
	ROW("itertools.starmap", ALL, ">func >it", NULL),
	ROW("itertools.imap", ALL, ">iters >func", NULL),
	ROW("itertools.izip", ALL, "- >ittuple >result", NULL),
	ROW("itertools.compress", ALL, ">data >selectors", NULL),
	ROW("itertools.accumulate", BELOW(8), ">total >it >func", NULL),
	ROW("itertools.accumulate", FROM(8), ">total >it >func >initial", NULL),
	ROW("itertools.zip_longest", ALL, "-*2 >ittuple >result >fillvalue", NULL),
	ROW("itertools.izip_longest", ALL, "-*2 >ittuple >result >fillvalue", NULL),
	ROW("itertools.product", ALL, ">pools - >result", NULL),
	ROW("itertools.combinations", ALL, ">pool - >result", NULL),
	ROW("itertools.combinations_with_replacement", ALL, ">pool - >result", NULL),
	ROW("itertools.permutations", ALL, ">pool -*2 >result", NULL),
	ROW("itertools.groupby", ALL, ">it >keyfunc >tgtkey >currkey >currvalue", NULL),
	ROW("itertools._grouper", ALL, ">parent >tgtkey", NULL),
	ROW("itertools.pairwise", BELOW(13), ">it >old", NULL),
	ROW("itertools.pairwise", FROM(13), ">it >old >result", NULL),
	ROW("itertools.batched", ALL, ">it", NULL),
	ROW("itertools._tee", ALL, ">dataobj", NULL),
	ROW("itertools.tee", ALL, ">dataobj", NULL),
	ROW("itertools._tee_dataobject", ALL, ">it - >nextlink", walk_tee_data),
	ROW("itertools.tee_dataobject", ALL, ">it - >nextlink", walk_tee_data),
	ROW("operator.itemgetter", ALL, "- >item >index~", NULL),
	ROW("operator.attrgetter", ALL, "- >attr", NULL),

	ROW("operator.methodcaller", PYTHON2, ">name~ >args >kwds", NULL),
	ROW("operator.methodcaller", BELOW(10), ">name~ >args >kwds", NULL),

	/* contextvars */
	ROW("ContextVar", ALL, "name >var_default", NULL),
	ROW("_contextvars.ContextVar", ALL, "name >var_default", NULL),
	ROW("Context", ALL, ">ctx_prev >ctx_vars", NULL),
	ROW("_contextvars.Context", ALL, ">ctx_prev >ctx_vars", NULL),
	ROW("hamt", ALL, ">h_root", NULL),
	ROW("hamt_bitmap_node", ALL, "", walk_hamt_pairs),
	ROW("hamt_collision_node", ALL, "", walk_hamt_pairs),
	ROW("hamt_array_node", ALL, "", walk_hamt_array),
	ROW("keys", FROM(7), ">hi_obj", NULL),
	ROW("values", FROM(7), ">hi_obj", NULL),
	ROW("items", FROM(7), ">hi_obj", NULL),

	/* typing */
	/* 3.13.6+ visits their names too. */
	ROW("typing.TypeVar", SINCE(13, 6),
	    "__name__ >bound >evaluate_bound >constraints "
	    ">evaluate_constraints >default_value >evaluate_default",
	    NULL),
	ROW("typing.ParamSpec", SINCE(13, 6),
	    "__name__ __bound__ >default_value "
	    ">evaluate_default",
	    NULL),
	ROW("typing.TypeVarTuple", SINCE_UNTIL(13, 6, 15),
	    "__name__ >default_value "
	    ">evaluate_default",
	    NULL),
	ROW("typing.TypeVarTuple", FROM(15), "__name__ __bound__ >default_value >evaluate_default",
	    NULL),
	ROW("typing.TypeAliasType", SINCE_UNTIL(13, 6, 15),
	    "__name__ __type_params__ "
	    ">compute_value >value __module__",
	    NULL),
	ROW("typing.TypeAliasType", FROM(15),
	    "__name__ __qualname__ __type_params__ >compute_value "
	    ">value __module__",
	    NULL),
	ROW("typing.TypeVar", BETWEEN(12, 13),
	    "__name__~ >bound >evaluate_bound >constraints "
	    ">evaluate_constraints",
	    NULL),
	ROW("typing.TypeVar", FROM(13),
	    "__name__~ >bound >evaluate_bound >constraints "
	    ">evaluate_constraints >default_value >evaluate_default",
	    NULL),
	ROW("typing.ParamSpec", BETWEEN(12, 13), "__name__~ __bound__", NULL),
	ROW("typing.ParamSpec", FROM(13), "__name__~ __bound__ >default_value >evaluate_default",
	    NULL),
	ROW("typing.TypeVarTuple", BETWEEN(12, 13), "__name__~", NULL),
	ROW("typing.TypeVarTuple", BETWEEN(13, 15), "__name__~ >default_value >evaluate_default",
	    NULL),
	ROW("typing.TypeAliasType", BETWEEN(12, 15),
	    "__name__~ __type_params__ >compute_value >value "
	    "__module__",
	    NULL),

	/* extension modules of the standard library */
	ROW("_io.BytesIO", BETWEEN(5, 12), ">buf~ -*2 __dict__", NULL),
	ROW("_io.BytesIO", FROM(12), ">buf -*2 __dict__", NULL),
	ROW("_io.StringIO", PYTHON2, "-*5 >decoder~ >readnl~ >writenl~ __dict__", NULL),
	ROW("_io.StringIO", BELOW(12),
	    "-*5 >accu.large~ >accu.small~ - >decoder~ >readnl~ >writenl~ "
	    "__dict__",
	    NULL),
	ROW("_io.StringIO", BETWEEN(12, 14),
	    "-*5 >writer.buffer~ -*7 >decoder >readnl >writenl __dict__", NULL),
	ROW("_io.StringIO", FROM(14), "-*7 >decoder >readnl >writenl __dict__", NULL),
	ROW("_io.TextIOWrapper", FROM(12),
	    "-*2 buffer >encoding >encoder >decoder >readnl >errors -*5 "
	    ">decoded_chars - >pending_bytes - >snapshot - >raw - __dict__",
	    NULL),
	ROW("_io.BufferedRWPair", BELOW(12), ">reader~ >writer~ __dict__", NULL),
	ROW("_io.BufferedRWPair", FROM(12), ">reader >writer __dict__", NULL),
	ROW("_thread._local", BELOW(13), ">key~ >args >kw - >dummies >wr_callback~", NULL),
	ROW("thread._local", PYTHON2, ">key~ >args >kw - >dummies >wr_callback~", NULL),
	ROW("_json.Scanner", BELOW(7),
	    "strict object_hook object_pairs_hook parse_float parse_int "
	    "parse_constant >memo~",
	    NULL),
	ROW("_json.Scanner", BELOW(9),
	    "- object_hook object_pairs_hook parse_float parse_int "
	    "parse_constant >memo~",
	    NULL),
	ROW("functools._lru_list_elem", BELOW(7), "-*3 >key >result", NULL),
	ROW("_sre.SRE_Scanner", FROM(6), "pattern -*4 >string~", NULL),
	ROW("_socket.socket", ALL, "", NULL),
	ROW("PyCapsule", ALL, "", NULL),
	ROW("zlib.Compress", FROM(3), "", NULL),
	ROW("zlib.Decompress", FROM(3), "", NULL),
	ROW("decimal.Context", FROM(3), "-*6 traps flags", NULL),
	ROW("_ctypes._CData", ALL, "-*2 _b_base_ -*3 _objects", NULL),
	ROW("_ctypes.PyCStructType", ALL, "", walk_type, walk_ctype),
	ROW("_ctypes.UnionType", ALL, "", walk_type, walk_ctype),
	ROW("_ctypes.PyCPointerType", ALL, "", walk_type, walk_ctype),
	ROW("_ctypes.PyCArrayType", PYTHON2, "", walk_type),
	ROW("_ctypes.PyCArrayType", BELOW(13), "", walk_type),
	ROW("_ctypes.PyCArrayType", FROM(13), "", walk_type, walk_ctype),
	ROW("_ctypes.PyCSimpleType", PYTHON2, "", walk_type),
	ROW("_ctypes.PyCSimpleType", BELOW(13), "", walk_type),
	ROW("_ctypes.PyCSimpleType", FROM(13), "", walk_type, walk_ctype),
	ROW("_ctypes.PyCFuncPtrType", PYTHON2, "", walk_type),
	ROW("_ctypes.PyCFuncPtrType", BELOW(13), "", walk_type),
	ROW("_ctypes.PyCFuncPtrType", FROM(13), "", walk_type, walk_ctype),
	ROW("_ctypes.CType_Type", ALL, "", walk_type, walk_ctype),
	ROW("xml.etree.ElementTree.Element", FROM(3), "tag", walk_element),
};

const struct edge_rule *edge_rule_of(const struct layout *l, const char *full_name)
{
	unsigned v = edge_version(l);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (streq(rules[i].type, full_name) && v >= rules[i].since &&
		    (!rules[i].until || v < rules[i].until))
			return &rules[i];
	return NULL;
}
