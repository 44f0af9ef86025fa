# How many threads take the steps: all, or one. Several are slower than one where steps are short and cores
# far apart (on different chips, or on a virtual machine), or where another program occupies a core. The bits
# are the same, so training tries both now and then, for a moment, and goes on with the faster. Steps of much
# work are worth all threads, and trials of them cost more than they could save.

cdef enum PacePhase:
    TRY_ONE, TRY_ALL, TRY_ONE_AGAIN, TRY_ALL_AGAIN
    SETTLED             # with what was faster

# seconds of a trial, or two steps; the two before it move data to the caches
cdef double TRIAL = 0.004
# seconds until the next trials
cdef double SETTLED_FOR = 1.0
# two steps of all threads, so many times slower than those of one, end the trials: another program's threads
# are in their way
cdef double HOPELESS = 2
# multiply-adds of a forward pass; not a time, which another program on the cores would make long
cdef double LONG_STEP = 1e8

cdef struct Pace:
    int phase
    bint all                            # what was faster
    bint moved                          # whether the first two steps of this phase are over
    Py_ssize_t steps                    # of this phase since then
    double time                         # of these
    double one_step, all_step           # least seconds per step of these trials


cdef Pace new_pace() noexcept nogil:
    return Pace(TRY_ONE, True, False, 0, 0, INFINITY, INFINITY)


cdef inline bint takes_all(const Pace* p) noexcept nogil:
    if p.phase == SETTLED:
        return p.all
    return p.phase == TRY_ALL or p.phase == TRY_ALL_AGAIN


# Steps until something is to be decided; first two to move the data, and two to see how long they take.
cdef inline Py_ssize_t steps_ahead(const Pace* p) noexcept nogil:
    cdef double left = (SETTLED_FOR if p.phase == SETTLED else TRIAL) - p.time
    if p.steps == 0:
        return 2
    return <Py_ssize_t>max(1.0, min(1e9, left * p.steps / max(p.time, 1e-9)))


cdef void count_steps(Pace* p, Py_ssize_t steps, double time) noexcept nogil:
    cdef bint hopeless = p.phase != SETTLED and takes_all(p) and time > HOPELESS * steps * p.one_step
    if not p.moved and not hopeless:
        p.moved = True
        return
    p.steps += steps
    p.time += time
    if not hopeless and (p.steps < 2 or p.time < (SETTLED_FOR if p.phase == SETTLED else TRIAL)):
        return
    time = p.time / p.steps
    p.moved, p.steps, p.time = False, 0, 0
    if p.phase == SETTLED:
        p[0] = new_pace()
    elif not takes_all(p):
        p.one_step = min(p.one_step, time)
        p.phase += 1
    else:
        p.all_step = min(p.all_step, time)
        p.all = not hopeless and p.all_step <= p.one_step
        p.phase = SETTLED if hopeless else p.phase + 1


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
