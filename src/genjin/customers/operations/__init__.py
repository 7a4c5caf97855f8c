"""The only writers of the card, by subject: `card`, `people`, `points`, `places`, `permissions`,
`memories`, `card_fields`, `segments`. Screens and domains stop or allow contacts through the
versions one floor up in `followups`, which also decide waiting follow-ups anew."""
