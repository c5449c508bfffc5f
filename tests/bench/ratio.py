"""One line of the bench."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    name: str
    value: float
    limit: float
    words: str

    @property
    def holds(self) -> bool:
        return self.value <= self.limit

    def __str__(self) -> str:
        return (
            f"{self.name}  {self.value:6.3f}  (limit {self.limit:g})  {self.words}{'' if self.holds else '  TOO MUCH'}"
        )
