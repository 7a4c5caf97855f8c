"""The data card: who the customer is, how and when to reach them, what they allow, what happened.

Owns customers, contact persons and points, consents, holds, facets' fields, segments, imports
and the timeline. Promise: nothing on a card is lost; consents and the timeline are insert-only.
Why a customer is contacted next is the business of `followups`, one floor up.
"""
