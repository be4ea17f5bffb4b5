"""Shows docstrings as a reader of the site needs them: roles as links, examples as examples."""

import re
from typing import Any

from griffe import Extension, Object

EXAMPLE = re.compile(r'^(\s*)Example:$', re.MULTILINE)
ROLE = re.compile(r':(?:class|func|meth|mod|data):`(~?)([\w.]+)`')


def _link(role: re.Match) -> str:
    short, name = role.groups()
    text = name.rpartition('.')[2] if short else name
    return f'<autoref optional identifier="{name}"><code>{text}</code></autoref>'


class Docstrings(Extension):
    """A role, :class:`~mmuniformer.models.Arch`, becomes a link if the reference has its target."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:
        if obj.docstring:
            text = ROLE.sub(_link, obj.docstring.value)
            obj.docstring.value = EXAMPLE.sub(r'\1Examples:', text)
