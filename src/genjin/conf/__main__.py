"""Makes ``python -m genjin.conf`` the same as the command ``genjin``."""

from genjin.conf.cli import main

main()
