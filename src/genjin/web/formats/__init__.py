"""How dates and numbers are written and read, by language (setting FORMAT_MODULE_PATH).

Django ships no formats for Hong Kong and twelve-hour times for English; every language here has
the same unmistakable order of year, month, day and 24 hours.
"""
