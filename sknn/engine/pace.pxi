# How many threads take the steps: all, or one. Several are slower than one where steps are short and cores
# far apart (on different chips, or on a virtual machine), or where another program occupies a core. The bits
# are the same, so training tries both now and then, for a moment, and goes on with the faster. Steps of much
# work are worth all threads, and trials of them cost more than they could save.

cdef enum PacePhase:
    TRY_ONE, TRY_ALL, TRY_ONE_AGAIN, TRY_ALL_AGAIN
    SETTLED             # with what was faster

# seconds of a trial, or two steps; the two before it move data to the caches
cdef double TRIAL = 0.004
# seconds until the next trials, at most
cdef double SETTLED_FOR = 1.0
# Where all threads are so many times slower than one, another program's threads are in their way, or their
# cores still wake up: they have this time, then one thread goes on, until the next trials after NEXT_TRY,
# twice NEXT_TRY, ...
cdef double HOPELESS = 3
cdef double WAKES_IN = 0.01
cdef double NEXT_TRY = 0.25
# multiply-adds of a forward pass; not a time, which another program on the cores would make long
cdef double LONG_STEP = 1e8

cdef struct Pace:
    int phase
    bint all                            # what was faster
    bint moved                          # whether the first two steps of this phase are over
    Py_ssize_t steps                    # of this phase since then
    double time                         # of these
    double one_step, all_step           # least seconds per step of these trials
    double settled_for                  # seconds until the next trials


cdef Pace new_pace() noexcept nogil:
    return Pace(TRY_ONE, True, False, 0, 0, INFINITY, INFINITY, SETTLED_FOR)


cdef inline bint takes_all(const Pace* p) noexcept nogil:
    if p.phase == SETTLED:
        return p.all
    return p.phase == TRY_ALL or p.phase == TRY_ALL_AGAIN


# Steps until something is to be decided; first two to move the data, and two to see how long they take.
cdef inline Py_ssize_t steps_ahead(const Pace* p) noexcept nogil:
    if p.steps == 0:
        return 2
    return <Py_ssize_t>max(1.0, min(1e9, (length_of(p) - p.time) * p.steps / max(p.time, 1e-9)))


cdef void count_steps(Pace* p, Py_ssize_t steps, double time) noexcept nogil:
    cdef double waited = p.settled_for
    cdef bint hopeless
    if not p.moved:
        p.moved = True
        return
    p.steps += steps
    p.time += time
    if p.steps < 2 or p.time < length_of(p):
        return
    hopeless, time = is_hopeless(p), p.time / p.steps
    p.moved, p.steps, p.time = False, 0, 0
    if p.phase == SETTLED:
        p[0] = new_pace()
        p.settled_for = waited
    elif not takes_all(p):
        p.one_step = min(p.one_step, time)
        p.phase += 1
    else:
        p.all_step = min(p.all_step, time)
        p.all = p.all_step <= p.one_step
        p.settled_for = next_try(waited) if hopeless else SETTLED_FOR
        p.phase = SETTLED if hopeless else p.phase + 1


# Seconds of a phase.
cdef inline double length_of(const Pace* p) noexcept nogil:
    if p.phase == SETTLED:
        return p.settled_for
    return WAKES_IN if is_hopeless(p) else TRIAL


cdef inline bint is_hopeless(const Pace* p) noexcept nogil:
    return p.phase != SETTLED and takes_all(p) and p.time > HOPELESS * p.steps * p.one_step


cdef inline double next_try(double waited) noexcept nogil:
    return NEXT_TRY if waited >= SETTLED_FOR else min(2 * waited, SETTLED_FOR)


def simulated_pace(double one_step, double all_step, double total):
    """Seconds that one thread and all threads work until both make up `total`, if steps take so long."""
    cdef Pace p = new_pace()
    cdef double spent[2]
    cdef Py_ssize_t steps
    cdef bint all
    spent[0] = spent[1] = 0
    while spent[0] + spent[1] < total:
        all, steps = takes_all(&p), steps_ahead(&p)
        count_steps(&p, steps, steps * (all_step if all else one_step))
        spent[all] += steps * (all_step if all else one_step)
    return spent[0], spent[1]
