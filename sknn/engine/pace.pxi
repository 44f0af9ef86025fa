# How many threads take the steps: all, or one. Several are slower than one where steps are short and cores
# far apart (on different chips, or on a virtual machine), or where another program occupies a core. The bits
# are the same, so training tries both now and then, for a moment, and goes on with the faster. Steps of much
# work are worth all threads, and trials of them cost more than they could save.

cdef enum PacePhase:
    WAKE                # all threads, whose cores may have slept
    TRY_ALL, TRY_ONE, TRY_ALL_AGAIN, TRY_ONE_AGAIN
    SETTLED             # with what was faster

# seconds of a trial, or two steps; the two before it move data to the caches
cdef double TRIAL = 0.004
# seconds until the next trials; where one thread was faster, which may be over soon, fewer at first, and then
# twice as many each time
cdef double SETTLED_FOR = 1.0
cdef double ONE_FOR = 0.1
# times slower than one thread: trying again would take long
cdef double HOPELESS = 4
# multiply-adds of a forward pass; not a time, which another program on the cores would make long
cdef double LONG_STEP = 1e8

cdef struct Pace:
    int phase
    bint all                            # what was faster
    bint moved                          # whether the first two steps of this phase are over
    Py_ssize_t steps                    # of this phase since then
    double time                         # of these
    double one_step, all_step           # least seconds per step of these trials
    double settled_for                  # seconds from trial to trial


cdef Pace new_pace() noexcept nogil:
    return Pace(WAKE, True, False, 0, 0, INFINITY, INFINITY, SETTLED_FOR)


cdef inline bint takes_all(const Pace* p) noexcept nogil:
    if p.phase == SETTLED:
        return p.all
    return p.phase != TRY_ONE and p.phase != TRY_ONE_AGAIN


# Steps until something is to be decided; first two to move the data, and two to see how long they take.
cdef inline Py_ssize_t steps_ahead(const Pace* p) noexcept nogil:
    cdef double left = (p.settled_for if p.phase == SETTLED else TRIAL) - p.time
    if p.steps == 0:
        return 2
    return <Py_ssize_t>max(1.0, min(1e9, left * p.steps / max(p.time, 1e-9)))


cdef void count_steps(Pace* p, Py_ssize_t steps, double time) noexcept nogil:
    if not p.moved:
        p.moved = True
        return
    p.steps += steps
    p.time += time
    if p.steps < 2 or p.time < (p.settled_for if p.phase == SETTLED else TRIAL):
        return
    time = p.time / p.steps
    p.moved, p.steps, p.time = False, 0, 0
    if p.phase == SETTLED:
        p[0] = Pace(WAKE, p.all, False, 0, 0, INFINITY, INFINITY, p.settled_for)
    elif p.phase == WAKE:
        p.phase = TRY_ALL
    else:
        if p.phase == TRY_ONE or p.phase == TRY_ONE_AGAIN:
            p.one_step = min(p.one_step, time)
        else:
            p.all_step = min(p.all_step, time)
        p.phase += 1
        if p.phase == SETTLED or p.all_step > HOPELESS * p.one_step:
            settle(p)


# Goes on with what was faster.
cdef void settle(Pace* p) noexcept nogil:
    cdef bint all = p.all_step <= p.one_step
    if all:
        p.settled_for = SETTLED_FOR
    elif p.all:
        p.settled_for = ONE_FOR
    else:
        p.settled_for = min(2 * p.settled_for, SETTLED_FOR)
    p.all, p.phase = all, SETTLED


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
