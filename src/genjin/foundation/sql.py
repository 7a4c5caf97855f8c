"""Pieces of SQL that set-based statements of several domains share."""

# A UUIDv7 made by the server for each row (its own uuidv7() came with PostgreSQL 18): the moment
# lies over the first 48 bits of a random UUIDv4, then the version's two low bits are set.
UUID7 = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
  substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
  FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"""
