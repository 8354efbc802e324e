/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 * absent:
 *   PyObject.ob_flags .ob_tid .ob_gc_bits .ob_ref_local .ob_ref_shared ._ob_next
 *   PyHeapTypeObject.ht_module .ht_tpname _PyRuntimeState.debug_offsets .finalizing
 *   .interpreters_head .interpreters_main .main_thread .tstate_current .ceval_gil .gc
 *   .managed_static_types _Py_DebugOffsets.runtime_state_size .runtime_state_finalizing
 *   .runtime_state_interpreters_head .interpreter_state_size .interpreter_state_id
 *   .interpreter_state_next .interpreter_state_threads_head
 *   .interpreter_state_threads_main .interpreter_state_gc
 *   .interpreter_state_imports_modules .interpreter_state_sysdict
 *   .interpreter_state_builtins .interpreter_state_ceval_gil
 *   .interpreter_state_gil_runtime_state .interpreter_state_gil_runtime_state_enabled
 *   .interpreter_state_gil_runtime_state_locked
 *   .interpreter_state_gil_runtime_state_holder .thread_state_size .thread_state_prev
 *   .thread_state_next .thread_state_interp .thread_state_current_frame
 *   .thread_state_base_frame .thread_state_thread_id .thread_state_native_thread_id
 *   .thread_state_datastack_chunk .thread_state_status .thread_state_holds_gil
 *   .thread_state_gil_requested .thread_state_current_exception .thread_state_exc_state
 *   .err_stackitem_exc_value .interpreter_frame_size .interpreter_frame_previous
 *   .interpreter_frame_executable .interpreter_frame_instr_ptr
 *   .interpreter_frame_localsplus .interpreter_frame_owner
 *   .interpreter_frame_stackpointer .interpreter_frame_tlbc_index .code_object_size
 *   .code_object_filename .code_object_name .code_object_qualname .code_object_linetable
 *   .code_object_firstlineno .code_object_argcount .code_object_localsplusnames
 *   .code_object_localspluskinds .code_object_co_code_adaptive .code_object_co_tlbc
 *   .pyobject_size .pyobject_ob_type .type_object_size .type_object_tp_name
 *   .type_object_tp_repr .type_object_tp_flags .type_object_tp_basicsize
 *   .type_object_tp_dictoffset .heap_type_object_size .heap_type_object_ht_cached_keys
 *   .tuple_object_size .tuple_object_ob_item .list_object_size .list_object_ob_item
 *   .set_object_size .set_object_used .set_object_table .set_object_mask
 *   .dict_object_size .dict_object_ma_keys .dict_object_ma_values .float_object_size
 *   .float_object_ob_fval .long_object_size .long_object_lv_tag .long_object_ob_digit
 *   .bytes_object_size .bytes_object_ob_sval .unicode_object_state .unicode_object_length
 *   .unicode_object_asciiobject_size .unicode_object_compactunicodeobject_size .gc_size
 *   .gc_collecting .gc_frame .gen_object_size .gen_object_gi_iframe
 *   .gen_object_gi_frame_state PyInterpreterState.id .threads_main .finalizing .ceval_gil
 *   ._gil .gc .obmalloc .obmalloc_arenas .interpreter_trampoline .types_builtins
 *   .types_for_extensions managed_static_type_state.type .tp_dict .tp_subclasses
 *   .tp_weaklist _gil_runtime_state.enabled .last_holder .locked
 *   _gc_runtime_state.enabled .generations .generation0 .permanent_generation .collecting
 *   .frame .garbage .callbacks _obmalloc_state.arenas .maxarenas mi_segment_t.used
 *   .segment_slices .segment_info_slices .kind .slice_entries .slices
 *   mi_page_t.slice_count .slice_offset .heap_tag .capacity .used .block_size .page_start
 *   .free .local_free .xthread_free .keys PyThreadState._status .status_initialized
 *   .status_bound .status_active .status_holds_gil .status_finalizing .status_cleared
 *   .holds_gil .gil_requested .state .cframe .current_frame .base_frame
 *   .current_exception .exc_info .exc_state .native_thread_id .id .context
 *   .datastack_chunk .datastack_top .datastack_limit .root_cframe
 *   _PyErr_StackItem.exc_type .exc_value .exc_traceback .previous_item
 *   _PyCFrame.current_frame .previous _PyStackChunk.previous .size .top .data
 *   PyFrameObject.f_frame .f_stackdepth .f_state .f_extra_locals ._f_frame_data
 *   _PyInterpreterFrame.f_executable .previous .f_funcobj .f_globals .f_builtins
 *   .f_locals .frame_obj .instr_ptr .stacktop .stackpointer .tlbc_index .return_offset
 *   .is_entry .owner .localsplus PyCodeObject.co_posonlyargcount .co_qualname
 *   .co_linetable .co_localsplusnames .co_localspluskinds .co_nlocalsplus .co_ncellvars
 *   .co_nfreevars ._co_firsttraceable .co_tlbc .co_code_adaptive .co_opcache
 *   .co_opcache_size .co_framesize _PyOpcache.optimized _PyCodeArray.size .entries
 *   PyGenObject.gi_exc_state .gi_frame_state .gi_iframe PyLongObject.lv_tag
 *   PyIntObject.ob_ival PyByteArrayObject.ob_bytes_object PyUnicodeObject.str
 *   PyDictObject.ma_fill .ma_mask .ma_table .ma_smalltable PyDictKeysObject.dk_log2_size
 *   .dk_log2_index_bytes .dk_kind PyDictUnicodeEntry.me_key .me_value
 *   PyDictValues.capacity .size .embedded .valid .values PyFrozenDictObject.ma_hash
 *   dequeobject.len rangeobject.len PyMethodObject.im_class PyBaseExceptionObject.message
 *   .notes PyBaseExceptionGroupObject.msg .excs PyClassObject.cl_name .cl_dict .cl_bases
 *   PyInstanceObject.in_class .in_dict PyThreadHandleObject.handle ThreadHandle.ident
 *   .state bytesio.buf_size StgInfo.initialized simplequeueobject.items_cap
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyObject, ob_refcnt, 0, 8)
	PLACE(PyObject, ob_type, 8, 8)
	PLACE(PyVarObject, ob_size, 16, 8)
	PLACE(PyGC_Head, gc_next, 0, 8)
	PLACE(PyGC_Head, gc_prev, 8, 8)
	PLACE(PyGC_Head, gc_refs, 16, 8)
	PLACE(PyTypeObject, tp_name, 24, 8)
	PLACE(PyTypeObject, tp_basicsize, 32, 8)
	PLACE(PyTypeObject, tp_itemsize, 40, 8)
	PLACE(PyTypeObject, tp_dealloc, 48, 8)
	PLACE(PyTypeObject, tp_flags, 168, 8)
	PLACE(PyTypeObject, tp_traverse, 184, 8)
	PLACE(PyTypeObject, tp_weaklistoffset, 208, 8)
	PLACE(PyTypeObject, tp_methods, 232, 8)
	PLACE(PyTypeObject, tp_members, 240, 8)
	PLACE(PyTypeObject, tp_getset, 248, 8)
	PLACE(PyTypeObject, tp_base, 256, 8)
	PLACE(PyTypeObject, tp_dict, 264, 8)
	PLACE(PyTypeObject, tp_dictoffset, 288, 8)
	PLACE(PyTypeObject, tp_is_gc, 328, 8)
	PLACE(PyTypeObject, tp_bases, 336, 8)
	PLACE(PyTypeObject, tp_mro, 344, 8)
	PLACE(PyTypeObject, tp_cache, 352, 8)
	PLACE(PyTypeObject, tp_subclasses, 360, 8)
	PLACE(PyTypeObject, tp_weaklist, 368, 8)
	PLACE(PyTypeObject, tp_repr, 88, 8)
	PLACE(PyHeapTypeObject, ht_name, 832, 8)
	PLACE(PyHeapTypeObject, ht_slots, 840, 8)
	PLACE(PyHeapTypeObject, ht_qualname, 848, 8)
	PLACE(PyHeapTypeObject, ht_cached_keys, 856, 8)
	PLACE(PyMemberDef, name, 0, 8)
	PLACE(PyMemberDef, type, 8, 4)
	PLACE(PyMemberDef, offset, 16, 8)
	PLACE(PyMemberDef, flags, 24, 4)
	PLACE(PyMethodDef, ml_name, 0, 8)
	PLACE(PyMethodDef, ml_meth, 8, 8)
	PLACE(PyMethodDef, ml_flags, 16, 4)
	PLACE(PyInterpreterState, next, 0, 8)
	PLACE(PyInterpreterState, tstate_head, 8, 8)
	PLACE(PyInterpreterState, modules, 16, 8)
	PLACE(PyInterpreterState, sysdict, 32, 8)
	PLACE(PyInterpreterState, builtins, 40, 8)
	PLACE(gc_generation, head, 0, 0)
	PLACE(gc_generation, threshold, 24, 4)
	PLACE(gc_generation, count, 28, 4)
	PLACE(arena_object, address, 0, 8)
	PLACE(arena_object, pool_address, 8, 8)
	PLACE(arena_object, nfreepools, 16, 4)
	PLACE(arena_object, ntotalpools, 20, 4)
	PLACE(pool_header, ref_count, 0, 4)
	PLACE(pool_header, freeblock, 8, 8)
	PLACE(pool_header, arenaindex, 32, 4)
	PLACE(pool_header, szidx, 36, 4)
	PLACE(pool_header, nextoffset, 40, 4)
	PLACE(pool_header, maxnextoffset, 44, 4)
	PLACE(PyThreadState, prev, 0, 8)
	PLACE(PyThreadState, next, 8, 8)
	PLACE(PyThreadState, interp, 16, 8)
	PLACE(PyThreadState, frame, 24, 8)
	PLACE(PyThreadState, curexc_type, 80, 8)
	PLACE(PyThreadState, curexc_value, 88, 8)
	PLACE(PyThreadState, curexc_traceback, 96, 8)
	PLACE(PyThreadState, exc_type, 104, 8)
	PLACE(PyThreadState, exc_value, 112, 8)
	PLACE(PyThreadState, exc_traceback, 120, 8)
	PLACE(PyThreadState, dict, 128, 8)
	PLACE(PyThreadState, async_exc, 144, 8)
	PLACE(PyThreadState, thread_id, 152, 8)
	PLACE(PyFrameObject, f_back, 24, 8)
	PLACE(PyFrameObject, f_code, 32, 8)
	PLACE(PyFrameObject, f_globals, 48, 8)
	PLACE(PyFrameObject, f_locals, 56, 8)
	PLACE(PyFrameObject, f_valuestack, 64, 8)
	PLACE(PyFrameObject, f_stacktop, 72, 8)
	PLACE(PyFrameObject, f_exc_type, 88, 8)
	PLACE(PyFrameObject, f_exc_value, 96, 8)
	PLACE(PyFrameObject, f_gen, 112, 8)
	PLACE(PyFrameObject, f_lasti, 120, 4)
	PLACE(PyFrameObject, f_lineno, 124, 4)
	PLACE(PyFrameObject, f_executing, 132, 1)
	PLACE(PyFrameObject, f_localsplus, 376, 0)
	PLACE(PyCodeObject, co_argcount, 16, 4)
	PLACE(PyCodeObject, co_kwonlyargcount, 20, 4)
	PLACE(PyCodeObject, co_nlocals, 24, 4)
	PLACE(PyCodeObject, co_stacksize, 28, 4)
	PLACE(PyCodeObject, co_flags, 32, 4)
	PLACE(PyCodeObject, co_firstlineno, 36, 4)
	PLACE(PyCodeObject, co_code, 40, 8)
	PLACE(PyCodeObject, co_names, 56, 8)
	PLACE(PyCodeObject, co_varnames, 64, 8)
	PLACE(PyCodeObject, co_freevars, 72, 8)
	PLACE(PyCodeObject, co_cellvars, 80, 8)
	PLACE(PyCodeObject, co_cell2arg, 88, 8)
	PLACE(PyCodeObject, co_filename, 96, 8)
	PLACE(PyCodeObject, co_name, 104, 8)
	PLACE(PyCodeObject, co_lnotab, 112, 8)
	PLACE(PyCodeObject, co_extra, 136, 8)
	PLACE(_PyCodeObjectExtra, ce_size, 0, 8)
	PLACE(_PyCodeObjectExtra, ce_extras, 8, 0)
	PLACE(PyGenObject, gi_frame, 16, 8)
	PLACE(PyGenObject, gi_running, 24, 1)
	PLACE(PyGenObject, gi_code, 32, 8)
	PLACE(PyGenObject, gi_name, 48, 8)
	PLACE(PyGenObject, gi_qualname, 56, 8)
	PLACE(PyLongObject, ob_digit, 24, 0)
	PLACE(PyFloatObject, ob_fval, 16, 0)
	PLACE(PyComplexObject, cval_real, 16, 0)
	PLACE(PyComplexObject, cval_imag, 24, 0)
	PLACE(PyBytesObject, ob_sval, 32, 0)
	PLACE(PyByteArrayObject, ob_alloc, 24, 8)
	PLACE(PyByteArrayObject, ob_bytes, 32, 8)
	PLACE(PyByteArrayObject, ob_start, 40, 8)
	PLACE(PyASCIIObject, length, 16, 8)
	PLACE(PyASCIIObject, hash, 24, 8)
	BITS(PyASCIIObject, kind, 32, 1, 2, 3)
	BITS(PyASCIIObject, compact, 32, 1, 5, 1)
	BITS(PyASCIIObject, ascii, 32, 1, 6, 1)
	BITS(PyASCIIObject, ready, 32, 1, 7, 1)
	BITS(PyASCIIObject, interned, 32, 1, 0, 2)
	PLACE(PyASCIIObject, wstr, 40, 8)
	PLACE(PyCompactUnicodeObject, utf8_length, 48, 8)
	PLACE(PyCompactUnicodeObject, utf8, 56, 8)
	PLACE(PyCompactUnicodeObject, wstr_length, 64, 8)
	PLACE(PyUnicodeObject, data, 72, 8)
	PLACE(PyUnicodeObject, length, 16, 8)
	PLACE(PyTupleObject, ob_item, 24, 0)
	PLACE(PyListObject, ob_item, 24, 8)
	PLACE(PyListObject, allocated, 32, 8)
	PLACE(PyDictObject, ma_used, 16, 8)
	PLACE(PyDictObject, ma_keys, 32, 8)
	PLACE(PyDictObject, ma_values, 40, 8)
	PLACE(PyDictKeysObject, dk_refcnt, 0, 8)
	PLACE(PyDictKeysObject, dk_size, 8, 8)
	PLACE(PyDictKeysObject, dk_usable, 24, 8)
	PLACE(PyDictKeysObject, dk_nentries, 32, 8)
	PLACE(PyDictKeysObject, dk_indices, 40, 0)
	PLACE(PyDictKeyEntry, me_hash, 0, 8)
	PLACE(PyDictKeyEntry, me_key, 8, 8)
	PLACE(PyDictKeyEntry, me_value, 16, 8)
	PLACE(PySetObject, fill, 16, 8)
	PLACE(PySetObject, used, 24, 8)
	PLACE(PySetObject, mask, 32, 8)
	PLACE(PySetObject, table, 40, 8)
	PLACE(PySetObject, smalltable, 64, 0)
	PLACE(setentry, key, 0, 8)
	PLACE(setentry, hash, 8, 8)
	PLACE(PyODictObject, od_first, 48, 8)
	PLACE(PyODictObject, od_last, 56, 8)
	PLACE(PyODictObject, od_fast_nodes_size, 72, 8)
	PLACE(_ODictNode, key, 0, 8)
	PLACE(_ODictNode, hash, 8, 8)
	PLACE(_ODictNode, next, 16, 8)
	PLACE(dequeobject, leftblock, 24, 8)
	PLACE(dequeobject, rightblock, 32, 8)
	PLACE(dequeobject, leftindex, 40, 8)
	PLACE(dequeobject, rightindex, 48, 8)
	PLACE(dequeobject, maxlen, 64, 8)
	PLACE(block, leftlink, 0, 8)
	PLACE(block, data, 8, 0)
	PLACE(block, rightlink, 520, 8)
	PLACE(defdictobject, default_factory, 48, 8)
	PLACE(rangeobject, start, 16, 8)
	PLACE(rangeobject, stop, 24, 8)
	PLACE(rangeobject, step, 32, 8)
	PLACE(PySliceObject, start, 16, 8)
	PLACE(PySliceObject, stop, 24, 8)
	PLACE(PySliceObject, step, 32, 8)
	PLACE(PyMemoryViewObject, view, 56, 0)
	PLACE(mappingproxyobject, mapping, 16, 8)
	PLACE(_PyDictViewObject, dv_dict, 16, 8)
	PLACE(arrayobject, ob_item, 24, 8)
	PLACE(arrayobject, allocated, 32, 8)
	PLACE(arrayobject, ob_descr, 40, 8)
	PLACE(arraydescr, typecode, 0, 1)
	PLACE(arraydescr, itemsize, 4, 4)
	PLACE(PyFunctionObject, func_code, 16, 8)
	PLACE(PyFunctionObject, func_globals, 24, 8)
	PLACE(PyFunctionObject, func_name, 64, 8)
	PLACE(PyFunctionObject, func_qualname, 104, 8)
	PLACE(PyFunctionObject, func_closure, 48, 8)
	PLACE(PyFunctionObject, func_defaults, 32, 8)
	PLACE(PyFunctionObject, func_kwdefaults, 40, 8)
	PLACE(PyFunctionObject, func_dict, 72, 8)
	PLACE(PyFunctionObject, func_module, 88, 8)
	PLACE(PyMethodObject, im_func, 16, 8)
	PLACE(PyMethodObject, im_self, 24, 8)
	PLACE(PyCFunctionObject, m_ml, 16, 8)
	PLACE(PyCFunctionObject, m_self, 24, 8)
	PLACE(PyCFunctionObject, m_module, 32, 8)
	PLACE(PyDescrObject, d_type, 16, 8)
	PLACE(PyDescrObject, d_name, 24, 8)
	PLACE(PyModuleObject, md_dict, 16, 8)
	PLACE(PyModuleObject, md_name, 48, 8)
	PLACE(PyCellObject, ob_ref, 16, 8)
	PLACE(PyWeakReference, wr_object, 16, 8)
	PLACE(PyWeakReference, wr_callback, 24, 8)
	PLACE(propertyobject, prop_get, 16, 8)
	PLACE(staticmethod, sm_callable, 16, 8)
	PLACE(classmethod, cm_callable, 16, 8)
	PLACE(partialobject, fn, 16, 8)
	PLACE(partialobject, args, 24, 8)
	PLACE(partialobject, kw, 32, 8)
	PLACE(PyBaseExceptionObject, dict, 16, 8)
	PLACE(PyBaseExceptionObject, args, 24, 8)
	PLACE(PyBaseExceptionObject, traceback, 32, 8)
	PLACE(PyBaseExceptionObject, context, 40, 8)
	PLACE(PyBaseExceptionObject, cause, 48, 8)
	PLACE(PyBaseExceptionObject, suppress_context, 56, 1)
	PLACE(PyOSErrorObject, myerrno, 64, 8)
	PLACE(PyOSErrorObject, strerror, 72, 8)
	PLACE(PyOSErrorObject, filename, 80, 8)
	PLACE(PyOSErrorObject, filename2, 88, 8)
	PLACE(PyTracebackObject, tb_next, 16, 8)
	PLACE(PyTracebackObject, tb_frame, 24, 8)
	PLACE(PyTracebackObject, tb_lasti, 32, 4)
	PLACE(PyTracebackObject, tb_lineno, 36, 4)
	PLACE(PySimpleNamespace, ns_dict, 16, 8)
	PLACE(PyDateTime_Delta, days, 24, 4)
	PLACE(PyDateTime_Delta, seconds, 28, 4)
	PLACE(PyDateTime_Delta, microseconds, 32, 4)
	PLACE(PyDateTime_Date, data, 25, 0)
	PLACE(PyDateTime_Time, hastzinfo, 24, 1)
	PLACE(PyDateTime_Time, fold, 31, 1)
	PLACE(PyDateTime_Time, data, 25, 0)
	PLACE(PyDateTime_Time, tzinfo, 32, 8)
	PLACE(PyDateTime_DateTime, hastzinfo, 24, 1)
	PLACE(PyDateTime_DateTime, fold, 35, 1)
	PLACE(PyDateTime_DateTime, data, 25, 0)
	PLACE(PyDateTime_DateTime, tzinfo, 40, 8)
	PLACE(PyDateTime_TimeZone, offset, 16, 8)
	PLACE(PyDateTime_TimeZone, name, 24, 8)
	PLACE(PyDecObject, dec_flags, 24, 1)
	PLACE(PyDecObject, dec_exp, 32, 8)
	PLACE(PyDecObject, dec_digits, 40, 8)
	PLACE(PyDecObject, dec_len, 48, 8)
	PLACE(PyDecObject, dec_alloc, 56, 8)
	PLACE(PyDecObject, dec_data, 64, 8)
	PLACE(buffered, buffer, 56, 8)
	PLACE(buffered, buffer_size, 120, 8)
	PLACE(bytesio, buf, 16, 8)
	PLACE(PyStructObject, s_codes, 32, 8)
	PLACE(formatcode, fmtdef, 0, 8)
	PLACE(productobject, pools, 16, 8)
	PLACE(combinationsobject, r, 40, 8)
	PLACE(permutationsobject, pool, 16, 8)
	PLACE(permutationsobject, r, 48, 8)
	PLACE(ElementObject, extra, 40, 8)
	PLACE(ElementObjectExtra, allocated, 16, 8)
	PLACE(ElementObjectExtra, children, 24, 8)
	PLACE(ElementObjectExtra, _children, 32, 0)
	PLACE(StgInfo, length, 64, 8)
	PLACE(StgInfo, elements, 88, 8)
	PLACE(StgInfo, format, 168, 8)
	PLACE(StgInfo, ndim, 176, 4)
};

static const struct table_size sizes[] = {
	SIZE(PyObject, 16)
	SIZE(PyVarObject, 24)
	SIZE(PyGC_Head, 24)
	SIZE(PyTypeObject, 400)
	SIZE(PyHeapTypeObject, 864)
	SIZE(PyMemberDef, 40)
	SIZE(PyMethodDef, 32)
	SIZE(PyInterpreterState, 120)
	SIZE(gc_generation, 32)
	SIZE(arena_object, 48)
	SIZE(pool_header, 48)
	SIZE(PyThreadState, 2272)
	SIZE(PyFrameObject, 384)
	SIZE(PyCodeObject, 144)
	SIZE(_PyCodeObjectExtra, 16)
	SIZE(PyGenObject, 64)
	SIZE(PyLongObject, 32)
	SIZE(PyFloatObject, 24)
	SIZE(PyComplexObject, 32)
	SIZE(PyBytesObject, 40)
	SIZE(PyByteArrayObject, 56)
	SIZE(PyASCIIObject, 48)
	SIZE(PyCompactUnicodeObject, 72)
	SIZE(PyUnicodeObject, 80)
	SIZE(PyTupleObject, 32)
	SIZE(PyListObject, 40)
	SIZE(PyDictObject, 48)
	SIZE(PyDictKeysObject, 40)
	SIZE(PyDictKeyEntry, 24)
	SIZE(PySetObject, 200)
	SIZE(setentry, 16)
	SIZE(PyODictObject, 112)
	SIZE(_ODictNode, 32)
	SIZE(dequeobject, 80)
	SIZE(block, 528)
	SIZE(defdictobject, 56)
	SIZE(rangeobject, 48)
	SIZE(PySliceObject, 40)
	SIZE(PyMemoryViewObject, 152)
	SIZE(mappingproxyobject, 24)
	SIZE(_PyDictViewObject, 24)
	SIZE(arrayobject, 64)
	SIZE(arraydescr, 40)
	SIZE(PyFunctionObject, 112)
	SIZE(PyMethodObject, 40)
	SIZE(PyCFunctionObject, 48)
	SIZE(PyDescrObject, 40)
	SIZE(PyModuleObject, 56)
	SIZE(PyCellObject, 24)
	SIZE(PyWeakReference, 56)
	SIZE(propertyobject, 56)
	SIZE(staticmethod, 32)
	SIZE(classmethod, 32)
	SIZE(partialobject, 56)
	SIZE(PyBaseExceptionObject, 64)
	SIZE(PyOSErrorObject, 104)
	SIZE(PyTracebackObject, 40)
	SIZE(PySimpleNamespace, 24)
	SIZE(PyDateTime_Delta, 40)
	SIZE(PyDateTime_Date, 32)
	SIZE(PyDateTime_Time, 40)
	SIZE(PyDateTime_DateTime, 48)
	SIZE(PyDateTime_TimeZone, 32)
	SIZE(PyDecObject, 104)
	SIZE(buffered, 152)
	SIZE(bytesio, 64)
	SIZE(PyStructObject, 56)
	SIZE(formatcode, 32)
	SIZE(productobject, 48)
	SIZE(combinationsobject, 56)
	SIZE(permutationsobject, 64)
	SIZE(ElementObject, 56)
	SIZE(ElementObjectExtra, 64)
	SIZE(StgInfo, 192)
};

const struct layout_table layout_table_3_6 = {
	.name = "3.6",
	.e_machine = EM_X86_64,
	.first = { 3, 6, 0, 0xf, 0, false, false },
	.last = { 3, 6, 99, 0xf, 0, false, false },
	.origin = "CPython 3.6.15 (released) headers",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
