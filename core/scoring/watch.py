"""A folder that cameras save slides in: fields are scored as they come, and slides once they are complete."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from core.cells.scored_field import ScoringModels
from core.errors import SmearscopeError, UnreadableImageError
from core.files import OutputError, own_lock, shown_path
from core.scoring.closing import Closing, ClosingRun, after_run
from core.scoring.field_tasks import SlideNotHereError
from core.scoring.judging import ModelCard
from core.scoring.ledger import ScoringIdentity
from core.scoring.live_slide import LiveSlide
from core.scoring.live_tally import WatchObserver, said_of_tally, tally_of
from core.scoring.run_record import versions
from core.scoring.slide_run import LEDGER_FOLDER, ScoringOptions
from core.scoring.watch_file import (
    KEPT,
    WATCH_FILE,
    WRITTEN_EACH_S,
    WatchedSlide,
    WatchStep,
    fingerprint,
    read_states,
    read_watched,
    write_states,
    write_watched,
)
from core.scoring.workers import WorkerDiedError, Workers
from core.slides import FoundSlide
from core.slides.arriving import ArrivingPictures, pictures_in
from core.slides.discovery import as_folder_name, is_passed_over
from core.slides.formats import decoding, is_image_name
from core.slides.slide import storable
from core.wording import Sentence, sentence

FILES_AT_ONCE = 4
"""Files of a slide that are scored before the next slide is looked at."""
COMPARED_EACH_S = 60.0
"""So often the pictures of a closed slide are compared with those of its closing: one that is replaced in its
place leaves the folder's own time as it was."""
CLOSED_AGAIN_AFTER_S = 300.0
"""After this time a slide that could not be scored, or not with all its fields, is scored once more."""
TRIES = 4
"""Most runs on a closed slide, unless it changes or the watch is started again."""


class WatchError(SmearscopeError):
    """A folder that cannot be watched."""


@dataclass(frozen=True)
class WatchPlan:
    """What is watched, and how slides are scored.

    Attributes
    ----------
    folder, output
        Where slides come, a folder each, and where results go.
    card, load_models
        What the models are worth, and how the run on a closed slide loads them.
    options
        Of `smearscope score`.
    close_after_s
        A slide into which nothing came for so long is closed.
    """

    folder: Path
    output: Path
    card: ModelCard
    load_models: Callable[[], ScoringModels]
    options: ScoringOptions
    close_after_s: float


@dataclass
class _Slide:
    """A folder that is there; `pictures` and `live` while it is open, the last ones once it is closed."""

    found: FoundSlide
    pictures: ArrivingPictures | None = None
    live: LiveSlide | None = None
    changed_s: float = 0.0
    looked_at_ns: int = 0
    compared_s: float = float("-inf")
    tries: int = 0
    tried_s: float = float("-inf")
    said: tuple[Sentence, ...] = ()

    def close(self) -> None:
        if self.live is not None:
            self.live.close()
        self.pictures = self.live = None


class Watch:
    """Looks at a folder again and again, and does what is to be done. Use it as a context manager.

    What it knows is on the disk after each field: a watch that was killed goes on when it is begun again.

    Parameters
    ----------
    plan
        What is watched.
    workers
        Score fields as they come; at least two, so that a field which kills one does not end the watch.
    observer
        Is told what happens.
    begin_closing
        Begins the ordinary run on a slide.

    Raises
    ------
    WatchError
        Where there is no such folder, or another watch writes to the same output.
    core.files.OutputError
        Where the output cannot be written.
    """

    def __init__(
        self,
        plan: WatchPlan,
        workers: Workers[ScoringModels],
        observer: WatchObserver,
        begin_closing: Callable[[Closing], ClosingRun] = ClosingRun,
    ) -> None:
        self._plan, self._workers, self._observer = plan, workers, observer
        self._begin_closing = begin_closing
        try:
            with decoding(plan.folder), os.scandir(plan.folder):
                pass
        except UnreadableImageError as error:
            raise WatchError(sentence("watch.no_folder", folder=shown_path(plan.folder))) from error
        lock = own_lock(plan.output / KEPT / "lock")
        if lock is None:
            raise WatchError(sentence("watch.watched_already", out=shown_path(plan.output)))
        self._lock = lock
        self._file = plan.output / KEPT / WATCH_FILE
        self._known = {slide.name: slide for slide in read_watched(self._file)}
        self._written: tuple[WatchedSlide, ...] = ()
        self._written_s = float("-inf")
        self._slides: dict[str, _Slide] = {}
        self._run: ClosingRun | None = None
        self._told: set[tuple[str, str]] = set()

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        if self._run is not None:
            self._run.stop()
        for slide in self._slides.values():
            slide.close()
        os.close(self._lock)

    def step(self, now_s: float) -> None:
        """Look at everything once.

        Parameters
        ----------
        now_s
            Of a clock that only goes forward.
        """
        self._take_outcome(now_s)
        for slide in self._slides_there():
            try:
                self._look_at(slide, now_s)
            except UnreadableImageError as error:
                folder = shown_path(slide.found.path.name)
                self._tell_once(slide.found.name, sentence("watch.not_seen", folder=folder, why=str(error)))
            self._write(now_s)
        self._begin_next()
        self._write(now_s)

    def _slides_there(self) -> list[_Slide]:
        """The folders of the slides, in the order of their names; none while they cannot be listed."""
        try:
            with decoding(self._plan.folder), os.scandir(self._plan.folder) as entries:
                is_folder = {entry.name: entry.is_dir() for entry in entries}
        except UnreadableImageError as error:
            folder = shown_path(self._plan.folder)
            self._tell_once("", sentence("watch.not_seen", folder=folder, why=str(error)))
            return []
        loose = sorted(name for name, folder in is_folder.items() if not folder and is_image_name(Path(name)))
        for name in loose[:1]:
            self._tell_once("", sentence("watch.loose", file=shown_path(name)))
        there = []
        for name in sorted(name for name, folder in is_folder.items() if folder and not is_passed_over(name)):
            path, known_as = self._plan.folder / name, as_folder_name(name)
            slide = self._slides.setdefault(known_as.casefold(), _Slide(FoundSlide(known_as, path)))
            if slide.found.path == path:
                there.append(slide)
            else:
                self._tell_once("", sentence("watch.named_alike", folder=shown_path(name)))
        for key, slide in [*self._slides.items()]:
            if slide not in there:
                self._give_up(key, slide)
        return there

    def _give_up(self, key: str, slide: _Slide) -> None:
        """Forget a slide whose folder is gone; what is kept of it stays, should it come back."""
        slide.close()
        del self._slides[key]
        name = slide.found.name
        if self._step_of(slide) is WatchStep.OPEN and name in self._known:
            if self._known[name].pictures:  # was closed before: another slide must not take its place
                self._known[name] = replace(self._known[name], step=WatchStep.CLOSED)
            else:
                del self._known[name]
            self._observer.say("", sentence("watch.gone", file=shown_path(slide.found.path.name)))

    def _look_at(self, slide: _Slide, now_s: float) -> None:
        match self._step_of(slide):
            case WatchStep.OPEN:
                self._look_at_open(slide, now_s)
            case WatchStep.CLOSED | WatchStep.FAILED:
                self._look_at_closed(slide, now_s)

    def _look_at_open(self, slide: _Slide, now_s: float) -> None:
        name = slide.found.name
        pictures = slide.pictures or self._opened(slide, now_s)
        look = pictures.look(now_s)
        if look.is_changed:
            slide.changed_s = now_s
        taken = {} if slide.live is None else slide.live.taken
        for file in look.gone:
            if slide.live is not None and slide.live.forget(file):
                self._known[name] = replace(self._known[name], tally=slide.live.tally)
                self._observer.say(name, sentence("watch.gone", file=shown_path(file)))
        if slide.live is not None and slide.live.measured_on in {*look.gone, *look.whole} & {*taken}:
            self._begin_anew(slide)
            return
        for file in look.late:
            self._observer.say(name, sentence("watch.late", file=shown_path(file)))
        if look.whole:
            self._score(slide, pictures, look.whole[:FILES_AT_ONCE], now_s)
        is_quiet = now_s - slide.changed_s >= self._plan.close_after_s
        is_done = look.done not in ("", self._known[name].done if name in self._known else "")
        if not look.waiting and (is_done or is_quiet):
            self._close(slide, look.done, is_done=is_done)

    def _begin_anew(self, slide: _Slide) -> None:
        """Score all fields again: the one against which they were measured is gone, or another one by now."""
        name = slide.found.name
        slide.close()
        shutil.rmtree(self._kept(slide), ignore_errors=True)
        self._known[name] = replace(self._known[name], tally=tally_of(()), last="", notes=())
        self._observer.say(name, sentence("watch.anew"))

    def _opened(self, slide: _Slide, now_s: float) -> ArrivingPictures:
        """Begin to look at a slide, where an earlier watch has left it."""
        if self._kept(slide).exists():
            slide.live = self._live(slide)
        fields = () if slide.live is None else slide.live.fields
        if slide.live is not None and fields:
            name, tally = slide.found.name, slide.live.tally
            known = self._known.get(name, WatchedSlide(name, WatchStep.OPEN, tally))
            self._known[name] = known.after(fields[-1], tally)
            self._observer.say(name, *said_of_tally(tally))
        slide.pictures = ArrivingPictures(slide.found.path, {} if slide.live is None else slide.live.taken)
        slide.changed_s = now_s
        return slide.pictures

    def _score(self, slide: _Slide, pictures: ArrivingPictures, files: tuple[str, ...], now_s: float) -> None:
        name = slide.found.name
        slide.live = slide.live or self._live(slide)
        try:
            scored = slide.live.score({file: pictures.state_of(file) for file in files})
        except WorkerDiedError:
            self._tell_once(name, sentence("watch.worker_died"))
            scored = {}
        except SlideNotHereError:
            scored = {}  # the next look at the folder says so, if it is away still
        tally = slide.live.tally
        for file in files:
            if file not in scored:
                pictures.put_off(file, now_s)
                continue
            pictures.take(file)
            for field in scored[file]:
                known = self._known.get(name, WatchedSlide(name, WatchStep.OPEN, tally))
                self._known[name] = known.after(field, tally)
                self._observer.field_came(name, field, tally)

    def _close(self, slide: _Slide, done: str, *, is_done: bool) -> None:
        """Have a slide scored as a whole, if it has a picture."""
        name, pictures = slide.found.name, pictures_in(slide.found.path)
        if not pictures:
            if is_done:
                self._tell_once(name, sentence("watch.empty"))
            return
        known = self._known.get(name, WatchedSlide(name, WatchStep.OPEN, tally_of(())))
        slide.close()
        if self._is_another(known, pictures):
            self._known[name] = replace(known, step=WatchStep.CLOSED)
            return
        slide.tries, slide.said = 0, ()
        write_states(self._file.parent, name, pictures)
        self._known[name] = replace(known, step=WatchStep.CLOSING, pictures=fingerprint(pictures), done=done)
        self._observer.say(name, sentence("watch.closing"))

    def _is_another(self, known: WatchedSlide, pictures: dict[str, str]) -> bool:
        """Whether a folder has none of the pictures of the result that its own would take the place of."""
        of_result = read_states(self._file.parent, known.name)
        is_another = bool(of_result) and of_result.isdisjoint(pictures.values())
        is_another &= (self._plan.output / known.name / "result.json").exists()
        if is_another and pictures:
            self._tell_once(known.name, sentence("watch.scored_already"))
        return is_another

    def _look_at_closed(self, slide: _Slide, now_s: float) -> None:
        """Open a slide again whose pictures are not those with which it was closed.

        It is then scored as if it had never been closed: the result is that of all its pictures. One that
        could not be scored, or not with all its fields, is scored once more after a while.
        """
        name, path, known = slide.found.name, slide.found.path, self._known[slide.found.name]
        with decoding(path):
            changed_ns = path.stat().st_mtime_ns
        is_lacking = known.step is WatchStep.FAILED or known.unreadable
        is_due = is_lacking and slide.tries < TRIES and now_s - slide.tried_s >= CLOSED_AGAIN_AFTER_S
        is_compared = changed_ns == slide.looked_at_ns and now_s - slide.compared_s < COMPARED_EACH_S
        if is_compared and not is_due:
            return
        pictures = pictures_in(path)
        slide.looked_at_ns, slide.compared_s = changed_ns, now_s
        if self._is_another(known, pictures):
            return
        if fingerprint(pictures) != known.pictures:
            shutil.rmtree(self._plan.output / name / LEDGER_FOLDER, ignore_errors=True)
            self._known[name] = replace(known, step=WatchStep.OPEN)
            self._observer.say(name, sentence("watch.reopened"))
        elif is_due:
            self._known[name] = replace(known, step=WatchStep.CLOSING)

    def _begin_next(self) -> None:
        closing = [one for one in self._slides.values() if self._step_of(one) is WatchStep.CLOSING]
        if self._run is None and closing:
            plan, (first, *_) = self._plan, closing
            self._run = self._begin_closing(
                Closing(first.found, plan.output, plan.card, plan.load_models, plan.options)
            )

    def _take_outcome(self, now_s: float) -> None:
        if self._run is None or (outcome := self._run.outcome()) is None:
            return
        name, self._run = self._run.slide.name, None
        self._known[name], said = after_run(self._known[name], outcome)
        slide = self._slides.get(name.casefold())
        if slide is None or slide.said != said:
            self._observer.say(name, *said)
        if slide is not None:
            if self._step_of(slide) is WatchStep.CLOSED:
                shutil.rmtree(self._kept(slide), ignore_errors=True)  # what was provisional
            slide.looked_at_ns = 0  # what came while the run went on is seen at once
            slide.tries, slide.tried_s, slide.said = slide.tries + 1, now_s, said

    def _step_of(self, slide: _Slide) -> WatchStep:
        known = self._known.get(slide.found.name)
        return WatchStep.OPEN if known is None else known.step

    def _kept(self, slide: _Slide) -> Path:
        return self._plan.output / KEPT / "slides" / slide.found.name

    def _live(self, slide: _Slide) -> LiveSlide:
        plan, path = self._plan, slide.found.path.absolute()
        identity = ScoringIdentity(
            program=versions()["smearscope"],
            model=plan.card.identity,
            um_per_pixel=plan.options.um_per_pixel,
            slide=storable(str(path.resolve())),
        )
        return LiveSlide(
            path,
            slide.found.name,
            self._kept(slide),
            identity,
            plan.card,
            self._workers,
            plan.options.um_per_pixel,
        )

    def _tell_once(self, slide: str, said: Sentence) -> None:
        if (slide, str(said)) not in self._told:
            self._told.add((slide, str(said)))
            self._observer.say(slide, said)

    def _write(self, now_s: float) -> None:
        slides = tuple(self._known.values())
        if slides != self._written or now_s - self._written_s >= WRITTEN_EACH_S:
            try:
                write_watched(self._file, slides)
            except OutputError as error:
                if not isinstance(error.__cause__, PermissionError):
                    raise
                return  # on Windows, while somebody reads it: the next step writes it
            self._written, self._written_s = slides, now_s
