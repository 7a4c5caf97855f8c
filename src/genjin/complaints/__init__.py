"""Complaints. So far: one is opened with what it stops, and settled; its six stages are to come.

An open complaint stops selling, surveys and greetings until it is settled, and all dunning for
three working days; after that only the debts that it names stay held, up to what is disputed (FU4).
"""
