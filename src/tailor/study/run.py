"""Run all cells of a study, several at a time, each in its own process; then put the results together."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from tailor.errors import ModelError, StudyError, TailorError
from tailor.files import read_json
from tailor.models import describe_base
from tailor.models.hub import local_folder
from tailor.quiet import silence_libraries
from tailor.records import Failure
from tailor.runtime import AnswerMemory, Runtime
from tailor.study.cell import CellFiles, answered, check_base, run_cell
from tailor.study.config import load_workspace
from tailor.study.energy import measured
from tailor.study.environment import cores
from tailor.study.inputs import read_inputs
from tailor.study.ladder import missing_rungs
from tailor.study.ledger import check_priced, study_prices
from tailor.study.plan import Cell, Study, plan_study
from tailor.study.trial import LOCAL, recipe_of
from tailor.training.footprint import free_memory

POLL_SECONDS = 0.2


class Listener(Protocol):
    """Who wants to know how it goes: the terminal, a page, a test."""

    def cell_progress(self, cell: str, phase: str, fraction: float, words: str) -> None: ...

    def cell_done(self, cell: str, failure: Failure | None, seconds: float) -> None: ...


def run_study(
    study: Study, listener: Listener, *, workers: int | None = None, budget: float | None = None
) -> dict[str, Failure]:
    """Finish every cell that is not finished yet.

    Args:
        budget: dollars the study may cost in all, what was spent before included.

    Returns:
        The cells that failed, by name.

    Raises:
        BudgetReached: the next step could cost more than is left, or has no known price.
        StudyError: a worker process died, the disk is full, or another process runs a study of this workspace.
        ModelError: the base cannot be loaded or does not answer; nothing was spent yet.
        KeyboardInterrupt: passed on after the workers were stopped; finished work is kept.
    """
    pending = [c for c in study.cells if not finished(study, c)]
    if not pending:
        return {}
    count = min(workers or default_workers(study), len(pending))
    failures: dict[str, Failure] = {}
    check_priced(study_prices(study.workspace, study.inputs.base), budget, study.inputs.base)
    _check_memory(study, pending)
    with alone(study.workspace.state), measured(study.folder):
        _check_base(study)
        if count <= 1:
            _run_here(study, pending, listener, failures, budget)
        else:
            _run_in_processes(study, pending, listener, failures, count, budget)
    return failures


@contextlib.contextmanager
def alone(state: Path) -> Iterator[None]:
    """Two runs at once would write into the same files. The lock goes with the process, however that ends.

    Raises:
        StudyError: another process runs a study of this workspace.
    """
    import fcntl

    state.mkdir(parents=True, exist_ok=True)
    with (state / "running").open("a+", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise StudyError(
                f"Another tailor compare (process {handle.read().strip() or 'unknown'}) is running in this workspace.",
                hint="Wait until it has finished, or stop it; then run the same command.",
            ) from None
        handle.truncate(0)
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        yield
        handle.truncate(0)


def _check_base(study: Study) -> None:
    runtime = Runtime(study.workspace.store)
    try:
        check_base(runtime, study)
    finally:
        runtime.close()


def _check_memory(study: Study, pending: Sequence[Cell]) -> None:
    """Refuse what would not fit before anything is spent.

    Raises:
        StudyError: with the arm, what it needs, what is free and what would fit.
    """
    if study.inputs.base.kind not in LOCAL:
        return
    recipes = {recipe: arm.name for arm in {c.arm for c in pending} if (recipe := recipe_of(arm)) is not None}
    if not recipes:
        return
    from tailor.training.footprint import check_fits

    for recipe, name in recipes.items():
        try:
            check_fits(local_folder(study.inputs.base), recipe)
        except ModelError as error:
            raise StudyError(f"{name} does not fit: {error.message}", hint=error.hint) from None


def finished(study: Study, cell: Cell) -> bool:
    """Whether a cell has its fit, all its answers and its latency on disk."""
    files = CellFiles.of(study.folder, cell)
    if not files.fit.is_file() or "latency_ms" not in read_json(files.fit):
        return False
    done = answered(files.answers)
    return all(e.id in done for e in study.inputs.of("test")) and not missing_rungs(study, cell)


def default_workers(study: Study) -> int:
    """One process per core for small local models (two one-thread trainings beat one two-thread training by half on a
    2-core CPU: small matrices do not split well); one for endpoints, GPUs and models that would not fit side by side.
    """
    if study.inputs.base.kind == "endpoint" or _has_gpu():
        return 1
    parameters = describe_base(study.inputs.base)["parameters"] or 0
    # float32 weights, gradients and two Adam moments, times a process overhead of 1 GB.
    need = 1e9 + 16 * parameters
    fits = int(0.7 * free_memory() // need)
    return max(1, min(cores(), fits))


def _has_gpu() -> bool:
    return Path("/dev/nvidia0").exists()


def _run_here(
    study: Study, pending: list[Cell], listener: Listener, failures: dict[str, Failure], budget: float | None
) -> None:
    runtime = Runtime(study.workspace.store, AnswerMemory(study.workspace.state / "memory"))
    try:
        for cell in pending:
            started = time.perf_counter()
            failure = run_cell(study, cell, runtime, partial(listener.cell_progress, cell.name), budget)
            if failure:
                failures[cell.name] = failure
            listener.cell_done(cell.name, failure, time.perf_counter() - started)
    finally:
        runtime.close()


def _run_in_processes(
    study: Study,
    pending: list[Cell],
    listener: Listener,
    failures: dict[str, Failure],
    count: int,
    budget: float | None,
) -> None:
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    reports: Any = context.Queue()
    threads = max(1, cores() // count)
    quick = len(study.plan["seeds"]) < len(study.workspace.config.seeds)
    setup = (
        str(study.workspace.folder),
        study.workspace.set_aside,
        quick,
        study.plan_sha256,
        threads,
        reports,
        os.getpid(),
    )
    with (
        _interrupts_noted() as interrupted,
        _one_thread_each(threads),
        ProcessPoolExecutor(count, context, _set_up_worker, setup) as pool,
    ):
        with _interrupts_held():
            waiting = {pool.submit(_work, cell.name, budget): cell for cell in pending}
        try:
            _wait_for(waiting, reports, listener, failures, interrupted)
        except BrokenProcessPool:
            raise StudyError(
                "A worker process was killed, perhaps for memory.",
                hint="Run the same command again to continue; --workers 1 needs the least memory.",
            ) from None
        except BaseException:
            # Shutting down forgets the processes: without a list of them Ctrl-C would wait for the end of every cell.
            processes = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            raise


def _wait_for(
    waiting: dict[Future[tuple[Failure | None, float]], Cell],
    reports: Any,
    listener: Listener,
    failures: dict[str, Failure],
    interrupted: list[int],
) -> None:
    while waiting:
        if interrupted:
            raise KeyboardInterrupt
        done, _ = wait(waiting, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        for report in _drain(reports):
            listener.cell_progress(*report)
        for future in done:
            cell = waiting.pop(future)
            failure, seconds = future.result()
            if failure:
                failures[cell.name] = failure
            listener.cell_done(cell.name, failure, seconds)


@contextlib.contextmanager
def _interrupts_noted() -> Iterator[list[int]]:
    """Ctrl-C as something to look for, until here is done: an exception out of nowhere could be swallowed by a library,
    or leave a pool that is not quite there yet to work to its end. What came last is raised on leaving."""
    noted: list[int] = []
    # Python gives signals to the main thread only; and whoever started this with Ctrl-C off (nohup, a script's `&`)
    # does not want it.
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield noted
        return
    before = signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)
    if noted:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _one_thread_each(threads: int) -> Iterator[None]:
    """OpenMP reads its thread number from the environment when torch is imported: set it for the workers only."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(threads)
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C goes to every process of a terminal. Workers inherit that it is blocked, so that one which is still
    starting leaves it to the parent, for whom it waits until here is done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _drain(reports: Any) -> Iterator[tuple[str, str, float, str]]:
    with contextlib.suppress(queue.Empty):
        while True:
            yield reports.get_nowait()


_worker: dict[str, Any] = {}


def _set_up_worker(
    folder: str, set_aside: bool, quick: bool, plan_sha256: str, threads: int, reports: Any, parent: int
) -> None:
    """Read the workspace once per worker; leave when the parent is gone, however it went."""
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGTERM, _told_to_stop)
    silence_libraries()
    try:
        workspace = dataclasses.replace(load_workspace(Path(folder)), set_aside=set_aside)
        study = plan_study(workspace, read_inputs(workspace), quick=quick)
        if study.plan_sha256 != plan_sha256:
            raise StudyError("The data changed while the study was running.", hint="Run the command again.")
    except TailorError as error:
        # An exception here would break the pool without a word of what it was: the first piece of work tells.
        _worker["error"] = StudyError(error.message, hint=error.hint)
        return
    with contextlib.suppress(ImportError):
        import torch

        torch.set_num_threads(threads)
    _worker.update(
        study=study,
        runtime=Runtime(workspace.store, AnswerMemory(workspace.state / "memory")),
        cells={c.name: c for c in study.cells},
        reports=reports,
    )


def _told_to_stop(*_: object) -> None:
    """As an exception, so that an arm's program is stopped as well."""
    raise SystemExit


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(1)


def _work(name: str, budget: float | None) -> tuple[Failure | None, float]:
    if "error" in _worker:
        raise _worker["error"]
    started = time.perf_counter()
    last = [0.0]

    def report(phase: str, fraction: float, words: str) -> None:
        now = time.monotonic()
        if fraction >= 1 or now - last[0] > POLL_SECONDS:
            last[0] = now
            _worker["reports"].put((name, phase, fraction, words))

    try:
        failure = run_cell(_worker["study"], _worker["cells"][name], _worker["runtime"], report, budget)
    except SystemExit:
        os._exit(1)  # the pool would take it for the result of this cell and begin the next one
    return failure, time.perf_counter() - started
