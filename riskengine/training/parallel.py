"""Doing the same for many, in several processes, with the same result as in one.

Every task is a pure function of what it is given: it carries its own seed and leaves nothing
behind. Results come back in the order of the tasks, whichever ends first. Arithmetic stays on one
thread a process, here too, since sums over several threads may differ in the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from riskengine.errors import TrainingError

Task = TypeVar("Task")
Found = TypeVar("Found")

Step = Callable[[], None]
"""Called after each task, to tell how far it is."""


def each(
    do: Callable[[Task], Found],
    tasks: Iterable[Task],
    *,
    processes: int = 1,
    step: Step = lambda: None,
) -> Iterator[Found]:
    """Give the result for every task, in order.

    Parameters
    ----------
    do
        With several processes it and the tasks travel to them: a function of a module, or
        `functools.partial` of one.
    processes
        How many work at once; no result depends on it.

    Raises
    ------
    TrainingError
        Where ``processes`` is below one. An error of a task is raised as it is.
    """
    if processes < 1:
        raise TrainingError(f"threads = {processes}; at least 1 is accepted")
    return _alone(do, tasks, step) if processes == 1 else _together(do, tasks, processes, step)


def _alone(do: Callable[[Task], Found], tasks: Iterable[Task], step: Step) -> Iterator[Found]:
    from threadpoolctl import threadpool_limits

    for task in tasks:
        with threadpool_limits(1):
            found = do(task)
        step()
        yield found


def _together(
    do: Callable[[Task], Found], tasks: Iterable[Task], processes: int, step: Step
) -> Iterator[Found]:
    from joblib import Parallel, delayed, parallel_config

    # max_nbytes: no array of people is laid into a file for the others to map
    with parallel_config(backend="loky", inner_max_num_threads=1):
        work = Parallel(n_jobs=processes, return_as="generator", batch_size=1, max_nbytes=None)
        for found in work(delayed(do)(task) for task in tasks):
            step()
            yield found
