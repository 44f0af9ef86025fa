# How many threads take the steps: all, or one. Several are slower than one where steps are short and cores
# far apart (on different chips, or on a virtual machine), or where another program occupies a core. The bits
# are the same, so training tries both now and then, for a moment, and goes on with the faster. Steps of much
# work are worth all threads, and trials of them cost more than they could save.

cdef enum PacePhase:
    TRY_ONE, TRY_ALL, TRY_ONE_AGAIN, TRY_ALL_AGAIN
    SETTLED             # with what was faster

# seconds of a trial, or two steps
cdef double TRIAL = 0.004
# times as fast, which needs no second trial
cdef double CLEAR = 1.2
# times slower than one thread, which ends a trial
cdef double HOPELESS = 4
# seconds until the next trials; where one thread was faster, which may be over soon, fewer at first, and then
# twice as many each time
cdef double SETTLED_FOR = 1.0
cdef double ONE_FOR = 0.2
# multiply-adds of a forward pass; not a time, which another program on the cores would make long
cdef double LONG_STEP = 1e8

cdef struct Pace:
    int phase
    bint all                            # what was faster
    bint moved                          # whether the first steps of this phase are over
    Py_ssize_t steps                    # of this phase since then
    double time                         # of these
    double one_step, all_step           # least seconds per step of these trials
    double settled_for                  # seconds from trial to trial


cdef Pace new_pace() noexcept nogil:
    return Pace(TRY_ONE, True, False, 0, 0, INFINITY, INFINITY, SETTLED_FOR)


cdef inline bint takes_all(const Pace* p) noexcept nogil:
    return p.all if p.phase == SETTLED else p.phase == TRY_ALL or p.phase == TRY_ALL_AGAIN


# Steps until something is to be decided; first two to see how long they take.
cdef inline Py_ssize_t steps_ahead(const Pace* p) noexcept nogil:
    cdef double left = (p.settled_for if p.phase == SETTLED else TRIAL) - p.time
    if p.steps == 0:
        return 2
    return <Py_ssize_t>max(1.0, min(1e9, left * p.steps / max(p.time, 1e-9)))


cdef void count_steps(Pace* p, Py_ssize_t steps, double time) noexcept nogil:
    cdef bint all = takes_all(p), settled = p.phase == SETTLED
    p.steps += steps
    p.time += time
    if all and not settled and p.time > HOPELESS * p.one_step * p.steps + TRIAL / 2:
        settle(p, False)
        return
    if not p.moved:
        # two steps move the data to the caches; cores that have slept take longer to wake up
        if p.steps >= 2 and (p.time >= TRIAL or not all or settled):
            p.moved, p.steps, p.time = True, 0, 0
        return
    if p.steps < 2 or p.time < (p.settled_for if settled else TRIAL):
        return
    if settled:
        p[0] = Pace(TRY_ONE, p.all, False, 0, 0, INFINITY, INFINITY, p.settled_for)
        return
    if all:
        p.all_step = min(p.all_step, p.time / p.steps)
    else:
        p.one_step = min(p.one_step, p.time / p.steps)
    p.phase += 1
    p.moved, p.steps, p.time = False, 0, 0
    if p.phase == SETTLED or (p.phase == TRY_ONE_AGAIN and is_clear(p)):
        settle(p, p.all_step <= p.one_step)


cdef inline bint is_clear(const Pace* p) noexcept nogil:
    return max(p.all_step, p.one_step) > CLEAR * min(p.all_step, p.one_step)


# Goes on with all threads, or with one.
cdef void settle(Pace* p, bint all) noexcept nogil:
    if all:
        p.settled_for = SETTLED_FOR
    elif p.all:
        p.settled_for = ONE_FOR
    else:
        p.settled_for = min(2 * p.settled_for, SETTLED_FOR)
    p.all, p.phase, p.moved, p.steps, p.time = all, SETTLED, False, 0, 0


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
