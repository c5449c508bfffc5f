"""Edit forms carry what they showed, so that a form opened before somebody else's change does not undo it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms

MINE, THEIRS = "mine", "theirs"


@dataclass(frozen=True)
class EditConflict:
    """A field that the person changed and that changed in Rancher after the form was opened."""

    name: str
    label: str
    mine: str
    theirs: str


class ShownValuesForm(forms.Form):
    """Edit form with a hidden `shown_<field>` for each tracked field; `initial` is Rancher's present state.

    A form without the hidden fields overwrites nothing without asking. Secrets are never tracked: Rancher shows none.
    """

    never_emptied: ClassVar[frozenset[str]] = frozenset()  # fields that Rancher refuses to empty: empty is untouched
    tracked: tuple[str, ...] = ()
    conflicts: tuple[EditConflict, ...] = ()

    def track(self, *names: str) -> None:
        self.tracked = names
        for name in names:
            self.fields[f"shown_{name}"] = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
            self.initial[f"shown_{name}"] = self.initial.get(name, "")

    def changes(self) -> dict[str, str | None]:
        """Fields to send: those that the person changed, without those where Rancher's present value was chosen."""
        return {name: self.cleaned_data[name] or None for name in self.tracked if self._is_changed(name)}

    def find_conflicts(self) -> tuple[EditConflict, ...]:
        """Conflicts that nobody decided; if there are any, the form is made ready to be shown again with them.

        The typed values stay. Fields that the person left alone follow Rancher.
        """
        self.conflicts = tuple(self._conflict(name) for name in self.tracked if self._is_conflict(name))
        if self.conflicts:
            labels = " and ".join(conflict.label.lower() for conflict in self.conflicts)
            self._follow_rancher()
            self.add_error(
                None, f"In Rancher, the {labels} changed after this form was opened. Choose below which value stays."
            )
        return self.conflicts

    def _is_changed(self, name: str) -> bool:
        return self._is_touched(name) and (not self._has_moved(name) or self._choice(name) == MINE)

    def _is_conflict(self, name: str) -> bool:
        return self._is_touched(name) and self._has_moved(name) and not self._choice(name)

    def _is_touched(self, name: str) -> bool:
        """Whether the person wants a value that is neither what the form showed nor what Rancher has now."""
        typed = _comparable(self.cleaned_data[name])
        if not typed and name in self.never_emptied:
            return False
        return typed not in {self._shown(name), _comparable(self.initial.get(name))}

    def _has_moved(self, name: str) -> bool:
        return self._shown(name) != _comparable(self.initial.get(name))

    def _choice(self, name: str) -> str:
        """`mine` or `theirs`; "" without one, or if it was made beside a value that Rancher no longer has."""
        seen, choice = self.data.get(f"seen_{name}"), self.data.get(f"choice_{name}", "")
        is_current = seen is not None and _comparable(seen) == _comparable(self.initial.get(name))
        return choice if is_current and choice in {MINE, THEIRS} else ""

    def _shown(self, name: str) -> str | None:
        return _comparable(self.data[f"shown_{name}"]) if f"shown_{name}" in self.data else None

    def _conflict(self, name: str) -> EditConflict:
        label = str(self[name].label)
        return EditConflict(name, label, self.cleaned_data[name] or "", self.initial.get(name) or "")

    def _follow_rancher(self) -> None:
        followed: dict[str, Any] = {}
        for name in self.tracked:
            if self._has_moved(name) and not self._is_touched(name):
                followed |= {name: self.initial.get(name), f"shown_{name}": self.initial.get(name)}
        self.data = {name: self.data.get(name) for name in self.data} | followed


def _comparable(text: str | None) -> str:
    """Text as it is after a browser's form: line ends are sent as CR LF, and fields strip blanks around."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()
