"""The members of an ensemble in threads, side by side."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait


def side_by_side(work, n_tasks, n_workers, stop):
    """Do numbered tasks in several threads; those that have not begun when `stop` is set are left out.

    The calling thread works, too: it is the one that Ctrl-C reaches, and it tells the others.

    Parameters
    ----------
    work : callable
        Takes the number of a task, returns its result.
    n_tasks, n_workers : int
    stop : threading.Event
        Set by the first error, too.

    Returns
    -------
    results : list
        In the order of the tasks; None for those that failed or did not begin.
    errors : list of BaseException
        In the order of time; KeyboardInterrupt is one of them.
    """
    results, errors, lock = [None] * n_tasks, [], threading.Lock()
    waiting = iter(range(n_tasks))

    def work_on():
        while not stop.is_set():
            with lock:
                number = next(waiting, None)
            if number is None:
                return
            try:
                results[number] = work(number)
            except BaseException as error:
                errors.append(error)
                stop.set()
                return

    threads = []

    def help_on():
        threads.append(threading.current_thread())
        work_on()

    with ThreadPoolExecutor(max(n_workers - 1, 1)) as pool:
        helpers = []
        try:  # Ctrl-C may come while submit waits for a helper that is already far
            for _ in range(n_workers - 1):
                helpers.append(pool.submit(help_on))
            work_on()
            while wait(helpers, timeout=0.1).not_done:
                pass  # not in one go: some packages' handlers of signals keep Ctrl-C from ending it
        except KeyboardInterrupt as interrupt:  # while waiting
            errors.append(interrupt)
            stop.set()
    for thread in threads:  # the pool does not know one whose start Ctrl-C has cut short
        thread.join()
    return results, errors


def first_error(errors):
    """The error to raise: what failed says more than Ctrl-C."""
    failures = [error for error in errors if not isinstance(error, KeyboardInterrupt)]
    return (failures or errors)[0]
