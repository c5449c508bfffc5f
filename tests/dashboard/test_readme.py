"""README.md is true about settings: its table has each one that is read, and no other."""

import re

from tests.settings import BASE_DIR

READ = re.compile(r'env\.(?:text|flag|number|words|choice|pairs)\(\s*"(?P<name>[A-Z_]+)"')
LISTED = re.compile(r"^\| `(?P<name>[A-Z_]+)` \|", re.MULTILINE)


def test_the_table_lists_every_setting_and_no_other() -> None:
    sources = (BASE_DIR / "dashboard" / name for name in ("settings.py", "gunicorn.py"))
    read = {name for source in sources for name in READ.findall(source.read_text())}
    listed = LISTED.findall((BASE_DIR / "README.md").read_text())
    assert "CORRAL_SECRET_KEY" in read
    assert sorted(listed) == sorted(read)
