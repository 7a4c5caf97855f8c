"""Pieces of SQL that set-based statements of several domains share."""

# A UUIDv7 made by the server for each row (its own uuidv7() came with PostgreSQL 18): the moment
# in the first 48 bits, then version and variant over what random() gives. gen_random_uuid() asks
# the system for every row, which costs a million rows half a minute on some machines; the
# server's own generator is seeded from there once a session, and nobody guesses by these ids.
UUID7 = """encode(set_bit(set_bit(set_bit(set_bit(set_bit(set_bit(
  overlay(decode(md5(random()::text || random()::text), 'hex') PLACING
    substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
    FROM 1 FOR 6), 55, 0), 54, 1), 53, 1), 52, 1), 71, 1), 70, 0), 'hex')::uuid"""
