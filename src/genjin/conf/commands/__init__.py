"""The subcommands of ``genjin``: one module each, with a click command named ``command``.

A module is imported when its command is called, so what it imports at its top may be heavy but
must not need Django to be set up: call ``genjin.conf.launch.start_django()`` first and import
models after it, inside the command. ``genjin.conf.cli`` lists the commands.
"""
