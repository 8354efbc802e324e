/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 * absent:
 *   PyObject.ob_flags .ob_tid .ob_gc_bits .ob_ref_local .ob_ref_shared ._ob_next
 *   PyHeapTypeObject.ht_qualname .ht_cached_keys .ht_module .ht_tpname
 *   _PyRuntimeState.debug_offsets .finalizing .interpreters_head .interpreters_main
 *   .main_thread .tstate_current .ceval_gil .gc .managed_static_types
 *   _Py_DebugOffsets.runtime_state_size .runtime_state_finalizing
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
 *   .free .local_free .xthread_free .keys PyThreadState.prev ._status .status_initialized
 *   .status_bound .status_active .status_holds_gil .status_finalizing .status_cleared
 *   .holds_gil .gil_requested .state .cframe .current_frame .base_frame
 *   .current_exception .exc_info .exc_state .native_thread_id .id .context
 *   .datastack_chunk .datastack_top .datastack_limit .root_cframe
 *   _PyErr_StackItem.exc_type .exc_value .exc_traceback .previous_item
 *   _PyCFrame.current_frame .previous _PyStackChunk.previous .size .top .data
 *   PyFrameObject.f_frame .f_stackdepth .f_gen .f_state .f_executing .f_extra_locals
 *   ._f_frame_data _PyInterpreterFrame.f_executable .previous .f_funcobj .f_globals
 *   .f_builtins .f_locals .frame_obj .instr_ptr .stacktop .stackpointer .tlbc_index
 *   .return_offset .is_entry .owner .localsplus PyCodeObject.co_posonlyargcount
 *   .co_kwonlyargcount .co_cell2arg .co_qualname .co_linetable .co_localsplusnames
 *   .co_localspluskinds .co_nlocalsplus .co_ncellvars .co_nfreevars ._co_firsttraceable
 *   .co_tlbc .co_code_adaptive .co_extra .co_opcache .co_opcache_size .co_framesize
 *   _PyCodeObjectExtra.ce_size .ce_extras _PyOpcache.optimized _PyCodeArray.size .entries
 *   PyGenObject.gi_name .gi_qualname .gi_exc_state .gi_frame_state .gi_iframe
 *   PyLongObject.lv_tag PyByteArrayObject.ob_start .ob_bytes_object PyASCIIObject.length
 *   .hash .kind .compact .ascii .ready .interned .wstr PyCompactUnicodeObject.utf8_length
 *   .utf8 .wstr_length PyUnicodeObject.data PyDictObject.ma_keys .ma_values
 *   PyDictKeysObject.dk_refcnt .dk_size .dk_log2_size .dk_log2_index_bytes .dk_kind
 *   .dk_usable .dk_nentries .dk_indices PyDictUnicodeEntry.me_key .me_value
 *   PyDictValues.capacity .size .embedded .valid .values PyFrozenDictObject.ma_hash
 *   PyODictObject.od_first .od_last .od_fast_nodes_size _ODictNode.key .hash .next
 *   rangeobject.stop PyFunctionObject.func_qualname .func_kwdefaults
 *   PyModuleObject.md_name PyBaseExceptionObject.notes .traceback .context .cause
 *   .suppress_context PyBaseExceptionGroupObject.msg .excs PyOSErrorObject.filename2
 *   PySimpleNamespace.ns_dict PyDateTime_Time.fold PyDateTime_DateTime.fold
 *   PyDateTime_TimeZone.offset .name PyDecObject.dec_flags .dec_exp .dec_digits .dec_len
 *   .dec_alloc .dec_data PyThreadHandleObject.handle ThreadHandle.ident .state
 *   productobject.pools combinationsobject.r permutationsobject.pool .r
 *   ElementObject.extra ElementObjectExtra.allocated .children ._children
 *   StgInfo.initialized .length .elements .format .ndim simplequeueobject.items_cap
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
	PLACE(PyHeapTypeObject, ht_name, 856, 8)
	PLACE(PyHeapTypeObject, ht_slots, 864, 8)
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
	PLACE(PyInterpreterState, sysdict, 24, 8)
	PLACE(PyInterpreterState, builtins, 32, 8)
	PLACE(gc_generation, head, 0, 0)
	PLACE(gc_generation, threshold, 32, 4)
	PLACE(gc_generation, count, 36, 4)
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
	PLACE(PyThreadState, next, 0, 8)
	PLACE(PyThreadState, interp, 8, 8)
	PLACE(PyThreadState, frame, 16, 8)
	PLACE(PyThreadState, curexc_type, 72, 8)
	PLACE(PyThreadState, curexc_value, 80, 8)
	PLACE(PyThreadState, curexc_traceback, 88, 8)
	PLACE(PyThreadState, exc_type, 96, 8)
	PLACE(PyThreadState, exc_value, 104, 8)
	PLACE(PyThreadState, exc_traceback, 112, 8)
	PLACE(PyThreadState, dict, 120, 8)
	PLACE(PyThreadState, async_exc, 136, 8)
	PLACE(PyThreadState, thread_id, 144, 8)
	PLACE(PyFrameObject, f_back, 24, 8)
	PLACE(PyFrameObject, f_code, 32, 8)
	PLACE(PyFrameObject, f_globals, 48, 8)
	PLACE(PyFrameObject, f_locals, 56, 8)
	PLACE(PyFrameObject, f_valuestack, 64, 8)
	PLACE(PyFrameObject, f_stacktop, 72, 8)
	PLACE(PyFrameObject, f_exc_type, 88, 8)
	PLACE(PyFrameObject, f_exc_value, 96, 8)
	PLACE(PyFrameObject, f_lasti, 120, 4)
	PLACE(PyFrameObject, f_lineno, 124, 4)
	PLACE(PyFrameObject, f_localsplus, 376, 0)
	PLACE(PyCodeObject, co_argcount, 16, 4)
	PLACE(PyCodeObject, co_nlocals, 20, 4)
	PLACE(PyCodeObject, co_stacksize, 24, 4)
	PLACE(PyCodeObject, co_flags, 28, 4)
	PLACE(PyCodeObject, co_firstlineno, 96, 4)
	PLACE(PyCodeObject, co_code, 32, 8)
	PLACE(PyCodeObject, co_names, 48, 8)
	PLACE(PyCodeObject, co_varnames, 56, 8)
	PLACE(PyCodeObject, co_freevars, 64, 8)
	PLACE(PyCodeObject, co_cellvars, 72, 8)
	PLACE(PyCodeObject, co_filename, 80, 8)
	PLACE(PyCodeObject, co_name, 88, 8)
	PLACE(PyCodeObject, co_lnotab, 104, 8)
	PLACE(PyGenObject, gi_frame, 16, 8)
	PLACE(PyGenObject, gi_running, 24, 4)
	PLACE(PyGenObject, gi_code, 32, 8)
	PLACE(PyLongObject, ob_digit, 24, 0)
	PLACE(PyIntObject, ob_ival, 16, 8)
	PLACE(PyFloatObject, ob_fval, 16, 0)
	PLACE(PyComplexObject, cval_real, 16, 0)
	PLACE(PyComplexObject, cval_imag, 24, 0)
	PLACE(PyBytesObject, ob_sval, 36, 0)
	PLACE(PyByteArrayObject, ob_alloc, 32, 8)
	PLACE(PyByteArrayObject, ob_bytes, 40, 8)
	PLACE(PyUnicodeObject, length, 16, 8)
	PLACE(PyUnicodeObject, str, 24, 8)
	PLACE(PyTupleObject, ob_item, 24, 0)
	PLACE(PyListObject, ob_item, 24, 8)
	PLACE(PyListObject, allocated, 32, 8)
	PLACE(PyDictObject, ma_used, 24, 8)
	PLACE(PyDictObject, ma_fill, 16, 8)
	PLACE(PyDictObject, ma_mask, 32, 8)
	PLACE(PyDictObject, ma_table, 40, 8)
	PLACE(PyDictObject, ma_smalltable, 56, 0)
	PLACE(PyDictKeyEntry, me_hash, 0, 8)
	PLACE(PyDictKeyEntry, me_key, 8, 8)
	PLACE(PyDictKeyEntry, me_value, 16, 8)
	PLACE(PySetObject, fill, 16, 8)
	PLACE(PySetObject, used, 24, 8)
	PLACE(PySetObject, mask, 32, 8)
	PLACE(PySetObject, table, 40, 8)
	PLACE(PySetObject, smalltable, 56, 0)
	PLACE(setentry, key, 8, 8)
	PLACE(setentry, hash, 0, 8)
	PLACE(dequeobject, leftblock, 16, 8)
	PLACE(dequeobject, rightblock, 24, 8)
	PLACE(dequeobject, leftindex, 32, 8)
	PLACE(dequeobject, rightindex, 40, 8)
	PLACE(dequeobject, len, 48, 8)
	PLACE(dequeobject, maxlen, 64, 8)
	PLACE(block, leftlink, 504, 8)
	PLACE(block, data, 0, 0)
	PLACE(block, rightlink, 496, 8)
	PLACE(defdictobject, default_factory, 248, 8)
	PLACE(rangeobject, start, 16, 8)
	PLACE(rangeobject, step, 24, 8)
	PLACE(rangeobject, len, 32, 8)
	PLACE(PySliceObject, start, 16, 8)
	PLACE(PySliceObject, stop, 24, 8)
	PLACE(PySliceObject, step, 32, 8)
	PLACE(PyMemoryViewObject, view, 24, 0)
	PLACE(mappingproxyobject, mapping, 16, 8)
	PLACE(_PyDictViewObject, dv_dict, 16, 8)
	PLACE(arrayobject, ob_item, 24, 8)
	PLACE(arrayobject, allocated, 32, 8)
	PLACE(arrayobject, ob_descr, 40, 8)
	PLACE(arraydescr, typecode, 0, 4)
	PLACE(arraydescr, itemsize, 4, 4)
	PLACE(PyFunctionObject, func_code, 16, 8)
	PLACE(PyFunctionObject, func_globals, 24, 8)
	PLACE(PyFunctionObject, func_name, 56, 8)
	PLACE(PyFunctionObject, func_closure, 40, 8)
	PLACE(PyFunctionObject, func_defaults, 32, 8)
	PLACE(PyFunctionObject, func_dict, 64, 8)
	PLACE(PyFunctionObject, func_module, 80, 8)
	PLACE(PyMethodObject, im_func, 16, 8)
	PLACE(PyMethodObject, im_self, 24, 8)
	PLACE(PyMethodObject, im_class, 32, 8)
	PLACE(PyCFunctionObject, m_ml, 16, 8)
	PLACE(PyCFunctionObject, m_self, 24, 8)
	PLACE(PyCFunctionObject, m_module, 32, 8)
	PLACE(PyDescrObject, d_type, 16, 8)
	PLACE(PyDescrObject, d_name, 24, 8)
	PLACE(PyModuleObject, md_dict, 16, 8)
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
	PLACE(PyBaseExceptionObject, message, 32, 8)
	PLACE(PyOSErrorObject, myerrno, 40, 8)
	PLACE(PyOSErrorObject, strerror, 48, 8)
	PLACE(PyOSErrorObject, filename, 56, 8)
	PLACE(PyTracebackObject, tb_next, 16, 8)
	PLACE(PyTracebackObject, tb_frame, 24, 8)
	PLACE(PyTracebackObject, tb_lasti, 32, 4)
	PLACE(PyTracebackObject, tb_lineno, 36, 4)
	PLACE(PyClassObject, cl_name, 32, 8)
	PLACE(PyClassObject, cl_dict, 24, 8)
	PLACE(PyClassObject, cl_bases, 16, 8)
	PLACE(PyInstanceObject, in_class, 16, 8)
	PLACE(PyInstanceObject, in_dict, 24, 8)
	PLACE(PyDateTime_Delta, days, 24, 4)
	PLACE(PyDateTime_Delta, seconds, 28, 4)
	PLACE(PyDateTime_Delta, microseconds, 32, 4)
	PLACE(PyDateTime_Date, data, 25, 0)
	PLACE(PyDateTime_Time, hastzinfo, 24, 1)
	PLACE(PyDateTime_Time, data, 25, 0)
	PLACE(PyDateTime_Time, tzinfo, 32, 8)
	PLACE(PyDateTime_DateTime, hastzinfo, 24, 1)
	PLACE(PyDateTime_DateTime, data, 25, 0)
	PLACE(PyDateTime_DateTime, tzinfo, 40, 8)
	PLACE(buffered, buffer, 56, 8)
	PLACE(buffered, buffer_size, 120, 8)
	PLACE(bytesio, buf, 16, 8)
	PLACE(bytesio, buf_size, 40, 8)
	PLACE(PyStructObject, s_codes, 32, 8)
	PLACE(formatcode, fmtdef, 0, 8)
};

static const struct table_size sizes[] = {
	SIZE(PyObject, 16)
	SIZE(PyVarObject, 24)
	SIZE(PyGC_Head, 32)
	SIZE(PyTypeObject, 392)
	SIZE(PyHeapTypeObject, 872)
	SIZE(PyMemberDef, 40)
	SIZE(PyMethodDef, 32)
	SIZE(PyInterpreterState, 80)
	SIZE(gc_generation, 40)
	SIZE(arena_object, 48)
	SIZE(pool_header, 48)
	SIZE(PyThreadState, 168)
	SIZE(PyFrameObject, 384)
	SIZE(PyCodeObject, 128)
	SIZE(PyGenObject, 48)
	SIZE(PyLongObject, 32)
	SIZE(PyIntObject, 24)
	SIZE(PyFloatObject, 24)
	SIZE(PyComplexObject, 32)
	SIZE(PyBytesObject, 40)
	SIZE(PyByteArrayObject, 48)
	SIZE(PyUnicodeObject, 48)
	SIZE(PyTupleObject, 32)
	SIZE(PyListObject, 40)
	SIZE(PyDictObject, 248)
	SIZE(PyDictKeyEntry, 24)
	SIZE(PySetObject, 200)
	SIZE(setentry, 16)
	SIZE(dequeobject, 80)
	SIZE(block, 512)
	SIZE(defdictobject, 256)
	SIZE(rangeobject, 40)
	SIZE(PySliceObject, 40)
	SIZE(PyMemoryViewObject, 120)
	SIZE(mappingproxyobject, 24)
	SIZE(_PyDictViewObject, 24)
	SIZE(arrayobject, 56)
	SIZE(arraydescr, 24)
	SIZE(PyFunctionObject, 88)
	SIZE(PyMethodObject, 48)
	SIZE(PyCFunctionObject, 40)
	SIZE(PyDescrObject, 32)
	SIZE(PyModuleObject, 24)
	SIZE(PyCellObject, 24)
	SIZE(PyWeakReference, 56)
	SIZE(propertyobject, 56)
	SIZE(staticmethod, 24)
	SIZE(classmethod, 24)
	SIZE(partialobject, 56)
	SIZE(PyBaseExceptionObject, 40)
	SIZE(PyOSErrorObject, 64)
	SIZE(PyTracebackObject, 40)
	SIZE(PyClassObject, 72)
	SIZE(PyInstanceObject, 40)
	SIZE(PyDateTime_Delta, 40)
	SIZE(PyDateTime_Date, 32)
	SIZE(PyDateTime_Time, 40)
	SIZE(PyDateTime_DateTime, 48)
	SIZE(buffered, 152)
	SIZE(bytesio, 64)
	SIZE(PyStructObject, 56)
	SIZE(formatcode, 24)
};

const struct layout_table layout_table_2_7 = {
	.name = "2.7",
	.e_machine = EM_X86_64,
	.first = { 2, 7, 15, 0xf, 0, false, false },
	.last = { 2, 7, 99, 0xf, 0, false, false },
	.origin = "CPython 2.7.18 headers",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
