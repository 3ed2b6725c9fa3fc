/*
 * The protocol of package qom's two counters, for spin: an independent
 * description, in another language, of what package verify explores in the
 * shipped code.
 *
 * P has an allocation of its own; C is embedded in P, and G in C. All live in
 * P's storage, which counts the allocation itself and each embedded object.
 * Both counts are kept minus one: 0 is one reference, and the decrement of 0
 * yields U, "finalizing". There is no lock: finalizers run in whatever process
 * drops the last reference, so this shows that the counters alone keep order.
 *
 * A mistake is switched on with one of -DCLASSIC, -DFREE_AT_ZERO,
 * -DSTORAGE_FIRST, -DNO_CHILD_REF, -DWRONG_COUNTER, -DFINALIZE_AT_ZERO and
 * -DCHILDREN_ONLY; see the list in package verify.
 */

#define U 255 /* what a byte of 0 minus one is */

byte p_ref = 0; /* the creator */
byte c_ref = 1; /* child property of P, holder 1 */
byte g_ref = 1; /* child property of C, holder 2 */

#if defined(CLASSIC) || defined(NO_CHILD_REF)
byte storage_ref = 0; /* the allocation */
#elif defined(WRONG_COUNTER)
byte storage_ref = 1; /* the allocation, C */
#elif defined(CHILDREN_ONLY)
byte storage_ref = 2; /* C, G, read as a plain count */
#else
byte storage_ref = 2; /* the allocation, C, G */
#endif

bool p_begun, c_begun, g_begun; /* finalization */
bool p_done, c_done, g_done;    /* finalizers */
bool freed;
byte ended; /* processes */

/* touch is any use of the memory that all three live in. */
inline touch() { assert(!freed) }

inline free_storage()
{
	atomic {
		assert(!freed);
		assert(p_done && c_done && g_done);
		freed = true
	}
}

inline drop_storage()
{
	atomic {
		touch();
		assert(storage_ref != U);
		storage_ref = storage_ref - 1;
#if defined(FREE_AT_ZERO) || defined(CHILDREN_ONLY)
		last = (storage_ref == 0)
#else
		last = (storage_ref == U)
#endif
	};
	if
	:: last -> free_storage()
	:: else
	fi
}

/* ref is taken by who has a reference already. */
inline ref(count)
{
	atomic {
		touch();
		assert(count < 127); /* a drained count is above the ceiling */
		count = count + 1
	}
}

/* drop takes one reference; last tells whether the object is to be finalized. */
inline drop(count)
{
	atomic {
		touch();
		assert(count != U);
		count = count - 1;
#if defined(FINALIZE_AT_ZERO)
		last = (count == 0 || count == U)
#else
		last = (count == U)
#endif
	}
}

/* begin and finish are the two ends of a finalization. */
inline begin(begun)
{
	atomic {
		touch();
		assert(!begun);
		begun = true
	}
}

inline finish(done)
{
	atomic {
		touch();
		done = true
	}
}

inline unref_g()
{
	drop(g_ref);
	if
	:: last ->
		begin(g_begun);
#if defined(STORAGE_FIRST)
		drop_storage();
#endif
		finish(g_done);
#if !defined(STORAGE_FIRST) && !defined(CLASSIC) && !defined(WRONG_COUNTER)
		drop_storage()
#endif
	:: else
	fi
}

inline unref_c()
{
	drop(c_ref);
	if
	:: last ->
		begin(c_begun);
#if defined(STORAGE_FIRST)
		drop_storage();
#endif
		unref_g(); /* its child property */
		finish(c_done);
#if !defined(STORAGE_FIRST) && !defined(CLASSIC)
		drop_storage()
#endif
	:: else
	fi
}

inline unref_p()
{
	drop(p_ref);
	if
	:: last ->
		begin(p_begun);
#if defined(STORAGE_FIRST)
		drop_storage();
#endif
		unref_c(); /* its child property */
		finish(p_done);
#if !defined(STORAGE_FIRST) && !defined(CHILDREN_ONLY)
		drop_storage()
#endif
	:: else
	fi
}

active proctype creator()
{
	bool last;
	unref_p();
	ended++
}

active proctype holder1()
{
	bool last;
	ref(c_ref);
	unref_c();
	unref_c();
	ended++
}

active proctype holder2()
{
	bool last;
	unref_g();
	ended++
}

/* At the end everything is finalized and freed, once. */
active proctype end()
{
	ended == 3;
	assert(freed && p_done && c_done && g_done);
	assert(p_ref == U && c_ref == U && g_ref == U)
}
