"""Numbers of business papers, without gaps and without doubles (SA12).

`draw("order", on=day)` inside the transaction that writes the paper gives the next number; where
that transaction does not commit, the number is free again. Which series there are stands in
policy/numbering.toml; their patterns are changed on the settings screen (`series.change_series`).
"""

from genjin.foundation.numbering.drawing import draw, draw_many

__all__ = ["draw", "draw_many"]
